import { gradients } from '../kernels/gradients.ts'
import { optimizerStep, stepRate, type OptimizerConfig } from '../kernels/optimizer.ts'
import { oneHot } from '../kernels/softmax.ts'
import type { Rtcan1d } from '../model/rtcan1d.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Plan } from '../runtime/plan.ts'
import { ReadbackRing } from '../runtime/readback.ts'
import type { Slab } from '../runtime/slab.ts'
import type { Tensor } from '../runtime/tensor.ts'

/** Steps between two readings of the loss. */
const RING_SLOTS = 16

export interface Batch {
  /** [B, channels, length], dense. */
  eda: Float32Array
  /** [B, music_dim], dense. */
  music: Float32Array | null
}

/** Records the model's inputs; a batch is then uploaded by name. */
export function recordInputs(plan: Plan, model: Rtcan1d, batch: number) {
  const { in_channels, length, music_dim } = model.config
  const eda = plan.input('eda', [batch, in_channels, length])
  return music_dim > 0 ? { eda, music: plan.input('music', [batch, music_dim]) } : { eda }
}

export function writeInputs(plan: Plan, { eda, music }: Batch): void {
  plan.write('eda', eda)
  if (music) plan.write('music', music)
}

/** Where tensors lie in the slab of their names, as few stretches in bytes: neighbours are one, with the gaps behind them. */
function stretches({ tensors, flat }: Slab, wanted: (name: string) => boolean): { from: number; bytes: number }[] {
  const found: { from: number; bytes: number }[] = []
  const all = [...tensors]
  all.forEach(([name, { byteOffset: from }], i) => {
    if (!wanted(name)) return
    const bytes = (all[i + 1]?.[1].byteOffset ?? flat.byteLength) - from
    const last = found.at(-1)
    if (last && last.from + last.bytes === from) last.bytes += bytes
    else found.push({ from, bytes })
  })
  return found
}

/**
 * Records forward, loss, backward and update; returns the loss. Inputs of the plan: `eda`, `music` if the model has any, `targets`
 * (one-hot, [B, classes], or of a single output the numbers that it should be) and `rate` (`stepRate`). `state` are the optimizer's vectors. Parameters that are `frozen` have gradients and no
 * step: their values and their vectors stay as they are, bit by bit.
 */
export function recordTrainingStep(
  plan: Plan,
  model: Rtcan1d,
  batch: number,
  optimizer: OptimizerConfig,
  state: readonly Tensor[],
  frozen: ReadonlySet<string> = new Set(),
): Tensor {
  const forward = model.forward(plan, recordInputs(plan, model, batch), { training: true, gradients })
  const targets = plan.input('targets', [batch, model.config.classes])
  const rate = plan.input('rate', [4])
  const { loss, dlogits } = forward.loss(targets)
  plan.output('loss', loss)
  forward.backward(dlogits)
  const { weights } = model
  for (const { from, bytes } of stretches(weights.parameters, (name) => !frozen.has(name))) {
    const part = (vector: Tensor): Tensor => vector.part([bytes / 4], from)
    optimizerStep(plan, optimizer, {
      parameter: part(weights.parameters.flat),
      gradient: part(weights.gradients.flat),
      stepRate: rate,
      state: state.map(part),
    })
  }
  return loss
}

/** What of a model learns, and what its classes count. */
export interface StepSettings {
  /** Parameters without a step. */
  frozen?: ReadonlySet<string>
  /** Of the loss, one for each class; absent where each counts 1. */
  classWeights?: readonly number[]
}

/** One optimizer step for batches of one size: forward, loss, backward, update, recorded once and replayed. */
export class TrainingStep {
  private readonly plan: Plan
  private readonly ring: ReadbackRing
  private readonly classes: number
  private readonly classWeights: readonly number[] | undefined

  private constructor(
    private readonly gpu: Gpu,
    model: Rtcan1d,
    readonly batch: number,
    private readonly optimizer: OptimizerConfig,
    state: readonly Slab[],
    { frozen, classWeights }: StepSettings,
  ) {
    this.plan = new Plan(gpu)
    const loss = recordTrainingStep(
      this.plan,
      model,
      batch,
      optimizer,
      state.map((slab) => slab.flat),
      frozen,
    )
    this.ring = new ReadbackRing(gpu, loss, RING_SLOTS)
    this.classes = model.config.classes
    this.classWeights = classWeights
  }

  static async create(
    gpu: Gpu,
    model: Rtcan1d,
    batch: number,
    optimizer: OptimizerConfig,
    state: readonly Slab[],
    settings: StepSettings = {},
  ): Promise<TrainingStep> {
    const step = gpu.allOrNone(() => new TrainingStep(gpu, model, batch, optimizer, state, settings))
    try {
      await step.plan.compile()
    } catch (error) {
      step.destroy()
      throw error
    }
    return step
  }

  /**
   * Queues step number `t` (from 1, over the whole training). `labels` are numbers of classes; of a single output, what it should be. Returns losses that have become known, oldest first: usually
   * none, and the last 16 every 16 steps.
   */
  async run(batch: Batch, labels: ArrayLike<number>, learningRate: number, t: number): Promise<number[]> {
    const known = this.ring.full ? await this.losses() : []
    writeInputs(this.plan, batch)
    const { classes, classWeights } = this
    this.plan.write('targets', classes === 1 ? Float32Array.from(labels) : oneHot(labels, classes, classWeights))
    this.plan.write('rate', stepRate(this.optimizer, learningRate, t))
    this.plan.run(this.ring.record)
    await this.gpu.throttle()
    return known
  }

  /** Waits for all losses not yet returned. */
  async losses(): Promise<number[]> {
    return (await this.ring.drain()).map((values) => values[0]!)
  }

  destroy(): void {
    this.ring.destroy()
    this.plan.destroy()
  }
}
