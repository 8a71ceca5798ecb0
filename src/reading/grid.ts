// Samples with time stamps as samples on an even grid.

/** At the average rate, values as they are. */
export function toGrid(
  seconds: Float64Array,
  eda: Float64Array,
  _source: string,
): { sampleRate: number; eda: Float64Array; notes: string[] } {
  const span = seconds.at(-1)! - seconds[0]!
  return { sampleRate: (seconds.length - 1) / span, eda, notes: [] }
}
