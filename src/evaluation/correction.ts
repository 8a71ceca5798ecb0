// Many tests and intervals at once: what of it chance alone brings.
import { groupBy } from '../datasets/group.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Interval } from './statistics.ts'

/**
 * Holm's step-down correction: the p of each test such that all of those under a level together are wrong with no more than this chance,
 * however the tests depend on each other (Holm, Scandinavian Journal of Statistics 6, 1979). NaN stays NaN and is no test.
 * @throws UsageError for a p outside [0, 1]
 */
export function holm(ps: readonly number[]): number[] {
  const wrong = ps.find((p) => p < 0 || p > 1)
  if (wrong !== undefined) throw new UsageError(`holm: p is ${wrong}, expected a number from 0 to 1`)
  const order = [...ps.keys()].filter((i) => !Number.isNaN(ps[i]!)).sort((a, b) => ps[a]! - ps[b]!)
  const corrected = ps.map(() => NaN)
  let most = 0
  for (const [rank, i] of order.entries()) {
    most = Math.max(most, Math.min(1, (order.length - rank) * ps[i]!))
    corrected[i] = most
  }
  return corrected
}

/** `holm` within each group of cells, such as a table's dimension and protocol; a cell without a p is no test and gets none. */
export function holmWithin<T>(
  cells: readonly T[],
  { p, group }: { p: (cell: T) => number | undefined; group: (cell: T) => string },
): (number | undefined)[] {
  const corrected = new Array<number | undefined>(cells.length).fill(undefined)
  const tested = [...cells.keys()].filter((i) => p(cells[i]!) !== undefined)
  for (const members of groupBy(tested, (i) => group(cells[i]!)).values()) {
    const values = holm(members.map((i) => p(cells[i]!)!))
    members.forEach((i, k) => (corrected[i] = values[k]))
  }
  return corrected
}

/** The least number that a binomial count of `trials` with this chance does not exceed with the probability `level`. */
export function binomialLimit(trials: number, chance: number, level = 0.99): number {
  const odds = chance / (1 - chance)
  let exactly = (1 - chance) ** trials
  let below = exactly
  let count = 0
  // The tolerance keeps rounding of the sum from asking for one more.
  while (count < trials && below < level - 1e-12) {
    exactly *= ((trials - count) / (count + 1)) * odds
    below += exactly
    count++
  }
  return count
}

/** Whether the cells of a control look like chance. */
export interface ChanceVerdict {
  cells: number
  /** Intervals of balanced accuracy that do not hold 50 %. */
  missed: number
  /** As many may miss it: those of chance miss more often than this in one of a hundred controls. */
  limit: number
  /** Cells that are still significant after Holm's correction over all of them. */
  significant: number
  /** No more intervals miss than may, and nothing is significant. */
  chance: boolean
}

/** Judges cells of a control together: 95 % intervals of balanced accuracy against a half, and p after Holm at 5 %. @throws UsageError */
export function chanceVerdict(cells: readonly { interval: Interval; p?: number }[]): ChanceVerdict {
  const missed = cells.filter(({ interval: { low, high } }) => !(low <= 0.5 && high >= 0.5)).length
  const limit = binomialLimit(cells.length, 0.05)
  const significant = holm(cells.map(({ p = NaN }) => p)).filter((p) => p < 0.05).length
  return { cells: cells.length, missed, limit, significant, chance: missed <= limit && significant === 0 }
}
