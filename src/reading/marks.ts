// Numbers that stand for a missing sample.

/** -9999 and its like, also of other lengths, and the least numbers of 16 and 32 bits. */
const MARKS = new Set([
  ...[99, 999, 9999, 99_999, 999_999, 9_999_999].flatMap((mark) => [mark, -mark]),
  -999.25,
  -32_768,
  -2_147_483_648,
])

/** No sensor says so much. */
const HUGE = 1e30

/**
 * Turns values such as -9999 into missing samples, in place, where they lie far outside all others; returns a sentence for each.
 * Skin conductance is never negative, so a negative mark needs no distance.
 */
export function removeMarks(eda: Float64Array): string[] {
  const counts = new Map<number, number>()
  let largest = 0
  for (const value of eda) {
    if (value > HUGE || ((value < 0 || Number.isInteger(value)) && MARKS.has(value)))
      counts.set(value, (counts.get(value) ?? 0) + 1)
    else if (Math.abs(value) > largest) largest = Math.abs(value)
  }
  const marks = [...counts.keys()].filter((mark) => Math.abs(mark) > 3 * largest)
  const marked = marks.reduce((sum, mark) => sum + counts.get(mark)!, 0)
  if (marks.length === 0 || marked > eda.length / 2) return []
  for (let i = 0; i < eda.length; i++) if (marks.includes(eda[i]!)) eda[i] = NaN
  return marks.map((mark) => {
    const count = counts.get(mark)!
    return `${count} ${count === 1 ? 'sample is' : 'samples are'} ${mark}, which was taken for a missing one`
  })
}
