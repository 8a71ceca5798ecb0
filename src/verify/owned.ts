// Plans and models that are freed however the work on them ends: a case that fails must not take memory from the next.
import type { ModelConfig } from '../model/config.ts'
import { Rtcan1d } from '../model/rtcan1d.ts'
import type { HostTensors } from '../model/weights.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Plan } from '../runtime/plan.ts'

export async function withPlan<T>(gpu: Gpu, work: (plan: Plan) => Promise<T>): Promise<T> {
  const plan = new Plan(gpu)
  try {
    return await work(plan)
  } finally {
    plan.destroy()
  }
}

/** `source` names the weights in messages. */
export async function withModel<T>(
  gpu: Gpu,
  config: ModelConfig,
  weights: HostTensors,
  source: string,
  work: (model: Rtcan1d) => Promise<T>,
): Promise<T> {
  const model = new Rtcan1d(gpu, config)
  try {
    model.weights.load(weights, source)
    return await work(model)
  } finally {
    model.destroy()
  }
}
