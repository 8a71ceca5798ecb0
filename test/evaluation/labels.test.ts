import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type LabelScheme, labelTrials, parseDimension, parseLabelScheme } from '../../src/evaluation/labels.ts'
import type { Dimension, Trial } from '../../src/datasets/trial.ts'
import { readTrialTable } from '../../src/datasets/trial_table.ts'
import { twoMeans } from '../../src/evaluation/two_means.ts'
import { parseCsv } from '../../src/formats/csv.ts'
import { FormatError, ShapeError, UsageError } from '../../src/runtime/errors.ts'
import { Random } from '../../src/runtime/random.ts'
import { fixtureCases, goldenJson, readJson } from '../golden_values.ts'
import { needs, NO_SHARED } from '../needs.ts'

const shared = new URL('../../../shared/', import.meta.url)

type Pair = [valence: number, arousal: number]

function trialsOf(subject: string, ratings: (Pair | undefined)[], columns: Record<string, string> = {}): Trial[] {
  return ratings.map((pair, i) => ({
    id: `${subject}_${i}`,
    subject,
    stimulus: `song${i}`,
    sampleRate: 4,
    eda: new Float64Array(0),
    unit: 'uS',
    columns,
    source: `trials.csv:${i + 2}`,
    ...(pair && { ratings: { valence: pair[0], arousal: pair[1] } }),
  }))
}

/** The least inertia over every split into two non-empty parts. */
function leastInertia(points: number[][]): number {
  let least = Infinity
  for (let mask = 1; mask < 2 ** points.length - 1; mask++) {
    const inertia = [0, 1].reduce((sum, side) => {
      const part = points.filter((_, i) => ((mask >> i) & 1) === side)
      const center = (part[0] as number[]).map((_, d) => part.reduce((s, p) => s + (p[d] as number), 0) / part.length)
      return sum + part.reduce((s, p) => s + p.reduce((q, v, d) => q + (v - (center[d] as number)) ** 2, 0), 0)
    }, 0)
    least = Math.min(least, inertia)
  }
  return least
}

describe('twoMeans', () => {
  it('finds the best split there is', () => {
    const random = new Random(2)
    for (let round = 0; round < 20; round++) {
      const points = Array.from({ length: 10 }, () => [random.integer(9) + 1, random.integer(9) + 1])
      expect(twoMeans(points).inertia).toBeCloseTo(leastInertia(points), 9)
    }
  })

  it('does not depend on the order of the points, ties included', () => {
    const random = new Random(3)
    const points = [
      [1, 1],
      [1, 9],
      [9, 1],
      [9, 9],
      [5, 5],
      [1, 1],
      [5, 1],
      [5, 9],
    ]
    const { centers } = twoMeans(points)
    for (let round = 0; round < 20; round++) {
      const shuffled = Array.from(random.permutation(points.length), (i) => points[i] as number[])
      expect(twoMeans(shuffled).centers).toEqual(centers)
    }
    expect((centers[0][0] as number) <= (centers[1][0] as number)).toBe(true)
  })

  it('runs from given centres, ties to the first', () => {
    const result = twoMeans([[0], [2], [4]], [[0], [4]])
    expect([...result.assignment]).toEqual([0, 0, 1])
    expect(result.centers).toEqual([[1], [4]])
    expect(result.threshold).toEqual([2.5])
    expect(twoMeans([[1], [2]], [[0], [100]]).centers).toEqual([[1.5], [100]])
  })

  it('needs two distinct points', () => {
    expect(() =>
      twoMeans([
        [1, 2],
        [1, 2],
      ]),
    ).toThrow(ShapeError)
    expect(() => twoMeans([])).toThrow('two-means: no points')
  })

  it('matches another program from the same centres', () => {
    interface Case {
      points: (number | number[])[]
      init: [number[], number[]]
      centers: number[][]
      assignment: number[]
      iterations_until_fixed: number
      inertia: number
      threshold: number[]
      high_if_greater: number[][]
    }
    const files = fixtureCases('metrics').filter(({ id }) => id === 'metrics/two_means')
    const cases = files.flatMap((file) => readJson<{ cases: Case[] }>(file).cases)
    expect(cases.length).toBeGreaterThanOrEqual(5)
    for (const c of cases) {
      const points = c.points.map((point) => [point].flat())
      const own = twoMeans(points, c.init)
      expect(
        own.centers
          .flat()
          .map((v, i) => v - (c.centers.flat()[i] as number))
          .every((d) => Math.abs(d) < 1e-12),
      ).toBe(true)
      expect([...own.assignment]).toEqual(c.assignment)
      expect(own.iterations).toBe(c.iterations_until_fixed)
      expect(own.inertia).toBeCloseTo(c.inertia, 9)
      own.threshold.forEach((value, d) => expect(value).toBeCloseTo(c.threshold[d] as number, 12))
      expect(points.map((p) => p.map((v, d) => (v > (own.threshold[d] as number) ? 1 : 0)))).toEqual(c.high_if_greater)
    }
  })
})

describe('twoMeans without centres', () => {
  interface Split {
    name: string
    points: number[][]
    centers: number[][]
    inertia: number
    threshold: number[]
  }
  const { cases } = goldenJson<{ cases: Split[] }>('best-splits')

  // The golden splits are the best of all there are, in exact fractions; of equal ones, that with the smaller centres.
  it.each(cases)('finds the best split of $name', ({ points, centers, inertia, threshold }) => {
    for (const order of [points, points.toReversed()]) {
      const own = twoMeans(order)
      own.centers.forEach((center, k) => center.forEach((value, d) => expect(value).toBeCloseTo(centers[k]![d]!, 12)))
      expect(own.inertia).toBeCloseTo(inertia, 12)
      own.threshold.forEach((value, d) => expect(value).toBeCloseTo(threshold[d]!, 12))
    }
  })
})

describe('labelTrials', () => {
  const apart: [number, number][] = [
    [2, 2],
    [3, 2],
    [2, 3],
    [8, 7],
    [7, 8],
    [8, 8],
  ]

  it("uses each subject's own midpoint of the centres", () => {
    const shifted = apart.map(([v, a]): [number, number] => [v + 20, a + 20])
    const both = [...trialsOf('a', apart), ...trialsOf('b', shifted)]
    const { labels, subjects, trials } = labelTrials(both, 'arousal', { kind: 'two-means' })
    expect([...labels]).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1])
    expect(trials.length).toBe(12)
    expect(subjects[0]?.threshold).toBeCloseTo((7 / 3 + 23 / 3) / 2, 12)
    expect(subjects.map(({ high, trials: count }) => [high, count])).toEqual([
      [3, 6],
      [3, 6],
    ])
    // Each dimension has its own.
    const {
      subjects: [aroused],
    } = labelTrials(
      trialsOf(
        'c',
        apart.map(([v, a]) => [v, a + 20]),
      ),
      'arousal',
      { kind: 'two-means' },
    )
    expect(aroused).toMatchObject({ threshold: expect.closeTo(20 + (7 / 3 + 23 / 3) / 2, 12) as number, high: 3 })
  })

  it('flags a subject whose clusters part in the other dimension', () => {
    const valenceOnly = trialsOf('a', [
      [1, 5],
      [2, 4],
      [9, 5],
      [8, 4.1],
    ])
    const [arousal, valence] = (['arousal', 'valence'] as const).map(
      (dimension) => labelTrials(valenceOnly, dimension, { kind: 'two-means' }).subjects[0],
    )
    expect(arousal).toMatchObject({ weak: true, separation: expect.closeTo(0.05, 9) as number })
    expect(valence?.weak).toBe(false)
    expect(labelTrials(valenceOnly, 'arousal', { kind: 'per-dimension' }).subjects[0]?.separation).toBeGreaterThan(0.8)
  })

  it('drops unrated trials and subjects without two distinct ratings, and says so', () => {
    const same: [number, number][] = [
      [5, 5],
      [5, 5],
    ]
    const both = [...trialsOf('a', [...apart, undefined]), ...trialsOf('b', same)]
    const result = labelTrials(both, 'valence', { kind: 'two-means' })
    expect(result.trials.every((trial) => trial.subject === 'a')).toBe(true)
    expect(result.labels.length).toBe(6)
    expect(result.skipped).toEqual([
      { source: 'trials.csv:8', reason: 'not rated' },
      { source: 'subject b', reason: 'fewer than two distinct ratings, so there is no threshold' },
    ])
  })

  it('knows the other schemes', () => {
    const trials = trialsOf(
      'a',
      [
        [1, 9],
        [2, 4],
        [3, 2],
        [9, 1],
      ],
      { arousal_high: '1' },
    )
    const labelled = (scheme: LabelScheme, dimension: Dimension = 'valence'): number[] => [
      ...labelTrials(trials, dimension, scheme).labels,
    ]
    expect(labelled({ kind: 'fixed', threshold: 2 })).toEqual([0, 0, 1, 1])
    expect(labelled({ kind: 'median' })).toEqual([0, 0, 1, 1])
    // Ratings of two digits are no text: the median of 2, 9, 10, 11 is 9.5.
    const wide = trialsOf(
      'b',
      [10, 2, 11, 9].map((valence) => [valence, 5]),
    )
    expect([...labelTrials(wide, 'valence', { kind: 'median' }).labels]).toEqual([1, 0, 1, 0])
    expect(labelled({ kind: 'per-dimension' })).toEqual([0, 0, 0, 1])
    expect(labelled({ kind: 'column' }, 'arousal')).toEqual([1, 1, 1, 1])
    expect(() => labelled({ kind: 'column' })).toThrow(
      "trials.csv:2: column 'valence_high' is missing, expected 0 or 1",
    )
    const bad = trialsOf('a', [[1, 1]], { arousal_high: 'high' })
    expect(() => labelTrials(bad, 'arousal', { kind: 'column' })).toThrow(
      "column 'arousal_high' is 'high', expected 0 or 1",
    )
    expect(() => labelTrials(trialsOf('a', [undefined]), 'arousal', { kind: 'median' })).toThrow(FormatError)
  })

  it('reads what the user wrote', () => {
    expect(parseDimension('valence')).toBe('valence')
    expect(() => parseDimension('dominance')).toThrow("dimension 'dominance' is unknown; use arousal or valence")
    expect(() => parseDimension('dominance')).toThrow(UsageError)
    expect(parseLabelScheme('fixed:-0.5')).toEqual({ kind: 'fixed', threshold: -0.5 })
    expect(parseLabelScheme('two-means')).toEqual({ kind: 'two-means' })
    for (const text of ['fixed:', 'fixed:x', 'mean', '']) {
      expect(() => parseLabelScheme(text)).toThrow(/are unknown; use two-means/)
    }
    expect(labelTrials(trialsOf('a', apart), 'arousal', parseLabelScheme('fixed:4')).scheme).toBe('fixed:4')
  })

  it('reproduces the thresholds of 24 real listeners', needs(existsSync(shared), NO_SHARED), () => {
    const read = (name: string): string => readFileSync(new URL(`data/hku956/${name}`, shared), 'utf8')
    const rows = read('trials.csv')
    const files = { trials: rows, eda: `trial,i,eda_us\n${oneSampleEach(rows)}` }
    const { trials } = readTrialTable(files, { name: 'hku956' })
    expect(trials.length).toBe(765)
    const table = parseCsv(read('thresholds.csv'), 'thresholds.csv')
    for (const dimension of ['arousal', 'valence'] as const) {
      const { subjects, labels, trials: kept } = labelTrials(trials, dimension, { kind: 'two-means' })
      expect(subjects.length).toBe(24)
      const thresholds = table.numbers(`${dimension}_threshold`)
      const expected = new Map(table.text('subject').map((subject, row) => [subject, thresholds[row] as number]))
      for (const { subject, threshold } of subjects) {
        expect(Math.abs((threshold as number) - (expected.get(subject) as number))).toBeLessThan(1e-6)
      }
      expect([...labels]).toEqual(kept.map((trial) => Number(trial.columns[`${dimension}_high`])))
      expect(subjects.filter(({ weak }) => weak).length).toBe(dimension === 'arousal' ? 5 : 6)
    }
  })
})

/** One sample for each trial: the labels need no signal. */
function oneSampleEach(text: string): string {
  return parseCsv(text, 'trials.csv')
    .text('trial')
    .map((id) => `${id},0,1\n`)
    .join('')
}
