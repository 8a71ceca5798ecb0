// Times that only go on.
import { FormatError } from '../runtime/errors.ts'

/** @throws FormatError naming the first sample that is earlier than the one before it */
export function requireOrder(seconds: Float64Array, source: string): void {
  const back = seconds.findIndex((time, i) => i > 0 && time < seconds[i - 1]!)
  if (back < 0) return
  const by = Number((seconds[back - 1]! - seconds[back]!).toPrecision(3))
  throw new FormatError(
    `${source}: its time goes back by ${by} s at sample ${back + 1}; cut it into recordings there, or give --rate HZ to ignore its times`,
  )
}
