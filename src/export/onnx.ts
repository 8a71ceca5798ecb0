// A trained network as an ONNX file, for ONNX Runtime and whatever else reads it.
import { classNames } from '../evaluation/targets.ts'
import { serializeOnnx, type OnnxModel, type OnnxValue } from '../formats/onnx.ts'
import { classifier, trunk } from '../model/architecture.ts'
import { summarise } from '../model/summary.ts'
import { checkWeights } from '../model/weights.ts'
import type { TrainedModel } from '../train/checkpoint.ts'
import type { RunConfig } from '../train/config.ts'
import type { MusicScaling } from '../train/inputs.ts'
import { VERSION } from '../version.ts'
import { OnnxLayers, type OnnxTrace } from './onnx_layers.ts'

/** The newest that ONNX 1.12 knows, and so what any current runtime reads. */
const OPSET = 17

/** How a file is written. */
export interface OnnxOptions {
  /**
   * Where the z-score of the music is: as `nodes` of the graph (default), whose input is then the song's features as they are, or in
   * `metadata` alone, where the input is features that are scaled already.
   */
  musicScaling?: 'nodes' | 'metadata'
  /** Texts to go along, by key, such as the name of the run. */
  metadata?: Readonly<Record<string, string>>
}

/**
 * The file of a fold's model. Inputs, float32: `eda` [batch, signals, length], trials as `galvani prepare` makes them, and `music`
 * [batch, features] where it hears any. Outputs: `logits` and `probabilities` [batch, classes], or of a model of ratings `rating` [batch, 1] in
 * their unit. The batch is free. The metadata say under `galvani.` how inputs are made and what comes out.
 *
 * @throws FormatError when the weights are not those of the configuration
 */
export function onnxFile(config: RunConfig, trained: TrainedModel, options: OnnxOptions = {}): Uint8Array {
  return serializeOnnx(onnxModel(config, trained, options))
}

function onnxModel(config: RunConfig, trained: TrainedModel, options: OnnxOptions): OnnxModel {
  const { weights, scaling } = trained
  const { model } = config
  checkWeights(summarise(model), weights, 'the model')
  const layers = new OnnxLayers(weights)
  const { musicScaling = 'nodes' } = options
  const inputs: OnnxValue[] = []
  const read: OnnxTrace[] = []
  const network = trunk(layers, model)
  if (network) {
    inputs.push({ name: 'eda', shape: ['batch', model.in_channels, model.length] })
    read.push(network({ name: 'eda', shape: [model.in_channels, model.length] }).y)
  }
  if (model.music_dim > 0) {
    inputs.push({ name: 'music', shape: ['batch', model.music_dim] })
    const music = { name: 'music', shape: [model.music_dim] }
    read.push(scaling && musicScaling === 'nodes' ? scaled(layers, music, scaling) : music)
  }
  const joined = layers.concatenated('features_and_music', read)
  const outputs = answers(layers, classifier(layers, model)(joined).y.name, trained)
  return {
    ...{ name: 'rtcan-1d', producer: { name: 'galvani', version: VERSION }, opset: OPSET },
    ...{ nodes: layers.nodes, tensors: [...layers.tensors.values()], inputs },
    outputs: outputs.map((name) => ({ name, shape: ['batch', model.classes] })),
    metadata: { ...described(config, scaling, musicScaling), ...options.metadata },
  }
}

/** What the last layer's values become: a rating in its unit, or the probabilities of classes. Returns the outputs' names. */
function answers(layers: OnnxLayers, last: string, { scale }: TrainedModel): string[] {
  if (scale) {
    const constant = (name: string, value: number): string => layers.constant(name, [1], Float32Array.of(value))
    const spread = layers.apply('Mul', 'rating.spread', [last, constant('rating.deviation', scale.deviation)])
    return [layers.apply('Add', 'rating', [spread, constant('rating.mean', scale.mean)])]
  }
  const logits = layers.apply('Identity', 'logits', [last])
  return [logits, layers.apply('Softmax', 'probabilities', [logits], { axis: -1 })]
}

/** (x - mean) / deviation; a feature that was constant while training is 0, as it was then. */
function scaled(layers: OnnxLayers, music: OnnxTrace, { mean, deviation }: MusicScaling): OnnxTrace {
  const constant = (name: string, values: Float32Array): string => layers.constant(name, [values.length], values)
  const centred = layers.apply('Sub', 'music.centred', [music.name, constant('music.mean', mean)])
  const divisor = constant(
    'music.deviation',
    deviation.map((spread) => (spread > 0 ? spread : 1)),
  )
  const divided = layers.apply('Div', 'music.scaled', [centred, divisor])
  const varies = constant(
    'music.varies',
    deviation.map((spread) => (spread > 0 ? 1 : 0)),
  )
  return { name: layers.apply('Mul', 'music.known', [divided, varies]), shape: music.shape }
}

/** How inputs are made and what comes out. */
function described(config: RunConfig, scaling: MusicScaling | null, at: string): Record<string, string> {
  const { dimension, target, levels, labels, signals, drop, interpolation = 'linear', model, musicFrom } = config
  const facts = {
    dimension,
    ...(target === 'rating' ? { target } : { classes: classNames(dimension, levels), labels }),
    signals,
    length: model.length,
    drop_seconds: drop,
    interpolation,
    music_features: model.music_dim,
    ...(musicFrom && { music_from: musicFrom }),
    ...(scaling && { music_scaling: at }),
    ...(scaling && at === 'metadata' && { music_mean: [...scaling.mean], music_deviation: [...scaling.deviation] }),
  }
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [
      `galvani.${key}`,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
}
