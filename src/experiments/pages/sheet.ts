// An experiment as sheets: tables laid out as the paper's, in words, before they are HTML, Markdown or LaTeX.
import type { Dimension } from '../../datasets/trial.ts'
import { SCORES, type BesideBaseline, type Judgement, type ScoreName } from '../../evaluation/judgement.ts'
import type { Cell, Collected } from '../collected.ts'
import { predictsRating, type GridRow, type Protocol } from '../grid.ts'
import { COMPARED } from './long_table.ts'
import { captionOf, notesOf } from './sheet_words.ts'

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
  /** How many of `heads` name a line. */
  named: number
  heads: string[]
  rows: SheetCell[][]
  notes: string[]
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

export const SCORE_NAMES: Record<ScoreName, string> = {
  ...{ accuracy: 'Accuracy', balancedAccuracy: 'Balanced accuracy', f1: 'F1', macroF1: 'Macro F1' },
  ...{ precision: 'Precision', recall: 'Recall', auc: 'AUC', mcc: 'MCC', brier: 'Brier score' },
}

/** Scores that are shown in per cent; others as they are. */
const SHARES: ReadonlySet<ScoreName> = new Set(SCORES.filter((score) => score !== 'mcc' && score !== 'brier'))

const MINUS = '\u2212'
const decimals = (value: number, places: number): string => value.toFixed(places).replace('-', MINUS)

/** A score as tables show it: per cent with one decimal, or two decimals; a dash where it is not defined. */
export function shown(score: ScoreName, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–'
  return SHARES.has(score) ? decimals(100 * value, 1) : decimals(value, 2)
}

/** The same of a difference, with its sign. */
export function shownGap(score: ScoreName, gap: number): string {
  const text = shown(score, gap)
  return text.startsWith(MINUS) || text === '–' ? text : `+${text}`
}

const range = (score: ScoreName, { low, high }: { low: number; high: number }): string =>
  `[${shown(score, low)}, ${shown(score, high)}]`

/** What a sheet's models are set against their baselines by. */
export const comparedBy = (scores: readonly ScoreName[]): (typeof COMPARED)[number] =>
  COMPARED.find((score) => scores.includes(score)) ?? 'balancedAccuracy'

/** The baseline that does best, of all that say something. */
export function bestBaseline(judgement: Judgement, score: ScoreName): BesideBaseline | undefined {
  const defined = judgement.baselines.filter(({ scores }) => !Number.isNaN(scores[score]))
  return defined.reduce<BesideBaseline | undefined>(
    (best, one) => (best && best.scores[score] >= one.scores[score] ? best : one),
    undefined,
  )
}

/** Holm's p under .05: what the mark * says. */
export const isSignificant = ({ holm }: Cell): boolean => holm !== undefined && holm < 0.05

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
    under: [...(interval ? [range(score, interval)] : ['no interval']), ...paper, ...gap],
    leaks,
    missing: false,
  }
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
  const interval = Number.isNaN(low) ? '' : ` ${range(score, { low, high })}`
  const ahead = `model ${shownGap(score, mean)}${interval}`
  return { text: `${best.name} ${shown(score, best.scores[score])}`, under: [ahead, ...fewer], leaks, missing: false }
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
    ...grid.scores.map((score) => `${words(dimension)}: ${SCORE_NAMES[score]}${SHARES.has(score) ? ' %' : ''}`),
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
    notes: notesOf(collected, own, of),
  }
}

export const documentOf = (collected: Collected): SheetDocument => ({
  title: collected.grid.title,
  sheets: sheetsOf(collected),
  protocols: collected.protocols,
  departures: collected.departures,
})
