import { windowCount } from '../kernels/conv1d/conv1d.ts'
import { ShapeError } from '../runtime/errors.ts'
import { formatShape, sizeOf, type Shape } from '../runtime/shape.ts'
import { chain, classifier, joinOf, trunk, type Join, type Layer, type Layers } from './architecture.ts'
import { checkConfig, RNTA_POOLS, type ModelConfig, type RntaPool } from './config.ts'

/** A learnt tensor, in the shape of weight files: conv [out, in, kernel], linear [out, in], vector [n]. */
export interface ParameterSpec {
  name: string
  shape: Shape
  kind: 'conv' | 'linear' | 'bias' | 'scale' | 'shift'
}

/** A running statistic of a batch normalisation, [C]. */
export interface BufferSpec {
  name: string
  shape: Shape
  kind: 'mean' | 'variance'
}

/** One row of the summary; shapes without the batch. */
export interface LayerSummary {
  name: string
  kind: string
  input: Shape
  output: Shape
  parameters: number
  /** Forward floating-point operations per sample; a multiply-add counts two. */
  flops: number
}

/** A model as rows of layers, its tensors and their totals. */
export interface ModelSummary {
  layers: LayerSummary[]
  parameters: ParameterSpec[]
  /** Running statistics of the BN layers. */
  buffers: BufferSpec[]
  /** Features of the signals that the classifier reads. */
  features: number
  parameterCount: number
  flops: number
}

/** Shapes, parameters and FLOPs of a model, without a device. Throws ShapeError when the signal is too short for it. */
export function summarise(config: ModelConfig): ModelSummary {
  checkConfig(config)
  const summary = new Summariser()
  const features = trunk(summary, config)?.([config.in_channels, config.length]).y[0] ?? 0
  classifier(summary, config)([features + config.music_dim])
  const parameterCount = summary.parameters.reduce((total, { shape }) => total + sizeOf(shape), 0)
  const flops = summary.layers.reduce((total, layer) => total + layer.flops, 0)
  const { layers, parameters, buffers } = summary
  return { layers, parameters, buffers, features, parameterCount, flops }
}

/** Interprets the architecture over shapes [C, L] or [F]. */
class Summariser implements Layers<Shape> {
  readonly layers: LayerSummary[] = []
  readonly parameters: ParameterSpec[] = []
  readonly buffers: BufferSpec[] = []

  private layer(
    name: string,
    kind: string,
    describe: (x: Shape) => { output: Shape; flops: number; parameters?: ParameterSpec[] },
  ): Layer<Shape> {
    return (x) => {
      const { output, flops, parameters = [] } = describe(x)
      if (output.some((n) => n < 1)) {
        throw new ShapeError(
          `${name || kind}: ${formatShape(x)} is too short; use a longer signal or a smaller final_pool`,
        )
      }
      for (const parameter of parameters) this.parameters.push(parameter)
      const count = parameters.reduce((total, { shape }) => total + sizeOf(shape), 0)
      this.layers.push({ name, kind, input: x, output, parameters: count, flops })
      return { y: output, backward: (dy) => dy }
    }
  }

  conv(name: string, { channels, kernel, stride, padding, bias }: Parameters<Layers<Shape>['conv']>[1]): Layer<Shape> {
    return this.layer(name, `conv k${kernel} s${stride}`, ([inChannels = 0, length = 0]) => {
      const out = windowCount(length, kernel, { stride, padding })
      const parameters = convParameters(name, channels, inChannels, kernel, bias)
      return { output: [channels, out], flops: 2 * out * channels * inChannels * kernel, parameters }
    })
  }

  batchNorm(name: string, { relu } = { relu: false }): Layer<Shape> {
    const normalise = this.layer(name, 'batch norm', (x) => {
      const shape = [x[0]!]
      for (const buffer of runningStatistics(name, shape)) this.buffers.push(buffer)
      return { output: x, flops: 2 * sizeOf(x), parameters: scaleAndShift(name, shape) }
    })
    return relu ? chain(normalise, this.relu) : normalise
  }

  batchNormJoin(name: string): Join<Shape> {
    return joinOf(this, this.batchNorm(name))
  }

  relu = this.layer('', 'relu', (x) => ({ output: x, flops: sizeOf(x) }))
  sigmoid = this.layer('', 'sigmoid', (x) => ({ output: x, flops: sizeOf(x) }))
  flatten = this.layer('', 'flatten', (x) => ({ output: [sizeOf(x)], flops: 0 }))

  sca(name: string, { reduction, clips }: { reduction: number; clips: number }): Layer<Shape> {
    return this.layer(name, 'channel attention', (x) => {
      const channels = x[0]!
      const hidden = Math.floor(channels / reduction)
      if (hidden < 1) throw new ShapeError(`${name}: ${channels} channels are fewer than the reduction ${reduction}`)
      const parameters = [
        ...convParameters(`${name}.reduce`, hidden, channels, 1, true),
        ...convParameters(`${name}.expand`, channels, hidden, 1, true),
      ]
      return { output: x, flops: 2 * sizeOf(x) + clips * 4 * channels * hidden, parameters }
    })
  }

  rnta(name: string, { pool, clips }: { pool: RntaPool; clips: number }): Layer<Shape> {
    return this.layer(name, 'temporal attention', (x) => {
      const [channels = 0, length = 0] = x
      const inner = Math.floor(channels / 2)
      const parameters = [
        ...['theta', 'phi', 'g'].flatMap((part) => convParameters(`${name}.${part}`, inner, channels, 1, true)),
        ...convParameters(`${name}.out`, channels, inner, 1, true),
        ...scaleAndShift(`${name}.bn`, [channels]),
      ]
      for (const buffer of runningStatistics(`${name}.bn`, [channels])) this.buffers.push(buffer)
      const keys = length / clips / RNTA_POOLS[pool].rows
      const products = 4 * length * keys * inner
      return { output: x, flops: Math.round(products + 8 * length * inner * channels + 3 * sizeOf(x)), parameters }
    })
  }

  maxPool({ kernel, stride, padding }: { kernel: number; stride: number; padding: number }): Layer<Shape> {
    return this.layer('', `max pool k${kernel} s${stride}`, ([channels = 0, length = 0]) => {
      const out = windowCount(length, kernel, { stride, padding })
      return { output: [channels, out], flops: kernel * channels * out }
    })
  }

  averagePool({ kernel }: { kernel: number }): Layer<Shape> {
    return this.layer('', `average pool k${kernel}`, ([channels = 0, length = 0]) => {
      const out = windowCount(length, kernel, { stride: 1, padding: 0 })
      return { output: [channels, out], flops: kernel * channels * Math.max(out, 0) }
    })
  }

  linear(name: string, features: number): Layer<Shape> {
    return this.layer(name, 'linear', ([inFeatures = 0]) => ({
      output: [features],
      flops: 2 * inFeatures * features,
      parameters: [
        { name: `${name}.weight`, shape: [features, inFeatures], kind: 'linear' },
        { name: `${name}.bias`, shape: [features], kind: 'bias' },
      ],
    }))
  }

  add(a: Shape): Shape {
    return a
  }

  tap(): Layer<Shape> {
    return (x) => ({ y: x, backward: (dy) => dy })
  }
}

function convParameters(name: string, out: number, inChannels: number, kernel: number, bias: boolean): ParameterSpec[] {
  const weight: ParameterSpec = { name: `${name}.weight`, shape: [out, inChannels, kernel], kind: 'conv' }
  return bias ? [weight, { name: `${name}.bias`, shape: [out], kind: 'bias' }] : [weight]
}

const runningStatistics = (name: string, shape: Shape): BufferSpec[] => [
  { name: `${name}.running_mean`, shape, kind: 'mean' },
  { name: `${name}.running_var`, shape, kind: 'variance' },
]

const scaleAndShift = (name: string, shape: Shape): ParameterSpec[] => [
  { name: `${name}.weight`, shape, kind: 'scale' },
  { name: `${name}.bias`, shape, kind: 'shift' },
]
