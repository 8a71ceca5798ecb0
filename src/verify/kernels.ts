// Every kernel against its float64 twin on this machine, on awkward shapes made up here.
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

/** Runs every case of `kernel_cases.ts`, forward and backward. */
export async function verifyKernels(gpu: Gpu, hooks: VerifyHooks = {}): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  for (const [index, kernelCase] of kernelCases.entries()) {
    const result = await verifyKernel(gpu, kernelCase, index)
    results.push(result)
    hooks.onCase?.(result, results.length, kernelCases.length)
  }
  return results
}

/** One case; `seed` decides its data. */
async function verifyKernel(gpu: Gpu, { op, attrs, inputs }: KernelCase, seed: number): Promise<CaseResult> {
  const shapes = Object.values(inputs).map((shape) => `[${shape.join(',')}]`)
  const name = `${op} ${shapes[0] ?? ''} ${JSON.stringify(attrs)}`
  const arrays = makeInputs(inputs, new Random(seed, 0))
  const reference = new Map(Object.entries(referenceOp(op, attrs, arrays)))
  const expect: Record<string, Expectation> = {}
  const largestOf = (data: Float64Array): number => data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const largest = Math.max(...[...reference.values()].map(({ data }) => largestOf(data)))
  for (const [tensor, { data }] of reference) {
    const own = largestOf(data)
    expect[tensor] = { atol: own < ZERO ? RELATIVE * largest : RELATIVE * own + ROUNDING * largest }
  }
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
