// Times of repeated work: the median says what to expect, the least what the machine can do.
import type { Gpu } from '../src/runtime/gpu.ts'
import type { Clock, PassTimer } from '../src/tune/timer.ts'

/** Several times in three numbers: median, least, and (largest - least) / median. */
export interface Timing {
  median: number
  min: number
  spread: number
}

export function timingOf(times: readonly number[]): Timing {
  const sorted = [...times].sort((a, b) => a - b)
  const middle = median(sorted)
  // Time stamps of an adapter may be too coarse for a small kernel.
  const spread = middle > 0 ? (sorted.at(-1)! - sorted[0]!) / middle : 0
  return { median: middle, min: sorted[0]!, spread }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** Milliseconds that `work` took. */
export async function elapsed(work: () => Promise<unknown>): Promise<number> {
  return (await spent(work)).ms
}

/** What work took, in milliseconds. */
export interface Spent {
  /** By the clock. */
  ms: number
  /** CPU time of all threads of this process: what a software adapter computed, whoever else used its cores. */
  cpu_ms: number
}

export async function spent(work: () => Promise<unknown>): Promise<Spent> {
  const [cpu, start] = [cpuTime(), performance.now()]
  await work()
  return { ms: performance.now() - start, cpu_ms: cpuTime() - cpu }
}

/** What work takes from the call that submits it until the device has done it. */
export const untilIdle = (gpu: Gpu, submit: () => void): Promise<Spent> =>
  spent(async () => {
    submit()
    await gpu.idle()
  })

export const wallClock: Clock = () => performance.now()

/** CPU time of all threads of the process, ms. */
export const cpuTime: Clock = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** For kernels where the device has no timestamps: a software adapter computes in this process, a GPU elsewhere. */
export const kernelClock = ({ info }: Gpu): Clock => (info.isFallbackAdapter ? cpuTime : wallClock)

/** One pass: by the device's own clock where the timer uses that, and the CPU time that it took. */
export async function timePass(timer: PassTimer, encode: (pass: GPUComputePassEncoder) => void): Promise<Spent> {
  let ms = 0
  const { cpu_ms } = await spent(async () => {
    ms = await timer.time(encode)
  })
  return { ms, cpu_ms }
}
