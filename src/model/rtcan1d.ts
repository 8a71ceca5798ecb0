import type { Gradients } from '../kernels/gradients.ts'
import { concat, channelsLast, slice } from '../kernels/layout.ts'
import { softmax } from '../kernels/softmax.ts'
import { requireGpu } from '../runtime/gpu_base.ts'
import { ShapeError, UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Plan } from '../runtime/plan.ts'
import { expectShape, extent } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { classifier, trunk } from './architecture.ts'
import type { ModelConfig } from './config.ts'
import { GpuLayers } from './layers.ts'
import { summarise, type ModelSummary } from './summary.ts'
import { Weights } from './weights.ts'

/** The network's inputs. */
export interface RtcanInputs {
  /** [B, in_channels, length], signals in the order origin, phasic, tonic. */
  eda: Tensor
  /** [B, music_dim]; absent when music_dim is 0. */
  music?: Tensor
}

/** What a recorded forward pass yields. */
export interface RtcanForward {
  /** [B, classes], before any softmax. */
  logits: Tensor
  /** [B, classes]. */
  probabilities: Tensor
  /** Named activations [B, L, C] or [B, F]. */
  taps: ReadonlyMap<string, Tensor>
}

/** A forward pass that was given `gradients`, and how to go on from it. */
export interface RtcanDifferentiable extends RtcanForward {
  /** Mean loss [1] of the preset's head against target probabilities [B, classes], and its gradient by the logits. */
  loss: (targets: Tensor) => { loss: Tensor; dlogits: Tensor }
  /**
   * Records the backward pass; parameter gradients land in `weights.gradients`. Returns the gradient of the signals [B, L, C]. `by`: other
   * kernels than the forward pass was given.
   */
  backward: (dlogits: Tensor, by?: Gradients) => Tensor
  /** The same for a gradient that arises at one tap of the signals' part alone. @throws UsageError for a tap that is not there */
  backwardFrom: (tap: string, gradient: Tensor, by?: Gradients) => Tensor
  /** Gradients at the taps, of the backward pass that was recorded last. */
  tapGradients: ReadonlyMap<string, Tensor>
}

/** How the forward pass is recorded. */
export interface RtcanMode {
  /** Batch statistics normalise, and the running statistics are updated; needs `gradients`. */
  training: boolean
  /** `gradients` of galvani/kernels, to have a loss and a backward pass; without it a bundle holds no kernel of theirs. */
  gradients?: Gradients
  /** Also compute the gradient of the signals in the backward pass (saliency); otherwise `backward` returns a tensor without meaning. */
  inputGradient?: boolean
}

/** The network: a configuration and its weights on a device. Recording it on a plan computes nothing yet. */
export class Rtcan1d {
  readonly summary: ModelSummary
  readonly weights: Weights

  constructor(
    gpu: Gpu,
    readonly config: ModelConfig,
  ) {
    requireGpu('Rtcan1d', gpu)
    this.summary = summarise(config)
    this.weights = new Weights(gpu, this.summary)
  }

  /**
   * Records the forward pass, and with `gradients` makes its loss and its backward pass ready to be recorded.
   * @throws UsageError for training without them; ShapeError for inputs of other shapes than the configuration's
   */
  forward(p: Plan, inputs: RtcanInputs, mode: RtcanMode & { gradients: Gradients }): RtcanDifferentiable
  forward(p: Plan, inputs: RtcanInputs, mode: RtcanMode & { training: false }): RtcanForward
  forward(p: Plan, inputs: RtcanInputs, mode: RtcanMode): RtcanDifferentiable {
    const { config } = this
    p.requires(() => this.weights.requireLoaded())
    const batch = extent(inputs.eda.shape, 0)
    expectShape('eda', inputs.eda.shape, [batch, config.in_channels, config.length])
    if (config.music_dim > 0) {
      if (!inputs.music) throw new ShapeError(`this model needs music features [${batch},${config.music_dim}]`)
      expectShape('music', inputs.music.shape, [batch, config.music_dim])
    }
    const signals = channelsLast(p, inputs.eda, 'signals')
    const layers = new GpuLayers(
      p,
      this.weights,
      mode.training,
      mode.gradients ?? null,
      mode.inputGradient ? null : signals,
    )
    const features = trunk(layers, config)?.(signals)
    if (mode.inputGradient && !features) throw new UsageError('this network reads no signals')
    const music = config.music_dim > 0 ? inputs.music : undefined
    const joined = features && music ? concat(p, features.y, music, 'features and music') : (features?.y ?? music!)
    const { y: logits, backward: classifierBackward } = classifier(layers, config)(joined)
    const probabilities = softmax(p, logits, 'probabilities')
    const finish = (dsignals: Tensor): Tensor => {
      layers.finishGradients()
      return dsignals
    }
    return {
      logits,
      probabilities,
      taps: layers.taps,
      tapGradients: layers.tapGradients,
      loss: (targets) => this.loss(p, layers.gradients, logits, probabilities, targets),
      backward: (dlogits, by = mode.gradients) => {
        layers.backwards = by ?? null
        const djoined = classifierBackward(dlogits)
        const dfeatures =
          features && music ? slice(p, djoined, 0, extent(features.y.shape, 1), 'feature gradient') : djoined
        return finish(features?.backward(dfeatures) ?? dfeatures)
      },
      backwardFrom: (tap, gradient, by = mode.gradients) => {
        layers.backwards = by ?? null
        const back = features?.backwardFrom?.get(tap)
        if (!back) throw new UsageError(`backwardFrom: there is no tap '${tap}' in this network's part for signals`)
        return finish(back(gradient))
      },
    }
  }

  private loss(
    p: Plan,
    { softmaxBackward, softmaxCrossEntropy }: Gradients,
    logits: Tensor,
    probabilities: Tensor,
    targets: Tensor,
  ): { loss: Tensor; dlogits: Tensor } {
    if (this.config.head === 'logits') return softmaxCrossEntropy(p, logits, targets, 'loss')
    const { loss, dlogits } = softmaxCrossEntropy(p, probabilities, targets, 'loss')
    return { loss, dlogits: softmaxBackward(p, dlogits, probabilities, 'loss backward') }
  }

  destroy(): void {
    this.weights.destroy()
  }
}
