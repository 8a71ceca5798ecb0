// What a run's models saw in trials: maps over time, a trial or a group of trials each.
import { classNames } from '../evaluation/targets.ts'
import { checkNames, type Known } from '../runtime/arguments.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Channel } from '../signal/channels.ts'
import type { Dataset } from '../train/dataset.ts'
import { checkCompute, type ComputeHooks, type TrainedRun } from '../train/trained_run.ts'
import { assignTrials } from './assign.ts'
import { explainFold } from './explain_fold.ts'
import { Explained, GROUPINGS, type ExplainedGroup, type Explanation, type Grouping } from './explanation.ts'
import { foldTrials } from './fold_models.ts'
import { MODULES, type Module } from './maps.ts'

/** Steps of integrated gradients. */
export const STEPS = 64

/** Trials of a dataset; all that the run tested where none are named. */
export interface ExplainedTrials {
  dataset: Dataset
  trials?: readonly string[]
}

/** How trials are explained. */
export interface ExplainOptions extends Omit<ComputeHooks, 'onBaselines'> {
  /** The fold whose model explains them; by default each trial is explained by the model that was tested on it. */
  fold?: string
  /** Attention modules; by default those that the network has. */
  modules?: readonly Module[]
  /** Also gives the means over the trials of each class, person or fold; the single trials then come without maps. */
  by?: Grouping
  /** Steps of integrated gradients, default 64; 0 leaves them out. */
  steps?: number
  /** Takes each explanation as it is made; those that are returned then come without maps. */
  visit?: (explanation: Explanation) => void | Promise<void>
  /** Told how many trials are explained, of all. */
  onExplained?: (done: number, total: number) => void
}

const OPTIONS: Known<ExplainOptions> = {
  ...{ fold: true, modules: true, by: true, steps: true, visit: true, onExplained: true },
  ...{ onProgress: true, onWarning: true, signal: true },
}

/** What all explanations of a run have in common. */
export interface ExplainedRun {
  /** What the data are called, and whether they are made up. */
  name: string
  synthetic: boolean
  /** What is predicted, and the names of its classes. */
  dimension: string
  classes: string[]
  signals: Channel[]
  /** Points of a signal; they lie evenly from `dropSeconds` to the end of the trial. */
  length: number
  dropSeconds: number
  /** Modules that were looked at; empty for a network without. */
  modules: Module[]
}

/** What `explain` returns. */
export interface Explanations extends ExplainedRun {
  explanations: Explanation[]
  by?: Grouping
  groups: ExplainedGroup[]
}

/**
 * Explains the predicted class of each trial: Grad-CAM and guided Grad-CAM of the attention modules, their gates and attention maps,
 * gradients and integrated gradients of the signals. Values are as they are, of no common scale.
 * @throws UsageError for a trial or a fold that is unknown, a module that the network lacks; FormatError for data that the models cannot read
 */
export async function explain(
  gpu: Gpu,
  run: TrainedRun,
  asked: ExplainedTrials,
  options: ExplainOptions = {},
): Promise<Explanations> {
  checkOptions(gpu, options)
  const { dataset, trials } = asked
  const facts = explainedRun(run, dataset, options.modules)
  const assignments = await assignTrials(run, dataset, { trials, fold: options.fold })
  const folds = await foldTrials(gpu, run, dataset, assignments, hooksOf(options))
  const { by, visit, steps = STEPS, onExplained, onWarning, signal } = options
  const explained = new Explained(by, visit)
  for (const of of folds) {
    const settings = { modules: facts.modules, steps, ...(signal && { signal }), ...(onWarning && { onWarning }) }
    await explainFold(gpu, of, settings, async (explanation) => {
      await explained.add({ ...explanation, ...secondsOf(dataset, explanation) })
      onExplained?.(explained.explanations.length, assignments.length)
    })
  }
  const order = new Map(assignments.map(({ id }, i) => [id, i]))
  const explanations = explained.explanations.sort((a, b) => order.get(a.trial)! - order.get(b.trial)!)
  return { ...facts, explanations, ...(by && { by }), groups: explained.groups() }
}

/** @throws UsageError for a module that is asked for and not there */
export function explainedRun(run: TrainedRun, { set }: Dataset, asked?: readonly Module[]): ExplainedRun {
  const { dimension, levels, signals, drop, model } = run.config
  return {
    ...{ name: set.name, synthetic: set.synthetic, dimension, classes: [...classNames(dimension, levels)], signals },
    ...{ length: model.length, dropSeconds: drop, modules: modulesOf(run, asked) },
  }
}

function checkOptions(gpu: Gpu, options: ExplainOptions): void {
  checkNames('explain', options, OPTIONS)
  const { by, steps = STEPS, modules = [] } = options
  checkCompute('explain', gpu, hooksOf(options))
  if (by !== undefined && !GROUPINGS.includes(by))
    throw new UsageError(`explain: by is '${String(by)}', expected ${GROUPINGS.join(', ')}`)
  checkSteps('explain', steps)
  const unknown = modules.find((module) => !MODULES.includes(module))
  if (unknown !== undefined)
    throw new UsageError(`explain: module is '${String(unknown)}', expected ${MODULES.join(', ')}`)
}

/** @throws UsageError unless `steps` is a number of steps */
export function checkSteps(name: string, steps: number): void {
  if (!Number.isInteger(steps) || steps < 0)
    throw new UsageError(`${name}: steps is ${steps}, expected a whole number of at least 0`)
}

const hooksOf = ({ onProgress, onWarning, signal }: ExplainOptions): ComputeHooks => ({
  ...(onProgress && { onProgress }),
  ...(onWarning && { onWarning }),
  ...(signal && { signal }),
})

function secondsOf({ kind, set }: Dataset, { trial }: Pick<Explanation, 'trial'>): Pick<Explanation, 'seconds'> {
  const recorded = kind === 'table' ? set.trials.find(({ id }) => id === trial) : undefined
  return recorded ? { seconds: recorded.eda.length / recorded.sampleRate } : {}
}

/** @throws UsageError for one that is asked for and not there */
export function modulesOf({ config: { model } }: Pick<TrainedRun, 'config'>, asked?: readonly Module[]): Module[] {
  const { network = 'rtcan-1d', shallow, attention } = model
  const has = (module: Module): boolean =>
    network === 'rtcan-1d' && shallow && (attention === 'parallel' || attention.split('-').includes(module))
  const lacking = asked?.find((module) => !has(module))
  if (lacking !== undefined)
    throw new UsageError(
      `this run's network has no ${lacking.toUpperCase()} in front of its residual part, so there is no map of it`,
    )
  return MODULES.filter((module) => (asked ?? MODULES).includes(module) && has(module))
}
