// The ledger: every number of every table under every protocol, what became of it, and a verdict by fixed rules.
import type { Dimension } from '../../datasets/trial.ts'
import type { Judgement, ScoreName } from '../../evaluation/judgement.ts'
import type { Interval } from '../../evaluation/statistics.ts'
import type { Cell, Collected } from '../collected.ts'
import { PROTOCOLS, type Protocol } from '../grid.ts'
import { bestBaseline, comparedBy } from './sheet.ts'

export interface LedgerLine {
  experiment: string
  /** Of the table, from 1. */
  row: number
  /** What names it. */
  name: string
  dimension: Dimension
  protocol: Protocol
  control: boolean
  leaks: boolean
  synthetic: boolean
  score: ScoreName
  reported?: number
  ours?: number
  interval?: Interval
  /** The baseline that does best, by the score that `comparedBy` names. */
  baseline?: { name: string; score: ScoreName; value: number; difference: Interval & { mean: number } }
  permutation?: number
  verdict: string
}

/** What the labels can be read off without a model: where the interval of balanced accuracy must hold a half. */
const CHANCE = 0.5

/** Not a number, or not there: nothing can be said by it. */
const isKnown = (value: number | undefined): value is number => value !== undefined && !Number.isNaN(value)
const holds = ({ low, high }: Interval, value: number): boolean => low <= value && value <= high

/** Whether a model is no better than chance; undefined where no interval says so. */
function isChance({ intervals }: Judgement): boolean | undefined {
  const interval = intervals?.balancedAccuracy
  return interval && isKnown(interval.low) ? interval.low <= CHANCE : undefined
}

/** Of a negative control, which may leave chance on neither side. */
function controlVerdict({ intervals }: Judgement): string {
  const interval = intervals?.balancedAccuracy
  if (!interval || !isKnown(interval.low)) return 'control without an interval of balanced accuracy: says nothing'
  if (holds(interval, CHANCE)) return 'control: at chance, as it must be'
  return interval.low > CHANCE
    ? 'CONTROL ABOVE CHANCE: a leak, or one of the few in a hundred that miss by chance'
    : 'CONTROL BELOW CHANCE: one of the few in a hundred that miss by chance, or folds that oppose their labels'
}

/** Against the reported number. */
function gapVerdict(ours: number, interval: Interval | undefined, reported: number | undefined): string {
  if (!isKnown(reported)) return 'nothing was reported'
  if (!interval || !isKnown(interval.low)) return 'without an interval, no comparison with the reported number'
  if (holds(interval, reported)) return 'the interval holds the reported number'
  return ours < reported ? 'below the reported number' : 'above the reported number'
}

/** Against chance and the best baseline. */
function standing(judgement: Judgement, score: ReturnType<typeof comparedBy>, leaks: boolean): string {
  if (isChance(judgement) === true) return 'no better than chance'
  const best = bestBaseline(judgement, score)
  if (!best) return 'no baseline'
  const { low, high } = best.difference[score]
  if (!isKnown(low)) return `without an interval, no comparison with ${best.name}`
  if (high < 0) return `behind ${best.name}`
  if (low <= 0) return `not ahead of ${best.name}`
  return leaks ? `ahead of ${best.name}` : `ahead of ${best.name}: to be treated as a leak until shown otherwise`
}

function verdictOf(
  cell: Cell | undefined,
  score: ScoreName,
  of: { leaks: boolean; scores: readonly ScoreName[] },
): string {
  if (!cell) return 'not run'
  if (!cell.judgement) return cell.missing === undefined ? 'not finished' : `not run: ${cell.missing}`
  const { judgement, control, reported } = cell
  const leak = of.leaks ? ['LEAKS, and says nothing of new people'] : []
  if (control) return [...leak, controlVerdict(judgement)].join('; ')
  const ours = judgement.scores[score]
  if (!isKnown(ours)) return [...leak, 'the score is not defined'].join('; ')
  const gap = gapVerdict(ours, judgement.intervals?.[score], reported?.[score])
  return [...leak, gap, standing(judgement, comparedBy(of.scores), of.leaks)].join('; ')
}

type Place = Pick<LedgerLine, 'row' | 'dimension' | 'protocol' | 'control'>

function ledgerLine({ grid, protocols, datasets, cells }: Collected, place: Place, score: ScoreName): LedgerLine {
  const cell = cells.find(
    (one) =>
      one.row === place.row - 1 &&
      one.dimension === place.dimension &&
      one.protocol === place.protocol &&
      one.control === place.control,
  )
  const leaks = protocols.find(({ protocol }) => protocol === place.protocol)?.leaks === true
  const row = grid.rows[place.row - 1]!
  const judgement = cell?.judgement
  const by = comparedBy(grid.scores)
  const best = judgement && bestBaseline(judgement, by)
  const reported = (cell?.reported ?? row.reported?.[place.dimension])?.[score]
  const ours = judgement?.scores[score]
  const interval = judgement?.intervals?.[score]
  return {
    ...{ experiment: grid.name, ...place, name: row.cells.filter((text) => text !== '').join(', '), leaks, score },
    synthetic: datasets.some((dataset) => dataset.synthetic),
    ...(isKnown(reported) && { reported }),
    ...(isKnown(ours) && { ours }),
    ...(interval && { interval }),
    ...(best && { baseline: { name: best.name, score: by, value: best.scores[by], difference: best.difference[by] } }),
    ...(judgement && { permutation: judgement.permutation }),
    verdict:
      row.method === 'quoted' ? 'quoted: nothing is computed' : verdictOf(cell, score, { leaks, scores: grid.scores }),
  }
}

/** Every row, dimension, protocol and score of an experiment, also those that were not run; controls by balanced accuracy alone. */
export function ledgerOf(collected: Collected): LedgerLine[] {
  const { grid, cells } = collected
  const places = grid.rows.flatMap((_, i) =>
    grid.dimensions.flatMap((dimension) => PROTOCOLS.map((protocol) => ({ row: i + 1, dimension, protocol }))),
  )
  const lines = places.flatMap((place) =>
    grid.scores.map((score) => ledgerLine(collected, { ...place, control: false }, score)),
  )
  const controls = cells
    .filter(({ control }) => control)
    .map(({ row, dimension, protocol }) =>
      ledgerLine(collected, { row: row + 1, dimension, protocol, control: true }, 'balancedAccuracy'),
    )
  return [...lines, ...controls]
}
