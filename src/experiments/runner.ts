// Jobs one after the other on one device: finished ones are passed over, and a broken one does not stop the others, unless what broke
// is what all of them need.
import { DeviceLostError, StorageError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import { isFinished, type Job } from './job.ts'
import { runJob, type JobContext } from './run_job.ts'

/** A job that did not come to its end, and why. */
export interface FailedJob {
  hash: string
  reason: string
}

/** What would befall every other job too. */
const isCommon = (error: unknown): boolean => error instanceof StorageError || error instanceof DeviceLostError

/** Runs one job. @throws what went wrong with it, and the signal's reason */
export type JobRunner = (job: Job, onProgress: (share: number, where: string) => void) => Promise<unknown>

/** Who hears of jobs as they run. */
export interface RunnerHooks {
  onStarted?: (job: Job) => void
  /** `where` says what it is doing; `share` is of this job. */
  onProgress?: (job: Job, share: number, where: string) => void
  onFinished?: (job: Job) => void
  onFailed?: (job: Job, reason: string) => void
  signal?: AbortSignal
}

/** The jobs that have no result on this adapter yet, in their order. */
export async function unfinished(out: Store, jobs: readonly Job[], adapter: string): Promise<Job[]> {
  const left: Job[] = []
  for (const job of jobs) if (!(await isFinished(out, job, adapter))) left.push(job)
  return left
}

/**
 * Hands jobs to as many runners as there are, each the next one whose weights to start from are there. Returns those that failed;
 * a job that starts from one of these fails too.
 * @throws StorageError where nothing more can be written, DeviceLostError; and the signal's reason
 */
export async function runJobs(
  jobs: readonly Job[],
  runners: readonly JobRunner[],
  hooks: RunnerHooks = {},
): Promise<FailedJob[]> {
  const { signal } = hooks
  const failed = new Map<string, string>()
  const waiting = [...jobs]
  const pending = new Set(jobs.map(({ hash }) => hash))
  let isBroken = false
  const runner = async (run: JobRunner): Promise<void> => {
    for (;;) {
      signal?.throwIfAborted()
      if (isBroken) return
      const at = waiting.findIndex(({ from }) => from === undefined || !pending.has(from))
      // What is left starts from jobs that others are running; whoever runs those goes on with these.
      if (at < 0) return
      const [job] = waiting.splice(at, 1) as [Job]
      await attempt(job, run)
      pending.delete(job.hash)
    }
  }
  const attempt = async (job: Job, run: JobRunner): Promise<void> => {
    try {
      const reason = job.from !== undefined && failed.get(job.from)
      if (reason) throw new Error(`the job that it starts from failed: ${reason}`)
      hooks.onStarted?.(job)
      await run(job, (share, where) => hooks.onProgress?.(job, share, where))
      hooks.onFinished?.(job)
    } catch (error) {
      signal?.throwIfAborted()
      if (isCommon(error)) {
        isBroken = true
        throw error
      }
      const reason = error instanceof Error ? error.message : String(error)
      failed.set(job.hash, reason)
      hooks.onFailed?.(job, reason)
    }
  }
  const ends = await Promise.allSettled(runners.map(runner))
  const stopped = ends.find((end) => end.status === 'rejected')
  if (stopped) throw stopped.reason
  return [...failed].map(([hash, reason]) => ({ hash, reason }))
}

/** Runs jobs in this thread. */
export const runHere =
  (context: Omit<JobContext, 'onProgress'>): JobRunner =>
  (job, onProgress) =>
    runJob(job, { ...context, onProgress })
