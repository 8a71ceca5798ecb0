// A rate that was given beside the one that the file has.

/** Share by which two rates may differ and be the same. */
const SAME = 1e-6

/** The given rate wins, and what the file says is not passed over in silence. */
export function rateOf(own: number, given: number | undefined): { sampleRate: number; notes: string[] } {
  if (given === undefined || Math.abs(given / own - 1) < SAME) return { sampleRate: own, notes: [] }
  const notes = Number.isFinite(own)
    ? [`its file says ${Number(own.toPrecision(6))} Hz; the given rate of ${given} Hz was taken instead`]
    : []
  return { sampleRate: given, notes }
}
