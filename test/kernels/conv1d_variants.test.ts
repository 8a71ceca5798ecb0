// Every variant of convolution and linear layers against the float64 twin, on shapes that fill no tile.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  conv1d,
  conv1dBackwardInput,
  conv1dBackwardWeight,
  conv1dVariants,
  convWeightShape,
  windowCount,
} from '../../src/kernels/conv1d/conv1d.ts'
import { bestForRows, bestForWeight } from '../../src/kernels/conv1d/families.ts'
import { packWeight, toChannelsLast } from '../../src/kernels/host_layout.ts'
import { linear, linearBackward } from '../../src/kernels/linear.ts'
import type { Variant } from '../../src/kernels/variants.ts'
import type { NdArray } from '../../src/reference/array.ts'
import * as twinConv from '../../src/reference/conv1d.ts'
import * as twinLinear from '../../src/reference/linear.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Plan } from '../../src/runtime/plan.ts'
import { Random } from '../../src/runtime/random.ts'
import { innerOf, padTo4, type Shape } from '../../src/runtime/shape.ts'
import { Tensor } from '../../src/runtime/tensor.ts'
import { randomArray } from '../support/golden_values.ts'
import { kernelChoices } from '../../src/kernels/choices.ts'
import { describePlan } from '../../src/runtime/plan_report.ts'
import { poison } from '../../src/runtime/poison.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterEach(() => kernelChoices(gpu).named.clear())
afterAll(() => gpu.close())

const ops = ['conv1d', 'conv1d backward input', 'conv1d backward weight'] as const
type Choice = Readonly<Record<(typeof ops)[number], string>>

const named = (...names: string[]): Choice =>
  Object.fromEntries(ops.map((op, i) => [op, names[i] ?? names[0]])) as Choice
const choices: Readonly<Record<string, Choice>> = {
  ...Object.fromEntries(
    ['TM=1', 'TM=2', 'TM=4', 'TM=6', 'TM=2 TN=2', 'TM=3 TN=2'].map((size, i) => {
      const lane = `lane ${size}`
      return [lane, named(lane, lane, `lane TM=${1 + (i % 2)}`)]
    }),
  ),
  'tile 128x64': named('tile 128x64'),
  'tile 64x64': named('tile 64x64'),
  'tile 64x32': named('tile 64x32'),
  'tile 32x32': named('tile 32x32'),
  reg: named('reg'),
  'reg 8x4': named('reg 8x4', 'reg 8x4', 'reg'),
  'wide 8x8': named('wide 8x8'),
}

/** None of the variants asks for more than the adapter. */
const lists: Readonly<Record<string, readonly Variant<never>[]>> = conv1dVariants

/** Asks for the variants by name; false where this adapter does not run them. */
function choose(choice: Choice): boolean {
  for (const op of ops) kernelChoices(gpu).named.set(op, choice[op])
  return ops.every((op) => lists[op]!.find(({ name }) => name === choice[op])!.fits(gpu, undefined as never))
}

/** Dense rows padded to quads with zeros: what a tensor's memory should hold. */
function padded(data: ArrayLike<number>, shape: Shape): Float64Array {
  const [inner, stride] = [innerOf(shape), padTo4(innerOf(shape))]
  const out = new Float64Array((data.length / inner) * stride)
  for (let i = 0; i < data.length; i++) out[Math.floor(i / inner) * stride + (i % inner)] = data[i]!
  return out
}

const signal = ({ data, shape }: NdArray): Float32Array => toChannelsLast(data, shape as [number, number, number])

/** What a plan computes: two runs on memory filled with NaN, which have to agree in every bit; with the padding of rows. */
async function compute(
  plan: Plan,
  inputs: Readonly<Record<string, Float32Array>>,
  results: Readonly<Record<string, Tensor>>,
) {
  await plan.compile({ keepAll: true })
  const runs = []
  for (let run = 0; run < 2; run++) {
    poison(plan)
    for (const [name, data] of Object.entries(inputs)) plan.write(name, data)
    plan.run()
    const read: Record<string, Float32Array> = {}
    for (const [name, { storage, rows, rowStride, byteOffset }] of Object.entries(results)) {
      read[name] = await gpu.readFloat(new Tensor(storage, [rows, rowStride], 'f32', name, byteOffset))
    }
    runs.push(read)
  }
  plan.destroy()
  const [first, second] = runs as [Record<string, Float32Array>, Record<string, Float32Array>]
  for (const [name, data] of Object.entries(first)) {
    expect(
      data.findIndex((value, i) => !Object.is(value, second[name]![i])),
      `${name}: index where two runs differ`,
    ).toBe(-1)
  }
  return first
}

/** f32 sums of up to 7,000 terms against the largest number of the tensor. */
function expectClose(name: string, actual: Float32Array, wanted: Float64Array): void {
  expect(actual.length, name).toBe(wanted.length)
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const error = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0)
  const nan = actual.findIndex(Number.isNaN)
  expect(nan, `${name}: index of a NaN`).toBe(-1)
  expect(error, name).toBeLessThanOrEqual(1e-5 * largest)
}

// batch, Ci, Co, L, K, stride, padding
const convolutions = [
  [1, 1, 1, 1, 1, 1, 0],
  [3, 5, 7, 1, 3, 1, 1],
  [1, 3, 64, 61, 7, 2, 3],
  [2, 66, 33, 5, 3, 1, 1],
  [3, 33, 66, 40, 3, 2, 1],
  [2, 64, 32, 37, 1, 1, 0],
  [3, 7, 12, 29, 1, 3, 0],
  [1, 12, 5, 50, 7, 3, 3],
  [2, 5, 9, 23, 7, 2, 0],
  [30, 9, 10, 20, 3, 1, 1],
  [2, 4, 36, 700, 3, 1, 1],
  [2, 130, 36, 9, 7, 2, 3],
] as const

const linears = [
  [1, 5, 3],
  [1, 6821, 7],
  [3, 6821, 34],
  [9, 66, 64],
  [33, 128, 2],
  [300, 8, 13],
] as const

describe.each(Object.entries(choices))('%s', (_, choice) => {
  it.for(convolutions)(
    'convolves [%i,%i] to %i channels, length %i, kernel %i, stride %i, padding %i',
    async (sizes, { skip }) => {
      if (!choose(choice)) skip('the adapter does not run this variant')
      const [batch, inChannels, outChannels, length, kernel, stride, padding] = sizes
      const [g, random] = [{ stride, padding }, new Random(7)]
      const rows = windowCount(length, kernel, g)
      const x = randomArray(random, batch, inChannels, length)
      const weight = randomArray(random, outChannels, inChannels, kernel)
      const bias = randomArray(random, outChannels)
      const dy = randomArray(random, batch, outChannels, rows)

      const plan = new Plan(gpu)
      const xs = plan.input('x', [batch, length, inChannels])
      const ws = plan.input('w', convWeightShape(kernel, inChannels, outChannels))
      const dys = plan.input('dy', [batch, rows, outChannels])
      const y = conv1d(plan, xs, ws, plan.input('bias', [outChannels]), g)
      const unbiased = conv1d(plan, xs, ws, null, g)
      const dx = conv1dBackwardInput(plan, dys, ws, xs.shape, g)
      const added = conv1dBackwardInput(plan, dys, ws, xs.shape, g, 'added', xs)
      const [dw, dbias] = [plan.tensor(ws.shape), plan.tensor([outChannels])]
      conv1dBackwardWeight(plan, dys, xs, dw, dbias, g)
      const inputs = {
        x: signal(x),
        w: packWeight(weight.data, weight.shape),
        bias: Float32Array.from(bias.data),
        dy: signal(dy),
      }
      const results = await compute(plan, inputs, { y, unbiased, dx, added, dw, dbias })

      const gradient = twinConv.conv1dBackward(dy, x, weight, g)
      expectClose('y', results.y!, padded(signal(twinConv.conv1d(x, weight, bias, g)), [outChannels]))
      expectClose(
        'y without bias',
        results.unbiased!,
        padded(signal(twinConv.conv1d(x, weight, null, g)), [outChannels]),
      )
      expectClose('dx', results.dx!, padded(signal(gradient.x), [inChannels]))
      const sum = { ...x, data: x.data.map((value, i) => value + gradient.x.data[i]!) }
      expectClose('dx added to x', results.added!, padded(signal(sum), [inChannels]))
      expectClose('dw', results.dw!, padded(packWeight(gradient.weight.data, weight.shape), [outChannels]))
      expectClose('dbias', results.dbias!, padded(gradient.bias.data, [outChannels]))
    },
  )

  it.for(linears)(
    'multiplies %i rows of %i by a matrix with %i columns',
    async ([batch, inFeatures, outFeatures], { skip }) => {
      if (!choose(choice)) skip('the adapter does not run this variant')
      const random = new Random(8)
      const [x, dy] = [randomArray(random, batch, inFeatures), randomArray(random, batch, outFeatures)]
      const parameters = {
        weight: randomArray(random, outFeatures, inFeatures),
        bias: randomArray(random, outFeatures),
      }

      const plan = new Plan(gpu)
      const [xs, dys] = [plan.input('x', x.shape), plan.input('dy', dy.shape)]
      const ws = plan.input('w', convWeightShape(1, inFeatures, outFeatures))
      const y = linear(plan, xs, ws, plan.input('bias', [outFeatures]))
      const [dw, dbias] = [plan.tensor(ws.shape), plan.tensor([outFeatures])]
      const dx = linearBackward(plan, dys, xs, ws, dw, dbias)
      const { weight, bias } = parameters
      const inputs = { x: x.data, w: packWeight(weight.data, weight.shape), bias: bias.data, dy: dy.data }
      const floats = Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, Float32Array.from(data)]))
      const results = await compute(plan, floats, { y, dx, dw, dbias })

      const gradient = twinLinear.linearBackward(dy, x, weight)
      expectClose('y', results.y!, padded(twinLinear.linear(x, parameters).data, [outFeatures]))
      expectClose('dx', results.dx!, padded(gradient.x.data, [inFeatures]))
      expectClose('dw', results.dw!, padded(packWeight(gradient.parameters.weight.data, weight.shape), [outFeatures]))
      expectClose('dbias', results.dbias!, padded(gradient.parameters.bias.data, [outFeatures]))
    },
  )
})

describe('by itself', () => {
  const kernelsOf = (length: number, channels: number): string => {
    const plan = new Plan(gpu)
    const [x, w] = [plan.input('x', [1, length, 3]), plan.input('w', convWeightShape(1, 3, channels))]
    const y = conv1d(plan, x, w, null, { stride: 1, padding: 0 })
    conv1dBackwardWeight(plan, y, x, plan.tensor(w.shape), null, { stride: 1, padding: 0 })
    const kernels = describePlan(plan)
    plan.destroy()
    return kernels
  }

  it('a software adapter with subgroups takes the tile that wastes least', ({ skip }) => {
    const lanes = gpu.info.isFallbackAdapter ? gpu.subgroupSize : null
    if (lanes === null) return skip('the adapter is no software adapter with subgroups')
    const wide = 8 * lanes // channels: two quads a lane
    for (const [rows, channels, tile] of [
      [1, wide, 'TM=1,TN=1'],
      [lanes, wide, 'TM=1,TN=1'],
      [lanes + 1, wide, 'TM=2,TN=2'],
      [999, wide, 'TM=3,TN=2'],
      [lanes, wide / 2, 'TM=1,TN=1'],
      [2 * lanes, wide / 2, 'TM=2,TN=1'],
      [4 * lanes, wide / 2, 'TM=4,TN=1'],
      [999, wide / 2, 'TM=6,TN=1'],
    ] as const) {
      expect(kernelsOf(rows, channels), `${rows}x${channels}`).toContain(`conv1d/lane.forward<SG=${lanes},${tile}>`)
    }
    expect(kernelsOf(99, 64)).toContain(`conv1d/backward_lane.weight<SG=${lanes},TM=1>`)
    expect(bestForWeight(gpu, 1, 4 * lanes, 64)).toBe('lane TM=1')
    expect(bestForWeight(gpu, 1, 4 * lanes + 4, 64)).toBe('lane TM=2')
    expect(kernelsOf(99, 8)).toContain('conv1d/reg.forward<')
  })

  it('a real GPU takes the largest tile that gives enough of it something to do', () => {
    const other = { info: { isFallbackAdapter: false }, subgroupSize: 32 } as unknown as Gpu
    expect(bestForRows(other, 320_000, 64)).toBe('tile 128x64')
    expect(bestForRows(other, 320_000, 32)).toBe('tile 64x32')
    expect(bestForRows(other, 20_096, 64)).toBe('tile 64x64')
    expect(bestForRows(other, 640, 64)).toBe('tile 32x32')
    expect(bestForRows(other, 640, 8)).toBe('reg')
    expect(bestForWeight(other, 7, 64, 64)).toBe('tile 128x64')
    expect(bestForWeight(other, 1, 64, 32)).toBe('tile 64x32')
    expect(bestForWeight(other, 7, 4, 64)).toBe('tile 32x32')
  })

  it('a software adapter without subgroups takes tiles as large as an invocation holds, where there is enough for one', () => {
    const other = { info: { isFallbackAdapter: true }, subgroupSize: null } as unknown as Gpu
    for (const pass of ['forward', 'input', 'input onto'] as const) {
      expect(bestForRows(other, 5, 5, pass)).toBe('wide 8x8')
      expect(bestForRows(other, 4, 64, pass)).toBe('reg')
      expect(bestForRows(other, 999, 4, pass)).toBe('reg')
    }
    expect(bestForWeight(other, 1, 8, 2)).toBe('wide 8x8')
    expect(bestForWeight(other, 7, 4, 64)).toBe('reg')
  })

  it('an adapter without subgroups, or a real GPU, runs no kernel of the family for software', () => {
    for (const [isFallbackAdapter, subgroupSize] of [
      [false, 32],
      [true, null],
    ]) {
      const other = { info: { isFallbackAdapter }, subgroupSize } as unknown as Gpu
      for (const list of Object.values(lists)) {
        const names = list.filter((variant) => variant.fits(other, undefined as never)).map(({ name }) => name)
        expect(names).toContain('reg')
        expect(names.join()).not.toContain('lane')
      }
    }
  })
})
