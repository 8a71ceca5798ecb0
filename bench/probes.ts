// What this adapter can do at most, measured in the process that measures the kernels: every floor is computed from it.
import { availableParallelism } from 'node:os'
import copyShader from '../shaders/probes/copy.wgsl'
import fmaShader from '../shaders/probes/fma.wgsl'
import type { Gpu } from '../src/runtime/gpu.ts'
import { Plan } from '../src/runtime/plan.ts'
import { shaderValues } from '../src/runtime/shader_values.ts'
import { ceilDiv } from '../src/runtime/shape.ts'
import type { Tensor } from '../src/runtime/tensor.ts'
import { untilIdle, type Spent } from './timing.ts'

export interface Peaks {
  /** Multiply-adds in independent chains, two flops each, 1e9 a second. */
  fma_peak_gflops: number
  /** Storage buffer to storage buffer, bytes read and bytes written, 1e9 a second. */
  copy_gbps: number
}

export interface Probes extends Peaks {
  /**
   * The same for a second in which the process has all cores of a software adapter to itself: work / CPU time x cores. What
   * else runs on the machine changes the rates above, but these hardly. Null on a GPU.
   */
  cpu: (Peaks & { cores: number }) | null
  /** Microseconds of one small dispatch that waits for the one before, in one pass. */
  dispatch_us: number
  /** Microseconds of a submit with one such dispatch in it. */
  submit_us: number
}

const ROUNDS = 5
/** Milliseconds that a run should take, so that neither waiting nor launching shows; far below any watchdog. */
const LONG_ENOUGH = 50
/** The same for work that is nothing but launching. */
const LONG_ENOUGH_FOR_LAUNCHES = 10
/** Largest growth of the work from one trial run to the next. */
const GROWTH = 16

/** Fills any GPU; 0.1 GFLOP a round. */
const INVOCATIONS = 1 << 18
/** Bytes of each of the two buffers: more than the caches hold. */
const COPY_BYTES = 1 << 28
const COPY_BYTES_SOFTWARE = 1 << 26
/** vec4s of a dispatch that costs nothing but itself. */
const FEW = 64

const CHAINS = [8, 24] as const
export type Chains = (typeof CHAINS)[number]

/** `rounds` times UNROLL multiply-adds on each of the chains of each invocation. `sums` [invocations] */
export function recordFma(plan: Plan, sums: Tensor, chains: Chains, rounds: number): void {
  const params = { rounds, factor: 0.999, term: 0.001 } // every chain tends to 1
  const groups = sums.shape[0]! / shaderValues(fmaShader).WORKGROUP
  plan.dispatch(fmaShader, `chains_${chains}`, { sums, params }, { groups })
}

/** `count` copies of the first `quads` vec4s, to and fro, each after the one before. */
export function recordCopies(plan: Plan, pair: readonly [Tensor, Tensor], quads: number, count: number): void {
  const groups = ceilDiv(quads, shaderValues(copyShader).WORKGROUP)
  for (let i = 0; i < count; i++) {
    const [x, y] = i % 2 ? [pair[1], pair[0]] : pair
    plan.dispatch(copyShader, 'copy', { x, y, params: { quads } }, { groups })
  }
}

interface Work {
  submit: () => void
  release: () => void
}

/** What one repeat takes, the best of several runs, each with as many repeats as make it long enough. */
async function fastest(gpu: Gpu, prepare: (repeats: number) => Promise<Work>, enough = LONG_ENOUGH): Promise<Spent> {
  for (let repeats = 1; ;) {
    const { submit, release } = await prepare(repeats)
    try {
      await untilIdle(gpu, submit) // the first dispatch compiles on some drivers
      let best = await untilIdle(gpu, submit)
      if (best.ms >= enough) {
        for (let round = 1; round < ROUNDS; round++) best = least(best, await untilIdle(gpu, submit))
        return { ms: best.ms / repeats, cpu_ms: best.cpu_ms / repeats }
      }
      repeats = Math.ceil(repeats * Math.min(GROWTH, Math.max(2, (1.5 * enough) / best.ms)))
    } finally {
      release()
    }
  }
}

const least = (a: Spent, b: Spent): Spent => ({ ms: Math.min(a.ms, b.ms), cpu_ms: Math.min(a.cpu_ms, b.cpu_ms) })

/** One plan as work: recorded, compiled, submitted `submits` times in a row. */
async function planned(gpu: Gpu, record: (plan: Plan) => void, submits = 1): Promise<Work> {
  const plan = new Plan(gpu)
  record(plan)
  await plan.compile()
  const submit = (): void => {
    for (let i = 0; i < submits; i++) plan.run()
  }
  return { submit, release: () => plan.destroy() }
}

/** 1e9 units a second: by the clock, and by the CPU time of so many cores. */
interface Rate {
  wall: number
  cpu: number
}

const rateOf = (units: number, { ms, cpu_ms }: Spent, cores: number): Rate => ({
  wall: units / (1e6 * ms),
  cpu: (units * cores) / (1e6 * cpu_ms),
})

async function fmaPeak(gpu: Gpu, cores: number): Promise<Rate> {
  const sums = gpu.tensor([INVOCATIONS], 'f32', 'probe sums')
  const unroll = shaderValues(fmaShader).UNROLL
  let peak: Rate = { wall: 0, cpu: 0 }
  try {
    for (const chains of CHAINS) {
      const time = await fastest(gpu, (rounds) => planned(gpu, (plan) => recordFma(plan, sums, chains, rounds)))
      const rate = rateOf(2 * chains * unroll * INVOCATIONS, time, cores)
      peak = { wall: Math.max(peak.wall, rate.wall), cpu: Math.max(peak.cpu, rate.cpu) }
    }
    return peak
  } finally {
    gpu.free(sums)
  }
}

/** Two buffers for the time of `work`. */
async function withPair<T>(gpu: Gpu, bytes: number, work: (pair: [Tensor, Tensor]) => Promise<T>): Promise<T> {
  const pair: Tensor[] = []
  try {
    for (const label of ['probe x', 'probe y']) pair.push(gpu.tensor([bytes / 4], 'f32', label))
    return await work(pair as [Tensor, Tensor])
  } finally {
    pair.forEach((tensor) => gpu.free(tensor))
  }
}

async function copyBandwidth(gpu: Gpu, cores: number): Promise<Rate> {
  const wanted = gpu.info.isFallbackAdapter ? COPY_BYTES_SOFTWARE : COPY_BYTES
  const quads = Math.floor(Math.min(wanted, gpu.bindingLimit) / 16)
  return withPair(gpu, 16 * quads, async (pair) => {
    const time = await fastest(gpu, (count) => planned(gpu, (plan) => recordCopies(plan, pair, quads, count)))
    return rateOf(2 * 16 * quads, time, cores)
  })
}

async function launchCosts(gpu: Gpu): Promise<Pick<Probes, 'dispatch_us' | 'submit_us'>> {
  return withPair(gpu, 16 * FEW, async (pair) => {
    const small = (count: number) => (plan: Plan) => recordCopies(plan, pair, FEW, count)
    const dispatch = await fastest(gpu, (count) => planned(gpu, small(count)), LONG_ENOUGH_FOR_LAUNCHES)
    const submit = await fastest(gpu, (count) => planned(gpu, small(1), count), LONG_ENOUGH_FOR_LAUNCHES)
    return { dispatch_us: 1000 * dispatch.ms, submit_us: 1000 * submit.ms }
  })
}

/** Takes a few seconds and, while it lasts, up to 512 MiB of the device. */
export async function measureProbes(gpu: Gpu): Promise<Probes> {
  const cores = availableParallelism()
  const flops = await fmaPeak(gpu, cores)
  const bytes = await copyBandwidth(gpu, cores)
  const cpu = gpu.info.isFallbackAdapter ? { cores, fma_peak_gflops: flops.cpu, copy_gbps: bytes.cpu } : null
  return { fma_peak_gflops: flops.wall, copy_gbps: bytes.wall, cpu, ...(await launchCosts(gpu)) }
}

/** Milliseconds below which no program on this adapter does `flops` and moves `bytes`. */
export const floorMilliseconds = ({ fma_peak_gflops, copy_gbps }: Peaks, flops: number, bytes: number): number =>
  Math.max(flops / (1e6 * fma_peak_gflops), bytes / (1e6 * copy_gbps))
