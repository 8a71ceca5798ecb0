// The models of an experiment that predict ratings: a sheet for each protocol, and long rows of their own, since they share no score with those of classes.
import type { Dimension } from '../../datasets/trial.ts'
import {
  RATING_BASELINES,
  type BesideRatings,
  type RatingBaselineName,
  type RatingJudgement,
} from '../../evaluation/rating_judgement.ts'
import { RATING_SCORES, type RatingScoreName } from '../../evaluation/rating_scores.ts'
import { formatCsv } from '../../formats/csv.ts'
import type { Collected, RatingCell } from '../collected.ts'
import { predictsRating } from '../grid.ts'
import type { LongRow } from './long_table.ts'
import type { ProtocolSheet, SheetCell } from './sheet.ts'
import { captionOf } from './sheet_words.ts'

/** The scores that a sheet shows; the long rows have all. */
const SHOWN = ['rmse', 'r', 'ccc'] as const satisfies readonly RatingScoreName[]
const HEADS: Readonly<Record<(typeof SHOWN)[number], string>> = { rmse: 'RMSE', r: 'r', ccc: 'CCC' }
const MINUS = '\u2212'

const decimal = (value: number): string => (Number.isFinite(value) ? value.toFixed(2).replace('-', MINUS) : '–')
const signed = (value: number): string => (value < 0 ? decimal(value) : `+${decimal(value)}`)
const range = ({ low, high }: { low: number; high: number }): string => `[${decimal(low)}, ${decimal(high)}]`
const words = (dimension: Dimension): string => dimension[0]!.toUpperCase() + dimension.slice(1)

/** A sheet for each protocol that rows of ratings were run under, its control after it. */
export function ratingSheets(collected: Collected): ProtocolSheet[] {
  const { ratings = [], protocols } = collected
  return protocols.flatMap(({ protocol, leaks }) =>
    [false, true].flatMap((control) => {
      const own = ratings.filter((cell) => cell.protocol === protocol && cell.control === control)
      return own.length === 0 ? [] : [sheet(collected, own, { protocol, control, leaks })]
    }),
  )
}

function sheet(
  collected: Collected,
  own: readonly RatingCell[],
  of: Pick<ProtocolSheet, 'protocol' | 'control' | 'leaks'>,
): ProtocolSheet {
  const { grid } = collected
  const heads = grid.dimensions.flatMap((dimension) => [
    ...SHOWN.map((score) => `${words(dimension)}: ${HEADS[score]}`),
    `${words(dimension)}: best baseline by RMSE`,
  ])
  const rows = grid.rows.flatMap((gridRow, row) => {
    if (!predictsRating(grid, gridRow)) return []
    const named = gridRow.cells.map((text, i) =>
      plain(text, i === 0 && gridRow.note !== undefined ? [gridRow.note] : []),
    )
    const numbers = grid.dimensions.flatMap((dimension) => {
      const cell = own.find((one) => one.row === row && one.dimension === dimension)
      return cellsOf(cell, of.leaks)
    })
    return [[...named, ...numbers]]
  })
  return {
    ...of,
    title: `${grid.title}, ratings: ${of.control ? 'negative control of ' : ''}protocol ${of.protocol}`,
    ...captionOf(collected, own, of),
    ...{ named: grid.heads.length, heads: [...grid.heads, ...heads], rows, headlines: [], details: [] },
    notes: [
      'These rows predict the rating itself. RMSE is the root mean square error in the unit of the ratings, r the correlation of predictions with ratings, CCC their concordance; under each its 95 % interval by bootstrap over subjects. Scores are of all test trials together, mean over seeds.',
      'Beside them the baseline with the least error, and how far the error of the model is above it on the same trials, with a 95 % interval: below 0 the model is better. p is the share of orders of ratings within subjects that correlate as much.',
      ...(of.leaks ? ['Numbers marked "leaks" must not be compared with honest ones.'] : []),
      ...(grid.notes ?? []),
    ],
  }
}

const plain = (text: string, under: string[] = []): SheetCell => ({ text, under, leaks: false, missing: false })

function cellsOf(cell: RatingCell | undefined, leaks: boolean): SheetCell[] {
  const judgement = cell?.judgement
  if (!judgement) {
    const reason = cell?.missing ?? (cell ? 'not finished' : 'not run')
    return [...SHOWN.map(() => reason), '–'].map((text) => ({ ...plain(text), missing: true }))
  }
  const scores = SHOWN.map((score): SheetCell => {
    const interval = judgement.intervals?.[score]
    const p = score === 'r' && !Number.isNaN(judgement.permutation) ? [`p ${probability(judgement.permutation)}`] : []
    return { ...plain(decimal(judgement.scores[score]), [interval ? range(interval) : 'no interval', ...p]), leaks }
  })
  return [...scores, { ...baselineCell(judgement), leaks }]
}

const probability = (p: number): string => (p < 0.001 ? '< .001' : p.toFixed(3).replace(/^0/, ''))

function baselineCell({ baselines, trials }: RatingJudgement): SheetCell {
  const best = baselines.reduce<BesideRatings | undefined>(
    (least, one) => (least && least.scores.rmse <= one.scores.rmse ? least : one),
    undefined,
  )
  if (!best) return { ...plain('no baseline'), missing: true }
  const { mean, low, high } = best.difference.rmse
  const interval = Number.isNaN(low) ? '' : ` ${range({ low, high })}`
  const fewer = best.trials < trials ? [`on ${best.trials} of ${trials} trials`] : []
  return plain(`${best.name} ${decimal(best.scores.rmse)}`, [`model ${signed(mean)}${interval}`, ...fewer])
}

/** A score that is not defined (NaN) is as little a value as one that is absent. */
const known = (value: number | undefined): number | null => (value === undefined || Number.isNaN(value) ? null : value)

function scoreValues({ judgement }: RatingCell, score: RatingScoreName): LongRow {
  const interval = judgement?.intervals?.[score]
  return {
    [`${score}_ours`]: known(judgement?.scores[score]),
    [`${score}_low`]: known(interval?.low),
    [`${score}_high`]: known(interval?.high),
    [`${score}_fold_mean`]: known(judgement?.overFolds[score]?.mean),
    [`${score}_fold_sd`]: known(judgement?.overFolds[score]?.sd),
    [`${score}_seed_sd`]: known(judgement?.overSeeds?.[score]?.sd),
  }
}

function baselineValues({ judgement }: RatingCell, name: RatingBaselineName): LongRow {
  const beside = judgement?.baselines.find((of) => of.name === name)
  const values = RATING_SCORES.flatMap((score): [string, number | null][] => {
    const difference = beside?.difference[score]
    return [
      [`${name}_${score}`, known(beside?.scores[score])],
      [`${name}_${score}_difference`, known(difference?.mean)],
      [`${name}_${score}_difference_low`, known(difference?.low)],
      [`${name}_${score}_difference_high`, known(difference?.high)],
    ]
  })
  return { [`${name}_trials`]: known(beside?.trials), ...Object.fromEntries(values) }
}

const merged = (rows: readonly LongRow[]): LongRow => Object.fromEntries(rows.flatMap((row) => Object.entries(row)))

/** A line per row of ratings, dimension, protocol and control; every line has the same columns. */
export const longRatings = ({ grid, protocols, ratings = [] }: Collected): LongRow[] =>
  ratings.map((cell) => {
    const { judgement } = cell
    const named = grid.heads.map((_, i) => [`cell_${i + 1}`, grid.rows[cell.row]?.cells[i] ?? ''] as const)
    return {
      row: cell.row + 1,
      ...Object.fromEntries(named),
      dimension: cell.dimension,
      protocol: cell.protocol,
      control: cell.control,
      leaks: protocols.find(({ protocol }) => protocol === cell.protocol)?.leaks ?? null,
      ...merged(RATING_SCORES.map((score) => scoreValues(cell, score))),
      ...merged(RATING_BASELINES.map((name) => baselineValues(cell, name))),
      permutation_p: known(judgement?.permutation),
      trials: known(judgement?.trials),
      subjects: known(judgement?.subjects),
      folds: known(judgement?.folds),
      seeds: judgement?.seeds.join(' ') ?? '',
      parameters: known(cell.parameters),
      missing: cell.missing ?? '',
    }
  })

/** The same as comma-separated text, of some rows; what has no value is empty. */
export const ratingCsv = (rows: readonly LongRow[]): string =>
  formatCsv(
    Object.keys(rows[0]!),
    rows.map((row) =>
      Object.values(row).map((value) => (typeof value === 'number' ? value : value === null ? '' : String(value))),
    ),
  )
