// Every kernel against its float64 twin on this machine, on awkward shapes made up here.
import { kernelChoices } from '../kernels/choices.ts'
import { ndarray, sizeOf, type NamedArrays } from '../reference/array.ts'
import { DeviceError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Random } from '../runtime/random.ts'
import { resultOf, type CaseResult } from './case.ts'
import { judgeCase, type Expectation } from './compare.ts'
import type { VerifyHooks } from './fixtures.ts'
import { opCases, referenceOp, runOp, type ListedCase } from './op_list.ts'
import type { OpCase, OpRecord } from './op_record.ts'

/** Bound on an error against the tensor: f32 sums in a fixed order that cancel, such as a bias gradient, reach 2e-5 of it. */
const RELATIVE = 5e-5
/** Rounding of the case's largest numbers, which a small sum of large terms keeps. */
const ROUNDING = 1e-6
/**
 * A gradient that is zero in exact arithmetic (a bias in front of batch norm) collects rounding only, of the size of the terms
 * that cancel: it is judged against the largest number of the whole case.
 */
const ZERO = 1e-9

/** Kernels by name for an operator, op for op: each of an op's occurs in one of them. */
export function choicesOf({ variants = {} }: OpRecord): Map<string, string>[] {
  const lists = Object.entries(variants)
  return Array.from(
    { length: Math.max(0, ...lists.map(([, list]) => list.length)) },
    (_, i) => new Map(lists.map(([op, list]) => [op, list[Math.min(i, list.length - 1)]!.name])),
  )
}

/** Runs every case of every operator's record, forward and backward, with the kernels that this adapter chooses, then with all that it can run. */
export async function verifyKernels(gpu: Gpu, hooks: VerifyHooks = {}): Promise<CaseResult[]> {
  const runs = opCases.flatMap((one) => [null, ...choicesOf(one.record)].map((variants) => ({ one, variants })))
  const results: CaseResult[] = []
  const ran = new Set<string>()
  for (const [index, { one, variants }] of runs.entries()) {
    const { result, kernels } = await withVariants(gpu, variants ?? new Map(), () => verifyKernel(gpu, one))
    const own = JSON.stringify([nameOf(one), ...kernels])
    // Where none of those asked for runs here, the adapter's choice ran again.
    if (variants && ran.has(own)) continue
    ran.add(own)
    const named = variants
      ? { ...result, name: `${result.name}: ${[...new Set(kernels.values())].join(', ')}` }
      : result
    results.push(named)
    hooks.onCase?.(named, index + 1, runs.length)
  }
  return results
}

/** Runs `work` with kernels asked for by name, and others in the places of those that do not run here; says which ran, by op and shape. */
async function withVariants<T>(gpu: Gpu, variants: ReadonlyMap<string, string>, work: () => Promise<T>) {
  const before = [kernelChoices(gpu).tuned, kernelChoices(gpu).chosen].map((map) => [map, new Map(map)] as const)
  before.forEach(([map]) => map.clear())
  variants.forEach((name, op) => kernelChoices(gpu).tuned.set(op, name))
  try {
    return { result: await work(), kernels: new Map(kernelChoices(gpu).chosen) }
  } finally {
    for (const [map, entries] of before) {
      map.clear()
      entries.forEach((name, key) => map.set(key, name))
    }
  }
}

const nameOf = ({ op, attrs, inputs }: ListedCase): string =>
  `${op} ${Object.values(inputs)
    .slice(0, 1)
    .map((shape) => `[${shape.join(',')}]`)
    .join('')} ${JSON.stringify(attrs)}`

const seedOf = (name: string): number =>
  [...name].reduce((seed, letter) => (Math.imul(seed, 31) + letter.charCodeAt(0)) >>> 0, 0)

async function verifyKernel(gpu: Gpu, one: ListedCase): Promise<CaseResult> {
  const { op, attrs, inputs } = one
  const name = nameOf(one)
  const arrays = drawInputs(name, inputs)
  const reference = new Map(Object.entries(referenceOp(op, attrs, arrays)))
  const expect = expectationsOf(reference)
  try {
    const computed = await runOp(gpu, op, attrs, arrays)
    return resultOf(name, 'kernel', judgeCase({ expect }, reference, computed))
  } catch (error) {
    gpu.check()
    if (!(error instanceof DeviceError)) throw error
    return { name, kind: 'kernel', status: 'failed', error: error.message, tolerance: 0 }
  }
}

function expectationsOf(reference: ReadonlyMap<string, { data: Float64Array }>): Record<string, Expectation> {
  const largestOf = (data: Float64Array): number => data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const largest = Math.max(...[...reference.values()].map(({ data }) => largestOf(data)))
  return Object.fromEntries(
    [...reference].map(([tensor, { data }]) => {
      const own = largestOf(data)
      return [tensor, { atol: own < ZERO ? RELATIVE * largest : RELATIVE * own + ROUNDING * largest }]
    }),
  )
}

/**
 * f32 numbers of each shape, drawn so that every operator is at home: weights small, variances positive, targets a distribution. They
 * depend on the case's name alone, so that a new case changes no other.
 */
export function drawInputs(name: string, inputs: OpCase['inputs']): NamedArrays {
  const random = new Random(seedOf(name), 0)
  const classes = inputs.logits?.[1] ?? 2
  return new Map(
    Object.entries(inputs).map(([tensor, shape]) => {
      const draw = (): number => {
        if (tensor === 'labels') return random.integer(classes)
        if (tensor.endsWith('running_var')) return 0.5 + random.uniform()
        if (tensor.endsWith('weight') && shape.length > 1) return random.normal() / Math.sqrt(sizeOf(shape.slice(1)))
        return random.normal()
      }
      const values = Float32Array.from({ length: sizeOf(shape) }, draw)
      return [tensor, ndarray(shape, tensor === 'targets' ? normaliseRows(values, classes) : values)]
    }),
  )
}

function normaliseRows(values: Float32Array, width: number): Float32Array {
  for (let start = 0; start < values.length; start += width) {
    const row = values.subarray(start, start + width).map(Math.exp)
    const total = row.reduce((sum, value) => sum + value, 0)
    values.set(
      row.map((value) => value / total),
      start,
    )
  }
  return values
}
