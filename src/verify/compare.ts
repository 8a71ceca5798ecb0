// Judging computed tensors against the expectations of a fixture case.
//
// A case bounds max |yours - reference| (`atol`) and ||yours - reference|| / ||reference|| (`rel_l2`) of every tensor;
// both must hold. Where it declares `if_a_kink_flips`, a tensor that misses its bounds may still pass by the wider ones
// given there: rounding can flip a ReLU or max-pool decision, after which gradients, and all that later training steps
// make of them, differ by amounts that the case's author has measured.

import { FormatError } from '../runtime/errors.ts'
import { partsOf } from './fixture_names.ts'

/** One entry of a case's `expect`. Without `rel_l2`, or with `theoretical_zero`, only `atol` is meaningful. */
export interface Expectation {
  atol: number
  rel_l2?: number
  theoretical_zero?: boolean
  /** Stored as NAME@index (flat positions), NAME@value and NAME@stats = [sum, L2 norm, max |.|] of the whole tensor. */
  sliced?: boolean
}

/** The wider bounds: the first two for the gradients of one step, the others for a training trace. */
export interface KinkBounds {
  /** of each gradient */
  worst_grad_tensor_rel_l2?: number
  /** of all gradients as one vector */
  all_grads_rel_l2?: number
  loss_abs_per_step?: readonly number[]
  final_param_rel_l2?: number
  final_buffer_rel_l2?: number
  /** also taken for the logits during the trace, which have no bound of their own */
  final_eval_logits_abs?: number
}

/** The part of a fixture case that judging needs. */
export interface ExpectedCase {
  expect: Readonly<Record<string, Expectation>>
  if_a_kink_flips?: KinkBounds
}

/** Tensors of the case's file by name. */
export type StoredTensors = ReadonlyMap<string, { data: ArrayLike<number | bigint> }>

/** Computed tensors by the names of `expect`; always whole, in the layout of the fixtures. */
type ComputedTensors = ReadonlyMap<string, ArrayLike<number>>

/** `error` and `tolerance` of the measure that comes closest to its bound, or exceeds it most. */
export interface Judgement {
  ok: boolean
  /** Infinity if the tensor is missing, has the wrong size or is not finite */
  error: number
  tolerance: number
}

interface CaseJudgement extends Judgement {
  /** the tensor whose measure is reported; empty if the case expects none */
  tensor: string
  tensors: Map<string, Judgement>
}

interface Measure {
  error: number
  tolerance: number
}

/** How far a computed tensor is from its reference. */
interface Deviation {
  /** max |difference| */
  max: number
  /** ||difference|| / ||reference||; 0 for a zero reference, which `max` alone can judge */
  relative: number
  /** ||reference|| */
  norm: number
}

/** Judges every tensor that the case expects. */
export function judgeCase(expected: ExpectedCase, stored: StoredTensors, computed: ComputedTensors): CaseJudgement {
  const kinks = expected.if_a_kink_flips
  const tensors = new Map<string, Judgement>()
  let gradients: number | undefined
  for (const [name, expectation] of Object.entries(expected.expect)) {
    const strict = judgeTensor(name, expectation, stored, computed)
    tensors.set(name, strict)
    if (strict.ok || !kinks || expectation.theoretical_zero) continue
    if (partsOf(name).gradient) gradients ??= relativeOfAllGradients(expected, stored, computed)
    const measures = kinkMeasures(name, expectation, kinks, gradients, stored, computed)
    if (measures.length > 0) tensors.set(name, worstOf(measures))
  }
  const nothing: [string, Judgement] = ['', { ok: true, error: 0, tolerance: 0 }]
  const [tensor, worst] = [...tensors].sort(([, a], [, b]) => excess(b) - excess(a))[0] ?? nothing
  return { ...worst, tensor, tensors }
}

/** Judges one tensor by its own bounds. */
export function judgeTensor(
  name: string,
  expectation: Expectation,
  stored: StoredTensors,
  computed: ComputedTensors,
): Judgement {
  const { max, relative } = deviationOf(name, expectation, stored, computed)
  const measures = [{ error: max, tolerance: expectation.atol }]
  if (expectation.rel_l2 !== undefined && !expectation.theoretical_zero) {
    measures.push({ error: relative, tolerance: expectation.rel_l2 })
  }
  return worstOf(measures)
}

/** What `if_a_kink_flips` says about a tensor; empty if it says nothing. */
function kinkMeasures(
  name: string,
  expectation: Expectation,
  kinks: KinkBounds,
  gradients: number | undefined,
  stored: StoredTensors,
  computed: ComputedTensors,
): Measure[] {
  const { max, relative } = deviationOf(name, expectation, stored, computed)
  const parts = partsOf(name)
  if (parts.loss && kinks.loss_abs_per_step) {
    const [reference, perStep] = [valuesOf(stored, name), kinks.loss_abs_per_step]
    const differences = differencesOf(reference, computed.get(name))
    return reference.map((_, step) => ({
      error: finite(differences?.[step]),
      tolerance: perStep[step] ?? expectation.atol,
    }))
  }
  const bounds: [applies: boolean, error: number, tolerance: number | undefined][] = [
    [parts.gradient, relative, kinks.worst_grad_tensor_rel_l2],
    [parts.gradient, finite(gradients), kinks.all_grads_rel_l2],
    [parts.finalParameter, relative, kinks.final_param_rel_l2],
    [parts.finalBuffer, relative, kinks.final_buffer_rel_l2],
    [parts.logits, max, kinks.final_eval_logits_abs],
  ]
  return bounds.flatMap(([applies, error, tolerance]) =>
    applies && tolerance !== undefined ? [{ error, tolerance }] : [],
  )
}

function relativeOfAllGradients(expected: ExpectedCase, stored: StoredTensors, computed: ComputedTensors): number {
  const deviations = Object.entries(expected.expect)
    .filter(([name, { theoretical_zero }]) => partsOf(name).gradient && !theoretical_zero)
    .map(([name, expectation]) => deviationOf(name, expectation, stored, computed))
  return (
    Math.hypot(...deviations.map(({ relative, norm }) => relative * norm)) /
    Math.hypot(...deviations.map(({ norm }) => norm))
  )
}

function deviationOf(
  name: string,
  { sliced }: Expectation,
  stored: StoredTensors,
  computed: ComputedTensors,
): Deviation {
  const values = computed.get(name)
  if (sliced) return sliceDeviation(name, values, stored)
  const reference = valuesOf(stored, name)
  const differences = differencesOf(reference, values)
  const norm = normOf(reference)
  return { max: largestOf(differences), relative: ratio(normOf(differences), norm), norm }
}

/**
 * The deviation on the slice, its norm scaled up to the whole tensor; and what the statistics prove of the rest: for
 * two tensors a and b of N elements, max |a-b| >= |max|a| - max|b||, and ||a-b|| is at least the difference of their
 * norms and at least that of their sums over sqrt(N).
 */
function sliceDeviation(name: string, values: ArrayLike<number> | undefined, stored: StoredTensors): Deviation {
  const index = valuesOf(stored, `${name}@index`)
  const [sum, norm, largest] = valuesOf(stored, `${name}@stats`) as [number, number, number]
  if (!values) return { max: Infinity, relative: Infinity, norm }
  const differences = differencesOf(
    valuesOf(stored, `${name}@value`),
    index.map((i) => values[i] ?? NaN),
  )
  const whole = Array.from(values)
  const difference = Math.max(
    normOf(differences) * Math.sqrt(whole.length / index.length),
    Math.abs(normOf(whole) - norm),
    Math.abs(whole.reduce((total, value) => total + value, 0) - sum) / Math.sqrt(whole.length),
  )
  return {
    max: finite(Math.max(largestOf(differences), Math.abs(largestOf(whole) - largest))),
    relative: ratio(difference, norm),
    norm,
  }
}

/** Throws if the case's own file lacks a tensor that its expectations name. */
function valuesOf(stored: StoredTensors, name: string): number[] {
  const tensor = stored.get(name)
  if (!tensor) throw new FormatError(`The fixture's file has no tensor ${name}, which its expectations name.`)
  return Array.from(tensor.data, Number)
}

function differencesOf(reference: number[], values: ArrayLike<number> | undefined): number[] | undefined {
  if (values?.length !== reference.length) return undefined
  return reference.map((value, i) => Math.abs(values[i]! - value))
}

function normOf(values: number[] | undefined): number {
  return values ? Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)) : Infinity
}

function largestOf(values: number[] | undefined): number {
  return finite(values?.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0))
}

function ratio(difference: number, norm: number): number {
  return norm === 0 ? 0 : finite(difference / norm)
}

/** NaN and nothing at all are as wrong as can be. */
function finite(error: number | undefined): number {
  return error === undefined || Number.isNaN(error) ? Infinity : error
}

function worstOf(measures: readonly Measure[]): Judgement {
  const worst = measures.reduce((a, b) => (excess(b) > excess(a) ? b : a))
  return { ok: worst.error <= worst.tolerance, ...worst }
}

/** error / tolerance; a tolerance of zero allows no error. */
function excess({ error, tolerance }: Measure): number {
  return error === 0 ? 0 : error / tolerance
}
