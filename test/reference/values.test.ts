// The twins on numbers that can be worked out by hand, and what they refuse.
import { describe, expect, it } from 'vitest'
import { relu, reluBackward, sigmoid, softmax } from '../../src/reference/activation.ts'
import { ndarray, zeros } from '../../src/reference/array.ts'
import { attend } from '../../src/reference/attention.ts'
import { batchNorm } from '../../src/reference/batchnorm.ts'
import { concat, split } from '../../src/reference/concat.ts'
import { conv1d } from '../../src/reference/conv1d.ts'
import { interpolateLinear } from '../../src/reference/interpolate.ts'
import { linear } from '../../src/reference/linear.ts'
import { doubleSoftmaxCrossEntropy, oneHot, softmaxCrossEntropy } from '../../src/reference/loss.ts'
import { adamState, adamStep, sgdStep, stepDecay } from '../../src/reference/optimizer.ts'
import { averagePool1d, globalAveragePool, maxPool1d, maxPool1dBackward } from '../../src/reference/pool.ts'
import { clipLengths } from '../../src/reference/layers.ts'
import { sca } from '../../src/reference/sca.ts'

const signal = (...values: number[]) => ndarray([1, 1, values.length], values)
const listed = ({ data }: { data: Float64Array }): number[] => [...data]
const near = (values: number[]) => values.map((value) => expect.closeTo(value, 12) as number)

describe('forward values', () => {
  it('conv1d', () => {
    const weight = ndarray([1, 1, 3], [1, 10, 100])
    expect(listed(conv1d(signal(1, 2, 3, 4), weight, null, { stride: 1, padding: 1 }))).toEqual([210, 321, 432, 43])
    expect(listed(conv1d(signal(1, 2, 3, 4), weight, ndarray([1], [5]), { stride: 2, padding: 1 }))).toEqual([215, 437])
    const twoIn = ndarray([1, 2, 1], [2, 3])
    expect(listed(conv1d(ndarray([1, 2, 2], [1, 2, 10, 20]), twoIn, null, { stride: 1, padding: 0 }))).toEqual([32, 64])
  })

  it('batchNorm with running statistics, clip by clip', () => {
    const parameters = { weight: ndarray([1], [2]), bias: ndarray([1], [1]) }
    const buffers = { running_mean: ndarray([1], [10]), running_var: ndarray([1], [4]) }
    const evaluated = batchNorm(signal(10, 14), parameters, buffers, { training: false })
    expect(listed(evaluated.y)).toEqual(near([1, 1 + 8 / Math.sqrt(4 + 1e-5)]))
    expect(evaluated.buffers).toEqual(buffers)
    // Clip (1, 3): mean 2, variance 1, unbiased 2; clip (10, 20): mean 15, variance 25, unbiased 50.
    const trained = batchNorm(signal(1, 3, 10, 20), parameters, buffers, { training: true, clipLengths: [2, 2] })
    const [first, second] = [2 / Math.sqrt(1 + 1e-5), 10 / Math.sqrt(25 + 1e-5)]
    expect(listed(trained.y)).toEqual(near([1 - first, 1 + first, 1 - second, 1 + second]))
    expect(listed(trained.buffers.running_mean)).toEqual(near([0.9 * (0.9 * 10 + 0.1 * 2) + 0.1 * 15]))
    expect(listed(trained.buffers.running_var)).toEqual(near([0.9 * (0.9 * 4 + 0.1 * 2) + 0.1 * 50]))
  })

  it('activations', () => {
    expect(listed(relu(signal(-1, 0, 2)))).toEqual([0, 0, 2])
    expect(listed(reluBackward(signal(5, 5, 5), signal(-1, 0, 2)))).toEqual([0, 0, 5])
    expect(listed(sigmoid(signal(0, Math.log(3), -1000, 1000)))).toEqual(near([0.5, 0.75, 0, 1]))
    expect(listed(softmax(ndarray([2, 2], [0, Math.log(3), 1000, 0])))).toEqual(near([0.25, 0.75, 1, 0]))
  })

  it('pools; of equal values the first wins and padding never does', () => {
    expect(listed(globalAveragePool(ndarray([1, 2, 2], [1, 3, 10, 30])))).toEqual([2, 20])
    expect(listed(averagePool1d(signal(1, 3, 8, 10, 99), 2, 2))).toEqual([2, 9])
    const { y, argmax } = maxPool1d(signal(-7, -7, -9, -8), 3, 2, 1)
    expect(listed(y)).toEqual([-7, -7])
    expect([...argmax]).toEqual([0, 1])
    expect(listed(maxPool1dBackward(signal(3, 5), argmax, [1, 1, 4]))).toEqual([3, 5, 0, 0])
  })

  it('linear, concat, split', () => {
    const parameters = { weight: ndarray([2, 2], [1, 2, 3, 4]), bias: ndarray([2], [100, 200]) }
    expect(listed(linear(ndarray([1, 2], [10, 1]), parameters))).toEqual([112, 234])
    const joined = concat([ndarray([2, 1], [1, 2]), ndarray([2, 2], [3, 4, 5, 6])], 1)
    expect(joined).toEqual(ndarray([2, 3], [1, 3, 4, 2, 5, 6]))
    expect(split(joined, [1, 2], 1)).toEqual([ndarray([2, 1], [1, 2]), ndarray([2, 2], [3, 4, 5, 6])])
  })

  it('attend: keys of equal score share the weight', () => {
    const { z, attention } = attend(signal(0, Math.log(3)), signal(1, 0), signal(8, 4))
    expect(listed(attention)).toEqual(near([0.5, 0.5, 0.75, 0.25]))
    expect(listed(z)).toEqual(near([6, 7]))
  })

  it('sca: a gate of its own for each clip', () => {
    const parameters = {
      'reduce.weight': ndarray([1, 1, 1], [1]),
      'reduce.bias': ndarray([1], [0]),
      'expand.weight': ndarray([1, 1, 1], [Math.log(3)]),
      'expand.bias': ndarray([1], [0]),
    }
    const { y, gates } = sca(signal(1, 1, -4, -4), parameters, [2, 2])
    expect(gates.flatMap(listed)).toEqual(near([0.75, 0.5]))
    expect(listed(y)).toEqual(near([0.75, 0.75, -2, -2]))
  })

  it('losses', () => {
    const logits = ndarray([2, 2], [0, Math.log(3), 1000, 0])
    const single = softmaxCrossEntropy(logits, oneHot([1, 0], 2))
    expect(single.loss).toBeCloseTo(-Math.log(0.75) / 2, 12)
    expect(listed(single.grad)).toEqual(near([0.125, -0.125, 0, 0]))
    const double = doubleSoftmaxCrossEntropy(logits, oneHot([1, 0], 2))
    expect(double.loss).toBeCloseTo((Math.log(1 + Math.exp(-0.5)) + Math.log(1 + Math.exp(-1))) / 2, 12)
    expect(double.probs).toEqual(single.probs)
  })

  it('interpolateLinear', () => {
    expect(listed(interpolateLinear(signal(0, 10), 4))).toEqual(near([0, 2.5, 7.5, 10]))
    expect(listed(interpolateLinear(signal(0, 10, 20), 5, true))).toEqual(near([0, 5, 10, 15, 20]))
    expect(listed(interpolateLinear(signal(7), 3, true))).toEqual([7, 7, 7])
  })

  it('optimizers and step decay', () => {
    const p = ndarray([1], [1])
    const options = { lr: 0.1, momentum: 0.9, weightDecay: 0.5 }
    const first = sgdStep(p, ndarray([1], [2]), zeros([1]), options)
    expect(listed(first.velocity)).toEqual(near([2.5]))
    expect(listed(first.p)).toEqual(near([0.75]))
    const second = sgdStep(first.p, ndarray([1], [0]), first.velocity, options)
    expect(listed(second.p)).toEqual(near([0.75 - 0.1 * (0.9 * 2.5 + 0.5 * 0.75)]))

    // The first step of Adam has the size of the learning rate, whatever the gradient.
    const adam = { lr: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 0, weightDecay: 0.5, decoupled: false }
    expect(listed(adamStep(p, ndarray([1], [7]), adamState([1]), adam).p)).toEqual(near([0.9]))
    expect(listed(adamStep(p, ndarray([1], [7]), adamState([1]), { ...adam, decoupled: true }).p)).toEqual(near([0.85]))
    let current = { p, state: adamState([1]) }
    for (const g of [1, 3]) current = adamStep(current.p, ndarray([1], [g]), current.state, { ...adam, weightDecay: 0 })
    const [mean, square] = [(0.9 * 0.1 + 0.1 * 3) / (1 - 0.81), (0.999 * 0.001 + 0.001 * 9) / (1 - 0.998001)]
    expect(listed(current.p)).toEqual(near([0.9 - (0.1 * mean) / Math.sqrt(square)]))

    expect([0, 14, 15, 30].map((epoch) => stepDecay(1, epoch, 15, 0.9))).toEqual(near([1, 1, 0.9, 0.81]))
  })

  it('clip lengths are cut at floor(i L / n)', () => {
    expect(clipLengths(1250, 3)).toEqual([416, 417, 417])
    expect(clipLengths(676, 3)).toEqual([225, 225, 226])
  })
})

describe('refusals', () => {
  it.each([
    ['array', () => ndarray([2, 2], [1, 2, 3])],
    ['conv1d weight', () => conv1d(signal(1, 2), zeros([1, 2, 1]), null, { stride: 1, padding: 0 })],
    ['fewer than the window', () => conv1d(signal(1, 2), zeros([1, 1, 7]), null, { stride: 1, padding: 1 })],
    ['half the window', () => maxPool1d(signal(1, 2, 3), 2, 2, 2)],
    ['do not add up', () => split(signal(1, 2, 3), [1, 1], 2)],
    ['differ beyond axis', () => concat([zeros([1, 2]), zeros([2, 2])], 1)],
    ['nothing to join', () => concat([], 0)],
    ['class', () => oneHot([0, 2], 2)],
    [
      'more than one value',
      () => {
        const parameters = { weight: zeros([1]), bias: zeros([1]) }
        batchNorm(signal(1), parameters, { running_mean: zeros([1]), running_var: zeros([1]) }, { training: true })
      },
    ],
  ])('%s', (message, attempt) => {
    expect(attempt).toThrow(message)
  })
})
