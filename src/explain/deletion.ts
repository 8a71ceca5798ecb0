// What becomes of a class when the parts of a trial that a map names are taken away, or shown alone (Petsiuk et al. 2018).
import type { Random } from '../runtime/random.ts'
import type { InputRows } from '../train/inputs.ts'
import type { Predictor } from '../train/predictor.ts'
import type { MapArray } from './map_array.ts'
import { changedRows } from './rows.ts'

/** Equal parts of a trial's time, which are taken away one after the other. */
export const SEGMENTS = 20

const boundsOf = (segment: number, length: number): [number, number] => [
  Math.floor((segment * length) / SEGMENTS),
  Math.floor(((segment + 1) * length) / SEGMENTS),
]

/** Segments by the mean size of a map over [.., length], the largest first; of equal ones the earlier. */
export function segmentOrder({ shape, data }: MapArray): number[] {
  const length = shape.at(-1)!
  const sizes = Array.from({ length: SEGMENTS }, (_, segment) => {
    const [from, to] = boundsOf(segment, length)
    let sum = 0
    for (let row = 0; row < data.length; row += length)
      for (let i = row + from; i < row + to; i++) sum += Math.abs(data[i]!)
    return sum / Math.max(to - from, 1)
  })
  return [...sizes.keys()].sort((a, b) => sizes[b]! - sizes[a]! || a - b)
}

/** Orders that owe nothing to any map. */
export const randomOrders = (count: number, random: Random): number[][] =>
  Array.from({ length: count }, () => [...random.permutation(SEGMENTS)])

/** Which class of which trial, its signals' length, and the orders in which its segments go. */
interface Deletion {
  trial: number
  class: number
  length: number
  orders: readonly (readonly number[])[]
}

/**
 * A curve for each order: the class's probability when its first 0, 1, … SEGMENTS segments are zero in every signal, which is their mean.
 * Backwards, the same is what inserting the segments in the reverse order does.
 */
export async function deletionCurves(
  predictor: Predictor,
  inputs: InputRows,
  { trial, class: asked, length, orders }: Deletion,
  abort?: AbortSignal,
): Promise<number[][]> {
  const points = SEGMENTS + 1
  const rows = changedRows(
    inputs,
    () => trial,
    (eda, row) => {
      const deleted = orders[Math.floor(row / points)]!.slice(0, row % points)
      for (const segment of deleted) {
        const [from, to] = boundsOf(segment, length)
        for (let at = 0; at < eda.length; at += length) eda.fill(0, at + from, at + to)
      }
    },
  )
  const probabilities = await predictor.predict(rows, [...Array(orders.length * points).keys()], abort)
  return orders.map((_, o) => probabilities.slice(o * points, (o + 1) * points).map((row) => row[asked]!))
}

/** Area under a curve over the share of the trial, by trapezoids. */
export const areaUnder = (curve: readonly number[]): number =>
  curve.slice(1).reduce((sum, value, i) => sum + (value + curve[i]!) / 2, 0) / (curve.length - 1)
