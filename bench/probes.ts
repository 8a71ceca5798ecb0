// What this adapter can do at most, measured in the process that measures the kernels: every floor is computed from it.
import copyShader from '../shaders/probe_copy.wgsl'
import fmaShader from '../shaders/probe_fma.wgsl'
import type { Gpu } from '../src/runtime/gpu.ts'
import { Plan } from '../src/runtime/plan.ts'
import { ceilDiv } from '../src/runtime/shape.ts'
import type { Tensor } from '../src/runtime/tensor.ts'
import { untilIdle } from './timing.ts'

export interface Probes {
  /** Multiply-adds in independent chains, two flops each, 1e9 a second. */
  fma_peak_gflops: number
  /** Storage buffer to storage buffer, bytes read and bytes written, 1e9 a second. */
  copy_gbps: number
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

export type Chains = 8 | 24

/** `rounds` times UNROLL multiply-adds on each of the chains of each invocation. `sums` [invocations] */
export function recordFma(plan: Plan, sums: Tensor, chains: Chains, rounds: number): void {
  const params = { rounds, factor: 0.999, term: 0.001 } // every chain tends to 1
  const groups = sums.shape[0]! / Number.parseInt(fmaShader.constants['WORKGROUP']!.value)
  plan.dispatch(fmaShader, `chains_${chains}`, { sums, params }, { groups })
}

/** `count` copies of the first `quads` vec4s, to and fro, each after the one before. */
export function recordCopies(plan: Plan, pair: readonly [Tensor, Tensor], quads: number, count: number): void {
  const groups = ceilDiv(quads, Number.parseInt(copyShader.constants['WORKGROUP']!.value))
  for (let i = 0; i < count; i++) {
    const [x, y] = i % 2 ? [pair[1], pair[0]] : pair
    plan.dispatch(copyShader, 'copy', { x, y, params: { quads } }, { groups })
  }
}

interface Work {
  submit: () => void
  release: () => void
}

/** Milliseconds of one repeat, the best of several runs, each with as many repeats as make it long enough. */
async function fastest(gpu: Gpu, prepare: (repeats: number) => Promise<Work>, enough = LONG_ENOUGH): Promise<number> {
  for (let repeats = 1; ;) {
    const { submit, release } = await prepare(repeats)
    try {
      await untilIdle(gpu, submit) // the first dispatch compiles on some drivers
      let best = await untilIdle(gpu, submit)
      if (best >= enough) {
        for (let round = 1; round < ROUNDS; round++) best = Math.min(best, await untilIdle(gpu, submit))
        return best / repeats
      }
      repeats = Math.ceil(repeats * Math.min(GROWTH, Math.max(2, (1.5 * enough) / best)))
    } finally {
      release()
    }
  }
}

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

async function fmaPeak(gpu: Gpu): Promise<number> {
  const sums = gpu.tensor([INVOCATIONS], 'f32', 'probe sums')
  const unroll = Number.parseInt(fmaShader.constants['UNROLL']!.value)
  let peak = 0
  try {
    for (const chains of [8, 24] as const) {
      const ms = await fastest(gpu, (rounds) => planned(gpu, (plan) => recordFma(plan, sums, chains, rounds)))
      peak = Math.max(peak, (2 * chains * unroll * INVOCATIONS) / (1e6 * ms))
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

async function copyBandwidth(gpu: Gpu): Promise<number> {
  const wanted = gpu.info.isFallbackAdapter ? COPY_BYTES_SOFTWARE : COPY_BYTES
  const quads = Math.floor(Math.min(wanted, gpu.bindingLimit) / 16)
  return withPair(gpu, 16 * quads, async (pair) => {
    const ms = await fastest(gpu, (count) => planned(gpu, (plan) => recordCopies(plan, pair, quads, count)))
    return (2 * 16 * quads) / (1e6 * ms)
  })
}

async function launchCosts(gpu: Gpu): Promise<Pick<Probes, 'dispatch_us' | 'submit_us'>> {
  return withPair(gpu, 16 * FEW, async (pair) => {
    const small = (count: number) => (plan: Plan) => recordCopies(plan, pair, FEW, count)
    const dispatch = await fastest(gpu, (count) => planned(gpu, small(count)), LONG_ENOUGH_FOR_LAUNCHES)
    const submit = await fastest(gpu, (count) => planned(gpu, small(1), count), LONG_ENOUGH_FOR_LAUNCHES)
    return { dispatch_us: 1000 * dispatch, submit_us: 1000 * submit }
  })
}

/** Takes a few seconds and, while it lasts, up to 512 MiB of the device. */
export async function measureProbes(gpu: Gpu): Promise<Probes> {
  const fma_peak_gflops = await fmaPeak(gpu)
  const copy_gbps = await copyBandwidth(gpu)
  return { fma_peak_gflops, copy_gbps, ...(await launchCosts(gpu)) }
}

/** Milliseconds below which no program on this adapter does `flops` and moves `bytes`. */
export const floorMilliseconds = ({ fma_peak_gflops, copy_gbps }: Probes, flops: number, bytes: number): number =>
  Math.max(flops / (1e6 * fma_peak_gflops), bytes / (1e6 * copy_gbps))
