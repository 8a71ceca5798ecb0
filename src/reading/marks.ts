// Numbers that stand for a missing sample.

/** -9999 and its like, also of other lengths, and the least and the largest numbers of 16 and 32 bits. */
const MARKS = new Set([
  ...[99, 999, 9999, 99_999, 999_999, 9_999_999].flatMap((mark) => [mark, -mark]),
  -999.25,
  ...[-32_768, 32_767, 65_535],
  ...[-2_147_483_648, 2_147_483_647, 4_294_967_295],
])

/** No sensor says so much. */
const HUGE = 1e30

/**
 * Turns values such as -9999 into missing samples, in place, where they lie far outside all others; returns a sentence for each.
 * Skin conductance is never negative, so where all negative values are one whole number, such as -1, that is a mark at any distance.
 */
export function removeMarks(eda: Float64Array): string[] {
  const counts = new Map<number, number>()
  const negative = onlyNegative(eda)
  let largest = 0
  for (const value of eda) {
    if (value > HUGE || value === negative || ((value < 0 || Number.isInteger(value)) && MARKS.has(value)))
      counts.set(value, (counts.get(value) ?? 0) + 1)
    else if (Math.abs(value) > largest) largest = Math.abs(value)
  }
  const isFar = (mark: number): boolean => Math.abs(mark) > 3 * largest
  const marks = [...counts.keys()].filter((mark) => isFar(mark) || (mark === negative && Number.isInteger(mark)))
  const marked = marks.reduce((sum, mark) => sum + counts.get(mark)!, 0)
  if (marks.length === 0 || marked > eda.length / 2) return []
  for (let i = 0; i < eda.length; i++) if (marks.includes(eda[i]!)) eda[i] = NaN
  return marks.map((mark) => {
    const count = counts.get(mark)!
    return `${count} ${count === 1 ? 'sample is' : 'samples are'} ${mark}, which was taken for a missing one`
  })
}

/** The value of all negative samples, if they have one. */
function onlyNegative(eda: Float64Array): number | undefined {
  const first = eda.find((value) => value < 0)
  return eda.every((value) => !(value < 0) || value === first) ? first : undefined
}
