// Which model explains which trial: the one that had it in its test part, unless another is asked for.
import { UsageError } from '../runtime/errors.ts'
import type { Dataset } from '../train/dataset.ts'
import type { FoldResult, Prediction } from '../train/run_summary.ts'
import { storedResults } from '../train/run_files.ts'
import { readableTrials, type ReadableTrial } from '../train/task.ts'
import type { TrainedRun } from '../train/trained_run.ts'

/** A trial, the fold whose model explains it, and what the run says of it if it is of that fold's test part. */
export interface Assignment {
  id: string
  fold: string
  tested?: Prediction
}

/** Trials by id, in the order in which they are explained; which fold's model, if not each trial's own. */
export interface Asked {
  /** All that are tested where absent. */
  trials?: readonly string[] | undefined
  fold?: string | undefined
}

/**
 * Without trials: the test part of `fold`, or of every trained fold.
 * @throws UsageError for a run of ratings; for a trial that is unknown, cannot be read, or is of no trained fold's test part; for a fold without a model
 */
export async function assignTrials(run: TrainedRun, dataset: Dataset, asked: Asked): Promise<Assignment[]> {
  if (run.config.target === 'rating')
    throw new UsageError('this run predicts ratings; only what a class is predicted by can be explained')
  requireFold(run, asked.fold)
  const results = await storedResults(run.store)
  const known = knownTrials(run, dataset)
  const wanted = asked.trials ?? testedTrials(results, asked.fold).filter((id) => known.readable.has(id))
  const [twice] = wanted.filter((id, i) => wanted.indexOf(id) !== i)
  if (twice !== undefined) throw new UsageError(`trial '${twice}' is asked for twice`)
  if (wanted.length === 0)
    throw new UsageError(
      `${dataset.set.name} has no trial of the run's test parts; name trials and a fold whose model explains them`,
    )
  return wanted.map((id) => {
    requireTrial(id, known, dataset)
    return assign(id, results, asked.fold, run)
  })
}

function requireFold({ folds }: TrainedRun, fold: string | undefined): void {
  if (fold !== undefined && !folds.includes(fold))
    throw new UsageError(`fold '${fold}' has no trained model; the run has those of ${folds.join(', ')}`)
}

/** Trials that the run's models can read, and why others cannot be. */
function knownTrials({ config }: TrainedRun, { set }: Dataset) {
  const { trials, skipped } = readableTrials<ReadableTrial>(set, config)
  return { readable: new Set(trials.map(({ id }) => id)), skipped }
}

function requireTrial(id: string, { readable, skipped }: ReturnType<typeof knownTrials>, { set }: Dataset): void {
  if (readable.has(id)) return
  const left = [...skipped, ...set.skipped].find(({ source }) => source === `trial ${id}`)
  if (left) throw new UsageError(`trial '${id}' cannot be explained: ${left.reason}`)
  const [first] = readable
  throw new UsageError(
    `${set.name} has no trial '${id}' that the run's models read; it has ${readable.size}` +
      (first === undefined ? '' : `, such as '${first}'`),
  )
}

const testedTrials = (results: readonly FoldResult[], fold: string | undefined): string[] =>
  results
    .filter(({ name }) => fold === undefined || name === fold)
    .flatMap(({ predictions }) => predictions.map(({ trial }) => trial))

function assign(
  id: string,
  results: readonly FoldResult[],
  asked: string | undefined,
  { folds }: TrainedRun,
): Assignment {
  const testedIn = results.flatMap(({ name, predictions }) => {
    const tested = predictions.find(({ trial }) => trial === id)
    return tested ? [{ id, fold: name, tested }] : []
  })
  if (asked !== undefined) return testedIn.find(({ fold }) => fold === asked) ?? { id, fold: asked }
  const [own, other] = testedIn
  if (!own)
    throw new UsageError(
      `trial '${id}' is in the test part of no trained fold (${folds.join(', ')}); name the fold whose model is to explain it`,
    )
  if (other)
    throw new UsageError(
      `trial '${id}' is in the test parts of ${testedIn.map(({ fold }) => fold).join(', ')}; name the fold whose model is to explain it`,
    )
  return own
}
