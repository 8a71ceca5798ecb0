// One fold of one model: the unit of work. Its name is a digest of all that decides its result, so that equal work is done once.
import { DECOMPOSITION_SET } from '../cvxeda/decomposition_set.ts'
import type { JudgedTrial } from '../evaluation/judgement.ts'
import type { JudgedRating } from '../evaluation/rating_judgement.ts'
import { canonical } from '../formats/canonical.ts'
import { digest } from '../formats/digest.ts'
import { FormatError } from '../runtime/errors.ts'
import type { AdapterInfo } from '../runtime/gpu_base.ts'
import { readJson, writeJson } from '../store/json.ts'
import { toDocument } from '../formats/documents.ts'
import type { Store } from '../store/store.ts'
import { within } from '../store/within.ts'
import { KERNEL_SET } from '../tune/kernel_set.ts'
import type { RunConfig } from '../train/config.ts'
import { BASELINE_SET } from '../train/kept_scores.ts'

/** What decides a job's result, besides the adapter. */
export interface JobSettings {
  /** Key of the study. */
  data: string
  /** `network` is trained; `svm` is the linear SVM on the same input. */
  method: 'network' | 'svm'
  config: RunConfig
  /** Name of the fold. */
  fold: string
  /** The job whose weights it starts from. */
  from?: string
}

/** A job and its name. */
export interface Job extends JobSettings {
  hash: string
  /** Trials that one epoch trains on, for estimates. */
  train: number
  /** Parameters of the network; 0 of an SVM. */
  parameters: number
  /** Floating-point operations of one training trial, forward and backward. */
  flops: number
}

/** A SHA-256 of the settings and of the kernels, solvers and baselines that numbers come from. */
export const hashOf = (settings: JobSettings): Promise<string> =>
  digest([canonical({ ...settings, numerics: [KERNEL_SET, DECOMPOSITION_SET, BASELINE_SET] })])

/** What was computed, as it is stored when all of it is there. */
export interface JobResult {
  hash: string
  adapter: string
  seconds: number
  /** Test trials; none of a job of ratings, */
  trials: JudgedTrial[]
  /** which has these. */
  ratings?: JudgedRating[]
}

/** The adapter of what runs on the host alone. */
export const HOST = 'host'

/** Class and driver of an adapter: results of different ones are never mixed. */
export const adapterName = ({ isFallbackAdapter, vendor, architecture, device, description }: AdapterInfo): string =>
  [isFallbackAdapter ? 'software' : 'gpu', ...new Set([vendor, architecture, device, description])]
    .filter((part) => part !== '')
    .join(' ')

const FILE = 'job.json'

/** Folder of a job's run on an adapter. */
const folderOf = async (hash: string, adapter: string): Promise<string> =>
  `jobs/${hash}/${(await digest([adapter])).slice(0, 12)}`

/** The run folder of a job on an adapter, in the output of an experiment. */
export const jobStore = async (out: Store, hash: string, adapter: string): Promise<Store> =>
  within(out, await folderOf(hash, adapter))

/** Written last: a job with this file is finished. */
export const saveJobResult = (store: Store, result: JobResult): Promise<void> =>
  writeJson(store, FILE, toDocument('experiment-job', result))

/** What a finished job came to. @throws FormatError for a damaged file */
async function resultIn(out: Store, folder: string): Promise<JobResult> {
  try {
    return await readJson<JobResult>(out, `${folder}/${FILE}`, 'experiment-job', ['hash', 'adapter', 'trials'])
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new FormatError(`${error.message}; delete the file, and the same command runs its job again`)
  }
}

/** Folders of a job, one for each adapter that has finished it. */
export async function finishedFolders(out: Store, hash: string): Promise<string[]> {
  const folders = (await out.list(`jobs/${hash}`)).map((folder) => `jobs/${hash}/${folder}`)
  const done = await Promise.all(folders.map((folder) => out.exists(`${folder}/${FILE}`)))
  return folders.filter((_, i) => done[i])
}

/** What a job came to on each adapter that has finished it. @throws FormatError for a damaged file */
export const jobResults = async (out: Store, hash: string): Promise<JobResult[]> =>
  Promise.all((await finishedFolders(out, hash)).map((folder) => resultIn(out, folder)))

/** Whether it counts as finished on this adapter. @throws FormatError for a damaged file, which would be in no table */
export async function isFinished(out: Store, { hash, method }: Job, adapter: string): Promise<boolean> {
  const folder = await folderOf(hash, method === 'svm' ? HOST : adapter)
  if (!(await out.exists(`${folder}/${FILE}`))) return false
  await resultIn(out, folder)
  return true
}
