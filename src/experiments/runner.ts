// Jobs one after the other on one device: finished ones are passed over, and a broken one does not stop the others, unless what broke
// is what all of them need.
import { DeviceLostError, StorageError } from '../runtime/errors.ts'
import { moment } from '../store/alone.ts'
import type { Holder } from '../store/lock.ts'
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

/** Runs one job, or returns who is at it where that is another process. @throws what went wrong with it, and the signal's reason */
export type JobRunner = (job: Job, onProgress: (share: number, where: string) => void) => Promise<Holder | undefined>

/** Who hears of jobs as they run. */
export interface RunnerHooks {
  onStarted?: (job: Job) => void
  /** `where` says what it is doing; `share` is of this job. */
  onProgress?: (job: Job, share: number, where: string) => void
  onFinished?: (job: Job) => void
  onFailed?: (job: Job, reason: string) => void
  /** Another process is at it; whether it came to its end is seen when nothing else is left to run. */
  onHeld?: (job: Job, holder: Holder) => void
  signal?: AbortSignal
}

/** The jobs that have no result on this adapter yet, in their order. */
export async function unfinished(out: Store, jobs: readonly Job[], adapter: string): Promise<Job[]> {
  const left: Job[] = []
  for (const job of jobs) if (!(await isFinished(out, job, adapter))) left.push(job)
  return left
}

/**
 * Hands jobs to as many runners as there are, each the next one whose weights to start from are there. What another process runs is
 * left to it, and waited for at the end. Returns those that failed; a job that starts from one of these fails too.
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
  const held: Job[] = []
  const pending = new Set(jobs.map(({ hash }) => hash))
  let isBroken = false
  const runner = async (run: JobRunner): Promise<void> => {
    for (;;) {
      signal?.throwIfAborted()
      if (isBroken) return
      const at = waiting.findIndex(({ from }) => from === undefined || !pending.has(from))
      if (at < 0) {
        // What is left starts from jobs that others are running; whoever runs those goes on with these.
        if (held.length === 0) return
        await moment(signal)
        // First, since others may start from them.
        for (const job of held.splice(0).reverse()) waiting.unshift(job)
        continue
      }
      const [job] = waiting.splice(at, 1) as [Job]
      if (await attempt(job, run)) pending.delete(job.hash)
      else held.push(job)
    }
  }
  /** Whether it came to an end. */
  const attempt = async (job: Job, run: JobRunner): Promise<boolean> => {
    try {
      const reason = job.from !== undefined && failed.get(job.from)
      if (reason) throw new Error(`the job that it starts from failed: ${reason}`)
      hooks.onStarted?.(job)
      const holder = await run(job, (share, where) => hooks.onProgress?.(job, share, where))
      if (holder) hooks.onHeld?.(job, holder)
      else hooks.onFinished?.(job)
      return holder === undefined
    } catch (error) {
      signal?.throwIfAborted()
      if (isCommon(error)) {
        isBroken = true
        throw error
      }
      const reason = error instanceof Error ? error.message : String(error)
      failed.set(job.hash, reason)
      hooks.onFailed?.(job, reason)
      return true
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
