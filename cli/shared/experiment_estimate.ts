// How long a plan takes: here, by finished jobs or a few steps, and on a GPU, by the floor of a step and how near to it this adapter comes.
import { measureProbes, type Peaks, type Probes } from '../../bench/probes.ts'
import { judged, rate, workOf } from '../../bench/roofline.ts'
import { withStep, type PreparedStep } from '../../bench/step.ts'
import { median, type Spent } from '../../bench/timing.ts'
import { estimateOf, flopsOf, paceOf, type Estimate } from '../../src/experiments/estimate.ts'
import { adapterName, type Job } from '../../src/experiments/job.ts'
import { unfinished } from '../../src/experiments/runner.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import type { OpenOptions } from '../../src/runtime/node.ts'
import { planCost, type DispatchCost } from '../../src/runtime/plan_report.ts'
import { NodeStore } from '../../src/store/node.ts'
import { withGpu } from './context.ts'

/** Steps that are timed, after one that pays for the kernels. */
const STEPS = 3
/** A GPU that many have; nothing was measured on one. */
const A_GPU: Peaks = { fma_peak_gflops: 10_000, copy_gbps: 400 }

/** What the same jobs would take on a GPU that comes as near to the floor of a step as this adapter does. */
export interface GpuEstimate {
  /** 1e12 operations a second. */
  teraflops: number
  /** 1e9 bytes a second. */
  gigabytes: number
  /** Floor of a step over its time, on this adapter. */
  ofFloor: number
  seconds: number
}

export interface PlanEstimate {
  /** Jobs that are not finished. */
  left: number
  adapter: string
  /** Absent where nothing is left to train; `gpu` where this adapter is one. */
  estimate?: Estimate & { gpu?: GpuEstimate }
}

/** What is left of some jobs and how long it takes. */
export async function estimatePlan(
  jobs: readonly Job[],
  out: string,
  { adapter }: OpenOptions,
  signal: AbortSignal,
): Promise<PlanEstimate> {
  return withGpu(adapter === undefined ? {} : { adapter }, async (gpu) => {
    const store = new NodeStore(out)
    const name = adapterName(gpu.info)
    const left = await unfinished(store, jobs, name)
    const [first] = left.filter(({ method }) => method === 'network').sort((a, b) => flopsOf(b) - flopsOf(a))
    if (!first) return { left: left.length, adapter: name }
    const step = await measureStep(gpu, first, signal)
    const known = await paceOf(store, jobs, name)
    const estimate = estimateOf(left, known ?? step.pace, known === undefined ? 'a few steps' : 'finished jobs')
    const gpuEstimate = gpu.info.isFallbackAdapter && { gpu: onGpu(step, estimate.flops) }
    return { left: left.length, adapter: name, estimate: { ...estimate, ...gpuEstimate } }
  })
}

interface MeasuredStep {
  /** Seconds for each operation of training, as jobs count them. */
  pace: number
  /** Operations of the step, as jobs count them. */
  flops: number
  ofFloor: number
  costs: readonly DispatchCost[]
}

/** Times a few steps of the largest job, of which nothing is kept. */
async function measureStep(gpu: Gpu, { config, train, flops }: Job, signal: AbortSignal): Promise<MeasuredStep> {
  const batch = Math.min(config.batch, train)
  return withStep(gpu, { config: config.model, batch }, async (step) => {
    const time = await timeSteps(gpu, step, signal)
    const probes: Probes = await measureProbes(gpu)
    const costs = planCost(step.plan).dispatches
    const { of_roofline: ofFloor } = judged(rate(workOf(costs, probes), time, probes))
    return { pace: time.ms / 1000 / (batch * flops), flops: batch * flops, ofFloor, costs }
  })
}

async function timeSteps(gpu: Gpu, step: PreparedStep, signal: AbortSignal): Promise<Spent> {
  const times: Spent[] = []
  for (let i = 0; i < STEPS; i++) {
    signal.throwIfAborted()
    step.upload()
    await gpu.idle()
    times.push(await step.run())
  }
  signal.throwIfAborted()
  return { ms: median(times.map(({ ms }) => ms)), cpu_ms: median(times.map(({ cpu_ms }) => cpu_ms)) }
}

/** Of so many operations, by the counted work of one step. */
function onGpu({ flops: ofStep, ofFloor, costs }: MeasuredStep, flops: number): GpuEstimate {
  const { floor_ms } = workOf(costs, { ...A_GPU, cpu: null, dispatch_us: 0, submit_us: 0 })
  return {
    ...{ teraflops: A_GPU.fma_peak_gflops / 1000, gigabytes: A_GPU.copy_gbps, ofFloor },
    seconds: ((flops / ofStep) * floor_ms) / 1000 / ofFloor,
  }
}
