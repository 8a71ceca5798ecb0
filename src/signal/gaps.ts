import { FormatError } from '../runtime/errors.ts'

/** The longest run of missing samples that is filled, in seconds. */
const LONGEST_GAP_SECONDS = 1

export interface Filled {
  samples: Float64Array
  /** How many samples were missing. */
  filled: number
}

/**
 * Fills runs of NaN up to one second linearly; a run at either end takes the nearest sample.
 * @throws FormatError naming the place of a longer run or of an infinite value, or if nothing but NaN is there
 */
export function fillGaps(eda: ArrayLike<number>, sampleRate: number, source: string): Filled {
  const samples = Float64Array.from(eda)
  const n = samples.length
  let filled = 0
  for (let start = 0; start < n; start++) {
    const value = samples[start] as number
    if (Number.isFinite(value)) continue
    if (!Number.isNaN(value)) throw new FormatError(`${source}: sample ${start} is ${value}, expected a finite number`)
    let end = start
    while (end < n && Number.isNaN(samples[end])) end++
    if (end - start === n) {
      throw new FormatError(`${source}: all ${n} samples are missing (NaN); leave this recording out`)
    }
    if (end - start > LONGEST_GAP_SECONDS * sampleRate) throw new FormatError(tooLong(source, start, end, sampleRate))
    bridge(samples, start, end)
    filled += end - start
    start = end - 1
  }
  return { samples, filled }
}

/** Replaces samples[start, end) by the line between their neighbours. */
function bridge(samples: Float64Array, start: number, end: number): void {
  const before = (start > 0 ? samples[start - 1] : samples[end]) as number
  const after = samples[end] ?? before
  for (let i = start; i < end; i++) {
    samples[i] = before + ((after - before) * (i - start + 1)) / (end - start + 1)
  }
}

function tooLong(source: string, start: number, end: number, sampleRate: number): string {
  const seconds = ((end - start) / sampleRate).toPrecision(3)
  const at = (start / sampleRate).toFixed(2)
  return `${source}: ${seconds} s of samples are missing (NaN) from ${at} s on; ` +
    `gaps up to ${LONGEST_GAP_SECONDS} s are filled, cut or repair longer ones`
}
