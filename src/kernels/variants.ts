// Several kernels for one op: the host file of the op lists them, the adapter and the shape decide.

import { UsageError } from '../runtime/errors.ts'
import type { GpuBase } from '../runtime/gpu_base.ts'
import type { OpKind, Plan } from '../runtime/plan.ts'
import { Tensor } from '../runtime/tensor.ts'
import { PartialSums } from './partial_sums.ts'
import { isPromising, preset } from './presets.ts'
import { kernelChoices } from './choices.ts'

/** `lane`: software adapters, loads shared within a subgroup; `tile`: GPUs, loads shared through workgroup memory. */
export type Family = 'lane' | 'tile'

/** One way to compute an op. All variants of an op take the same arguments and agree within rounding. */
export interface Variant<Args> {
  /** Family and tile, e.g. `lane TM=3 TN=2`; recorded with a run. */
  name: string
  /** What it is tuned for; absent where it suits any adapter. */
  family?: Family
  /** Whether this adapter can run it on such arguments at all. */
  fits(gpu: GpuBase, args: Args): boolean
  record(p: Plan, args: Args): void
}

/**
 * Records the variant that `kernelChoices(gpu).named` names for this op and shape, or for this op; else the one of `kernelChoices(gpu).tuned`; else the
 * first that fits, by the preset of the adapter's class and then by the list, which is written best first. The plan notes
 * what was chosen, and the candidates.
 * @throws UsageError when the one that `kernelChoices(gpu).named` names does not exist or does not fit
 */
export function recordVariant<Args>(
  p: Plan,
  op: string,
  shape: string,
  variants: readonly Variant<Args>[],
  args: Args,
  kind: OpKind = { op: 'other' },
): void {
  const { gpu } = p
  const key = `${op} ${shape}`
  const fitting = inOrder(
    preset(gpu.info, op),
    variants.filter((variant) => variant.fits(gpu, args)),
  )
  const called = (name: string | undefined): Variant<Args> | undefined =>
    fitting.find((variant) => variant.name === name)
  const named = kernelChoices(gpu).named.get(key) ?? kernelChoices(gpu).named.get(op)
  const preferred = called(kernelChoices(gpu).tuned.get(key) ?? kernelChoices(gpu).tuned.get(op)) ?? fitting[0]
  const chosen = named === undefined ? preferred : called(named)
  if (!chosen) {
    throw new UsageError(
      `${op}: variant '${named ?? ''}' does not run on this adapter at ${shape}; ` +
        `those that do are ${fitting.map(({ name }) => `'${name}'`).join(', ')}.`,
    )
  }
  kernelChoices(gpu).chosen.set(key, chosen.name)
  p.choices.push({
    op,
    shape,
    variant: chosen.name,
    kind,
    candidates: fitting.map(({ name }) => name),
    promising: fitting.filter(({ family }) => isPromising(gpu.info, family)).map(({ name }) => name),
    tensors: tensorsIn(args),
    record: (other, name, substitute) => {
      const sums = new PartialSums(other)
      called(name)?.record(other, rebuilt(args, substitute, sums))
      sums.record(`${op} sums`)
    },
  })
  chosen.record(p, args)
}

/** A host file's list with the one that it knows to be the best for a shape in front. */
export const bestFirst = <Args>(variants: readonly Variant<Args>[], best: string): Variant<Args>[] =>
  [...variants].sort((a, b) => Number(b.name === best) - Number(a.name === best))

/** Those that are named come first, in the order of the names. */
function inOrder<Args>(names: readonly string[], variants: readonly Variant<Args>[]): Variant<Args>[] {
  const rank = ({ name }: Variant<Args>): number => (names.includes(name) ? names.indexOf(name) : names.length)
  return [...variants].sort((a, b) => rank(a) - rank(b))
}

const isPlain = (value: object): boolean => Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype

/** The tensors within plain objects and arrays, each once. */
function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value]
  if (typeof value !== 'object' || value === null || !isPlain(value)) return []
  return [...new Set(Object.values(value).flatMap(tensorsIn))]
}

/** The arguments for another plan: other tensors in the places of those that `tensorsIn` finds, and that plan's sums. */
function rebuilt<T>(value: T, substitute: (tensor: Tensor) => Tensor, sums: PartialSums): T
function rebuilt(value: unknown, substitute: (tensor: Tensor) => Tensor, sums: PartialSums): unknown {
  if (value instanceof Tensor) return substitute(value)
  if (value instanceof PartialSums) return sums
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value
  if (Array.isArray(value)) return value.map((each: unknown) => rebuilt(each, substitute, sums))
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, rebuilt<unknown>(each, substitute, sums)]),
  )
}
