// Jobs of a plan as a person sees them: a bar over all of it, and a line for each job that runs.
import { adapterName, type Job } from '../../src/experiments/job.ts'
import { weightsOf } from '../../src/experiments/estimate.ts'
import { replacedTables, savePlan, type PlanDocument } from '../../src/experiments/plan_file.ts'
import { runHere, runJobs, unfinished, type FailedJob, type JobRunner } from '../../src/experiments/runner.ts'
import type { OpenOptions } from '../../src/runtime/node.ts'
import { holderName } from '../../src/store/lock.ts'
import { NodeStore } from '../../src/store/node.ts'
import { withGpu } from './context.ts'
import type { OpenedStudy } from './experiment_data.ts'
import { modelOf } from './experiment_text.ts'
import { processRunners } from './experiment_workers.ts'
import type { Output } from './output.ts'

/** Where jobs are run, and by how many processes. */
export interface RunPlace extends OpenOptions {
  out: string
  opened: readonly OpenedStudy[]
  processes: number
}

/** A job in a line of progress. */
const nameOf = (job: Job): string =>
  `${modelOf(job)}, ${job.config.dimension}, fold ${job.fold}, seed ${job.config.seed}`

/** Runs what is left of some jobs of a plan. Returns those that failed. */
export async function runPlan(
  plan: PlanDocument,
  jobs: readonly Job[],
  { out, opened, processes, ...device }: RunPlace,
  output: Output,
  signal: AbortSignal,
): Promise<FailedJob[]> {
  const store = new NodeStore(out)
  const replaced = await replacedTables(store, plan)
  if (replaced.length > 0)
    output.note(
      `${out} held ${replaced.join(', ')} under another plan, whose place this one takes: finished jobs are kept, and shared where they ` +
        'are equal; a table that is not of this plan stays as it was drawn',
    )
  await savePlan(store, plan)
  if (jobs.length === 0) return []
  const studies = opened.map(({ study }) => study)
  if (processes === 1)
    return withGpu(device, async (gpu) => {
      const left = await unfinished(store, jobs, adapterName(gpu.info))
      return runLeft(left, jobs.length, [runHere({ gpu, out: store, studies, signal })], output, signal)
    })
  const left = await withGpu(device, (gpu) => unfinished(store, jobs, adapterName(gpu.info)))
  const folders = opened.flatMap(({ folder }) => (folder === undefined ? [] : [folder]))
  const { runners, stop } = processRunners(Math.min(processes, Math.max(1, left.length)), {
    out,
    studies: folders,
    ...device,
  })
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
  return Promise.race([ended, runLeft(left, jobs.length, runners, output, signal)]).finally(stop)
}

async function runLeft(
  left: readonly Job[],
  all: number,
  runners: readonly JobRunner[],
  output: Output,
  signal: AbortSignal,
): Promise<FailedJob[]> {
  if (left.length < all) output.note(`${all - left.length} of ${all} jobs are finished already`)
  if (left.length === 0) return []
  const bar = output.progress('jobs', left.length)
  const weights = weightsOf(left)
  const running = new Map<string, { work: number; line: string }>()
  const held = new Set<string>()
  let [done, work] = [0, 0]
  const show = (): void => {
    const begun = [...running.values()]
    const share = begun.reduce((sum, job) => sum + job.work, work)
    const lines = begun.map(({ line }) => line)
    bar.update(done, lines, share)
  }
  const progress = (job: Job, share: number, where: string): void => {
    running.set(job.hash, { work: share * weights.get(job.hash)!, line: `${nameOf(job)}: ${where}` })
    show()
  }
  const ended = ({ hash }: Job): void => {
    running.delete(hash)
    work += weights.get(hash)!
    done++
    show()
  }
  return runJobs(left, runners, {
    signal,
    onStarted: (job) => progress(job, 0, 'begins'),
    onProgress: progress,
    onFinished: ended,
    onHeld: (job, holder) => {
      running.delete(job.hash)
      if (!held.has(job.hash))
        output.note(`job ${job.hash.slice(0, 12)} (${nameOf(job)}) is left to ${holderName(holder)}`)
      held.add(job.hash)
      show()
    },
    onFailed: (job, reason) => {
      output.note(`job ${job.hash.slice(0, 12)} (${nameOf(job)}) failed: ${reason}`)
      ended(job)
    },
  }).finally(bar.stop)
}
