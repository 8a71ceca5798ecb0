// The operators as layers of a network: each call looks its parameters up by name and returns its result together with
// the function that carries a gradient back and leaves the parameters' gradients in the pass.
import type { RntaPool } from '../model/config.ts'
import { FormatError } from '../runtime/errors.ts'
import { add, reshape, sizeOf } from './array.ts'
import type { NamedArrays, NdArray } from './array.ts'
import { relu, reluBackward, sigmoid, sigmoidBackward } from './activation.ts'
import { batchNorm, batchNormBackward } from './batchnorm.ts'
import { conv1d, conv1dBackward } from './conv1d.ts'
import type { ConvGeometry } from './conv1d.ts'
import { linear, linearBackward } from './linear.ts'
import { avgPool1d, avgPool1dBackward, maxPool1d, maxPool1dBackward } from './pool.ts'
import { RNTA_BUFFERS, RNTA_PARAMETERS, rnta, rntaBackward } from './rnta.ts'
import { SCA_PARAMETERS, sca, scaBackward } from './sca.ts'

/** One forward and backward pass through a network. */
export interface Pass {
  parameters: NamedArrays
  training: boolean
  /** Running statistics; replaced by their new values as the layers run. */
  buffers: NamedArrays
  /** Named intermediate activations, filled by `tap`. */
  taps: NamedArrays
  /** dL/dparameter, filled by the backward functions. */
  gradients: NamedArrays
}

export interface Step {
  y: NdArray
  /** dL/dy -> dL/dx. */
  backward: (gradY: NdArray) => NdArray
}

export type Layer = (x: NdArray) => Step

/** A pass that leaves the maps it was given as they are. */
export function startPass(parameters: NamedArrays, buffers: NamedArrays, training: boolean): Pass {
  return { parameters, training, buffers: new Map(buffers), taps: new Map(), gradients: new Map() }
}

/** Layers one after the other. */
export function chain(...layers: Layer[]): Layer {
  return (x) => {
    const steps: Step[] = []
    let y = x
    for (const layer of layers) {
      const step = layer(y)
      steps.push(step)
      y = step.y
    }
    return { y, backward: (gradY) => steps.reduceRight((grad, step) => step.backward(grad), gradY) }
  }
}

/** Two layers side by side, results added. */
export function sum(first: Layer, second: Layer): Layer {
  return (x) => {
    const a = first(x)
    const b = second(x)
    return { y: add(a.y, b.y), backward: (gradY) => add(a.backward(gradY), b.backward(gradY)) }
  }
}

export const identity: Layer = (x) => ({ y: x, backward: (gradY) => gradY })

/** Passes x on and keeps it under `name`. */
export function tap(pass: Pass, name: string): Layer {
  return (x) => {
    pass.taps.set(name, x)
    return identity(x)
  }
}

/** A convolution; it has a bias if the pass has a parameter `name.bias`. */
export function convLayer(pass: Pass, name: string, geometry: ConvGeometry): Layer {
  return (x) => {
    const { weight } = lookUp(pass.parameters, name, ['weight'])
    const bias = pass.parameters.get(`${name}.bias`) ?? null
    return {
      y: conv1d(x, weight, bias, geometry),
      backward: (gradY) => {
        const grad = conv1dBackward(x, weight, gradY, geometry)
        store(pass.gradients, name, bias ? { weight: grad.weight, bias: grad.bias } : { weight: grad.weight })
        return grad.x
      },
    }
  }
}

export function batchNormLayer(pass: Pass, name: string): Layer {
  return (x) => {
    const parameters = lookUp(pass.parameters, name, ['weight', 'bias'])
    const buffers = lookUp(pass.buffers, name, ['running_mean', 'running_var'])
    const forward = batchNorm(x, parameters, buffers, { training: pass.training })
    store(pass.buffers, name, forward.buffers)
    return {
      y: forward.y,
      backward: (gradY) => {
        const grad = batchNormBackward(forward.saved, gradY)
        store(pass.gradients, name, grad.parameters)
        return grad.x
      },
    }
  }
}

export function scaLayer(pass: Pass, name: string, segments?: readonly number[]): Layer {
  return (x) => {
    const { y, saved } = sca(x, lookUp(pass.parameters, name, SCA_PARAMETERS), segments)
    return {
      y,
      backward: (gradY) => {
        const grad = scaBackward(saved, gradY)
        store(pass.gradients, name, grad.parameters)
        return grad.x
      },
    }
  }
}

export function rntaLayer(pass: Pass, name: string, pool: RntaPool, segments: readonly number[]): Layer {
  return (x) => {
    const parameters = lookUp(pass.parameters, name, RNTA_PARAMETERS)
    const buffers = lookUp(pass.buffers, name, RNTA_BUFFERS)
    const forward = rnta(x, parameters, buffers, pool, { training: pass.training, segments })
    store(pass.buffers, name, forward.buffers)
    return {
      y: forward.y,
      backward: (gradY) => {
        const grad = rntaBackward(forward.saved, gradY)
        store(pass.gradients, name, grad.parameters)
        return grad.x
      },
    }
  }
}

export function linearLayer(pass: Pass, name: string): Layer {
  return (x) => {
    const parameters = lookUp(pass.parameters, name, ['weight', 'bias'])
    return {
      y: linear(x, parameters),
      backward: (gradY) => {
        const grad = linearBackward(x, parameters.weight, gradY)
        store(pass.gradients, name, grad.parameters)
        return grad.x
      },
    }
  }
}

export const reluLayer: Layer = (x) => ({ y: relu(x), backward: (gradY) => reluBackward(x, gradY) })

export const sigmoidLayer: Layer = (x) => {
  const y = sigmoid(x)
  return { y, backward: (gradY) => sigmoidBackward(y, gradY) }
}

export function maxPoolLayer(kernel: number, stride: number, padding: number): Layer {
  return (x) => {
    const { y, argmax } = maxPool1d(x, kernel, stride, padding)
    return { y, backward: (gradY) => maxPool1dBackward(x.shape, argmax, gradY) }
  }
}

export function avgPoolLayer(kernel: number, stride: number): Layer {
  return (x) => ({
    y: avgPool1d(x, kernel, stride),
    backward: (gradY) => avgPool1dBackward(x.shape, gradY, kernel, stride),
  })
}

/** [B,C,L] -> [B,C L], channel-major. */
export const flattenLayer: Layer = (x) => ({
  y: reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))]),
  backward: (gradY) => reshape(gradY, x.shape),
})

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
