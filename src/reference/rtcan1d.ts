// RTCAN-1D in float64, forward and backward, for every model setting. Names are those of the weight files:
// shallow.{conv,bn}, attention.{sca,rnta}, residual.{stem,stages.S,final}, classifier.N.
import { classifier, trunk } from '../model/architecture.ts'
import type { ModelConfig } from '../model/config.ts'
import { zeros, type NamedArrays, type NdArray } from './array.ts'
import { softmax } from './activation.ts'
import { concat, split } from './concat.ts'
import { ReferenceLayers } from './layers.ts'
import { doubleSoftmaxCrossEntropy, oneHot, softmaxCrossEntropy } from './loss.ts'
import type { Loss } from './loss.ts'

export interface RtcanInputs {
  /** [B, in_channels, length] */
  eda: NdArray
  /** [B, music_dim]; absent if the model takes no music. */
  music?: NdArray
}

export interface RtcanForward {
  /** [B, classes], before any softmax. */
  logits: NdArray
  probs: NdArray
  /** Running statistics after the call. */
  buffers: NamedArrays
  /** shallow, attention(.sca|.rnta), residual.{stem,max_pool,stages.S,final}, features, classifier.N (after ReLU). */
  taps: NamedArrays
  /** dL/dlogits -> the gradients of all parameters, of the taps and of the EDA input; `guided` as in `reluBackward`. */
  backward: (gradLogits: NdArray, guided?: boolean) => Backward
  /** The same for a gradient that arises at one tap of the signals' part alone. */
  backwardFrom: (tap: string, gradTap: NdArray, guided?: boolean) => Backward
}

interface Backward {
  gradients: NamedArrays
  taps: NamedArrays
  eda: NdArray
}

/** Runs the network. Throws FormatError if a parameter is missing, ShapeError if one does not fit. */
export function rtcan1d(
  config: ModelConfig,
  parameters: NamedArrays,
  buffers: NamedArrays,
  inputs: RtcanInputs,
  training: boolean,
): RtcanForward {
  const pass = new ReferenceLayers(parameters, buffers, training)
  const eda = trunk(pass, config)?.(inputs.eda)
  const read = [eda?.y, inputs.music].filter((array) => array !== undefined)
  const joined = concat(read, 1)
  const logits = classifier(pass, config)(joined)
  const backward = (eda: NdArray): Backward => ({ gradients: pass.gradients, taps: new Map(pass.tapGradients), eda })
  return {
    logits: logits.y,
    probs: softmax(logits.y),
    buffers: pass.buffers,
    taps: pass.taps,
    backward: (gradLogits, guided = false) => {
      pass.guided = guided
      const gradJoined = logits.backward(gradLogits)
      const [gradFeatures] = split(
        gradJoined,
        read.map(({ shape }) => shape[1]!),
        1,
      )
      return backward(eda ? eda.backward(gradFeatures!) : zeros(inputs.eda.shape))
    },
    backwardFrom: (tap, gradTap, guided = false) => {
      pass.guided = guided
      return backward(eda!.backwardFrom!.get(tap)!(gradTap))
    },
  }
}

/** The loss the model's head is trained with: cross-entropy, after one softmax more if the head ends in one. */
export function rtcan1dLoss(config: ModelConfig, logits: NdArray, labels: ArrayLike<number>): Loss {
  const targets = oneHot(labels, config.classes)
  return config.head === 'softmax' ? doubleSoftmaxCrossEntropy(logits, targets) : softmaxCrossEntropy(logits, targets)
}
