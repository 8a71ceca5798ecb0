// Logarithmic axes.
import type { Scale } from './svg.ts'
import { largestOf, leastOf } from '../signal/extremes.ts'

/** From half the least to twice the largest value, both positive. */
export function logScale(values: readonly number[], from: number, to: number): Scale {
  const [low, high] = [leastOf(values) / 2, largestOf(values) * 2]
  const perUnit = (to - from) / Math.log(high / low)
  return { low, high, at: (value) => from + Math.log(value / low) * perUnit }
}

/** 1, 2 and 5 times powers of ten; powers of ten alone over more than two decades. */
export function logTicks({ low, high }: Scale): number[] {
  const steps = high / low > 100 ? [1] : [1, 2, 5]
  const powers = Array.from({ length: 30 }, (_, i) => i - 15)
  return powers.flatMap((power) => steps.map((step) => Number(`${step}e${power}`))).filter((t) => t >= low && t <= high)
}
