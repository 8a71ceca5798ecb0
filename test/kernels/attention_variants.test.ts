// Every variant of attention, forward and backward, against the float64 twin, on memory filled with NaN first.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toChannelsLast } from '../../src/kernels/host_layout.ts'
import { boundsOfLengths } from '../../src/kernels/clip_bounds.ts'
import { attentionVariants, attention, attentionBackward } from '../../src/kernels/attention.ts'
import { ndarray, type NdArray } from '../../src/reference/array.ts'
import { attend, attendBackward } from '../../src/reference/attention.ts'
import { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Plan } from '../../src/runtime/plan.ts'
import { Random } from '../../src/runtime/random.ts'
import type { Tensor } from '../../src/runtime/tensor.ts'
import { randomArray } from '../support/golden_values.ts'
import { kernelChoices } from '../../src/kernels/choices.ts'
import { describePlan } from '../../src/runtime/plan_report.ts'
import { poison } from '../../src/runtime/poison.ts'

let opened: Gpu
beforeAll(async () => {
  opened = await openGpu()
})
afterAll(() => opened.close())

/** The device opened; for kernels of real GPUs, which work on any, the same device under another description. */
function deviceFor(name: string): Gpu {
  const info = { ...opened.info, isFallbackAdapter: false }
  return name.startsWith('tile') ? Gpu.fromDevice(opened.device, { info }) : opened
}

/** The same device, described as a software adapter whose host asked for no features. */
function withoutSubgroups({ device, info }: Gpu): Gpu {
  const bare = new Proxy(device, {
    get(target, name) {
      const value: unknown = name === 'features' ? new Set() : Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return Gpu.fromDevice(bare, { info: { ...info, isFallbackAdapter: true } })
}

interface Case {
  batch: number
  depth: number
  /** Rows of each segment. */
  queries: number[]
  keys: number[]
  /** Later keys are longer, so that scores reach hundreds, and rise many times beyond all before. */
  rising?: boolean
}

/** One row, one key, depths that fill no quad and no subgroup, lengths that fill no tile. */
const cases: Case[] = [
  { batch: 1, depth: 3, queries: [1], keys: [1] },
  { batch: 2, depth: 3, queries: [9, 1, 14], keys: [2, 5, 1] },
  { batch: 3, depth: 4, queries: [1, 17, 6], keys: [3, 1, 9] },
  { batch: 1, depth: 4, queries: [140, 3], keys: [3, 137] },
  { batch: 1, depth: 8, queries: [41, 33], keys: [41, 33] },
  { batch: 2, depth: 8, queries: [30, 21], keys: [61, 40], rising: true },
  { batch: 2, depth: 20, queries: [25], keys: [11] },
  { batch: 2, depth: 32, queries: [30, 1, 31], keys: [30, 1, 31] },
  { batch: 1, depth: 64, queries: [19], keys: [10] },
]

type Named = Record<'y' | 'lse' | 'dq' | 'dk' | 'dv', Float64Array | Float32Array>

const total = (lengths: number[]) => lengths.reduce((sum, n) => sum + n, 0)

/** Rows [from, to) of every channel of x [B, D, L]. */
function slice({ shape: [B = 0, D = 0, L = 0], data }: NdArray, from: number, to: number): NdArray {
  const rows = Array.from({ length: B * D }, (_, r) => [...data.subarray(r * L + from, r * L + to)])
  return ndarray([B, D, to - from], Float64Array.from(rows.flat()))
}

/** The reverse: segments [B, D, n] side by side, channels last. */
function join(parts: NdArray[]): Float32Array {
  const [B = 0, D = 0] = parts[0]!.shape
  const rows = Array.from({ length: B * D }, (_, r) =>
    parts.flatMap(({ shape: [, , n = 0], data }) => [...data.subarray(r * n, (r + 1) * n)]),
  )
  return toChannelsLast(rows.flat(), [B, D, rows[0]!.length])
}

type Inputs = Record<'q' | 'k' | 'v' | 'dy', NdArray>

function makeInputs({ batch, depth, queries, keys, rising }: Case): Inputs {
  const random = new Random(7)
  const [n, m] = [total(queries), total(keys)]
  const k = randomArray(random, batch, depth, m)
  if (rising) k.data.forEach((value, i) => (k.data[i] = Math.fround(value * (1 + (i % m)))))
  return {
    q: randomArray(random, batch, depth, n),
    k,
    v: randomArray(random, batch, depth, m),
    dy: randomArray(random, batch, depth, n),
  }
}

/** lse [B, 1, n] of one segment: the score of the key with the largest weight less the logarithm of that weight. */
function logDenominator(q: NdArray, k: NdArray, attention: NdArray): NdArray {
  const [B = 0, D = 0, n = 0] = q.shape
  const m = k.shape[2]!
  const values = Float64Array.from({ length: B * n }, (_, row) => {
    const [b, i] = [Math.floor(row / n), row % n]
    const weights = [...attention.data.subarray(row * m, (row + 1) * m)]
    const j = weights.indexOf(Math.max(...weights))
    let score = 0
    for (let d = 0; d < D; d++) score += q.data[(b * D + d) * n + i]! * k.data[(b * D + d) * m + j]!
    return score - Math.log(weights[j]!)
  })
  return ndarray([B, 1, n], values)
}

function expected({ queries, keys }: Case, { q, k, v, dy }: Inputs): Named {
  const [queryBounds, keyBounds] = [boundsOfLengths(queries), boundsOfLengths(keys)]
  const parts = queries.map((_, s) => {
    const ofQueries = (x: NdArray) => slice(x, queryBounds[s]!, queryBounds[s + 1]!)
    const ofKeys = (x: NdArray) => slice(x, keyBounds[s]!, keyBounds[s + 1]!)
    const { z, attention } = attend(ofQueries(q), ofKeys(k), ofKeys(v))
    const gradient = attendBackward(ofQueries(dy), ofQueries(q), ofKeys(k), ofKeys(v), attention)
    const lse = logDenominator(ofQueries(q), ofKeys(k), attention)
    return { y: z, lse, dq: gradient.theta, dk: gradient.phi, dv: gradient.g }
  })
  const joined = (name: keyof Named) => join(parts.map((part) => part[name]))
  return { y: joined('y'), lse: joined('lse'), dq: joined('dq'), dk: joined('dk'), dv: joined('dv') }
}

async function compiled(gpu: Gpu, { batch, depth, queries, keys }: Case, inputs: Inputs) {
  const plan = new Plan(gpu)
  const [n, m] = [total(queries), total(keys)]
  const tensors: Partial<Record<keyof Inputs, Tensor>> = {}
  const tensor = (name: keyof Inputs, rows: number): Tensor => (tensors[name] = plan.input(name, [batch, rows, depth]))
  const [q, k, v] = [tensor('q', n), tensor('k', m), tensor('v', m)] as const
  const { y, saved } = attention(plan, q, k, v, boundsOfLengths(queries), boundsOfLengths(keys))
  const outputs = { y, lse: saved.lse, ...attentionBackward(plan, tensor('dy', n), saved) }
  for (const [name, output] of Object.entries(outputs)) plan.output(name, output)
  await plan.compile()
  for (const name of ['q', 'k', 'v', 'dy'] as const) {
    const { data, shape } = inputs[name]
    const [B = 0, D = 0, L = 0] = shape
    gpu.write(tensors[name]!, toChannelsLast(data, [B, D, L])) // of a plan's inputs NaN is refused
  }
  return { plan, outputs }
}

async function run(plan: Plan): Promise<Named> {
  poison(plan)
  plan.run()
  const [y, lse] = [await plan.readFloat('y'), await plan.readFloat('lse')]
  return { y, lse, dq: await plan.readFloat('dq'), dk: await plan.readFloat('dk'), dv: await plan.readFloat('dv') }
}

/** Largest difference, in units of the largest value. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [worst, largest] = [0, 0]
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!)
    if (!(difference <= worst)) worst = difference
    largest = Math.max(largest, Math.abs(b[i]!))
  }
  return worst / Math.max(largest, 1)
}

/** Rows in memory are whole quads; what pads them must be zero. */
async function padding(gpu: Gpu, tensor: Tensor): Promise<number[]> {
  const depth = tensor.shape.at(-1)!
  const wide = gpu.wrap(tensor.buffer, [...tensor.shape.slice(0, -1), tensor.rowStride])
  return [...(await gpu.readFloat(wide))].filter((_, i) => i % tensor.rowStride >= depth)
}

const title = ({ batch, depth, queries, keys, rising }: Case) =>
  `${batch} x [${queries.join(' ')}] x ${depth}, keys [${keys.join(' ')}]${rising ? ', rising' : ''}`

/** All that a variant asks of its arguments to say whether it fits. */
interface Choice {
  name: string
  fits(gpu: Gpu, args: { d4: number }): boolean
}

const lists: Record<string, readonly Choice[]> = attentionVariants
const names = [...new Set(Object.values(lists).flatMap((list) => list.map(({ name }) => name)))]

/** Larger depths are no other case for these families, and take a software adapter half a minute to compile. */
const deepest = (name: string) => (name.startsWith('lane') ? 64 : name.startsWith('tile') ? 8 : 20)

describe.each(names)('%s', (name) => {
  it.for(cases.map((one) => [title(one), one] as const))('%s', async ([, one], { skip }) => {
    const gpu = deviceFor(name)
    kernelChoices(gpu).named.clear()
    for (const [op, list] of Object.entries(lists)) {
      const variant = list.find((other) => other.name === name)
      if (variant?.fits(gpu, { d4: Math.ceil(one.depth / 4) })) kernelChoices(gpu).named.set(op, name)
    }
    if (kernelChoices(gpu).named.size === 0) skip('the adapter does not run this variant')
    if (opened.info.isFallbackAdapter && one.depth > deepest(name))
      skip('no other case for these kernels, and slow to compile on a software adapter')
    const inputs = makeInputs(one)
    const { plan, outputs } = await compiled(gpu, one, inputs)
    const reference = expected(one, inputs)
    const first = await run(plan)
    for (const output of Object.keys(reference) as (keyof Named)[]) {
      expect(distance(first[output], reference[output]), output).toBeLessThan(one.rising ? 1e-4 : 1e-5)
    }
    for (const output of [outputs.y, outputs.dq, outputs.dk, outputs.dv]) {
      expect((await padding(gpu, output)).every((value) => value === 0)).toBe(true)
    }
    expect(await run(plan)).toEqual(first)
    plan.destroy()
  })
})

describe('without a word from the caller', () => {
  it('software adapters with subgroups broadcast', async () => {
    kernelChoices(opened).named.clear()
    const { plan } = await compiled(opened, cases[0]!, makeInputs(cases[0]!))
    const broadcasts = opened.info.isFallbackAdapter && opened.subgroupSize !== null
    expect(describePlan(plan).match(/attention\/\w*lane/g)?.length ?? 0).toBe(broadcasts ? 3 : 0)
    plan.destroy()
  })
})

describe('by itself', () => {
  it.for([
    [8, 1],
    [16, 2],
    [72, 5],
    [417, 6],
  ] as const)('a software adapter cuts %i rows so that little is wasted', ([rows, T], { skip }) => {
    if (!opened.info.isFallbackAdapter || opened.subgroupSize !== 8)
      return skip('measured where a subgroup has eight lanes')
    kernelChoices(opened).named.clear()
    const plan = new Plan(opened)
    const x = plan.input('x', [1, rows, 32])
    attention(plan, x, x, x, boundsOfLengths([rows]), boundsOfLengths([rows]))
    expect(describePlan(plan)).toContain(`,T=${T},`)
    plan.destroy()
  })

  it.for([
    [3, 'T=4', 'T=4', 'T=3'],
    [4, 'T=4', 'T=4', 'T=4'],
    [417, 'T=8', 'T=4', 'T=4'],
  ] as const)(
    'without subgroups it cuts %i rows into tiles as large as an invocation holds, to the same bits as by `reg`',
    async ([rows, ...tiles]) => {
      const gpu = withoutSubgroups(opened)
      const one: Case = { batch: 1, depth: 8, queries: [rows], keys: [rows] }
      const inputs = makeInputs(one)
      const results: Named[] = []
      for (const name of [null, 'reg']) {
        for (const op of Object.keys(lists)) {
          if (name) kernelChoices(gpu).named.set(op, name)
        }
        const { plan } = await compiled(gpu, one, inputs)
        const kernels = [...describePlan(plan).matchAll(/attention\/\w*reg\.(?:forward|query|key)<[^>]*(T=\d)/g)]
        if (!name) expect(kernels.map(([, tile]) => tile)).toEqual(tiles)
        results.push(await run(plan))
        plan.destroy()
      }
      expect(results[0]).toEqual(results[1])
    },
  )

  it('a query that is not a number spoils its own row only', async () => {
    kernelChoices(opened).named.clear()
    const one: Case = { batch: 1, depth: 32, queries: [40], keys: [40] }
    const inputs = makeInputs(one)
    for (let d = 0; d < 32; d++) inputs.q.data[d * 40 + 3] = Number.NaN
    const { plan } = await compiled(opened, one, inputs)
    plan.run()
    const y = await plan.readFloat('y')
    const spoiled = Array.from({ length: 40 }, (_, i) => [...y.subarray(32 * i, 32 * i + 32)].some(Number.isNaN))
    expect(spoiled.flatMap((is, i) => (is ? [i] : []))).toEqual([3])
    plan.destroy()
  })
})
