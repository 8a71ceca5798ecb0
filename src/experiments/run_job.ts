// One job, from its settings to its stored result; what was begun goes on from its checkpoint.
import { findFold } from '../evaluation/folds.ts'
import type { JudgedTrial } from '../evaluation/judgement.ts'
import type { JudgedRating } from '../evaluation/rating_judgement.ts'
import type { HostTensors } from '../model/weights.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Holder } from '../store/lock.ts'
import type { Store } from '../store/store.ts'
import { foldBaselines } from '../train/baselines.ts'
import { modelTensors } from '../train/checkpoint.ts'
import { judgedTrials } from '../train/evaluate.ts'
import { judgedRatings, trainRatingTask } from '../train/rating_run.ts'
import type { RatingFoldResult } from '../train/rating_summary.ts'
import { trainTask } from '../train/run.ts'
import { finishedFolds, loadFoldModel, trainedFolds } from '../train/run_files.ts'
import type { FoldResult } from '../train/run_summary.ts'
import { makeTask, type Task } from '../train/task.ts'
import { adapterName, HOST, isFinished, jobStore, saveJobResult, type Job } from './job.ts'
import type { Study } from './study.ts'

/** What a job is run with. */
export interface JobContext {
  gpu: Gpu
  /** The output of the experiment. */
  out: Store
  studies: readonly Study[]
  /** The share of this job that is done, and where it stands. */
  onProgress?: (share: number, where: string) => void
  signal?: AbortSignal
}

/** Runs a job unless its result is there. Returns who is at it where that is another process. @throws UsageError where its study was not given */
export async function runJob(job: Job, context: JobContext): Promise<Holder | undefined> {
  const { gpu, out, signal } = context
  signal?.throwIfAborted()
  const adapter = job.method === 'svm' ? HOST : adapterName(gpu.info)
  if (await isFinished(out, job, adapter)) return undefined
  const lock = await (await jobStore(out, job.hash, adapter)).lock?.('')
  if (lock && !('release' in lock)) return lock
  try {
    // Whoever had the folder until now may have finished the job. One that takes this process for gone comes to the same result.
    if (!(await isFinished(out, job, adapter))) await compute(job, adapter, context)
  } finally {
    await lock?.release()
  }
  return undefined
}

async function compute(job: Job, adapter: string, context: JobContext): Promise<void> {
  const { out, studies } = context
  const study = studies.find(({ key }) => key === job.data)
  if (!study) throw new UsageError(`job ${job.hash}: none of the datasets that were given is the one it is of`)
  const store = await jobStore(out, job.hash, adapter)
  const task = makeTask(study.set, job.config)
  const started = performance.now()
  const told =
    job.method === 'svm' ? { trials: await bySvm(job, task, context) } : await byNetwork(job, task, store, context)
  await saveJobResult(store, { hash: job.hash, adapter, seconds: (performance.now() - started) / 1000, ...told })
}

async function byNetwork(
  { config, fold, from }: Job,
  task: Task,
  store: Store,
  { gpu, out, onProgress, signal }: JobContext,
): Promise<{ trials: JudgedTrial[]; ratings?: JudgedRating[] }> {
  const initial = from === undefined ? undefined : await weightsOf(from, out, adapterName(gpu.info))
  const train = config.target === 'rating' ? trainRatingTask : trainTask
  const trained = await train(gpu, store, task, {
    onlyFold: fold,
    baselines: out,
    ...(initial && { initial }),
    onBaselines: (_, share) => onProgress?.(0, `baselines, ${Math.floor(100 * share)} %`),
    onStep: (_, done, total) =>
      onProgress?.(done / total, `epoch ${Math.ceil((done * config.epochs) / total)} of ${config.epochs}`),
    ...(signal && { signal }),
  })
  if (config.target === 'rating')
    return { trials: [], ratings: judgedRatings(await finishedFolds<RatingFoldResult>(store, trained), config.seed) }
  return { trials: judgedTrials(await finishedFolds<FoldResult>(store, trained), config.seed) }
}

/** The model that another job trained. */
async function weightsOf(hash: string, out: Store, adapter: string): Promise<HostTensors> {
  const store = await jobStore(out, hash, adapter)
  const [fold] = await trainedFolds(store, `job ${hash}`)
  return modelTensors(await loadFoldModel(store, fold!))
}

/** The linear SVM on what the network would read: signals, music, or both, beside the other baselines. */
async function bySvm(
  { config, fold: name }: Job,
  { set, labelled, plan }: Task,
  { out, onProgress, signal }: JobContext,
): Promise<JudgedTrial[]> {
  const fold = findFold(plan, name)
  const scores = await foldBaselines(set, config, labelled.labels, fold, {
    kept: out,
    onProgress: (share) => onProgress?.(share, `baselines, ${Math.floor(100 * share)} %`),
    ...(signal && { signal }),
  })
  return fold.test.map((index, i): JudgedTrial => {
    const { id: trial, subject } = set.trials[index]!
    const { svm, ...baselines } = scores[i]!
    return { trial, subject, fold: name, seed: config.seed, label: labelled.labels[index]!, score: svm!, baselines }
  })
}
