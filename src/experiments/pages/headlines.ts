// What came out of a table, in a sentence or two: what did best, how sure that is, and against what.
import type { ScoreName } from '../../evaluation/judgement.ts'
import type { Interval } from '../../evaluation/statistics.ts'
import { BASELINE_NAMES } from '../../report/baseline_names.ts'
import type { Cell, Collected } from '../collected.ts'
import type { GridRow } from '../grid.ts'
import { SCORE_NAMES, shown, shownGap, shownRange, unitOf } from './shown.ts'
import { bestBaseline, comparedBy, isAtChance, isKnown, standing } from './verdict.ts'

/** What names a line of a table, in one text. */
export const rowName = ({ cells }: GridRow): string => cells.filter((text) => text !== '').join(', ')

/** Of one protocol, or its control; `own` are its cells. */
export function headlinesOf(
  { grid }: Collected,
  own: readonly Cell[],
  { control, leaks }: { control: boolean; leaks: boolean },
): string[] {
  const judged = own.filter(({ judgement }) => judgement)
  if (control) {
    if (judged.length === 0) return []
    const atChance = judged.filter(({ judgement }) => isAtChance(judgement!)).length
    return [`${atChance} of ${judged.length} controls are at chance: the interval of balanced accuracy holds a half.`]
  }
  const score = comparedBy(grid.scores)
  return grid.dimensions.flatMap((dimension) => {
    const known = judged.filter((cell) => cell.dimension === dimension && isKnown(cell.judgement!.scores[score]))
    return known.length === 0 ? [] : [headline(known, grid.rows, { score, leaks })]
  })
}

type Of = { score: ReturnType<typeof comparedBy>; leaks: boolean }

function headline(cells: readonly Cell[], rows: readonly GridRow[], { score, leaks }: Of): string {
  const scoreOf = ({ judgement }: Cell): number => judgement!.scores[score]
  const most = cells.reduce((best, cell) => (scoreOf(cell) > scoreOf(best) ? cell : best))
  const highest = cells.filter((cell) => scoreOf(cell) === scoreOf(most))
  const names = highest.map(({ row }) => `"${rowName(rows[row]!)}"`).join(', ')
  const { dimension, judgement } = most
  const interval = judgement!.intervals?.[score]
  const name = SCORE_NAMES[score].toLowerCase()
  const reached = `${shown(score, scoreOf(most))}${unitOf(score)}${interval ? ` ${shownRange(score, interval)}` : ''}`
  const how = leaks ? ' under a protocol that leaks' : ''
  const found =
    cells.length === 1
      ? `${names} has ${name} ${reached}${how}.`
      : `the highest ${name} of ${cells.length} lines is ${reached}${how}, that of ${names}${overlapping(cells, highest, score)}.`
  return `${dimension[0]!.toUpperCase()}${dimension.slice(1)}: ${found} ${beside(most, { score, leaks })}`
}

/** How many of the other lines may do as well. */
function overlapping(cells: readonly Cell[], highest: readonly Cell[], score: ScoreName): string {
  const others = cells.filter((cell) => !highest.includes(cell))
  const interval = highest[0]!.judgement!.intervals?.[score]
  if (!interval || others.length === 0) return ''
  const reaches = (of: Interval | undefined): boolean => of === undefined || of.high >= interval.low
  const reaching = others.filter(({ judgement }) => reaches(judgement!.intervals?.[score])).length
  return `; the intervals of ${reaching} of the other ${others.length} reach into its own`
}

/** The line against its best baseline. */
function beside({ judgement }: Cell, { score, leaks }: Of): string {
  const best = bestBaseline(judgement!, score)
  if (!best) return 'There is no baseline.'
  const { mean, low, high } = best.difference[score]
  const range = Number.isNaN(low) ? '' : ` ${shownRange(score, { low, high })}`
  const theirs = `${shown(score, best.scores[score])}${unitOf(score)}`
  return `Its best baseline is ${BASELINE_NAMES[best.name]} with ${theirs}; on the same trials the difference is ${shownGap(score, mean)}${range}. Verdict: ${standing(judgement!, score, leaks)}.`
}
