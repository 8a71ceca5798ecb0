// An experiment as sheets: tables laid out as the paper's, in words, before they are HTML, Markdown or LaTeX.
import type { Dimension } from '../../datasets/trial.ts'
import type { Judgement, ScoreName } from '../../evaluation/judgement.ts'
import { BASELINE_NAMES } from '../../report/baseline_names.ts'
import type { Cell, Collected } from '../collected.ts'
import { predictsRating, type GridRow, type Protocol } from '../grid.ts'
import { headlinesOf, rowName } from './headlines.ts'
import { captionOf, notesOf } from './sheet_words.ts'
import { SCORE_NAMES, shown, shownGap, shownRange, shownSpread, unitOf } from './shown.ts'
import { bestBaseline, comparedBy } from './verdict.ts'

/** One place of a sheet, as plain text. */
export interface SheetCell {
  /** What counts; a reason where there is no result. */
  text: string
  /** What stands under it, smaller. */
  under: string[]
  /** The number comes of a protocol that leaks. */
  leaks: boolean
  missing: boolean
}

/** A table in words. */
export interface Sheet {
  title: string
  /** Sentences that stand before the table; the first are to be seen. */
  loud: string[]
  caption: string[]
  /** What came out, a sentence or two for each dimension; none where nothing was trained. */
  headlines: string[]
  /** How many of `heads` name a line. */
  named: number
  heads: string[]
  rows: SheetCell[][]
  notes: string[]
  /** All that is known of each line that has a result. */
  details: { name: string; judgement: Judgement }[]
}

/** One protocol of an experiment, or its control. */
export interface ProtocolSheet extends Sheet {
  protocol: Protocol
  control: boolean
  leaks: boolean
}

/** Sheets that stand in one document, and what is said under them all. */
export interface SheetDocument {
  title: string
  sheets: Sheet[]
  /** None where nothing is trained. */
  protocols: Collected['protocols']
  departures: Collected['departures']
}

/** Ahead of the majority class with Holm's p under .05, which is what the mark * says: the test has two sides, and to be behind is no merit. */
export function isSignificant({ holm, judgement }: Cell): boolean {
  const { w, n } = judgement?.baselines.find(({ name }) => name === 'majority')?.wilcoxon ?? { w: 0, n: 0 }
  return holm !== undefined && holm < 0.05 && w > (n * (n + 1)) / 4
}

const none = (text: string): SheetCell => ({ text, under: [], leaks: false, missing: true })

function scoreCell(cell: Cell | undefined, score: ScoreName, row: GridRow, { dimension, leaks }: Place): SheetCell {
  const theirs = (cell?.reported ?? row.reported?.[dimension])?.[score]
  const paper = theirs === undefined ? [] : [`paper ${shown(score, theirs)}`]
  if (!cell?.judgement) return { ...none(row.method === 'quoted' ? 'quoted' : reasonOf(cell)), under: paper }
  const { scores, intervals } = cell.judgement
  const ours = scores[score]
  const interval = intervals?.[score]
  const gap = theirs === undefined || Number.isNaN(ours) ? [] : [`difference ${shownGap(score, ours - theirs)}`]
  return {
    text: shown(score, ours) + (score === 'accuracy' && isSignificant(cell) ? '*' : ''),
    under: [
      interval ? shownRange(score, interval) : 'no interval',
      ...spreads(cell.judgement, score),
      ...paper,
      ...gap,
    ],
    leaks,
    missing: false,
  }
}

/** How far folds, and seeds, lie apart; nothing of one alone. */
function spreads({ overFolds, overSeeds }: Judgement, score: ScoreName): string[] {
  const [folds, seeds] = [overFolds, overSeeds].map((of) => shownSpread(score, of?.[score]))
  return [...(folds === undefined ? [] : [`folds ${folds}`]), ...(seeds === undefined ? [] : [`seeds ${seeds}`])]
}

interface Place {
  dimension: Dimension
  leaks: boolean
}

/** Why there is no number. */
const reasonOf = (cell: Cell | undefined): string => cell?.missing ?? (cell ? 'not finished' : 'not run')

function baselineCell(cell: Cell | undefined, scores: readonly ScoreName[], leaks: boolean): SheetCell {
  if (!cell?.judgement) return none('–')
  const score = comparedBy(scores)
  const best = bestBaseline(cell.judgement, score)
  if (!best) return none('no baseline')
  const { mean, low, high } = best.difference[score]
  const fewer = best.trials < cell.judgement.trials ? [`on ${best.trials} of ${cell.judgement.trials} trials`] : []
  const interval = Number.isNaN(low) ? '' : ` ${shownRange(score, { low, high })}`
  const ahead = `model ${shownGap(score, mean)}${interval}`
  const text = `${BASELINE_NAMES[best.name]} ${shown(score, best.scores[score])}`
  return { text, under: [ahead, ...fewer], leaks, missing: false }
}

const words = (dimension: Dimension): string => dimension[0]!.toUpperCase() + dimension.slice(1)

/** All sheets of an experiment: each protocol in the order of `protocols`, its control after it. */
export function sheetsOf(collected: Collected): ProtocolSheet[] {
  const { cells, protocols } = collected
  return protocols.flatMap(({ protocol, leaks }) =>
    [false, true].flatMap((control) => {
      const own = cells.filter((cell) => cell.protocol === protocol && cell.control === control)
      return own.length === 0 ? [] : [sheet(collected, own, { protocol, control, leaks })]
    }),
  )
}

function sheet(
  collected: Collected,
  own: Cell[],
  of: Pick<ProtocolSheet, 'protocol' | 'control' | 'leaks'>,
): ProtocolSheet {
  const { grid } = collected
  const heads = grid.dimensions.flatMap((dimension) => [
    ...grid.scores.map((score) => `${words(dimension)}: ${SCORE_NAMES[score]}${unitOf(score)}`),
    `${words(dimension)}: best baseline by ${SCORE_NAMES[comparedBy(grid.scores)].toLowerCase()} %`,
  ])
  const rows = grid.rows.flatMap((gridRow, row) => {
    if (predictsRating(grid, gridRow)) return []
    const { cells: names, note } = gridRow
    const named = names.map((text, i) => ({
      ...{ text, under: i === 0 && note !== undefined ? [note] : [], leaks: false, missing: false },
    }))
    const numbers = grid.dimensions.flatMap((dimension) => {
      const cell = own.find((one) => one.row === row && one.dimension === dimension)
      const scores = grid.scores.map((score) => scoreCell(cell, score, gridRow, { dimension, leaks: of.leaks }))
      return [...scores, baselineCell(cell, grid.scores, of.leaks)]
    })
    return [[...named, ...numbers]]
  })
  return {
    ...of,
    title: `${grid.title}: ${of.control ? 'negative control of ' : ''}protocol ${of.protocol}`,
    ...captionOf(collected, own, of),
    ...{ named: grid.heads.length, heads: [...grid.heads, ...heads], rows },
    headlines: headlinesOf(collected, own, of),
    notes: notesOf(collected, own, of),
    details: own.flatMap(({ row, dimension, judgement }) =>
      judgement ? [{ name: `${rowName(grid.rows[row]!)}, ${dimension}`, judgement }] : [],
    ),
  }
}

export const documentOf = (collected: Collected): SheetDocument => ({
  title: collected.grid.title,
  sheets: sheetsOf(collected),
  protocols: collected.protocols,
  departures: collected.departures,
})
