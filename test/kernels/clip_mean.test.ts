// Means over clips of uneven length, forward and backward, on the device and by the float64 twin, against a plain loop over rows.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clipMean, clipMeanBackward } from '../../src/kernels/clip_mean.ts'
import { clipBounds, clipLengths, boundsOfLengths, type ClipBounds } from '../../src/kernels/clip_bounds.ts'
import { ndarray } from '../../src/reference/array.ts'
import { concat, split } from '../../src/reference/concat.ts'
import { globalAveragePool, globalAveragePoolBackward } from '../../src/reference/pool.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Plan } from '../../src/runtime/plan.ts'
import { Random } from '../../src/runtime/random.ts'
import { poison } from '../../src/runtime/poison.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const [BATCH, CHANNELS] = [2, 5]
const normals = (length: number, seed: number): Float32Array => {
  const random = new Random(seed)
  return Float32Array.from({ length }, () => random.normal())
}

/** y[b, s, c]: the mean of x[b, l, c] over bounds[s] <= l < bounds[s + 1]. */
function means(x: Float32Array, rows: number, bounds: ClipBounds): number[] {
  const y: number[] = []
  for (let b = 0; b < BATCH; b++) {
    for (let s = 0; s + 1 < bounds.length; s++) {
      for (let c = 0; c < CHANNELS; c++) {
        let [sum, count] = [0, 0]
        for (let l = 0; l < rows; l++) {
          if (l < bounds[s]! || l >= bounds[s + 1]!) continue
          sum += x[(b * rows + l) * CHANNELS + c]!
          count++
        }
        y.push(sum / count)
      }
    }
  }
  return y
}

/** dx[b, l, c]: the gradient of the row's segment, over its rows. */
function shares(dy: Float32Array, rows: number, bounds: ClipBounds): number[] {
  const dx: number[] = []
  const segments = bounds.length - 1
  for (let b = 0; b < BATCH; b++) {
    for (let l = 0; l < rows; l++) {
      const s = bounds.findLastIndex((bound) => bound <= l)
      for (let c = 0; c < CHANNELS; c++) dx.push(dy[(b * segments + s) * CHANNELS + c]! / (bounds[s + 1]! - bounds[s]!))
    }
  }
  return dx
}

const expectClose = (found: ArrayLike<number>, expected: readonly number[]): void => {
  expect(found).toHaveLength(expected.length)
  expected.forEach((value, i) => expect(Math.abs(found[i]! - value), `at ${i}`).toBeLessThan(1e-6))
}

describe.each([
  [[0, 37]],
  [[0, 12, 24, 37]],
  [[0, 1, 2, 3]],
  [[0, 1, 36, 37]],
  [[0, 17, 18, 52]],
  [[0, 5, 11, 12, 29, 40, 41]],
] as [number[]][])('bounds %j', (bounds) => {
  const rows = bounds.at(-1)!
  const segments = bounds.length - 1
  const [x, dy] = [normals(BATCH * rows * CHANNELS, 1), normals(BATCH * segments * CHANNELS, 2)]

  it('on the device', async () => {
    const plan = new Plan(gpu)
    plan.output('y', clipMean(plan, plan.input('x', [BATCH, rows, CHANNELS]), bounds))
    plan.output(
      'dx',
      clipMeanBackward(plan, plan.input('dy', [BATCH, segments, CHANNELS]), [BATCH, rows, CHANNELS], bounds),
    )
    await plan.compile()
    poison(plan)
    plan.write('x', x)
    plan.write('dy', dy)
    plan.run()
    expectClose(await plan.readFloat('y'), means(x, rows, bounds))
    expectClose(await plan.readFloat('dx'), shares(dy, rows, bounds))
    plan.destroy()
  })

  it('by the twin', () => {
    // Channels first there: [B, C, L].
    const turned = (values: Float32Array, length: number) =>
      ndarray(
        [BATCH, CHANNELS, length],
        Float64Array.from(values, (_, i) => {
          const [b, c, l] = [Math.floor(i / (CHANNELS * length)), Math.floor(i / length) % CHANNELS, i % length]
          return values[(b * length + l) * CHANNELS + c]!
        }),
      )
    const clips = split(turned(x, rows), clipLengths(bounds), 2).map(globalAveragePool)
    const y = Float64Array.from(
      dy,
      (_, i) =>
        clips[Math.floor(i / CHANNELS) % segments]!.data[
          Math.floor(i / (CHANNELS * segments)) * CHANNELS + (i % CHANNELS)
        ]!,
    )
    expectClose(y, means(x, rows, bounds))
    const gradients = split(
      turned(dy, segments),
      Array.from({ length: segments }, () => 1),
      2,
    )
    const dx = concat(
      gradients.map((gradient, s) =>
        globalAveragePoolBackward(ndarray([BATCH, CHANNELS], gradient.data), clipLengths(bounds)[s]!),
      ),
      2,
    )
    expectClose(turned(Float32Array.from(shares(dy, rows, bounds)), rows).data, [...dx.data])
  })
})

it('clips are as even as can be, and cover every row once', () => {
  expect(clipBounds(37, 3)).toEqual([0, 12, 24, 37])
  expect(clipBounds(5, 5)).toEqual([0, 1, 2, 3, 4, 5])
  expect(clipBounds(11, 4)).toEqual([0, 2, 5, 8, 11])
  expect(boundsOfLengths([12, 12, 13])).toEqual([0, 12, 24, 37])
  expect(clipLengths([0, 2, 5, 8, 11])).toEqual([2, 3, 3, 3])
})
