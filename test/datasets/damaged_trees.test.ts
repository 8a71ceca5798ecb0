// Every file of a dataset of tables, damaged in every way: it is refused by a sentence, or what is read of it is sound.
import { describe, expect, it } from 'vitest'
import type { OpenOptions } from '../../src/datasets/layout.ts'
import { openDataset } from '../../src/datasets/open_dataset.ts'
import type { Trial } from '../../src/datasets/trial.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { survives } from '../formats/mutants.ts'

const MUTANTS = 150

const steps = (rate: number, row: (i: number) => string): string =>
  Array.from({ length: 40 }, (_, i) => `${(i / rate).toFixed(2)},${row(i)}\n`).join('')
const trace = `time(s),EDA(microsiemens)\n${steps(50, (i) => (2 + i / 100).toFixed(3))}`

const TREES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'PMEmo 2018': {
    'EDA/Arousal/9_100081_A.csv': trace,
    'EDA/Valence/9_100081_V.csv': trace,
    'Annotations/Arousal/9-A.csv': 'subject,static\n100081,0.25,0.1,0.2\n100083,0.5,0.1\n',
    'Annotations/Valence/9-V.csv': 'subject,static\n100081,0.75,0.1\n100083,0.125\n',
    'A_static.csv': 'musicId,mean_A,std_A\n9,0.375,0.1\n10,0.2,0.1\n',
    'V_static.csv': 'musicId,mean_V,std_V\n9,0.7,0.1\n10,0.5,0.1\n',
    'metadata.csv': 'musicId,title\n9,"Nine, or so"\n10,Ten\n',
  },
  'PMEmo 2019': {
    'EDA/9_EDA.csv': `time(s),100081,P-100083\n${steps(50, (i) => `${(2 + i / 100).toFixed(3)},${i < 30 ? 3 : ''}`)}`,
    'annotations/static_annotations.csv': 'musicId,Arousal(mean),Valence(mean)\n9,0.4,0.575\n10,0.1,0.2\n',
  },
  HKU956: {
    '1. physiological_signals/hku1903/EDA/0_55.csv': Array.from({ length: 40 }, (_, i) => `${0.25 + i / 1000}\n`).join(
      '',
    ),
    '3. AV_ratings.csv':
      'participant_id,song_no,song_id,valence_rating,arousal_rating,play_duration\nhku1903,0,55,7.4,-6,10\n',
  },
  'a trial table': {
    'trials.csv': 'trial,subject,song,valence,arousal\nt1,anna,x,6.5,2\nt2,anna,y,,\n',
    'eda.csv': `trial,time_s,eda_us\n${steps(4, () => '2.5')
      .replace(/^/gm, 't1,')
      .replace(/t1,$/, '')}t2,0,1\nt2,0.25,1\n`,
    'music.csv': 'song,f0,f1\nx,0.5,-1\ny,1,2\n',
  },
  'a recording': { 'a.csv': `time,eda_us\n${steps(4, (i) => (2 + i / 100).toFixed(2))}` },
  'an Empatica folder': { 'anna/EDA.csv': `1606867200.000000\r\n4.000000\r\n${'0.5\r\n'.repeat(40)}` },
}

async function read(files: Readonly<Record<string, string | Uint8Array>>, options: OpenOptions): Promise<Trial[]> {
  const { trials } = await openDataset(new MemoryStore(files), options)
  const all: Trial[] = []
  for await (const trial of trials()) all.push(trial)
  return all
}

function requireSound(trials: readonly Trial[]): void {
  expect(new Set(trials.map(({ id }) => id)).size).toBe(trials.length)
  for (const { sampleRate, eda, ratings, stimulusRatings, ratingScale = [-1e308, 1e308], music = [] } of trials) {
    expect(sampleRate).toBeGreaterThan(0)
    expect(sampleRate).toBeLessThan(Infinity)
    expect(eda.length).toBeLessThan(10_000)
    expect(eda.some((value) => Math.abs(value) === Infinity)).toBe(false)
    for (const rating of [ratings, stimulusRatings].flatMap((one) => (one ? [one.valence, one.arousal] : []))) {
      expect(rating).toBeGreaterThanOrEqual(ratingScale[0])
      expect(rating).toBeLessThanOrEqual(ratingScale[1])
    }
    expect([...music].every(Number.isFinite)).toBe(true)
  }
}

describe.each(Object.entries(TREES))('%s', (_, tree) => {
  it('is sound as it is', async () => {
    const trials = await read(tree, {})
    expect(trials.length).toBeGreaterThan(0)
    requireSound(trials)
  })

  it.each(Object.keys(tree).filter((path) => path !== 'metadata.csv'))('with %s damaged', async (path) => {
    const file = new TextEncoder().encode(tree[path])
    for (const resample of /time/.test(tree[path]!) && !('a.csv' in tree) ? [false, true] : [false])
      await survives(file, MUTANTS, (mutant) => read({ ...tree, [path]: mutant }, { resample }), requireSound)
  })
})
