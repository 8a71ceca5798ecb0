// How long jobs will take, from what was measured.
import type { Store } from '../store/store.ts'
import { jobResults, type Job } from './job.ts'

/** Of all jobs at full length; those that stop early take less, and an SVM is not counted. */
export interface Estimate {
  /** Floating-point operations of all training steps. */
  flops: number
  /** Seconds on the adapter that was measured. */
  seconds: number
  /** What the seconds rest on. */
  measured: 'finished jobs' | 'a few steps'
}

/** Floating-point operations of a job's training steps, at most. */
export const flopsOf = ({ flops, train, config }: Job): number => flops * train * config.epochs

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** Seconds for each floating-point operation, of the finished jobs of an adapter; undefined where there is none. */
export async function paceOf(out: Store, jobs: readonly Job[], adapter: string): Promise<number | undefined> {
  const pairs = await Promise.all(
    jobs.map(async (job) => {
      const own = (await jobResults(out, job.hash)).find((result) => result.adapter === adapter)
      return own && job.method === 'network' ? [{ seconds: own.seconds, flops: flopsOf(job) }] : []
    }),
  )
  const done = pairs.flat()
  return done.length === 0 ? undefined : sum(done.map(({ seconds }) => seconds)) / sum(done.map(({ flops }) => flops))
}

/**
 * The share of each job, by its name, of the work on all of them: by the operations of its training. An SVM, whose work nobody counts, is
 * taken for the least of the networks.
 */
export function weightsOf(jobs: readonly Job[]): Map<string, number> {
  const counted = jobs.map(flopsOf).filter((flops) => flops > 0)
  const least = counted.reduce((a, b) => Math.min(a, b), counted[0] ?? 1)
  const work = jobs.map((job) => flopsOf(job) || least)
  const all = sum(work)
  return new Map(jobs.map(({ hash }, i) => [hash, work[i]! / all]))
}

/** Of the jobs that are left. @param pace seconds for each floating-point operation */
export function estimateOf(jobs: readonly Job[], pace: number, measured: Estimate['measured']): Estimate {
  const flops = sum(jobs.map(flopsOf))
  return { flops, seconds: flops * pace, measured }
}
