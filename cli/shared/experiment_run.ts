// Jobs of a plan as a person sees them: one line for all of it, with what each running job is doing.
import { adapterName, type Job } from '../../src/experiments/job.ts'
import { estimateOf, measurePace, paceOf, type Estimate } from '../../src/experiments/estimate.ts'
import { savePlan, type PlanDocument } from '../../src/experiments/plan_file.ts'
import { runHere, runJobs, unfinished, type FailedJob, type JobRunner } from '../../src/experiments/runner.ts'
import type { Study } from '../../src/experiments/study.ts'
import type { OpenOptions } from '../../src/runtime/node.ts'
import { NodeStore } from '../../src/store/node.ts'
import { withGpu } from './context.ts'
import type { OpenedStudy } from './experiment_data.ts'
import { processRunners } from './experiment_workers.ts'
import type { Output } from './output.ts'

/** Where jobs are run, and by how many processes. */
export interface RunPlace extends OpenOptions {
  out: string
  opened: readonly OpenedStudy[]
  processes: number
}

/** Runs what is left of some jobs of a plan. Returns those that failed. */
export async function runPlan(
  plan: PlanDocument,
  jobs: readonly Job[],
  { out, opened, processes, ...device }: RunPlace,
  output: Output,
  signal: AbortSignal,
): Promise<FailedJob[]> {
  const store = new NodeStore(out)
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
  const running = new Map<string, { share: number; line: string }>()
  let done = 0
  const show = (): void => {
    const shares = [...running.values()].reduce((sum, { share }) => sum + share, 0)
    bar.update(done, [...running.values()].map(({ line }) => line).join('; '), (done + shares) / left.length)
  }
  const ended = ({ hash }: Job): void => {
    running.delete(hash)
    done++
    show()
  }
  return runJobs(left, runners, {
    signal,
    onProgress: ({ hash, fold, config }, share, where) => {
      running.set(hash, { share, line: `${config.dimension}, fold ${fold}, seed ${config.seed}: ${where}` })
      show()
    },
    onFinished: ended,
    onFailed: (job, reason) => {
      output.note(`job ${job.hash.slice(0, 12)} (${job.config.dimension}, fold ${job.fold}) failed: ${reason}`)
      ended(job)
    },
  }).finally(bar.stop)
}

/** What is left of some jobs and how long it takes; without an estimate where nothing is. */
export async function estimatePlan(
  jobs: readonly Job[],
  studies: readonly Study[],
  out: string,
  { adapter }: OpenOptions,
  signal: AbortSignal,
): Promise<{ left: number; adapter: string; estimate?: Estimate }> {
  return withGpu(adapter === undefined ? {} : { adapter }, async (gpu) => {
    const store = new NodeStore(out)
    const name = adapterName(gpu.info)
    const left = await unfinished(store, jobs, name)
    const first = left.find(({ method }) => method === 'network')
    if (!first) return { left: left.length, adapter: name }
    const known = await paceOf(store, jobs, name)
    const pace = known ?? (await measurePace(gpu, first, studies, signal))
    return {
      left: left.length,
      adapter: name,
      estimate: estimateOf(left, pace, known === undefined ? 'a few steps' : 'finished jobs'),
    }
  })
}
