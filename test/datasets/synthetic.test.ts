import { describe, expect, it } from 'vitest'
import { labelTrials } from '../../src/evaluation/labels.ts'
import { makeRecording, makeTrialTable, type SyntheticStudy } from '../../src/datasets/synthetic.ts'
import type { Dimension, Trial } from '../../src/datasets/trial.ts'
import { loadTrialTable, readTrialTable } from '../../src/datasets/trial_table.ts'
import { parseCsv } from '../../src/formats/csv.ts'
import { readRecording } from '../../src/reading/read.ts'
import { memorySource } from '../../src/store/source.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { fillGaps } from '../../src/signal/gaps.ts'
import { zscore } from '../../src/signal/normalize.ts'
import { interpolateLinear } from '../../src/signal/resample.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { linearAccuracy as accuracy } from './linear_accuracy.ts'

const POINTS = 160

/** What the network gets to see: start dropped, z-scored, stretched to one length. */
function seen(trial: Trial): Float64Array {
  const { samples } = fillGaps(trial.eda, trial.sampleRate, trial.source)
  return interpolateLinear(zscore(samples.subarray(3 * trial.sampleRate)).z, POINTS)
}

/** Five statistics of shape; level and amplitude are gone. */
function shape(x: Float64Array): number[] {
  const mean = (part: Float64Array): number => part.reduce((a, b) => a + b, 0) / part.length
  let [peaks, rising] = [0, 0]
  for (let i = 6; i < POINTS - 1; i++) {
    const [before, here, after] = [x[i - 1], x[i], x[i + 1]] as [number, number, number]
    if (here > before) rising++
    if (here > before && here >= after && here - Math.min(...x.subarray(i - 6, i)) > 0.4) peaks++
  }
  const third = Math.floor(POINTS / 3)
  const moment = (power: number): number => mean(x.map((value) => value ** power))
  return [peaks, rising / POINTS, moment(3), moment(4), mean(x.subarray(-third)) - mean(x.subarray(0, third))]
}

async function study(settings: Partial<SyntheticStudy>): Promise<Trial[]> {
  const files = makeTrialTable({ subjects: 16, effect: 1, seed: 1, ...settings })
  const table = { trials: files['trials.csv'], eda: files['eda.csv'], music: files['music.csv'] }
  return (await readTrialTable(table, { name: 'made' })).trials
}

const labelled = (trials: Trial[], dimension: Dimension): Uint8Array =>
  labelTrials(trials, dimension, { kind: 'two-means' }).labels
const music = (trial: Trial): ArrayLike<number> => trial.music ?? []
const statistics = (trial: Trial): number[] => shape(seen(trial))

describe('synthetic study', () => {
  it('is a labelled trial table, the same for the same seed', async () => {
    const files = makeTrialTable({ subjects: 3, effect: 1, seed: 7 })
    expect(Object.keys(files)).toEqual(['trials.csv', 'eda.csv', 'music.csv', 'README.md'])
    const store = new MemoryStore()
    for (const [name, content] of Object.entries(files)) await store.write(name, content)
    const set = await loadTrialTable(store, { name: 'made' })
    expect(set).toMatchObject({ synthetic: true, musicDim: 16, skipped: [] })
    expect(set.trials.length).toBe(36)
    expect(set.trials.every(({ music: vector, ratings, sampleRate }) => vector && ratings && sampleRate === 4)).toBe(
      true,
    )
    expect(await store.readText('README.md')).toMatch(/^# SYNTHETIC/)
    expect(makeTrialTable({ subjects: 3, effect: 1, seed: 7 })['eda.csv']).toBe(await store.readText('eda.csv'))
    expect(makeTrialTable({ subjects: 3, effect: 1, seed: 8 })['eda.csv']).not.toBe(await store.readText('eda.csv'))
  })

  it('honours its settings', async () => {
    const trials = await study({
      subjects: 2,
      trialsPerSubject: 6,
      stimuli: 8,
      sampleRate: 32,
      seconds: 20,
      musicDim: 5,
    })
    expect(trials.length).toBe(12)
    expect(trials[0]?.music?.length).toBe(5)
    for (const { eda, sampleRate } of trials) {
      expect(sampleRate).toBe(32)
      expect(eda.length / 32).toBeGreaterThanOrEqual(16)
      expect(eda.length / 32).toBeLessThanOrEqual(24)
    }
  })

  it('has ratings from which two-means recovers what was felt, at any effect', async () => {
    for (const effect of [0, 1]) {
      const trials = await study({ effect, subjects: 24 })
      for (const dimension of ['arousal', 'valence'] as const) {
        const felt = trials.map((trial) => Number(trial.columns[`${dimension}_high`]))
        const same = labelled(trials, dimension).filter((label, i) => label === felt[i]).length
        expect(same / trials.length).toBeGreaterThan(0.98)
      }
    }
  })

  it("effect 1: unseen subjects' arousal shows in the shape of the trace, valence in the music", async () => {
    for (const seed of [1, 2]) {
      const trials = await study({ seed })
      expect(await accuracy(trials, labelled(trials, 'arousal'), statistics)).toBeGreaterThanOrEqual(0.95)
      expect(await accuracy(trials, labelled(trials, 'valence'), music)).toBeGreaterThanOrEqual(0.9)
      expect(await accuracy(trials, labelled(trials, 'valence'), statistics)).toBeGreaterThan(0.55)
    }
  })

  it('effect 0: nothing in the files tells either label', async () => {
    const length = (trial: Trial): number[] => [trial.eda.length, trial.eda.length ** 2]
    const order = (trial: Trial): number[] => [Number(trial.columns['order'])]
    const level = (trial: Trial): number[] => [trial.eda[0] ?? 0, Number(trial.eda.some(Number.isNaN))]
    for (const seed of [1, 2]) {
      const trials = await study({ effect: 0, seed, subjects: 32 })
      for (const dimension of ['arousal', 'valence'] as const) {
        const labels = labelled(trials, dimension)
        for (const features of [statistics, music, seen, length, order, level]) {
          const found = await accuracy(trials, labels, features)
          expect(found).toBeGreaterThan(0.35)
          expect(found).toBeLessThan(0.65)
        }
      }
    }
  })

  describe('in its files', () => {
    const SETTINGS = { subjects: 3, trialsPerSubject: 8, stimuli: 12, sampleRate: 2, seconds: 30, musicDim: 4 }
    const filesOf = (change: Partial<SyntheticStudy> = {}) =>
      makeTrialTable({ ...SETTINGS, effect: 1, seed: 5, ...change })
    const files = filesOf()
    const table = parseCsv(files['trials.csv'], 'trials.csv')
    const column = (name: string) => table.text(name)
    const rows = [...Array(24).keys()]
    const heard = (i: number) => Number(column('stimulus')[i]!.slice(-2))

    it('has rows by person and order', () => {
      expect(table.columns).toEqual(
        'trial,subject,order,stimulus,valence,arousal,valence_high,arousal_high,sample_rate_hz,duration_s,n_samples,synthetic'.split(
          ',',
        ),
      )
      const [person, order] = [(i: number) => `synthetic5_0${i >> 3}`, (i: number) => i & 7]
      expect(column('trial')).toEqual(rows.map((i) => `${person(i)}_0${order(i)}`))
      expect(column('subject')).toEqual(rows.map(person))
      expect(column('order')).toEqual(rows.map((i) => String(order(i))))
      expect(new Set(column('sample_rate_hz'))).toEqual(new Set(['2']))
      expect(new Set(column('synthetic'))).toEqual(new Set(['1']))
    })

    it('has a length for each stimulus, and as many samples', () => {
      const eda = parseCsv(files['eda.csv'], 'eda.csv').text('trial')
      const seconds = column('duration_s').map(Number)
      for (const i of rows) {
        expect(eda.filter((id) => id === column('trial')[i])).toHaveLength(2 * seconds[i]!)
        expect(Number(column('n_samples')[i])).toBe(2 * seconds[i]!)
        for (const j of rows) if (heard(i) === heard(j)) expect(seconds[i]).toBe(seconds[j])
      }
      // A fifth shorter or longer, and not much less than that.
      const lengths = Array.from({ length: 5 }, (_, seed) =>
        parseCsv(filesOf({ seed, stimuli: 40 })['trials.csv'], '')
          .text('duration_s')
          .map(Number),
      ).flat()
      expect([Math.min(...lengths) >= 24, Math.min(...lengths) <= 26]).toEqual([true, true])
      expect([Math.max(...lengths) <= 36, Math.max(...lengths) >= 34]).toEqual([true, true])
    })

    it('has half of the songs of each person pleasant, no song twice, and half of the feelings high', () => {
      for (const person of new Set(column('subject'))) {
        const own = rows.filter((i) => column('subject')[i] === person)
        expect(new Set(own.map(heard)).size).toBe(8)
        expect(own.filter((i) => heard(i) % 2 === 0)).toHaveLength(4)
        for (const name of ['arousal_high', 'valence_high'])
          expect(
            own.filter((i) => column(name)[i] === '1'),
            name,
          ).toHaveLength(4)
      }
    })

    it('has the feelings in the ratings, each dimension in its own', () => {
      for (const dimension of ['arousal', 'valence']) {
        const ratings = table.numbers(dimension)
        expect(Math.min(...ratings)).toBeGreaterThanOrEqual(1)
        expect(Math.max(...ratings)).toBeLessThanOrEqual(9)
        for (const rating of ratings) expect(10 * rating).toBeCloseTo(Math.round(10 * rating), 9)
        const mean = (high: string) => {
          const own = rows.filter((i) => column(`${dimension}_high`)[i] === high)
          return own.reduce((sum, i) => sum + ratings[i]!, 0) / own.length
        }
        expect(mean('1') - mean('0')).toBeGreaterThan(3)
        expect(mean('1') - mean('0')).toBeLessThan(5)
      }
    })

    it('of individual people has ratings that tell who somebody is, half of them high, and says no more of what was felt', () => {
      const own = parseCsv(filesOf({ subjects: 8, individuality: 1 })['trials.csv'], 'trials.csv')
      const [who, felt, ratings] = [own.text('subject'), own.numbers('arousal_high'), own.numbers('arousal')]
      const high = ratings.map((rating) => Number(rating > 5))
      const people = [...new Set(who)].map((person) => {
        const labels = high.filter((_, i) => who[i] === person)
        return labels.reduce((a, b) => a + b, 0) / labels.length
      })
      expect(people.filter((share) => share >= 0.75)).toHaveLength(4)
      expect(people.filter((share) => share <= 0.25)).toHaveLength(4)
      expect(filesOf({ individuality: 0 })).toEqual(filesOf({}))
      expect([...felt].filter((of) => of === 1)).toHaveLength(felt.length / 2)
    })

    it('has music that is the same of what it does in every study, and one feature that is constant', () => {
      const features = (of: Record<string, string>) => {
        const music = parseCsv(of['music.csv']!, 'music.csv')
        return {
          columns: music.columns,
          songs: music.text('stimulus'),
          rows: [0, 1, 2, 3].map((f) => music.numbers(`feature_${f}`)),
        }
      }
      const { columns, songs, rows: own } = features(files)
      expect(columns).toEqual(['stimulus', 'feature_0', 'feature_1', 'feature_2', 'feature_3'])
      expect(songs).toEqual(Array.from({ length: 12 }, (_, i) => `synthetic5_song${String(i).padStart(2, '0')}`))
      expect(new Set(own[3])).toEqual(new Set([1]))
      // Pleasant against unpleasant songs of many, by feature: what the noise leaves of the projection.
      const valence = (seed: number) =>
        features(filesOf({ seed, stimuli: 400 })).rows.map((feature) =>
          feature.reduce((sum, value, i) => sum + (i % 2 ? -value : value) / 400, 0),
        )
      const [one, other] = [valence(1), valence(2)]
      for (const [f, value] of one.entries()) expect(Math.abs(value - other[f]!), String(f)).toBeLessThan(0.3)
      expect(Math.max(...one.map(Math.abs))).toBeGreaterThan(0.5)
      expect(filesOf({ seed: 1 })['music.csv']).not.toBe(
        filesOf({ seed: 2 })['music.csv'].replaceAll('synthetic2', 'synthetic1'),
      )
    })

    it('has people of their own in each study, none of them a copy', () => {
      const firsts = [1, 2].flatMap((seed) => {
        const eda = parseCsv(filesOf({ seed })['eda.csv'], '')
        const [ids, values] = [eda.text('trial'), eda.text('eda_us')]
        return [0, 1, 2].map((s) => values[ids.indexOf(`synthetic${seed}_0${s}_00`)])
      })
      expect(new Set(firsts).size).toBe(6)
    })

    it('has gaps of half a second in some trials', () => {
      const all = parseCsv(
        makeTrialTable({ ...SETTINGS, subjects: 20, sampleRate: 8, effect: 1, seed: 5 })['eda.csv'],
        '',
      )
      const [ids, values] = [all.text('trial'), all.text('eda_us')]
      const gaps = new Map<string, number[]>()
      ids.forEach((id, row) => {
        if (values[row] === '') gaps.set(id, [...(gaps.get(id) ?? []), row])
      })
      expect(gaps.size).toBeGreaterThanOrEqual(2)
      expect(gaps.size).toBeLessThan(25)
      for (const own of gaps.values()) expect(own).toEqual([0, 1, 2, 3].map((i) => own[0]! + i))
    })

    it('has all its settings in its README, the ones nobody chose as well', () => {
      for (const [name, value] of Object.entries({ ...SETTINGS, effect: 1, seed: 5 }))
        expect(files['README.md']).toContain(`\n- ${name}: ${value}\n`)
      const defaults = makeTrialTable({ subjects: 2, effect: 0, seed: 1 })['README.md']
      const usual = { trialsPerSubject: 12, stimuli: 24, sampleRate: 4, seconds: 40, musicDim: 16, effect: 0, seed: 1 }
      for (const [name, value] of Object.entries(usual)) expect(defaults).toContain(`\n- ${name}: ${value}\n`)
    })
  })

  it.each<[keyof SyntheticStudy, number, number, RegExp]>([
    ['subjects', 2, 1, /^subjects 1: expected a whole number of at least 2$/],
    ['subjects', 3, 2.5, /^subjects 2.5: /],
    ['trialsPerSubject', 4, 2, /^trials per subject 2: expected a whole number of at least 4$/],
    ['trialsPerSubject', 6, 5, /^5 trials per subject of 8 stimuli: both must be even/],
    ['stimuli', 6, 4, /^stimuli 4: expected a whole number of at least 6$/],
    ['stimuli', 8, 7, /^6 trials per subject of 7 stimuli: both must be even/],
    ['musicDim', 2, 1, /^music features 1: expected a whole number of at least 2$/],
    ['effect', 0, -0.1, /^effect -0.1: expected a number from 0/],
    ['effect', 1, 1.1, /^effect 1.1: expected a number from 0/],
    ['individuality', 0, -0.1, /^individuality -0.1: expected a number from 0/],
    ['individuality', 1, 1.1, /^individuality 1.1: expected a number from 0/],
    ['seed', 0, -1, /^seed -1: expected an integer from 0 to 4294967295$/],
    ['seed', 4294967295, 4294967296, /^seed 4294967296: /],
    ['seed', 3, 0.5, /^seed 0.5: /],
    ['sampleRate', 1, 0.9, /^sample rate 0.9 Hz: expected at least 1$/],
    ['seconds', 10, 9.9, /^trials of 9.9 s: expected at least 10$/],
  ])('may have %s %f, not %f', (name, good, bad, says) => {
    const make = (value: number) => () =>
      makeTrialTable({
        subjects: 2,
        trialsPerSubject: name === 'stimuli' ? 6 : 4,
        stimuli: 8,
        effect: 1,
        seed: 1,
        seconds: 10,
        [name]: value,
      })
    expect(make(good)).not.toThrow()
    expect(make(bad)).toThrow(UsageError)
    expect(make(bad)).toThrow(says)
  })

  it('refuses settings that make no study', () => {
    const make = (settings: Partial<SyntheticStudy>) => () =>
      makeTrialTable({ subjects: 4, effect: 1, seed: 1, ...settings })
    expect(make({ subjects: 1 })).toThrow('subjects 1: expected a whole number of at least 2')
    expect(make({ effect: 1.5 })).toThrow('effect 1.5: expected a number from 0 (none) to 1 (strong)')
    expect(make({ effect: NaN })).toThrow(UsageError)
    expect(make({ stimuli: 8 })).toThrow('stimuli 8: expected a whole number of at least 12')
    expect(make({ trialsPerSubject: 7 })).toThrow(/both must be even/)
    expect(make({ seconds: 2 })).toThrow(/at least 10/)
    expect(make({ sampleRate: 0 })).toThrow(/at least 1/)
  })
})

describe('a made-up recording', () => {
  it('is one trace with responses of about 0.4 µS every 10 s, the same for the same seed', async () => {
    const text = makeRecording({ seed: 3 })
    const { eda, sampleRate } = await readRecording(memorySource('synthetic.csv', text))
    expect([sampleRate, eda.length]).toEqual([4, 480])
    expect(Math.min(...eda)).toBeGreaterThan(0)
    // Rises of 0.1 µS and more within a second and a half, counted on the trace itself.
    let rises = 0
    for (let i = 6, last = -20; i < eda.length; i++) {
      if (eda[i]! - eda[i - 6]! < 0.1 || i - last < 12) continue
      rises++
      last = i
    }
    expect(rises).toBeGreaterThanOrEqual(8)
    expect(rises).toBeLessThanOrEqual(16)
    expect(makeRecording({ seed: 3 })).toBe(text)
    expect(makeRecording({ seed: 4 })).not.toBe(text)
  })

  it('of another length, and none of a bad one', async () => {
    const made = await readRecording(memorySource('a.csv', makeRecording({ seed: 1, seconds: 30 })))
    expect(made.eda).toHaveLength(120)
    expect(() => makeRecording({ seed: 1, seconds: 5 })).toThrow('a recording of 5 s: expected at least 10')
    expect(() => makeRecording({ seed: -1 })).toThrow('seed -1: expected an integer from 0')
  })
})
