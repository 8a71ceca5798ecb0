// Least and largest of any number of values: `Math.max(...values)` ends the process for a hundred thousand.

/** The largest value, at least `least`; NaN counts for nothing. */
export function largestOf(values: Iterable<number>, least = -Infinity): number {
  let largest = least
  for (const value of values) if (value > largest) largest = value
  return largest
}

/** The least value; NaN counts for nothing. */
export function leastOf(values: Iterable<number>): number {
  let least = Infinity
  for (const value of values) if (value < least) least = value
  return least
}
