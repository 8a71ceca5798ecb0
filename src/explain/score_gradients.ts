// The score of a class and its gradient by the signals, in batches of one size.
import { oneHot } from '../kernels/softmax.ts'
import { toChannelsFirst } from '../kernels/host_layout.ts'
import type { Rtcan1d } from '../model/rtcan1d.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Plan } from '../runtime/plan.ts'
import type { InputRows } from '../train/inputs.ts'
import { recordInputs, writeInputs } from '../train/training_step.ts'
import { recordGradient } from './maps.ts'
import { inBatches } from './rows.ts'

/** Of one row. */
export interface ScoreGradient {
  /** The class's logit. */
  score: number
  /** [channels, length]. */
  gradient: Float32Array
}

/** A plan of one forward and one backward pass. */
export class ScoreGradients {
  private constructor(
    private readonly plan: Plan,
    private readonly model: Rtcan1d,
    private readonly batch: number,
  ) {}

  static async create(gpu: Gpu, model: Rtcan1d, batch: number): Promise<ScoreGradients> {
    const plan = new Plan(gpu)
    try {
      const inputs = recordInputs(plan, model, batch)
      const scores = plan.input('scores', [batch, model.config.classes])
      const { forward, gradient } = recordGradient(plan, model, { inputs, scores })
      plan.output('logits', forward.logits)
      plan.output('gradient', gradient)
      await plan.compile()
      return new ScoreGradients(plan, model, batch)
    } catch (error) {
      plan.destroy()
      throw error
    }
  }

  /** Hands each row's score and gradient to `visit`; row i is asked for class `classOf(i)`. Stops between batches on `abort`. */
  async visit(
    rows: InputRows,
    wanted: readonly number[],
    classOf: (row: number) => number,
    visit: (row: number, of: ScoreGradient) => void,
    abort?: AbortSignal,
  ): Promise<void> {
    const { plan, batch } = this
    const { classes, in_channels: channels, length } = this.model.config
    const work = async ({ own, filled }: { own: readonly number[]; filled: readonly number[] }): Promise<void> => {
      writeInputs(plan, { eda: rows.eda(filled), music: rows.music(filled) })
      plan.write('scores', oneHot(filled.map(classOf), classes))
      plan.run()
      const logits = await plan.readFloat('logits')
      const gradients = toChannelsFirst(await plan.readFloat('gradient'), [batch, channels, length])
      const size = channels * length
      own.forEach((row, i) => {
        const gradient = gradients.subarray(i * size, (i + 1) * size)
        visit(row, { score: logits[i * classes + classOf(row)]!, gradient })
      })
    }
    await inBatches(wanted, batch, work, abort)
  }

  destroy(): void {
    this.plan.destroy()
  }
}
