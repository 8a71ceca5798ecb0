// What every solver on the device does with its problems: so many at once as fit, on memory and plans of their own that are
// given back whatever happens, in rounds until none is left.

import type { Gpu } from '../runtime/gpu.ts'
import type { Plan } from '../runtime/plan.ts'
import type { Tensor } from '../runtime/tensor.ts'

/** Solves `items` in batches of at most `most`, one after the other; results in the order of the items. */
export async function inBatches<T, R>(
  items: readonly T[],
  most: number,
  solve: (batch: readonly T[], from: number) => Promise<readonly R[]>,
): Promise<R[]> {
  const results: R[] = []
  for (let from = 0; from < items.length; from += most) {
    for (const result of await solve(items.slice(from, from + most), from)) results.push(result)
  }
  return results
}

/**
 * Runs `work` on tensors, and on plans that it asks for; frees all of them when it is done or has failed.
 * @param owner how messages call who needs the memory
 */
export async function onDevice<T extends Readonly<Record<string, Tensor>>, R>(
  gpu: Gpu,
  owner: string,
  allocate: () => T,
  work: (tensors: T, newPlan: () => Plan) => Promise<R>,
): Promise<R> {
  const tensors = await gpu.allocate(owner, allocate)
  const plans: Plan[] = []
  const newPlan = () => {
    const plan = gpu.plan()
    plans.push(plan)
    return plan
  }
  try {
    return await work(tensors, newPlan)
  } finally {
    for (const plan of plans) plan.destroy()
    for (const tensor of Object.values(tensors)) gpu.free(tensor)
  }
}

/**
 * Runs the plan until `judge`, called after each run with the number of runs so far, says that no problem is left.
 * @param most runs, at most
 * @throws the signal's reason when it aborts
 */
export async function repeat(
  plan: Plan,
  judge: (runs: number) => Promise<boolean>,
  abort: AbortSignal | undefined,
  most = Infinity,
): Promise<void> {
  for (let runs = 1; runs <= most; runs++) {
    abort?.throwIfAborted()
    plan.run()
    if (await judge(runs)) return
  }
}
