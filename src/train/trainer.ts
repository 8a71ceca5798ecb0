import { optimizerStateCount } from '../kernels/optimizer.ts'
import { Rtcan1d } from '../model/rtcan1d.ts'
import { summarise } from '../model/summary.ts'
import type { HostTensors } from '../model/weights.ts'
import { NumericError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Random } from '../runtime/random.ts'
import { Slab } from '../runtime/slab.ts'
import type { FoldState, Progress } from './checkpoint.ts'
import { stepDecay, type RunConfig } from './config.ts'
import type { Fold } from '../evaluation/folds.ts'
import type { ModelInputs } from './inputs.ts'
import { balancedWeights, frozenParameters, startingWeights } from './learning.ts'
import { Predictor } from './predictor.ts'
import { ratingScale, standardisedRating, type RatingScale } from './rating_scale.ts'
import type { EpochRecord } from './run_summary.ts'
import { shuffleStream } from '../evaluation/random_streams.ts'
import type { Labels } from '../evaluation/targets.ts'
import { TrainingStep, type StepSettings } from './training_step.ts'

interface TrainerHooks {
  /** After each step, with steps done and steps in all planned epochs of this fold. */
  onStep?: (done: number, total: number) => void
  onEpoch?: (record: EpochRecord) => void
  /** After each epoch, to be stored; a resumed fold starts from the last one. */
  onCheckpoint?: (checkpoint: FoldState) => Promise<void>
  signal?: AbortSignal
}

/** Trains one fold: epochs of shuffled batches, the epoch chosen on the validation part, or on the test part if the run says so. */
export class Trainer {
  private readonly model: Rtcan1d
  private readonly state: Slab[]
  private readonly steps = new Map<number, TrainingStep>()
  private readonly settings: StepSettings
  private best: HostTensors
  private progress: Progress = { epochs: [], bestEpoch: 0, steps: 0 }
  /** Of ratings: that of the training part, by which they are learnt. */
  readonly scale: RatingScale | undefined
  /** What is learnt of each trial: its class, or its rating on that scale. */
  private readonly targets: Labels

  constructor(
    private readonly gpu: Gpu,
    private readonly config: RunConfig,
    private readonly fold: Fold,
    private readonly inputs: ModelInputs,
    labels: Labels,
    initial?: HostTensors,
  ) {
    // Before anything is taken on the device.
    const scale = config.target === 'rating' ? ratingScale(labels, fold.train) : undefined
    this.scale = scale
    this.targets = scale ? Float64Array.from(labels, (rating) => standardisedRating(scale, rating)) : labels
    this.best = startingWeights(config, initial).weights
    this.settings = {
      frozen: frozenParameters(summarise(config.model), config.freeze),
      ...(config.classWeights && { classWeights: balancedWeights(labels, fold.train, config.model.classes) }),
    }
    this.model = new Rtcan1d(gpu, config.model)
    this.model.weights.load(this.best, 'initial weights')
    const shape = new Map([...this.model.weights.parameters.tensors].map(([name, tensor]) => [name, tensor.shape]))
    const slabs = optimizerStateCount(config.optimizer)
    this.state = Array.from({ length: slabs }, (_, i) => new Slab(gpu, `optimizer state ${i}`, shape))
  }

  /** Goes on from a checkpoint instead of from the initial weights. */
  restore({ weights, optimizer, best, progress }: FoldState, source: string): void {
    this.model.weights.load(weights, source)
    optimizer.forEach((tensors, i) => this.model.weights.upload(this.state[i]!, tensors, source))
    this.best = best
    this.progress = progress
  }

  /** Runs the epochs that are left. Returns the weights of the best epoch and the history. Stops early on `hooks.signal`. */
  async run(hooks: TrainerHooks = {}): Promise<{ weights: HostTensors; progress: Progress }> {
    const predictor = await Predictor.create(this.gpu, this.model, this.config.batch)
    try {
      while (!this.finished()) {
        const record = await this.epoch(this.progress.epochs.length, predictor, hooks)
        const weights = await this.model.weights.save()
        this.keep(record, weights)
        hooks.onEpoch?.(record)
        await hooks.onCheckpoint?.({
          weights,
          optimizer: await this.optimizerState(),
          best: this.best,
          progress: this.progress,
        })
      }
    } finally {
      predictor.destroy()
    }
    return { weights: this.best, progress: this.progress }
  }

  private finished(): boolean {
    const { epochs, bestEpoch } = this.progress
    return (
      epochs.length >= this.config.epochs || (epochs.length > 0 && epochs.length - bestEpoch >= this.config.patience)
    )
  }

  private async epoch(epoch: number, predictor: Predictor, hooks: TrainerHooks): Promise<EpochRecord> {
    const { config, fold } = this
    const random = new Random(config.seed, shuffleStream(fold.index, epoch))
    const order = Array.from(random.permutation(fold.train.length), (i) => fold.train[i]!)
    const rate = stepDecay(config.learningRate, config.decay, config.decayEpochs, epoch)
    const perEpoch = Math.ceil(order.length / config.batch)
    let sum = 0
    // Each loss is the mean of its batch, and the last batch may be smaller.
    const add = (losses: readonly number[], { batch }: TrainingStep): void =>
      losses.forEach((loss) => (sum += loss * batch))
    for (let start = 0; start < order.length; start += config.batch) {
      hooks.signal?.throwIfAborted()
      const trials = order.slice(start, start + config.batch)
      const step = await this.step(trials.length)
      const batch = { eda: this.inputs.eda(trials), music: this.inputs.music(trials) }
      add(
        await step.run(
          batch,
          trials.map((t) => this.targets[t]!),
          rate,
          ++this.progress.steps,
        ),
        step,
      )
      hooks.onStep?.(this.progress.steps, perEpoch * config.epochs)
    }
    for (const step of this.steps.values()) add(await step.losses(), step)
    const record: EpochRecord = {
      epoch: epoch + 1,
      trainLoss: sum / order.length,
      ...(await this.validate(predictor, hooks.signal)),
    }
    this.requireFinite('training', record.trainLoss, record)
    this.requireFinite('validation', record.validationLoss ?? 0, record)
    return record
  }

  private requireFinite(part: string, loss: number, { epoch }: EpochRecord): void {
    if (Number.isFinite(loss)) return
    throw new NumericError(
      `fold ${this.fold.name}: the ${part} loss is ${loss} in epoch ${epoch}; lower the learning rate`,
    )
  }

  /** The step for batches of this size; the last batch of an epoch may be smaller. */
  private async step(batch: number): Promise<TrainingStep> {
    const known = this.steps.get(batch)
    if (known) return known
    const step = await TrainingStep.create(
      this.gpu,
      this.model,
      batch,
      this.config.optimizer,
      this.state,
      this.settings,
    )
    this.steps.set(batch, step)
    return step
  }

  private async validate(
    predictor: Predictor,
    abort?: AbortSignal,
  ): Promise<{ validationLoss?: number; validationAccuracy?: number }> {
    const trials = this.config.choice === 'test' ? this.fold.test : this.fold.validation
    if (trials.length === 0) return {}
    const rows = await predictor.predict(this.inputs, trials, abort)
    let [loss, hits] = [0, 0]
    if (this.scale) {
      rows.forEach((row, i) => (loss += (row[0]! - this.targets[trials[i]!]!) ** 2))
      return { validationLoss: loss / trials.length }
    }
    rows.forEach((row, i) => {
      const label = this.targets[trials[i]!]!
      loss -= (this.settings.classWeights?.[label] ?? 1) * Math.log(Math.max(row[label]!, 1e-12))
      hits += row.indexOf(Math.max(...row)) === label ? 1 : 0
    })
    return { validationLoss: loss / trials.length, validationAccuracy: hits / trials.length }
  }

  /** Without a validation part the last epoch is the best: nothing else may choose. */
  private keep(record: EpochRecord, weights: HostTensors): void {
    const { epochs, bestEpoch } = this.progress
    const best = epochs[bestEpoch - 1]?.validationLoss ?? Infinity
    epochs.push(record)
    if (record.validationLoss !== undefined && !(record.validationLoss < best)) return
    this.progress.bestEpoch = record.epoch
    this.best = weights
  }

  private async optimizerState(): Promise<HostTensors[]> {
    const slabs: HostTensors[] = []
    for (const slab of this.state) slabs.push(await this.model.weights.download(slab))
    return slabs
  }

  destroy(): void {
    for (const step of this.steps.values()) step.destroy()
    for (const slab of this.state) slab.destroy()
    this.model.destroy()
  }
}
