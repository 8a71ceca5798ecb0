// Every backward pass of the twins against central differences, on random arrays of awkward shapes.
import { describe, expect, it } from 'vitest'
import type { RntaPool } from '../../src/model/config.ts'
import {
  relu,
  reluBackward,
  sigmoid,
  sigmoidBackward,
  softmax,
  softmaxBackward,
} from '../../src/reference/activation.ts'
import { add, dot, map } from '../../src/reference/array.ts'
import type { NdArray } from '../../src/reference/array.ts'
import { attend, attendBackward } from '../../src/reference/attention.ts'
import { batchNorm, batchNormBackward } from '../../src/reference/batchnorm.ts'
import { concat, split } from '../../src/reference/concat.ts'
import { conv1d, conv1dBackward } from '../../src/reference/conv1d.ts'
import { directionalDerivative, gradientError, numericalGradient } from '../../src/reference/gradcheck.ts'
import { linear, linearBackward } from '../../src/reference/linear.ts'
import { doubleSoftmaxCrossEntropy, oneHot, softmaxCrossEntropy } from '../../src/reference/loss.ts'
import {
  averagePool1d,
  averagePool1dBackward,
  globalAveragePool,
  globalAveragePoolBackward,
  maxPool1d,
  maxPool1dBackward,
} from '../../src/reference/pool.ts'
import { RNTA_PARAMETERS, rnta, rntaBackward } from '../../src/reference/rnta.ts'
import type { RntaBuffers, RntaParameters } from '../../src/reference/rnta.ts'
import { SCA_PARAMETERS, sca, scaBackward } from '../../src/reference/sca.ts'
import type { ScaParameters } from '../../src/reference/sca.ts'
import { Random } from '../../src/runtime/random.ts'
import { randomArray } from '../support/golden_values.ts'

type Arrays<K extends string> = Record<K, NdArray>

/** Checks d dot(forward(inputs), upstream) / d input, for every input that `backward` returns a gradient of. */
function expectGradients<K extends string>(
  inputs: Arrays<K>,
  forward: (inputs: Arrays<K>) => NdArray,
  backward: (inputs: Arrays<K>, upstream: NdArray) => Partial<Arrays<K>>,
): void {
  const upstream = randomArray(new Random(99), ...forward(inputs).shape)
  const gradients = Object.entries(backward(inputs, upstream)) as [K, NdArray][]
  expect(gradients.length).toBeGreaterThan(0)
  for (const [name, gradient] of gradients) {
    const numerical = numericalGradient((x) => dot(forward({ ...inputs, [name]: x }), upstream), inputs[name])
    expect(gradientError(gradient, numerical), name).toBeLessThan(1e-8)
  }
}

describe('gradcheck', () => {
  it('knows a wrong gradient from a right one', () => {
    const x = randomArray(new Random(1), 7)
    const numerical = numericalGradient((v) => dot(v, v), x)
    expect(
      gradientError(
        map(x, (v) => 2 * v),
        numerical,
      ),
    ).toBeLessThan(1e-9)
    expect(
      gradientError(
        map(x, (v) => 2.001 * v),
        numerical,
      ),
    ).toBeGreaterThan(1e-4)
    const direction = randomArray(new Random(2), 7)
    expect(directionalDerivative((v) => dot(v, v), x, direction)).toBeCloseTo(2 * dot(x, direction), 8)
  })
})

describe('gradients', () => {
  const random = new Random(7)
  const draw = (...shape: number[]): NdArray => randomArray(random, ...shape)

  it.each([
    { B: 2, I: 3, O: 4, L: 11, K: 7, stride: 2, padding: 3 },
    { B: 1, I: 2, O: 5, L: 1, K: 3, stride: 1, padding: 1 },
    { B: 3, I: 1, O: 2, L: 13, K: 1, stride: 3, padding: 0 },
    { B: 2, I: 3, O: 2, L: 10, K: 2, stride: 4, padding: 3 },
  ])('conv1d %o', ({ B, I, O, L, K, ...geometry }) => {
    expectGradients(
      { x: draw(B, I, L), weight: draw(O, I, K), bias: draw(O) },
      ({ x, weight, bias }) => conv1d(x, weight, bias, geometry),
      ({ x, weight }, gradY) => conv1dBackward(gradY, x, weight, geometry),
    )
  })

  it.each([
    { training: true },
    { training: false },
    { training: true, clipLengths: [3, 1, 5] },
    { training: false, clipLengths: [3, 1, 5] },
  ])('batchNorm %o', (mode) => {
    const buffers = { running_mean: draw(5), running_var: map(draw(5), Math.exp) }
    expectGradients(
      { x: draw(3, 5, 9), weight: draw(5), bias: draw(5) },
      ({ x, weight, bias }) => batchNorm(x, { weight, bias }, buffers, mode).y,
      ({ x, weight, bias }, gradY) => {
        const grad = batchNormBackward(gradY, batchNorm(x, { weight, bias }, buffers, mode).saved)
        return { x: grad.x, ...grad.parameters }
      },
    )
  })

  it('activations', () => {
    const inputs = { x: draw(2, 3, 5) }
    expectGradients(
      inputs,
      ({ x }) => relu(x),
      ({ x }, gradY) => ({ x: reluBackward(gradY, x) }),
    )
    expectGradients(
      inputs,
      ({ x }) => sigmoid(x),
      ({ x }, gradY) => ({ x: sigmoidBackward(gradY, sigmoid(x)) }),
    )
    expectGradients(
      inputs,
      ({ x }) => softmax(x),
      ({ x }, gradY) => ({ x: softmaxBackward(gradY, softmax(x)) }),
    )
  })

  it('pools', () => {
    const inputs = { x: draw(2, 3, 11) }
    expectGradients(
      inputs,
      ({ x }) => globalAveragePool(x),
      (_, gradY) => ({ x: globalAveragePoolBackward(gradY, 11) }),
    )
    for (const [kernel, stride] of [
      [4, 1],
      [2, 2],
      [3, 5],
    ] as const) {
      expectGradients(
        inputs,
        ({ x }) => averagePool1d(x, kernel, stride),
        ({ x }, gradY) => ({ x: averagePool1dBackward(gradY, x.shape, kernel, stride) }),
      )
    }
    for (const [kernel, stride, padding] of [
      [3, 2, 1],
      [2, 2, 0],
      [5, 1, 2],
    ] as const) {
      expectGradients(
        inputs,
        ({ x }) => maxPool1d(x, kernel, stride, padding).y,
        ({ x }, gradY) => ({ x: maxPool1dBackward(gradY, maxPool1d(x, kernel, stride, padding).argmax, x.shape) }),
      )
    }
  })

  it('linear', () => {
    expectGradients(
      { x: draw(3, 5), weight: draw(4, 5), bias: draw(4) },
      ({ x, weight, bias }) => linear(x, { weight, bias }),
      ({ x, weight }, gradY) => {
        const grad = linearBackward(gradY, x, weight)
        return { x: grad.x, ...grad.parameters }
      },
    )
  })

  it.each([1, 2])('concat along axis %i', (axis) => {
    const parts = axis === 1 ? { a: draw(2, 3, 5), b: draw(2, 1, 5) } : { a: draw(2, 3, 5), b: draw(2, 3, 4) }
    expectGradients(
      parts,
      ({ a, b }) => concat([a, b], axis),
      ({ a, b }, gradY) => {
        const [gradA, gradB] = split(gradY, [a.shape[axis]!, b.shape[axis]!], axis)
        return { a: gradA!, b: gradB! }
      },
    )
  })

  it('attend', () => {
    expectGradients(
      { theta: draw(2, 3, 7), phi: draw(2, 3, 4), g: draw(2, 3, 4) },
      ({ theta, phi, g }) => attend(theta, phi, g).z,
      ({ theta, phi, g }, gradZ) => attendBackward(gradZ, theta, phi, g, attend(theta, phi, g).attention),
    )
  })

  it.each([{ clipLengths: [9] }, { clipLengths: [2, 3, 4] }])('sca %o', ({ clipLengths }) => {
    const shapes = { 'reduce.weight': [3, 6, 1], 'reduce.bias': [3], 'expand.weight': [6, 3, 1], 'expand.bias': [6] }
    const parameters = Object.fromEntries(SCA_PARAMETERS.map((name) => [name, draw(...shapes[name])])) as ScaParameters
    expectGradients(
      { x: draw(3, 6, 9), ...parameters },
      ({ x, ...rest }) => sca(x, rest, clipLengths).y,
      ({ x, ...rest }, gradY) => {
        const grad = scaBackward(gradY, sca(x, rest, clipLengths).saved)
        return { x: grad.x, ...grad.parameters }
      },
    )
  })

  const rntaModes = (['none', 'avg1', 'avg2', 'max2'] as const).flatMap((pool: RntaPool) =>
    [true, false].map((training) => ({ pool, training })),
  )
  it.each(rntaModes)('rnta %o', ({ pool, training }) => {
    const [C, D, mode] = [4, 3, { training, clipLengths: [5, 4, 6] }]
    const shapeOf = (name: string): number[] => {
      if (name.startsWith('bn.') || name === 'out.bias') return [C]
      if (name === 'out.weight') return [C, D, 1]
      return name.endsWith('weight') ? [D, C, 1] : [D]
    }
    const named = RNTA_PARAMETERS.map((name) => [name, draw(...shapeOf(name))])
    const parameters = Object.fromEntries(named) as RntaParameters
    const buffers: RntaBuffers = { 'bn.running_mean': draw(C), 'bn.running_var': map(draw(C), Math.exp) }
    expectGradients(
      { x: draw(2, C, 15), ...parameters },
      ({ x, ...rest }) => rnta(x, rest, buffers, pool, mode).y,
      ({ x, ...rest }, gradY) => {
        const grad = rntaBackward(gradY, rnta(x, rest, buffers, pool, mode).saved)
        return { x: grad.x, ...grad.parameters }
      },
    )
  })

  it.each([softmaxCrossEntropy, doubleSoftmaxCrossEntropy])('$name', (loss) => {
    const soft = softmax(draw(5, 3))
    const unnormalized = add(soft, oneHot([0, 2, 1, 1, 0], 3))
    const logits = draw(5, 3)
    for (const targets of [oneHot([0, 2, 1, 1, 0], 3), soft, unnormalized]) {
      const numerical = numericalGradient((x) => loss(x, targets).loss, logits)
      expect(gradientError(loss(logits, targets).grad, numerical)).toBeLessThan(1e-9)
    }
  })
})
