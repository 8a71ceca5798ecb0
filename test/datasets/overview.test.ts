// What is counted of trials that pass by one after the other.
import { expect, it } from 'vitest'
import { Overview } from '../../src/datasets/overview.ts'
import type { Trial } from '../../src/datasets/trial.ts'

const trial = (id: string, eda: number[], more: Partial<Trial> = {}): Trial => ({
  ...{ id, subject: id[0]!, stimulus: `song${id.slice(1)}`, sampleRate: 4, unit: 'uS', columns: {}, source: id },
  eda: Float64Array.from(eda),
  ...more,
})

it('adds up counts, lengths, shares and the median of the trials’ medians', () => {
  const overview = new Overview()
  // Medians 2, 10 and 3: the long trial counts once. Of 24 samples one is 0, one is missing, and 12 at 2 Hz stand still.
  overview.add(trial('a1', [1, 2, 3, NaN, 0, 2, 2.5], { ratings: { valence: 1, arousal: 2 } }))
  overview.add(trial('b1', new Array<number>(12).fill(10), { sampleRate: 2, music: new Float32Array(3) }))
  overview.add(trial('b2', [3, 4, 3, 4, -1], { unit: 'unknown' }))
  expect(overview.summary()).toEqual({
    ...{ trials: 3, subjects: 2, stimuli: 2, rated: 1, withMusic: 1, sampleRates: [2, 4], units: ['uS', 'unknown'] },
    seconds: { least: 1.25, median: 1.75, most: 6, total: 9 },
    level: 3,
    belowZero: 1,
    ...{ missing: 1 / 24, zero: 1 / 24, flat: 12 / 24, clipped: 0 },
    flagged: { zero: 1, flat: 1, clipped: 0, missing: 1 },
  })
  expect(overview.trials.map(({ id, level }) => [id, level])).toEqual([
    ['a1', 2],
    ['b1', 10],
    ['b2', 3],
  ])
  for (const kept of overview.trials) expect(Object.keys(kept)).not.toContain('eda')
})

it('is nothing where nothing was added, and has no level without a sample', () => {
  const overview = new Overview()
  expect(overview.summary()).toMatchObject({
    ...{ trials: 0, sampleRates: [], level: null, missing: 0 },
    seconds: { least: 0, median: 0, most: 0, total: 0 },
  })
  overview.add(trial('a1', [NaN, NaN]))
  expect(overview.summary()).toMatchObject({ trials: 1, level: null, missing: 1 })
})
