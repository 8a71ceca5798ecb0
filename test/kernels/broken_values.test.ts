// NaN and infinity: a number that is broken once stays visible in all that is computed from it, whichever kernel computes it.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { batchNormVariants } from '../../src/kernels/batchnorm.ts'
import { conv1dVariants } from '../../src/kernels/conv1d/conv1d.ts'
import { ndarray, sizeOf, type NamedArrays } from '../../src/reference/array.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Random } from '../../src/runtime/random.ts'
import { opCases, referenceOp, runOp, type ListedCase } from '../../src/verify/op_list.ts'
import { kernelChoices } from '../../src/kernels/choices.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterEach(() => kernelChoices(gpu).named.clear())
afterAll(() => gpu.close())

/** Random inputs, with `value` at the beginning and in the middle of one of them. */
function broken({ inputs }: ListedCase, name: string, value: number): NamedArrays {
  const random = new Random(3)
  const arrays: NamedArrays = new Map(
    Object.entries(inputs).map(([tensor, shape]) => {
      const draw = (): number => (tensor.endsWith('running_var') ? 0.5 + random.uniform() : random.normal())
      return [tensor, ndarray(shape, Float32Array.from({ length: sizeOf(shape) }, draw))]
    }),
  )
  const { data } = arrays.get(name)!
  data[0] = data[data.length >> 1] = value
  return arrays
}

/** Places of the result that must not be numbers, by the plain loops, and those that the kernel left as numbers all the same. */
async function hidden(kernelCase: ListedCase, name: string, value: number) {
  const { op, attrs } = kernelCase
  const arrays = broken(kernelCase, name, value)
  const expected = referenceOp(op, attrs, arrays)['y']!.data
  const found = (await runOp(gpu, op, attrs, arrays)).get('y')!
  const isBroken = Number.isNaN(value) ? Number.isNaN : (v: number) => !Number.isFinite(v)
  const places = [...expected.keys()].filter((i) => isBroken(expected[i]!))
  return { places: places.length, hidden: places.filter((i) => !isBroken(found[i]!)), found, expected }
}

/** Kernels of an op, by the operators that are made of it; null: the one that this adapter chooses. */
const kernels = {
  batchnorm: [null, ...batchNormVariants.batchnorm.map(({ name }) => name)],
  conv1d: [null, ...conv1dVariants.conv1d.map(({ name }) => name)],
  none: [null],
}
const opOf = (operator: string): keyof typeof kernels =>
  operator.startsWith('batchnorm') ? 'batchnorm' : /^(conv1d|linear)/.test(operator) ? 'conv1d' : 'none'

const named = (list: readonly ListedCase[]) =>
  list.map((one) => [`${one.op} ${JSON.stringify(one.attrs)}`, one] as const)
/** Operators with a comparison in them: a ReLU behind a normalisation or inside a gate, a maximum, a test for what does not vary. */
const comparing = opCases.filter(
  ({ op, inputs, attrs }) =>
    /^(relu|max_pool|sca|attention_module|channels)/.test(op) ||
    (op.startsWith('batchnorm') && (attrs['relu'] === true || 'skip' in inputs)),
)
const multiplying = opCases.filter(({ op }) => /^(conv1d|linear)/.test(op))

/** Statistics and gates spread what is broken; in these the rest stays as it is. */
const isLocal = ({ op }: ListedCase): boolean => /^(relu|max_pool|conv1d|linear)/.test(op)

async function everywhere(kernelCase: ListedCase, tensors: readonly string[], value: number): Promise<void> {
  const op = opOf(kernelCase.op)
  for (const name of kernels[op]) {
    if (name !== null) kernelChoices(gpu).named.set(op, name)
    for (const tensor of tensors) {
      const result = await hidden(kernelCase, tensor, value).catch((error: unknown) => {
        if (error instanceof UsageError) return null // not on this adapter, or not at this shape
        throw error
      })
      if (!result) continue
      expect(result.hidden, `${name ?? 'chosen'}: ${value} in ${tensor}`).toEqual([])
      if (!isLocal(kernelCase) || tensor !== 'x') continue
      expect(result.places).toBeGreaterThan(0)
      expect([...result.found].map(Number.isNaN)).toEqual([...result.expected].map(Number.isNaN))
    }
  }
}

describe('NaN in any input is NaN in the result', () => {
  it.each(named(comparing))('%s', (_, kernelCase) =>
    everywhere(
      kernelCase,
      Object.keys(kernelCase.inputs).filter((name) => !name.startsWith('upstream')),
      NaN,
    ),
  )

  it.each(named(multiplying))('%s', (_, kernelCase) => everywhere(kernelCase, ['x'], NaN))
})

describe('infinity in the signal is no number in the result', () => {
  it.each(named(comparing))('%s', (_, kernelCase) =>
    everywhere(
      kernelCase,
      ['x', 'origin'].filter((name) => name in kernelCase.inputs),
      Infinity,
    ),
  )
})
