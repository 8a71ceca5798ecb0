// A run from its settings and data to its result, with notes and bars for whoever waits.
import { basename, resolve } from 'node:path'
import { findFold } from '../../src/evaluation/folds.ts'
import type { Transfer } from '../../src/model/transfer.ts'
import type { OpenOptions } from '../../src/runtime/node.ts'
import type { NodeStore } from '../../src/store/node.ts'
import type { RunConfig } from '../../src/train/config.ts'
import { prepareDataset, type Dataset } from '../../src/train/dataset.ts'
import { startingWeights, withInitial } from '../../src/train/learning.ts'
import { makeTask, splitTrials, type SplitTrial } from '../../src/train/task.ts'
import { trainRatingRun } from '../../src/train/rating_run.ts'
import { trainRun, type RunOptions } from '../../src/train/run.ts'
import type { TuneMode } from '../../src/train/tuned_kernels.ts'
import { computing, interruptible, withGpu } from './context.ts'
import { loadWeightsFile } from './files.ts'
import type { Output } from './output.ts'
import { saveSource, type AnyRun, type RunSource } from './run_folder.ts'
import { noteDoubts, trainingProgress } from './train_progress.ts'
import { tensorBoard } from './tensorboard.ts'
import { tuneFor, tuneMode } from './tuning.ts'

/** What a run took of weights, in words. */
function transferNote({ taken, cut, left, unused }: Transfer, file: string): string {
  const parts = [
    `${taken.length} tensors taken`,
    ...cut.map(({ name, columns }) => `of ${name} the ${columns} columns of the EDA features`),
    ...left.map(({ name, reason }) => `${name} starts as without them (${reason})`),
    ...(unused.length > 0 ? [`not used: ${unused.join(', ')}`] : []),
  ]
  return `${file}: ${parts.join('; ')}`
}

export interface TrainingOptions extends OpenOptions {
  /** The run folder. */
  out: string
  tune?: TuneMode
  resume?: boolean
  onlyFold?: string
  tensorboard?: boolean
  /** Aborted where another process has the folder since. */
  lost?: AbortSignal
}

/** Checks everything that can be checked without the device, then prepares the trials and trains. */
export async function trainFolds(
  store: NodeStore,
  config: RunConfig,
  source: RunSource,
  dataset: Dataset,
  options: TrainingOptions,
  output: Output,
): Promise<AnyRun> {
  const { plan } = splitTrials<SplitTrial>(dataset.set, config)
  if (options.onlyFold !== undefined) findFold(plan, options.onlyFold)
  const initial = source.weights === undefined ? null : await loadWeightsFile(source.weights)
  if (initial) {
    await withInitial(config, initial)
    const { transfer } = startingWeights(config, initial, source.weights)
    output.note(transferNote(transfer!, source.weights ?? ''))
  }
  if (config.freeze && !initial)
    output.note('--freeze without --weights: what is frozen keeps its random values, and nothing was learnt in it')
  const { lost } = options
  const abort = lost ? AbortSignal.any([interruptible(), lost]) : interruptible()
  const prepared = computing(output, abort)
  return withGpu(options, async (gpu) => {
    const set = await prepared(({ onBaselines: _, ...hooks }) => prepareDataset(gpu, dataset, config, hooks))
    const task = makeTask(set, config)
    if (!options.resume) await saveSource(store, source)
    // A run that goes on keeps its kernels.
    if (!options.resume) await tuneFor(gpu, config, { mode: tuneMode(options.tune), signal: abort }, output)
    noteDoubts(task, output)
    const identity = { name: basename(resolve(options.out)), versions: { node: process.versions.node } }
    const progress = trainingProgress(output, config.epochs)
    const written = options.tensorboard ? tensorBoard(options.out) : undefined
    const onEpoch: RunOptions['onEpoch'] = (...epoch) => {
      progress.hooks.onEpoch(...epoch)
      written?.onEpoch(...epoch)
    }
    const start = {
      signal: abort,
      ...(initial && { initial }),
      ...(options.onlyFold !== undefined && { onlyFold: options.onlyFold }),
    }
    const hooks = { ...start, ...progress.hooks, onEpoch }
    const train = (): Promise<AnyRun> =>
      config.target === 'rating'
        ? trainRatingRun(gpu, store, task, identity, hooks)
        : trainRun(gpu, store, task, identity, hooks)
    const summary = await train().finally(progress.stop)
    await saveSource(store, source) // data that were moved, and are the same
    return summary
  })
}
