import { Rtcan1d } from '../model/rtcan1d.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Plan } from '../runtime/plan.ts'
import type { TrainedModel } from './checkpoint.ts'
import type { RunConfig } from './config.ts'
import { ModelInputs, type InputRows } from './inputs.ts'
import { ratingOf } from './rating_scale.ts'
import type { PreparedSet } from './prepare.ts'
import { recordInputs, writeInputs } from './training_step.ts'

/** Class probabilities, or the single output of a regression, in evaluation mode, in batches of one size; a short last batch is filled up by repeating a trial. */
export class Predictor {
  private readonly plan: Plan

  private constructor(
    gpu: Gpu,
    private readonly model: Rtcan1d,
    private readonly batch: number,
  ) {
    this.plan = new Plan(gpu)
    const forward = model.forward(this.plan, recordInputs(this.plan, model, batch), { training: false })
    this.plan.output('outputs', model.config.classes === 1 ? forward.logits : forward.probabilities)
  }

  static async create(gpu: Gpu, model: Rtcan1d, batch: number): Promise<Predictor> {
    const predictor = gpu.allOrNone(() => new Predictor(gpu, model, batch))
    try {
      await predictor.plan.compile()
    } catch (error) {
      predictor.destroy()
      throw error
    }
    return predictor
  }

  /** One row of class probabilities per trial, or of the single output. Stops between batches on `signal`. */
  async predict(inputs: InputRows, trials: readonly number[], abort?: AbortSignal): Promise<Float32Array[]> {
    const { classes } = this.model.config
    const rows: Float32Array[] = []
    for (let start = 0; start < trials.length; start += this.batch) {
      abort?.throwIfAborted()
      const own = trials.slice(start, start + this.batch)
      const filled = Array.from({ length: this.batch }, (_, i) => own[i] ?? own[0]!)
      writeInputs(this.plan, { eda: inputs.eda(filled), music: inputs.music(filled) })
      this.plan.run()
      const values = await this.plan.readFloat('outputs')
      own.forEach((_, i) => rows.push(values.slice(i * classes, (i + 1) * classes)))
    }
    return rows
  }

  destroy(): void {
    this.plan.destroy()
  }
}

/** A row of the probabilities of all classes, however many, for each trial under one trained model; of a model of ratings the rating alone, in its unit. */
export async function outputsOf(
  gpu: Gpu,
  config: RunConfig,
  { weights, scaling, listeners, scale }: TrainedModel,
  set: PreparedSet,
  trials: readonly number[],
  abort?: AbortSignal,
): Promise<Float32Array[]> {
  const model = new Rtcan1d(gpu, config.model)
  let predictor: Predictor | null = null
  try {
    model.weights.load(weights, 'trained model')
    predictor = await Predictor.create(gpu, model, Math.min(config.batch, trials.length))
    const rows = await predictor.predict(new ModelInputs(set, config.signals, scaling, listeners), trials, abort)
    return scale ? rows.map((row) => Float32Array.from(row, (output) => ratingOf(scale, output))) : rows
  } finally {
    predictor?.destroy()
    model.destroy()
  }
}
