// The ledger: every number of every table under every protocol, what became of it, and a verdict by fixed rules.
import type { Dimension } from '../../datasets/trial.ts'
import type { BaselineName, ScoreName } from '../../evaluation/judgement.ts'
import type { Interval } from '../../evaluation/statistics.ts'
import type { Collected } from '../collected.ts'
import { PROTOCOLS, type Protocol } from '../grid.ts'
import { rowName } from './headlines.ts'
import { bestBaseline, comparedBy, isKnown, verdictOf } from './verdict.ts'

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
  baseline?: { name: BaselineName; score: ScoreName; value: number; difference: Interval & { mean: number } }
  permutation?: number
  verdict: string
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
    ...{ experiment: grid.name, ...place, name: rowName(row), leaks, score },
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
