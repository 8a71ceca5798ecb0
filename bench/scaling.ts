// How the time of a call grows with the length of the signals and with their number.

/** `ms` of a call with so many signals of n samples, the least of its rounds. */
export interface ScalingPoint {
  signals: number
  n: number
  ms: number
}

export interface Scaling {
  over_n: ScalingPoint[]
  over_signals: ScalingPoint[]
  /** Exponents of the fitted power laws; 1 is linear growth. */
  slope_n: number
  slope_signals: number
}

/** What the length and the number that were asked for are multiplied by. */
const LARGEST_FACTOR = 4
const FACTORS = [1 / 4, 1 / 2, 1, 2, LARGEST_FACTOR]

/** The longest signals that `measureScaling` asks for. */
export const longestOf = (n: number): number => LARGEST_FACTOR * n

/** Around (signals, n), a call at a time; sizes above `longest` samples are left out. */
export async function measureScaling(
  signals: number,
  n: number,
  longest: number,
  time: (signals: number, n: number) => Promise<number>,
): Promise<Scaling> {
  const steps = (size: number) => [...new Set(FACTORS.map((factor) => Math.max(1, Math.round(factor * size))))]
  const over_n: ScalingPoint[] = []
  const over_signals: ScalingPoint[] = []
  for (const length of steps(n).filter((length) => length <= longest)) {
    over_n.push({ signals, n: length, ms: await time(signals, length) })
  }
  for (const count of steps(signals)) over_signals.push({ signals: count, n, ms: await time(count, n) })
  const slope = (points: ScalingPoint[], size: 'n' | 'signals') => fitPower(points.map((p) => [p[size], p.ms])).exponent
  return { over_n, over_signals, slope_n: slope(over_n, 'n'), slope_signals: slope(over_signals, 'signals') }
}

/** y = factor x^exponent by least squares of the logarithms; NaN for fewer than two different x. */
export function fitPower(points: readonly (readonly [number, number])[]): { factor: number; exponent: number } {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const)
  const mean = (axis: 0 | 1) => logs.reduce((sum, point) => sum + point[axis], 0) / logs.length
  const [x, y] = [mean(0), mean(1)]
  const products = logs.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0)
  const squares = logs.reduce((sum, [a]) => sum + (a - x) ** 2, 0)
  const exponent = products / squares
  return { factor: Math.exp(y - exponent * x), exponent }
}
