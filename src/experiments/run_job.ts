// One job, from its settings to its stored result; what was begun goes on from its checkpoint.
import { majorityClass, stimulusMajority } from '../evaluation/baselines.ts'
import { findFold, type Fold } from '../evaluation/folds.ts'
import type { JudgedTrial } from '../evaluation/judgement.ts'
import { learnLinearSvm } from '../evaluation/svm.ts'
import type { HostTensors } from '../model/weights.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Store } from '../store/store.ts'
import { inputsOf } from '../train/inputs.ts'
import { trainRun } from '../train/run.ts'
import { loadFoldModel, trainedFolds } from '../train/run_files.ts'
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

/** Runs a job unless its result is there. Returns whether it did. @throws UsageError where its study was not given */
export async function runJob(job: Job, context: JobContext): Promise<boolean> {
  const { gpu, out, studies, signal } = context
  signal?.throwIfAborted()
  const adapter = job.method === 'svm' ? HOST : adapterName(gpu.info)
  if (await isFinished(out, job, adapter)) return false
  const study = studies.find(({ key }) => key === job.data)
  if (!study) throw new UsageError(`job ${job.hash}: none of the datasets that were given is the one it is of`)
  const store = await jobStore(out, job.hash, adapter)
  const task = makeTask(study.set, job.config)
  const started = performance.now()
  const trials = job.method === 'svm' ? await bySvm(job, task, context) : await byNetwork(job, task, store, context)
  await saveJobResult(store, { hash: job.hash, adapter, seconds: (performance.now() - started) / 1000, trials })
  return true
}

async function byNetwork(
  { hash, config, fold, from }: Job,
  task: Task,
  store: Store,
  { gpu, out, onProgress, signal }: JobContext,
): Promise<JudgedTrial[]> {
  const initial = from === undefined ? undefined : await weightsOf(from, out, adapterName(gpu.info))
  const { results } = await trainRun(
    gpu,
    store,
    task,
    { name: hash },
    {
      onlyFold: fold,
      ...(initial && { initial }),
      onStep: (_, done, total) => onProgress?.(done / total, `step ${done} of ${total}`),
      ...(signal && { signal }),
    },
  )
  return results.flatMap(({ predictions }) =>
    predictions.map(({ trial, subject, label, probability, baselines }) => ({
      ...{ trial, subject, fold, seed: config.seed, label, score: probability, baselines },
    })),
  )
}

/** The model that another job trained. */
async function weightsOf(hash: string, out: Store, adapter: string): Promise<HostTensors> {
  const store = await jobStore(out, hash, adapter)
  const [fold] = await trainedFolds(store, `job ${hash}`)
  return (await loadFoldModel(store, fold!)).weights
}

/** The linear SVM on what the network would read: signals, music, or both. */
async function bySvm(
  { config, fold: name }: Job,
  task: Task,
  { onProgress, signal }: JobContext,
): Promise<JudgedTrial[]> {
  const { set, labelled, plan } = task
  const fold = findFold(plan, name)
  const known = [...fold.train, ...fold.validation]
  const inputs = inputsOf(set, config, known)
  const row = (i: number): Float32Array => (config.model.network === 'music' ? inputs.music([i])! : inputs.vector(i))
  const svm = await learnLinearSvm(
    known.map(row),
    known.map((i) => labelled.labels[i]!),
    { seed: config.seed, ...(signal && { signal }), onProgress: (share) => onProgress?.(share, 'linear SVM') },
  )
  const beside = trivialBaselines(task, fold, known)
  return fold.test.map((index, i): JudgedTrial => {
    const { id: trial, subject } = set.trials[index]!
    const at = { trial, subject, fold: name, seed: config.seed, label: labelled.labels[index]! }
    return { ...at, score: svm.score(row(index)), baselines: beside[i]! }
  })
}

/** What the SVM itself must stand beside. */
function trivialBaselines(
  { set, labelled: { labels } }: Task,
  { test }: Fold,
  known: number[],
): JudgedTrial['baselines'][] {
  const majority = majorityClass(labels, known)
  return stimulusMajority(set.trials, labels, known, test).map((song) => ({
    majority,
    ...(song !== undefined && { song }),
  }))
}
