import { expect, it } from 'vitest'
import { areaUnder, deletionCurves, randomOrders, segmentOrder, SEGMENTS } from '../../src/explain/deletion.ts'
import { Random } from '../../src/runtime/random.ts'
import type { InputRows } from '../../src/train/inputs.ts'
import type { Predictor } from '../../src/train/predictor.ts'

it('orders segments by the size of the map, of all signals together', () => {
  const length = 2 * SEGMENTS
  const data = new Float32Array(2 * length)
  data[7] = -5 // segment 3
  data[length + 20] = 3 // segment 10
  data[length + 21] = 3
  const order = segmentOrder({ shape: [2, length], data })
  expect(order.slice(0, 4)).toEqual([10, 3, 0, 1])
  expect([...order].sort((a, b) => a - b)).toEqual([...Array(SEGMENTS).keys()])
})

it('takes segments away in the order that is asked for', async () => {
  const length = SEGMENTS + 7
  const inputs: InputRows = { eda: (rows) => new Float32Array(rows.length * 2 * length).fill(1), music: () => null }
  /** A model whose class 1 is what is left of the signals. */
  const predictor = {
    predict: (rows: InputRows, wanted: readonly number[]) =>
      Promise.resolve(wanted.map((row) => [0, rows.eda([row]).reduce((a, b) => a + b, 0) / (2 * length)])),
  } as unknown as Predictor
  const forwards = [...Array(SEGMENTS).keys()]
  const orders = [forwards, [...forwards].reverse()]
  const [curve, backwards] = await deletionCurves(predictor, inputs, { trial: 3, class: 1, length, orders })
  const left = (k: number) => 1 - Math.floor((k * length) / SEGMENTS) / length
  curve!.forEach((value, k) => expect(value).toBeCloseTo(left(k), 6))
  // What is left forwards is what has gone backwards.
  backwards!.forEach((value, k) => expect(value).toBeCloseTo(1 - left(SEGMENTS - k), 6))
})

it('has areas by trapezoids, and random orders by the seed', () => {
  expect(areaUnder([1, 0.5, 0])).toBe(0.5)
  expect(areaUnder([0, 1, 1])).toBe(0.75)
  expect(randomOrders(3, new Random(2))).toEqual(randomOrders(3, new Random(2)))
  expect(new Set(randomOrders(3, new Random(2)).map(String)).size).toBe(3)
})
