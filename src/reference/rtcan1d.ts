// RTCAN-1D in float64, forward and backward, for every model setting. Names are those of the weight files:
// shallow.{conv,bn}, attention.{sca,rnta}, residual.{stem,stages.S,final}, classifier.N.
import type { ModelConfig } from '../model/config.ts'
import type { NamedArrays, NdArray } from './array.ts'
import { softmax } from './activation.ts'
import { concat, split } from './concat.ts'
import { doubleSoftmaxCrossEntropy, oneHot, softmaxCrossEntropy } from './loss.ts'
import type { Loss } from './loss.ts'
import {
  avgPoolLayer, batchNormLayer, chain, convLayer, flattenLayer, identity, linearLayer, maxPoolLayer, reluLayer,
  rntaLayer, scaLayer, sigmoidLayer, startPass, sum, tap,
} from './layers.ts'
import type { Layer, Pass } from './layers.ts'

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
  /** shallow, attention(.sca|.rnta), residual.{stem,maxpool,stages.S,final}, features, classifier.N (after ReLU). */
  taps: NamedArrays
  /** dL/dlogits -> the gradients of all parameters and of the EDA input. */
  backward: (gradLogits: NdArray) => { gradients: NamedArrays; eda: NdArray }
}

/** Runs the network. Throws FormatError if a parameter is missing, ShapeError if one does not fit. */
export function rtcan1d(
  config: ModelConfig, parameters: NamedArrays, buffers: NamedArrays, inputs: RtcanInputs, training: boolean,
): RtcanForward {
  const pass = startPass(parameters, buffers, training)
  const eda = trunk(pass, config)(inputs.eda)
  const widths = [eda.y.shape[1]!, config.music_dim]
  const joined = inputs.music ? concat([eda.y, inputs.music], 1) : eda.y
  const logits = classifier(pass, config)(joined)
  return {
    logits: logits.y,
    probs: softmax(logits.y),
    buffers: pass.buffers,
    taps: pass.taps,
    backward: (gradLogits) => {
      const gradJoined = logits.backward(gradLogits)
      const gradFeatures = inputs.music ? split(gradJoined, widths, 1)[0]! : gradJoined
      const gradEda = eda.backward(gradFeatures)
      return { gradients: pass.gradients, eda: gradEda }
    },
  }
}

/** The loss the model's head is trained with: cross-entropy, after one softmax more if the head ends in one. */
export function rtcan1dLoss(config: ModelConfig, logits: NdArray, labels: ArrayLike<number>): Loss {
  const targets = oneHot(labels, config.classes)
  return config.head === 'softmax' ? doubleSoftmaxCrossEntropy(logits, targets) : softmaxCrossEntropy(logits, targets)
}

/** Lengths of `count` consecutive clips cut at floor(i length / count). */
export function clipLengths(length: number, count: number): number[] {
  const cut = (i: number): number => Math.floor((i * length) / count)
  return Array.from({ length: count }, (_, i) => cut(i + 1) - cut(i))
}

/** The attention module over clips of x [B,C,L]: SCA and RNTA in the model's order, or both added and squashed. */
export function attentionModule(pass: Pass, config: ModelConfig, name: string): Layer {
  return (x) => {
    const length = x.shape[2]!
    const clips = clipLengths(length, config.clips)
    const scaClips = config.sca_scope === 'whole' ? [length] : clips
    const sca = chain(scaLayer(pass, `${name}.sca`, scaClips), tap(pass, `${name}.sca`))
    const rnta = chain(rntaLayer(pass, `${name}.rnta`, config.rnta_pool, clips), tap(pass, `${name}.rnta`))
    const orders: Record<ModelConfig['attention'], Layer> = {
      none: identity,
      sca,
      rnta,
      'sca-rnta': chain(sca, rnta),
      'rnta-sca': chain(rnta, sca),
      parallel: chain(sum(sca, rnta), sigmoidLayer),
    }
    return chain(orders[config.attention], tap(pass, name))(x)
  }
}

/** EDA [B,in_channels,length] -> features [B,F]. */
function trunk(pass: Pass, config: ModelConfig): Layer {
  const shallow = [
    convLayer(pass, 'shallow.conv', { stride: 2, padding: 3 }), batchNormLayer(pass, 'shallow.bn'),
    tap(pass, 'shallow'), attentionModule(pass, config, 'attention'),
  ]
  const stem = [
    convLayer(pass, 'residual.stem.conv', { stride: 2, padding: 3 }), batchNormLayer(pass, 'residual.stem.bn'),
    reluLayer, tap(pass, 'residual.stem'), maxPoolLayer(3, 2, 1), tap(pass, 'residual.maxpool'),
  ]
  const stages = config.stage_channels.map((_, s) => stage(pass, config, `residual.stages.${s}`))
  return chain(
    ...(config.shallow ? shallow : []),
    ...(config.stem ? stem : []),
    ...stages,
    downsample(pass, 'residual.final', config.final_stride), tap(pass, 'residual.final'),
    avgPoolLayer(config.final_pool, 1), flattenLayer, tap(pass, 'features'),
  )
}

/** Halves the length, then refines: `paper` downsamples before the units, `released` inside the first one. */
function stage(pass: Pass, config: ModelConfig, name: string): Layer {
  const released = config.preset === 'released'
  const units = Array.from({ length: config.units_per_stage }, (_, u) => {
    const unit = `${name}.units.${u}`
    const attention = config.unit_sca ? scaLayer(pass, `${unit}.sca`) : identity
    if (!released || u > 0) return chain(sum(identity, chain(attention, branch(pass, config, unit, 1))), reluLayer)
    // The shortcut of the first unit starts after the attention.
    const shortcut = downsample(pass, `${name}.downsample`, 2)
    return chain(attention, sum(branch(pass, config, unit, 2), shortcut), reluLayer)
  })
  const before = released ? [] : [downsample(pass, `${name}.downsample`, 2)]
  return chain(...before, ...units, tap(pass, name))
}

/** depth x (conv k3, BN, ReLU); the first conv has the stride. */
function branch(pass: Pass, config: ModelConfig, unit: string, stride: number): Layer {
  return chain(...Array.from({ length: config.depth }, (_, d) => chain(
    convLayer(pass, `${unit}.layers.${d}.conv`, { stride: d === 0 ? stride : 1, padding: 1 }),
    batchNormLayer(pass, `${unit}.layers.${d}.bn`),
    reluLayer,
  )))
}

/** 1x1 conv with a stride, BN. */
function downsample(pass: Pass, name: string, stride: number): Layer {
  return chain(convLayer(pass, `${name}.conv`, { stride, padding: 0 }), batchNormLayer(pass, `${name}.bn`))
}

/** Features [B,F] -> logits [B,classes]. */
function classifier(pass: Pass, config: ModelConfig): Layer {
  const hidden = config.hidden.map((_, i) =>
    chain(linearLayer(pass, `classifier.${i}`), reluLayer, tap(pass, `classifier.${i}`)))
  return chain(...hidden, linearLayer(pass, `classifier.${hidden.length}`))
}
