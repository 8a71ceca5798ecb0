import { optimizerStep, stepRate, type OptimizerConfig } from '../kernels/optimizer.ts'
import { oneHot } from '../kernels/softmax.ts'
import type { Rtcan1d } from '../model/rtcan1d.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Plan } from '../runtime/plan.ts'
import { ReadbackRing } from '../runtime/readback.ts'
import type { Slab } from '../runtime/slab.ts'

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

/** One optimizer step for batches of one size: forward, loss, backward, update, recorded once and replayed. */
export class TrainingStep {
  private readonly plan: Plan
  private readonly ring: ReadbackRing
  private readonly classes: number

  private constructor(
    private readonly gpu: Gpu,
    model: Rtcan1d,
    readonly batch: number,
    private readonly optimizer: OptimizerConfig,
    state: readonly Slab[],
  ) {
    this.plan = new Plan(gpu)
    const forward = model.forward(this.plan, recordInputs(this.plan, model, batch), { training: true })
    const targets = this.plan.input('targets', [batch, model.config.classes])
    const rate = this.plan.input('rate', [4])
    const { loss, dlogits } = forward.loss(targets)
    this.plan.output('loss', loss)
    forward.backward(dlogits)
    const { parameters, gradients } = model.weights
    const slabs = { parameter: parameters.flat, gradient: gradients.flat, state: state.map((slab) => slab.flat) }
    optimizerStep(this.plan, optimizer, { ...slabs, rate })
    this.ring = new ReadbackRing(gpu, loss, RING_SLOTS)
    this.classes = model.config.classes
  }

  static async create(
    gpu: Gpu,
    model: Rtcan1d,
    batch: number,
    optimizer: OptimizerConfig,
    state: readonly Slab[],
  ): Promise<TrainingStep> {
    const step = new TrainingStep(gpu, model, batch, optimizer, state)
    try {
      await step.plan.compile()
    } catch (error) {
      step.destroy()
      throw error
    }
    return step
  }

  /**
   * Queues step number `t` (from 1, over the whole training). Returns losses that have become known, oldest first: usually
   * none, and the last 16 every 16 steps.
   */
  async run(batch: Batch, labels: ArrayLike<number>, learningRate: number, t: number): Promise<number[]> {
    const known = this.ring.full ? await this.losses() : []
    writeInputs(this.plan, batch)
    this.plan.write('targets', oneHot(labels, this.classes))
    this.plan.write('rate', stepRate(this.optimizer, learningRate, t))
    this.plan.run(this.ring.record)
    await this.gpu.throttle()
    return known
  }

  /** Waits for all losses not yet returned. */
  async losses(): Promise<number[]> {
    return (await this.ring.drain()).map((values) => values[0] as number)
  }

  destroy(): void {
    this.ring.destroy()
    this.plan.destroy()
  }
}
