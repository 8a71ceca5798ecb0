// Metrics files of a fixture folder: classification scores, Pearson correlation, two-means thresholds.
import { twoMeans } from '../evaluation/two_means.ts'
import { FormatError } from '../runtime/errors.ts'
import { classificationMetrics } from '../evaluation/metrics.ts'
import { pearson } from '../evaluation/statistics.ts'

type Json = Record<string, unknown>

/** Largest error of a file's cases as a share of its tolerance, and the case it is from. */
interface MetricsJudgement {
  error: number
  tolerance: number
  where: string
}

/** Numbers of `expected` against those of `actual`, matched by key; the reference's names are snake_case. */
function* pairs(expected: unknown, actual: unknown, path: string): Generator<[string, number, number]> {
  if (typeof expected === 'number') {
    yield [path, expected, typeof actual === 'number' ? actual : NaN]
  } else if (Array.isArray(expected)) {
    for (const [i, value] of expected.entries())
      yield* pairs(value, (actual as unknown[] | undefined)?.[i], `${path}[${i}]`)
  } else if (expected !== null && typeof expected === 'object') {
    for (const [key, value] of Object.entries(expected))
      yield* pairs(value, (actual as Json | undefined)?.[key], `${path}.${key}`)
  }
}

function classification(c: Json): [expected: Json, actual: Json] {
  const metrics = classificationMetrics(c.labels as number[], c.predictions as number[], c.classes as number)
  const { accuracy, balancedAccuracy, confusion, precision, recall, f1, support, macro, weighted, micro, positive } =
    metrics
  const actual = {
    accuracy,
    balanced_accuracy: balancedAccuracy,
    precision,
    recall,
    f1,
    support,
    macro,
    weighted,
    micro,
  }
  const { name: _, classes: __, labels: ___, predictions: ____, ...expected } = c
  return [expected, { ...actual, confusion_rows_true_cols_pred: confusion, binary_positive_1: positive }]
}

function correlation(c: Json): [Json, Json] {
  const { n, r, t, p, log10P } = pearson(c.x as number[], c.y as number[])
  // The p-value and t are compared relatively, so both sides are given as ratios to the reference.
  const [p0, t0] = [c.p_two_sided as number, c.t as number]
  const relative = (value: number, reference: number): number => (reference === 0 ? value : value / reference - 1)
  const expected = { n: c.n, r: c.r, t: 0, relative_p: 0, log10_p: 0 }
  const logs = relative(log10P, c.log10_p as number)
  return [expected, { n, r, t: relative(t, t0), relative_p: p0 === 0 ? 0 : relative(p, p0), log10_p: logs }]
}

function clusters(c: Json): [Json, Json] {
  const rows = (c.points as (number | number[])[]).map((p) => (Array.isArray(p) ? p : [p]))
  const found = twoMeans(rows, c.init as [number[], number[]])
  const above = (high: (value: number, threshold: number) => boolean): number[][] =>
    rows.map((point) => point.map((value, d) => (high(value, found.threshold[d]!) ? 1 : 0)))
  const { centers, assignment, inertia, threshold, high_if_greater, high_if_greater_or_equal } = c
  return [
    { centers, assignment, inertia, threshold, high_if_greater, high_if_greater_or_equal },
    {
      ...found,
      assignment: [...found.assignment],
      high_if_greater: above((value, t) => value > t),
      high_if_greater_or_equal: above((value, t) => value >= t),
    },
  ]
}

function compute(c: Json): [Json, Json] {
  if ('predictions' in c) return classification(c)
  if ('p_two_sided' in c) return correlation(c)
  if ('points' in c) return clusters(c)
  throw new FormatError(`a metrics case has the fields ${Object.keys(c).join(', ')}, which belong to no known metric`)
}

/** Error as a share of its tolerance; a tolerance of zero allows none. */
const share = (error: number, tolerance: number): number => (error === 0 ? 0 : error / tolerance)

/** Judges a metrics file by its tolerances: `abs`, and `p_rel` for p-values. */
export function judgeMetrics(file: string, tolerance: Readonly<Record<string, number>>): MetricsJudgement {
  const { cases } = JSON.parse(file) as { cases: Json[] }
  let worst: MetricsJudgement = { error: 0, tolerance: tolerance.abs ?? 0, where: '' }
  for (const [index, c] of cases.entries()) {
    const [expected, actual] = compute(c)
    for (const [path, reference, value] of pairs(
      expected,
      actual,
      typeof c.name === 'string' ? c.name : `case ${index}`,
    )) {
      const relative = /relative_p$|log10_p$|\.t$/.test(path)
      const bound = (relative ? tolerance.p_rel : tolerance.abs) ?? 0
      const error = Number.isNaN(value) ? Infinity : Math.abs(value - reference)
      if (share(error, bound) > share(worst.error, worst.tolerance)) worst = { error, tolerance: bound, where: path }
    }
  }
  return worst
}
