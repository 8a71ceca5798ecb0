// Several kernels for one op: the host file of the op lists them, the adapter and the shape decide.

import { UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Plan } from '../runtime/plan.ts'

/** One way to compute an op. All variants of an op take the same arguments and agree within rounding. */
export interface Variant<Args> {
  /** Family and tile, e.g. `lane a=8 T=4`; recorded with a run. */
  name: string
  /** Whether this adapter can run it on such arguments at all. */
  fits(gpu: Gpu, args: Args): boolean
  record(p: Plan, args: Args): void
}

/**
 * Records the variant that `gpu.variants` names for this op and shape, or for this op; else the first of the list that
 * fits, so that a list is written best first.
 * @throws UsageError when the one that is named does not exist or does not fit
 */
export function recordVariant<Args>(p: Plan, op: string, shape: string, variants: readonly Variant<Args>[], args: Args): void {
  const { gpu } = p
  const fitting = variants.filter((variant) => variant.fits(gpu, args))
  const named = gpu.variants.get(`${op} ${shape}`) ?? gpu.variants.get(op)
  const chosen = named === undefined ? fitting[0] : fitting.find(({ name }) => name === named)
  if (!chosen) {
    throw new UsageError(`${op}: variant '${named ?? ''}' does not run on this adapter at ${shape}; ` +
      `those that do are ${fitting.map(({ name }) => `'${name}'`).join(', ')}.`)
  }
  chosen.record(p, args)
}
