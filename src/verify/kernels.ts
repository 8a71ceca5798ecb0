// Every kernel against its float64 twin on this machine, on awkward shapes made up here.
import { batchNormVariants } from '../kernels/batchnorm.ts'
import { conv1dVariants } from '../kernels/conv1d.ts'
import { attentionVariants } from '../kernels/temporal_attention.ts'
import { ndarray, sizeOf, type NamedArrays } from '../reference/array.ts'
import { referenceOp } from '../reference/operators.ts'
import { DeviceError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Random } from '../runtime/random.ts'
import { resultOf, type CaseResult } from './case.ts'
import { judgeCase, type Expectation } from './compare.ts'
import type { VerifyHooks } from './fixtures.ts'
import { kernelCases, type KernelCase } from './kernel_cases.ts'
import { runOp } from './ops.ts'
import { runOptimizer } from './optimizers.ts'

/** Bound on an error against the tensor: f32 sums in a fixed order that cancel, such as a bias gradient, reach 2e-5 of it. */
const RELATIVE = 5e-5
/** Rounding of the case's largest numbers, which a small sum of large terms keeps. */
const ROUNDING = 1e-6
/**
 * A gradient that is zero in exact arithmetic (a bias in front of batch norm) collects rounding only, of the size of the terms
 * that cancel: it is judged against the largest number of the whole case.
 */
const ZERO = 1e-9

/** Ops that have several kernels, by the operators that are made of them. */
const convolution = Object.entries(conv1dVariants) as Lists
const normalisation = Object.entries(batchNormVariants) as Lists
const attention = [...convolution, ...(Object.entries(attentionVariants) as Lists), ...normalisation]
const listsOf: Readonly<Record<string, Lists>> = {
  conv1d: convolution,
  linear: convolution,
  rnta: attention,
  attention_module: attention,
  batchnorm1d: normalisation,
  batchnorm1d_clips: normalisation,
}

type Lists = (readonly [op: string, variants: readonly { name: string }[]])[]

/** Kernels by name for an operator, op for op: each of an op's occurs in one of them. */
function choicesOf(operator: string): Map<string, string>[] {
  const lists = listsOf[operator] ?? []
  return Array.from({ length: Math.max(0, ...lists.map(([, list]) => list.length)) }, (_, i) =>
    new Map(lists.map(([op, list]) => [op, list[Math.min(i, list.length - 1)]!.name])))
}

/** Runs every case of `kernel_cases.ts`, forward and backward, with the kernels that this adapter chooses, then with all that it can run. */
export async function verifyKernels(gpu: Gpu, hooks: VerifyHooks = {}): Promise<CaseResult[]> {
  const runs = kernelCases.flatMap((kernelCase, seed) => {
    return [null, ...choicesOf(kernelCase.op)].map((variants) => ({ kernelCase, seed, variants }))
  })
  const results: CaseResult[] = []
  const ran = new Set<string>()
  for (const [index, { kernelCase, seed, variants }] of runs.entries()) {
    const { result, kernels } = await withVariants(gpu, variants ?? new Map(), () => verifyKernel(gpu, kernelCase, seed))
    const own = JSON.stringify([seed, ...kernels])
    // Where none of those asked for runs here, the adapter's choice ran again.
    if (variants && ran.has(own)) continue
    ran.add(own)
    const named = variants ? { ...result, name: `${result.name}: ${[...new Set(kernels.values())].join(', ')}` } : result
    results.push(named)
    hooks.onCase?.(named, index + 1, runs.length)
  }
  return results
}

/** Runs `work` with kernels asked for by name, and others in the places of those that do not run here; says which ran, by op and shape. */
async function withVariants<T>(gpu: Gpu, variants: ReadonlyMap<string, string>, work: () => Promise<T>) {
  const before = [gpu.tuned, gpu.chosen].map((map) => [map, new Map(map)] as const)
  before.forEach(([map]) => map.clear())
  variants.forEach((name, op) => gpu.tuned.set(op, name))
  try {
    return { result: await work(), kernels: new Map(gpu.chosen) }
  } finally {
    for (const [map, entries] of before) {
      map.clear()
      entries.forEach((name, key) => map.set(key, name))
    }
  }
}

/** One case; `seed` decides its data. */
async function verifyKernel(gpu: Gpu, { op, attrs, inputs }: KernelCase, seed: number): Promise<CaseResult> {
  const shapes = Object.values(inputs).map((shape) => `[${shape.join(',')}]`)
  const name = `${op} ${shapes[0] ?? ''} ${JSON.stringify(attrs)}`
  const arrays = makeInputs(inputs, new Random(seed, 0))
  const reference = new Map(Object.entries(referenceOp(op, attrs, arrays)))
  const expect = expectationsOf(reference)
  try {
    const isOptimizer = 'p.0' in inputs
    const computed = isOptimizer
      ? await runOptimizer(gpu, { name: op, ...attrs } as Parameters<typeof runOptimizer>[1], arrays)
      : await runOp(gpu, op, attrs, arrays)
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
  return Object.fromEntries([...reference].map(([tensor, { data }]) => {
    const own = largestOf(data)
    return [tensor, { atol: own < ZERO ? RELATIVE * largest : RELATIVE * own + ROUNDING * largest }]
  }))
}

/** f32 numbers of each shape, drawn so that every operator is at home: weights small, variances positive, targets a distribution. */
function makeInputs(inputs: KernelCase['inputs'], random: Random): NamedArrays {
  const classes = inputs.logits?.[1] ?? 2
  return new Map(
    Object.entries(inputs).map(([name, shape]) => {
      const draw = (): number => {
        if (name === 'labels') return random.integer(classes)
        if (name.endsWith('running_var')) return 0.5 + random.uniform()
        if (name.endsWith('weight') && shape.length > 1) return random.normal() / Math.sqrt(sizeOf(shape.slice(1)))
        return random.normal()
      }
      const values = Float32Array.from({ length: sizeOf(shape) }, draw)
      return [name, ndarray(shape, name === 'targets' ? normaliseRows(values, classes) : values)]
    }),
  )
}

function normaliseRows(values: Float32Array, width: number): Float32Array {
  for (let start = 0; start < values.length; start += width) {
    const row = values.subarray(start, start + width).map(Math.exp)
    const total = row.reduce((sum, value) => sum + value, 0)
    values.set(row.map((value) => value / total), start)
  }
  return values
}
