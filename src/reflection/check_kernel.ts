// Kernels of one's own against a twin in plain loops, as `galvani verify` does with ours.
import { checkNames, type Known } from '../runtime/arguments.ts'
import { requireGpu } from '../runtime/gpu_base.ts'
import { CheckError, UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Plan } from '../runtime/plan.ts'
import { innerOf, type Shape } from '../runtime/shape.ts'
import { Tensor, type DType } from '../runtime/tensor.ts'
import { poison } from '../runtime/poison.ts'

/** A tensor's contents, dense. */
export interface KernelInput {
  shape: Shape
  data: ArrayLike<number>
  dtype?: DType
}

/** What to check: the kernel as a plan records it, and a twin that computes the same in float64. */
export interface KernelTrial<Name extends string> {
  inputs: Readonly<Record<Name, KernelInput>>
  /** Records the kernel; returns its results by name. */
  record: (plan: Plan, inputs: Readonly<Record<Name, Tensor>>) => Readonly<Record<string, Tensor>>
  /** The same results from the inputs' data, dense. */
  twin: (inputs: Readonly<Record<Name, ArrayLike<number>>>) => Readonly<Record<string, ArrayLike<number>>>
  /** Largest error allowed, relative to the largest value of a result; default 1e-5. */
  tolerance?: number
}

/** How far a result is from its twin. */
export interface KernelCheck {
  /** Relative to the twin's largest value. */
  error: number
  /** Where. */
  at: number
}

const TRIAL: Known<KernelTrial<string>> = { inputs: true, record: true, twin: true, tolerance: true }
const TOLERANCE = 1e-5

/**
 * Runs a kernel on memory that was poisoned first, so that a value nobody writes shows, and compares each of its results with the twin's.
 * Forward and backward passes are checked alike: the gradient from upstream is one more input. Returns the error of each result.
 * @throws CheckError naming the first result that is off, where, and by how much
 */
export async function checkKernel<Name extends string>(
  gpu: Gpu,
  trial: KernelTrial<Name>,
): Promise<Record<string, KernelCheck>> {
  requireGpu('checkKernel', gpu)
  checkNames('checkKernel', trial, TRIAL)
  const { inputs, record, twin, tolerance = TOLERANCE } = trial
  const given = Object.entries(inputs) as [Name, KernelInput][]
  const expected = twin(
    Object.fromEntries(given.map(([name, { data }]) => [name, data])) as Record<Name, ArrayLike<number>>,
  )
  const plan = new Plan(gpu)
  try {
    const tensors = given.map(([name, { shape, dtype }]) => [name, plan.input(name, shape, dtype)] as const)
    const results = record(plan, Object.fromEntries(tensors) as Record<Name, Tensor>)
    requireSameNames(Object.keys(results), Object.keys(expected))
    for (const [name, tensor] of Object.entries(results)) plan.output(name, tensor)
    await plan.compile({ keepAll: true })
    poison(plan)
    for (const [name, { data }] of given) plan.write(name, data)
    plan.run()
    const found: Record<string, KernelCheck> = {}
    for (const name of Object.keys(results)) {
      const values = await plan.read(name)
      found[name] = compared(name, values, expected[name])
      const { error, at } = found[name]
      if (error <= tolerance) {
        await requireZeroPadding(gpu, name, plan.outputTensor(name))
        continue
      }
      throw new CheckError(
        `${name}[${at}] is ${values[at]}, its twin says ${expected[name]![at]}: an error of ${error.toExponential(1)} of the largest value, ` +
          `allowed are ${tolerance}`,
      )
    }
    return found
  } finally {
    plan.destroy()
  }
}

function requireSameNames(results: readonly string[], twins: readonly string[]): void {
  if (results.length > 0 && [...results].sort().join() === [...twins].sort().join()) return
  throw new UsageError(
    `checkKernel: record returns ${results.join(', ') || 'nothing'} and the twin ${twins.join(', ') || 'nothing'}; both name the same results`,
  )
}

/** Kernels read whole quads and rely on zeros behind the end of a row. */
async function requireZeroPadding(
  gpu: Gpu,
  name: string,
  { storage, rows, rowStride, shape, dtype, byteOffset }: Tensor,
) {
  const inner = innerOf(shape)
  const padded = await gpu.read(new Tensor(storage, [rows, rowStride], dtype, name, byteOffset))
  const at = padded.findIndex((value, i) => i % rowStride >= inner && value !== 0)
  if (at >= 0)
    throw new CheckError(
      `${name} has ${padded[at]} behind the end of row ${Math.floor(at / rowStride)}, in its padding to a multiple of 4, which must be zero`,
    )
}

function compared(name: string, values: ArrayLike<number>, twin: ArrayLike<number> | undefined): KernelCheck {
  if (twin?.length !== values.length)
    throw new UsageError(
      `checkKernel: the twin gives ${twin?.length ?? 'no'} values of '${name}', the kernel ${values.length}`,
    )
  let largest = 0
  for (let i = 0; i < twin.length; i++) largest = Math.max(largest, Math.abs(twin[i]!))
  let worst: KernelCheck = { error: 0, at: 0 }
  for (let i = 0; i < twin.length; i++) {
    const error = values[i] === twin[i] ? 0 : Math.abs(values[i]! - twin[i]!) / (largest || 1)
    if (!(error <= worst.error)) worst = { error: Number.isNaN(error) ? Infinity : error, at: i }
    if (worst.error === Infinity) break
  }
  return worst
}
