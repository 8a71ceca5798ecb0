// Skin and music each tell what their effect says, in every layout, of people and of songs that were not seen.
import { describe, expect, it } from 'vitest'
import { labelTrials } from '../../../src/evaluation/labels.ts'
import { makeLookalike, type LookalikeKind } from '../../../src/datasets/lookalike/make.ts'
import { readMusicTables, withMusic } from '../../../src/datasets/music_features.ts'
import { collect, openDataset } from '../../../src/datasets/open_dataset.ts'
import { DIMENSIONS, type Trial } from '../../../src/datasets/trial.ts'
import { fillGaps } from '../../../src/signal/gaps.ts'
import { zscore } from '../../../src/signal/normalize.ts'
import { interpolateLinear } from '../../../src/signal/resample.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { linearAccuracy } from '../linear_accuracy.ts'

const POINTS = 320
/** One of so many columns is enough for a line. */
const THINNED = 40

const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length

/** What a network gets to see: the beginning dropped, z-scored, stretched to one length. */
function seen(trial: Trial): Float64Array {
  const { samples } = fillGaps(trial.eda, trial.sampleRate, trial.source)
  const drop = Math.max(3, trial.baselineSeconds ?? 0)
  return interpolateLinear(zscore(samples.subarray(drop * trial.sampleRate)).z, POINTS)
}

/** How far a trace climbs, and of what is left without that, how much and how often it rises within a second and a half. */
function shape(trial: Trial): number[] {
  const x = seen(trial)
  const points = POINTS / (trial.eda.length / trial.sampleRate - 3)
  const third = Math.floor(POINTS / 3)
  const climb = mean(x.subarray(-third)) - mean(x.subarray(0, third))
  const flat = x.map((value, i) => value - 1.5 * climb * (i / POINTS - 0.5))
  const half = Math.max(1, Math.round(points / 2))
  const smooth = flat.map((_, i) => mean(flat.subarray(Math.max(0, i - half), i + half + 1)))
  const span = Math.max(1, Math.round(1.5 * points))
  const rises = smooth.subarray(span).map((value, i) => Math.max(0, value - smooth[i]!))
  return [climb, mean(rises), Math.sqrt(mean(rises.map((rise) => rise ** 2))), mean(x.map((value) => value ** 3))]
}

async function trialsOf(kind: LookalikeKind, eda: number, music: number): Promise<Trial[]> {
  const store = new MemoryStore()
  await makeLookalike(store, { kind, seed: 1, edaEffect: eda, musicEffect: music, ...SIZES[kind] })
  const table = { pmemo2018: 'static_features.csv', pmemo2019: 'features/static_features.csv' }[kind as string]
  const features = await readMusicTables([await store.source(table ?? 'music_features.csv')])
  const { trials } = await collect(withMusic(await openDataset(store), features))
  return trials.filter(({ ratings, stimulusRatings, eda: trace }) => {
    const gap = trace.filter(Number.isNaN).length
    return (kind === 'pmemo2019' ? stimulusRatings : ratings) && gap < trace.length / 20
  })
}

/** Enough people for the same threshold in all. */
const SIZES: Partial<Record<LookalikeKind, { subjects: number; seconds?: number }>> = {
  pmemo2018: { subjects: 8 },
  pmemo2019: { subjects: 16 },
  deap: { subjects: 4, seconds: 30 },
  amigos: { subjects: 7, seconds: 20 },
  hku956: { subjects: 8 },
}

describe.each(Object.keys(SIZES) as LookalikeKind[])('in a look-alike of %s', (kind) => {
  /** Accuracies of skin and of music, the lower and the higher of both dimensions each. */
  const told = async (eda: number, music: number) => {
    const trials = await trialsOf(kind, eda, music)
    const found: Record<'skin' | 'music', number>[] = []
    for (const dimension of DIMENSIONS) {
      const { labels, trials: labelled } = labelOf(trials, dimension)
      const vector = (trial: Trial) => trial.music!.filter((_, column) => column % THINNED === 3)
      found.push({
        skin: await linearAccuracy(labelled, labels, shape),
        music: await linearAccuracy(labelled, labels, vector, { kind: 'stimulus', count: 4 }),
      })
    }
    const range = (of: 'skin' | 'music') =>
      found.map((accuracy) => accuracy[of]).sort((a, b) => a - b) as [number, number]
    return { skin: range('skin'), music: range('music') }
  }
  const labelOf = (trials: Trial[], dimension: (typeof DIMENSIONS)[number]) => {
    const { labels } = labelTrials(trials, dimension, { kind: kind === 'pmemo2019' ? 'song' : 'two-means' })
    return { labels, trials }
  }

  it('skin alone tells what only skin shows', async () => {
    const { skin, music } = await told(1, 0)
    expect(skin[0]).toBeGreaterThanOrEqual(0.9)
    expect(music[1]).toBeLessThan(0.7)
  })

  it('music alone tells what only music shows', async () => {
    const { skin, music } = await told(0, 1)
    expect(music[0]).toBeGreaterThanOrEqual(0.9)
    expect(skin[1]).toBeLessThan(0.65)
  })
})
