// What `experiment` says on a terminal: a plan, and the tables in short.
import type { CollectedAll } from '../../src/experiments/collect.ts'
import type { Job } from '../../src/experiments/job.ts'
import type { PlanDocument } from '../../src/experiments/plan_file.ts'
import { lasting } from '../../src/recording/result.ts'
import type { OpenedStudy } from './experiment_data.ts'
import type { PlanEstimate } from './experiment_estimate.ts'
import type { Collected, RatingCell } from '../../src/experiments/collected.ts'
import { facts, percent, table } from './output.ts'

/** Jobs that are told one by one. */
const SHOWN = 40

/** What a job fits. */
export const modelOf = ({ method, config }: Pick<Job, 'method' | 'config'>): string =>
  method === 'svm' ? 'svm' : (config.model.network ?? 'rtcan-1d')

/** Jobs, their number and how long they take. */
export function planText(
  { grids }: Pick<PlanDocument, 'grids'>,
  jobs: readonly Job[],
  opened: readonly OpenedStudy[],
  { left, adapter, estimate }: PlanEstimate,
): string {
  const nameOf = (key: string): string => opened.find(({ study }) => study.key === key)!.study.set.name
  const rows = jobs.slice(0, SHOWN).map((job) => {
    const { hash, data, config, fold, train, parameters } = job
    return [
      ...[hash.slice(0, 12), modelOf(job), nameOf(data), config.dimension, fold],
      ...[config.seed, train, parameters].map(String),
    ]
  })
  const missing = new Map<string, number>()
  for (const { missing: reason } of grids.flatMap(({ cells }) => cells))
    if (reason !== undefined) missing.set(reason, (missing.get(reason) ?? 0) + 1)
  const more = jobs.length - rows.length
  return [
    table(['job', 'model', 'data', 'dimension', 'fold', 'seed', 'trials', 'parameters'], rows),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...[...missing].map(([reason, count]) => `${count} cells without a model: ${reason}`),
    facts([['jobs', `${jobs.length}, of which ${left} are left`], ['adapter', adapter], ...timeFacts(estimate)]),
  ].join('\n')
}

const time = (seconds: number): string => (seconds < 1 ? 'less than 1 s' : lasting(seconds))

function timeFacts(estimate: PlanEstimate['estimate']): [string, string][] {
  if (!estimate) return [['time', 'nothing is left to train']]
  const { seconds, measured, flops, gpu } = estimate
  const baselines = measured === 'a few steps' ? ' without the baselines' : ''
  const here = `at most ${time(seconds)}, by ${measured}${baselines}; ${(flops / 1e12).toPrecision(3)} TFLOP of training`
  if (!gpu) return [['time', here]]
  const { teraflops, gigabytes, ofFloor } = gpu
  return [
    ['time here', here],
    [
      'on a GPU',
      `${time(gpu.seconds)} for all epochs, if one of ${teraflops} TFLOP/s and ${gigabytes} GB/s comes as near to the floor of a step as this ` +
        `adapter does (${percent(ofFloor)}); training alone, and no GPU was ever timed`,
    ],
  ]
}

/** Each table's cells with the first score, what the paper says, and what it is beside the majority. */
export function tablesText({ tables, plan }: CollectedAll, out: string): string {
  const parts = tables.map(({ grid, cells, ratings, done, jobs }) => {
    const [score] = grid.scores as [(typeof grid.scores)[number]]
    const rows = cells.map(({ row, dimension, protocol, control, reported, judgement, missing }) => {
      const interval = judgement?.intervals?.[score]
      const majority = judgement?.baselines.find(({ name }) => name === 'majority')?.scores[score]
      return [
        grid.rows[row]!.cells.join(', '),
        ...[dimension, control ? `${protocol}, control` : protocol],
        ...[reported?.[score], judgement?.scores[score]].map((value) => (value === undefined ? '' : percent(value))),
        interval ? `${percent(interval.low)} to ${percent(interval.high)}` : '',
        majority === undefined ? '' : percent(majority),
        missing ?? '',
      ]
    })
    const head = [grid.heads.join(', '), 'dimension', 'protocol', `${score}, paper`, 'here', '95 %', 'majority', '']
    const own = cells.length > 0 ? [table(head, rows)] : []
    const ofRatings = ratings ? [ratingsText(grid, ratings)] : []
    return [`${grid.name}: ${grid.title} (${done} of ${jobs} jobs)`, ...own, ...ofRatings].join('\n')
  })
  const names = plan.facts.map(({ name, title }) => `${name}: ${title}`)
  return [...names, ...parts, `wrote ${out}`].join('\n\n')
}

/** The same of the rows that predict ratings: r, and the error beside that of the mean of the training ratings. */
function ratingsText(grid: Collected['grid'], ratings: readonly RatingCell[]): string {
  const decimal = (value: number | undefined): string =>
    value === undefined || Number.isNaN(value) ? '' : value.toFixed(3)
  const rows = ratings.map(({ row, dimension, protocol, control, judgement, missing }) => {
    const interval = judgement?.intervals?.r
    const mean = judgement?.baselines.find(({ name }) => name === 'mean')
    return [
      grid.rows[row]!.cells.join(', '),
      ...[dimension, control ? `${protocol}, control` : protocol, decimal(judgement?.scores.r)],
      interval ? `${decimal(interval.low)} to ${decimal(interval.high)}` : '',
      ...[judgement?.scores.rmse, mean?.scores.rmse].map(decimal),
      missing ?? '',
    ]
  })
  return table([grid.heads.join(', '), 'dimension', 'protocol', 'r', '95 %', 'RMSE', 'of the mean', ''], rows)
}
