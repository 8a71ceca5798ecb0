// What a run folder holds and how it is read:
//   config.json  transfer.json  kernels.json  events.jsonl  result.json  baselines/NAME-DIGEST.json
//   folds/fold-NAME/{checkpoint,model}.safetensors  folds/fold-NAME/checkpoint-SETTINGS.safetensors  folds/fold-NAME/result.json
// A fold's checkpoint is there only while it trains, and is one for each alternative where it chooses among some; transfer.json only where a run starts from weights.
import type { Judgement } from '../evaluation/judgement.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import { readJson } from '../store/json.ts'
import type { Store } from '../store/store.ts'
import { loadModel, type TrainedModel } from './checkpoint.ts'
import { alternativeKey, alternativesOf, type Alternative } from './alternatives.ts'
import { checkRunConfig, type RunConfig } from './config.ts'
import { taskDigest, type Task } from './task.ts'
import { pool } from './evaluate.ts'
import type { RatingRunSummary } from './rating_summary.ts'
import type { FoldFacts, FoldResult, PooledResult, RunSummary } from './run_summary.ts'

export const CONFIG_FILE = 'config.json'
/** What was taken of the weights that all folds start from. */
export const TRANSFER_FILE = 'transfer.json'
export const EVENTS_FILE = 'events.jsonl'
export const RESULT_FILE = 'result.json'

const FOLDS = 'folds'
/** Before a fold's name, which may be any text of trials.csv: `..` must not lead out of the folder. */
const PREFIX = 'fold-'
const inFold = (fold: string, file: string): string => `${FOLDS}/${PREFIX}${encodeURIComponent(fold)}/${file}`

/** Paths of a fold's files, by the fold's name. */
export const modelFile = (fold: string): string => inFold(fold, 'model.safetensors')
export const checkpointFile = (fold: string, alternative?: Alternative): string =>
  inFold(fold, `checkpoint${alternative ? `-${alternativeKey(alternative)}` : ''}.safetensors`)
export const foldResultFile = (fold: string): string => inFold(fold, RESULT_FILE)

/** All that a fold of a run may leave while it trains. */
export const checkpointFiles = ({ alternatives }: RunConfig, fold: string): string[] =>
  alternatives ? alternativesOf(alternatives).map((of) => checkpointFile(fold, of)) : [checkpointFile(fold)]

/** Names of the folds that have a result, and so a trained model. */
async function foldsDone(store: Store): Promise<string[]> {
  const names = (await store.list(FOLDS))
    .filter((folder) => folder.startsWith(PREFIX))
    .map((folder) => decodeURIComponent(folder.slice(PREFIX.length)))
  const done = await Promise.all(names.map((name) => store.exists(foldResultFile(name))))
  return names.filter((_, i) => done[i])
}

/** Names of the folds that are trained. @throws UsageError if there is none */
export async function trainedFolds(store: Store, run: string): Promise<string[]> {
  const names = await foldsDone(store)
  if (names.length === 0)
    throw new UsageError(`${run} has no trained model yet; finish it with \`galvani train --out ${run} --resume\``)
  return names
}

/** The trained model of a fold. @throws FormatError when the file is damaged */
export const loadFoldModel = (store: Store, fold: string): Promise<TrainedModel> => loadModel(store, modelFile(fold))

/** Reads the results of all folds that are done, in the plan's order. @throws FormatError when one is damaged or of other data */
export async function finishedFolds<R extends FoldFacts & { predictions: unknown } = FoldResult>(
  store: Store,
  task: Task,
): Promise<R[]> {
  const data = await taskDigest(task)
  const results = new Map<string, R>()
  for (const name of await foldsDone(store)) {
    const result = await readResult<R>(store, name)
    requireSameData(result.data, data, foldResultFile(name), task)
    results.set(name, task.config.target === 'rating' ? (withNaN(result) as R) : asNow(result))
  }
  return task.plan.folds.flatMap(({ name }) => results.get(name) ?? [])
}

/** Reads the results of all folds that are done, whatever data are at hand. @throws FormatError when one is damaged */
export async function storedResults(store: Store): Promise<FoldResult[]> {
  const names = await foldsDone(store)
  return await Promise.all(names.map((name) => readResult<FoldResult>(store, name)))
}

const readResult = <R extends FoldFacts>(store: Store, fold: string): Promise<R> =>
  readJson<R & { predictions: unknown }>(store, foldResultFile(fold), 'fold-result', [
    'name',
    'data',
    'predictions',
    'epochs',
  ])

/** A fold's result; before schema 3 it had scores of its baselines, whose scores by trial were classes, 0 or 1. */
function asNow<R extends FoldFacts>(result: R): R {
  const { baselines: _, ...rest } = result as R & { baselines?: unknown }
  return rest as R
}

/** @throws FormatError when a file of the run is of data with another digest */
export function requireSameData(stored: string | undefined, now: string, file: string, { set }: Task): void {
  if (stored === now) return
  throw new FormatError(
    `${file}: its trials, labels, folds or recordings are not those of ${set.name} now; the data have changed since`,
  )
}

/** The configuration of an existing run. @throws FormatError when the folder holds none, or a damaged one */
export async function loadRunConfig(store: Store, run: string): Promise<RunConfig> {
  if (!(await store.exists(CONFIG_FILE))) throw new FormatError(`${run} holds no run: there is no ${CONFIG_FILE}`)
  const config = await readJson<RunConfig>(store, CONFIG_FILE, 'run-config', ['model', 'signals', 'optimizer'])
  try {
    return checkRunConfig(config)
  } catch (error) {
    if (error instanceof UsageError) throw new FormatError(`${run}/${CONFIG_FILE}: ${error.message}`)
    throw error
  }
}

/** What `trainRun` returned, judged again where its judgement is missing or of before folds were in it, or null for a run that has no fold finished. @throws FormatError when the file is damaged */
export async function loadRunSummary(store: Store): Promise<RunSummary | null> {
  if (!(await store.exists(RESULT_FILE))) return null
  const summary = await readJson<RunSummary>(store, RESULT_FILE, 'run-result', SUMMARY_FIELDS)
  if (summary.config.target === 'rating')
    throw new UsageError('this run predicts ratings: read its results with loadRatingRunSummary')
  const results = summary.results.map(asNow)
  const { model, judgement } = summary.pooled as Partial<PooledResult>
  const pooled =
    model && judgement?.byFold
      ? { model, judgement: withNaN(judgement) as Judgement }
      : await pool(results, summary.config.seed, { classes: summary.config.model.classes })
  return { ...summary, results, pooled }
}

const SUMMARY_FIELDS = ['dataset', 'folds', 'results', 'pooled', 'config'] as const

/** What `trainRatingRun` returned, or null for a run that has no fold finished. @throws FormatError when the file is damaged, UsageError for a run of classes */
export async function loadRatingRunSummary(store: Store): Promise<RatingRunSummary | null> {
  if (!(await store.exists(RESULT_FILE))) return null
  const summary = await readJson<RatingRunSummary>(store, RESULT_FILE, 'run-result', SUMMARY_FIELDS)
  if (summary.config.target !== 'rating')
    throw new UsageError('this run predicts classes: read its results with loadRunSummary')
  const { results, pooled } = summary
  return { ...summary, ...(withNaN({ results, pooled }) as Pick<RatingRunSummary, 'results' | 'pooled'>) }
}

/** JSON has no NaN, and writes null for a score that is not defined. */
function withNaN(value: unknown): unknown {
  if (value === null) return NaN
  if (Array.isArray(value)) return value.map(withNaN)
  if (typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withNaN(inner)]))
}
