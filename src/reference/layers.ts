// The architecture's layers in float64: each call looks its parameters up by name and returns its result together with the
// function that carries a gradient back and leaves the parameters' gradients in the pass.
import { chain, joinOf, type ConvSpec, type Join, type Layer, type Layers, type Step } from '../model/architecture.ts'
import type { RntaPool } from '../model/config.ts'
import { FormatError } from '../runtime/errors.ts'
import { add, reshape, sizeOf } from './array.ts'
import type { NamedArrays, NdArray } from './array.ts'
import { relu, reluBackward, sigmoid, sigmoidBackward } from './activation.ts'
import { batchNorm, batchNormBackward } from './batchnorm.ts'
import { conv1d, conv1dBackward } from './conv1d.ts'
import { linear, linearBackward } from './linear.ts'
import { averagePool1d, averagePool1dBackward, maxPool1d, maxPool1dBackward } from './pool.ts'
import { RNTA_BUFFERS, RNTA_PARAMETERS, rnta, rntaBackward } from './rnta.ts'
import { SCA_PARAMETERS, sca, scaBackward } from './sca.ts'

/** Interprets the architecture over arrays [B, C, L] and [B, F]; one forward and backward pass. */
export class ReferenceLayers implements Layers<NdArray> {
  /** Running statistics; replaced by their new values as the layers run. The map that was given stays as it is. */
  readonly buffers: NamedArrays
  /** Named intermediate activations. */
  readonly taps: NamedArrays = new Map()
  /** dL/dparameter, filled by the backward functions. */
  readonly gradients: NamedArrays = new Map()
  /** Gradients at the taps, of the last backward pass. */
  readonly tapGradients: NamedArrays = new Map()
  /** Whether backward functions also stop at every ReLU what is negative (Springenberg et al. 2015). */
  guided = false

  constructor(
    private readonly parameters: NamedArrays,
    buffers: NamedArrays,
    private readonly training: boolean,
  ) {
    this.buffers = new Map(buffers)
  }

  conv(name: string, spec: ConvSpec): Layer<NdArray> {
    return (x) => {
      const { weight } = lookUp(this.parameters, name, ['weight'])
      const bias = spec.bias ? lookUp(this.parameters, name, ['bias']).bias : null
      return {
        y: conv1d(x, weight, bias, spec),
        backward: (gradY) => {
          const grad = conv1dBackward(gradY, x, weight, spec)
          store(this.gradients, name, bias ? { weight: grad.weight, bias: grad.bias } : { weight: grad.weight })
          return grad.x
        },
      }
    }
  }

  batchNorm(name: string, { relu } = { relu: false }): Layer<NdArray> {
    const normalise: Layer<NdArray> = (x) => {
      const parameters = lookUp(this.parameters, name, ['weight', 'bias'])
      const buffers = lookUp(this.buffers, name, ['running_mean', 'running_var'])
      const forward = batchNorm(x, parameters, buffers, { training: this.training })
      store(this.buffers, name, forward.buffers)
      return this.step(name, forward.y, (gradY) => batchNormBackward(gradY, forward.saved))
    }
    return relu ? chain(normalise, this.relu) : normalise
  }

  batchNormJoin(name: string): Join<NdArray> {
    return joinOf(this, this.batchNorm(name))
  }

  sca(name: string, { clips }: { clips: number }): Layer<NdArray> {
    return (x) => {
      const { y, saved } = sca(x, lookUp(this.parameters, name, SCA_PARAMETERS), clipLengths(x.shape[2]!, clips))
      return this.step(name, y, (gradY) => scaBackward(gradY, saved, this.guided))
    }
  }

  rnta(name: string, { pool, clips }: { pool: RntaPool; clips: number }): Layer<NdArray> {
    return (x) => {
      const parameters = lookUp(this.parameters, name, RNTA_PARAMETERS)
      const buffers = lookUp(this.buffers, name, RNTA_BUFFERS)
      const lengths = clipLengths(x.shape[2]!, clips)
      const forward = rnta(x, parameters, buffers, pool, { training: this.training, clipLengths: lengths })
      store(this.buffers, name, forward.buffers)
      return this.step(name, forward.y, (gradY) => rntaBackward(gradY, forward.saved))
    }
  }

  linear(name: string): Layer<NdArray> {
    return (x) => {
      const parameters = lookUp(this.parameters, name, ['weight', 'bias'])
      return this.step(name, linear(x, parameters), (gradY) => linearBackward(gradY, x, parameters.weight))
    }
  }

  /** A result whose backward pass leaves all parameter gradients under the layer's name. */
  private step(
    name: string,
    y: NdArray,
    backward: (gradY: NdArray) => { x: NdArray; parameters: Record<string, NdArray> },
  ): Step<NdArray> {
    return {
      y,
      backward: (gradY) => {
        const grad = backward(gradY)
        store(this.gradients, name, grad.parameters)
        return grad.x
      },
    }
  }

  relu: Layer<NdArray> = (x) => ({ y: relu(x), backward: (gradY) => reluBackward(gradY, x, this.guided) })

  sigmoid: Layer<NdArray> = (x) => {
    const y = sigmoid(x)
    return { y, backward: (gradY) => sigmoidBackward(gradY, y) }
  }

  maxPool({ kernel, stride, padding }: { kernel: number; stride: number; padding: number }): Layer<NdArray> {
    return (x) => {
      const { y, argmax } = maxPool1d(x, kernel, stride, padding)
      return { y, backward: (gradY) => maxPool1dBackward(gradY, argmax, x.shape) }
    }
  }

  averagePool({ kernel }: { kernel: number }): Layer<NdArray> {
    return (x) => ({
      y: averagePool1d(x, kernel, 1),
      backward: (gradY) => averagePool1dBackward(gradY, x.shape, kernel, 1),
    })
  }

  /** [B,C,L] -> [B,C L], channel-major. */
  flatten: Layer<NdArray> = (x) => ({
    y: reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))]),
    backward: (gradY) => reshape(gradY, x.shape),
  })

  add(a: NdArray, b: NdArray): NdArray {
    return add(a, b)
  }

  tap(name: string): Layer<NdArray> {
    return (x) => {
      this.taps.set(name, x)
      const backward = (gradY: NdArray): NdArray => {
        this.tapGradients.set(name, gradY)
        return gradY
      }
      return { y: x, backward, backwardFrom: new Map([[name, backward]]) }
    }
  }
}

/** Lengths of `count` consecutive clips cut at floor(i length / count). */
export function clipLengths(length: number, count: number): number[] {
  const cut = (i: number): number => Math.floor((i * length) / count)
  return Array.from({ length: count }, (_, i) => cut(i + 1) - cut(i))
}

function lookUp<K extends string>(arrays: NamedArrays, name: string, keys: readonly K[]): Record<K, NdArray> {
  const found = keys.map((key): [K, NdArray] => {
    const array = arrays.get(`${name}.${key}`)
    if (!array) throw new FormatError(`The model needs the tensor ${name}.${key}, which was not given.`)
    return [key, array]
  })
  return Object.fromEntries(found) as Record<K, NdArray>
}

function store(arrays: NamedArrays, name: string, values: Record<string, NdArray>): void {
  for (const [key, value] of Object.entries(values)) arrays.set(`${name}.${key}`, value)
}
