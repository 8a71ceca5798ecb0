// What a result must come with: correlation, spread, and the signed-rank test.
import { ShapeError } from '../runtime/errors.ts'

/** A correlation and its test. */
export interface Correlation {
  n: number
  r: number
  /** Student's t with n - 2 degrees of freedom. */
  t: number
  /** Two-sided. */
  p: number
  /** Stays meaningful where p is smaller than a number can be. */
  log10P: number
}

/** Pearson's r and its exact two-sided p under normality. All NaN if either list is constant. @throws ShapeError */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): Correlation {
  const n = x.length
  if (n !== y.length || n < 3) {
    throw new ShapeError(`pearson: ${n} and ${y.length} values; need as many of both, at least 3`)
  }
  const [meanX, meanY] = [mean(x), mean(y)]
  let [xx, yy, xy] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [x[i]! - meanX, y[i]! - meanY]
    xx += dx * dx
    yy += dy * dy
    xy += dx * dy
  }
  const r = Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)))
  const unexplained = (1 - r) * (1 + r)
  const logP = logIncompleteBeta(unexplained, (n - 2) / 2, 0.5)
  return { n, r, t: r * Math.sqrt((n - 2) / unexplained), p: Math.exp(logP), log10P: logP / Math.LN10 }
}

/** Log of the regularised incomplete beta function I_x(a, b), 0 <= x <= 1. */
export function logIncompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return -Infinity
  if (x >= 1) return 0
  const logFront = a * Math.log(x) + b * Math.log1p(-x) - (logGamma(a) + logGamma(b) - logGamma(a + b))
  if (x < (a + 1) / (a + b + 2)) return logFront + Math.log(betaFraction(x, a, b) / a)
  return Math.log1p(-Math.exp(logFront) * (betaFraction(1 - x, b, a) / b))
}

/** Continued fraction of the incomplete beta function by Lentz's method (DLMF 8.17.22). */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    fraction *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    fraction *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return fraction
}

/** Log gamma for x > 0: shifted up by the recurrence, then Stirling's series (DLMF 5.11.1). */
function logGamma(x: number): number {
  let shift = 0
  while (x < 15) shift += Math.log(x++)
  const inverse = 1 / (x * x)
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / x
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift
}

/** A range of values, ends included. */
export interface Interval {
  low: number
  high: number
}

/** Mean and standard deviation (n - 1). */
export interface Spread {
  mean: number
  /** NaN of one value alone. */
  sd: number
}

/** A signed-rank test. */
export interface SignedRank {
  /** Pairs that differ. */
  n: number
  /** Sum of the ranks of positive differences. */
  w: number
  /** Exact, two-sided; 1 if no pair differs. */
  p: number
}

/**
 * Wilcoxon's signed-rank test on paired values, exact at any n and with ties (mid-ranks). Pairs without a difference
 * are dropped. Differences that agree to 1e-12 of the largest are tied, so that rounding breaks no tie.
 */
export function wilcoxonSignedRank(a: ArrayLike<number>, b: ArrayLike<number>): SignedRank {
  if (a.length !== b.length) {
    throw new ShapeError(`signed-rank: ${a.length} and ${b.length} values; they must be paired`)
  }
  const all = Array.from(a, (value, i) => value - b[i]!)
  const tolerance = 1e-12 * all.reduce((most, d) => Math.max(most, Math.abs(d)), 0)
  const differences = all.filter((d) => Math.abs(d) > tolerance).sort((x, y) => Math.abs(x) - Math.abs(y))
  const n = differences.length
  if (n === 0) return { n, w: 0, p: 1 }
  const doubled = doubledRanks(differences.map(Math.abs), tolerance)
  const observed = doubled.reduce((sum, rank, i) => sum + (differences[i]! > 0 ? rank : 0), 0)
  // Distribution of twice W when each sign is a fair coin.
  let chances = Float64Array.of(1)
  for (const rank of doubled) {
    const next = new Float64Array(chances.length + rank)
    chances.forEach((chance, sum) => {
      next[sum] = next[sum]! + chance / 2
      next[sum + rank] = next[sum + rank]! + chance / 2
    })
    chances = next
  }
  const below = chances.subarray(0, observed + 1).reduce((sum, chance) => sum + chance, 0)
  const above = chances.subarray(observed).reduce((sum, chance) => sum + chance, 0)
  return { n, w: observed / 2, p: Math.min(1, 2 * Math.min(below, above)) }
}

/** Twice the mid-rank of each of the sorted values, an integer. */
function doubledRanks(sorted: readonly number[], tolerance: number): number[] {
  const ranks: number[] = []
  while (ranks.length < sorted.length) {
    const start = ranks.length
    let end = start + 1
    while (end < sorted.length && sorted[end]! - sorted[end - 1]! <= tolerance) end++
    for (let i = start; i < end; i++) ranks.push(start + 1 + end)
  }
  return ranks
}

/** Mean and sample standard deviation (n - 1), of the values that are not NaN; undefined where all are. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const known = values.filter((value) => !Number.isNaN(value))
  if (known.length === 0) return undefined
  const centre = mean(known)
  const squares = known.reduce((sum, value) => sum + (value - centre) ** 2, 0)
  return { mean: centre, sd: known.length === 1 ? NaN : Math.sqrt(squares / (known.length - 1)) }
}

/** The least p that the signed-rank test can give with this many pairs: all differences on one side, 2 / 2^pairs. */
export const leastSignedRankP = (pairs: number): number => Math.min(1, 2 ** (1 - pairs))

function mean(x: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]!
  return sum / x.length
}
