import { FormatError } from '../runtime/errors.ts'

/** The longest run of missing samples that is filled, in seconds. */
export const LONGEST_GAP_SECONDS = 1

/** Samples of which none is missing. */
export interface Filled {
  samples: Float64Array
  /** How many samples were missing. */
  filled: number
}

/** A stretch of a recording, from its sample `start` on, that misses nothing any more. */
export interface Part extends Filled {
  start: number
}

/**
 * Fills runs of NaN up to one second linearly; a run at either end takes the nearest sample. `firstLine` is the line of
 * sample 0 in its file, for messages.
 * @throws FormatError naming the place of a longer run or of an infinite value, or if nothing but NaN is there
 */
export function fillGaps(eda: ArrayLike<number>, sampleRate: number, source: string, firstLine?: number): Filled {
  const place = placeOf(source, firstLine)
  const runs = missingRuns(eda, source, place)
  const long = runs.find((run) => isLong(run, sampleRate))
  if (long) throw tooLong(place(long[0]), long, sampleRate)
  const samples = Float64Array.from(eda)
  for (const run of runs) bridge(samples, run)
  return { samples, filled: total(runs) }
}

/**
 * The stretches between runs of NaN of more than one second; shorter runs in them are filled linearly.
 * @throws FormatError naming the place of an infinite value, or if nothing but NaN is there
 */
export function splitAtGaps(eda: ArrayLike<number>, sampleRate: number, source: string, firstLine?: number): Part[] {
  const runs = missingRuns(eda, source, placeOf(source, firstLine))
  const samples = Float64Array.from(eda)
  const bounds = [0, ...runs.filter((run) => isLong(run, sampleRate)).flat(), samples.length]
  const short = runs.filter((run) => !isLong(run, sampleRate))
  const parts: Part[] = []
  for (let b = 0; b < bounds.length; b += 2) {
    const [start, end] = [bounds[b]!, bounds[b + 1]!]
    if (start === end) continue
    const inside = short.filter(([from]) => from >= start && from < end)
    const part = samples.slice(start, end)
    for (const [from, to] of inside) bridge(part, [from - start, to - start])
    parts.push({ start, samples: part, filled: total(inside) })
  }
  return parts
}

type Run = readonly [start: number, end: number]

const isLong = ([start, end]: Run, sampleRate: number): boolean => end - start > LONGEST_GAP_SECONDS * sampleRate

const total = (runs: readonly Run[]): number => runs.reduce((sum, [start, end]) => sum + end - start, 0)

const placeOf =
  (source: string, firstLine?: number) =>
  (sample: number): string =>
    firstLine === undefined ? source : `${source}:${firstLine + sample}`

/** Runs [start, end) of NaN. */
function missingRuns(eda: ArrayLike<number>, source: string, place: (sample: number) => string): Run[] {
  const runs: Run[] = []
  const n = eda.length
  for (let start = 0; start < n; start++) {
    const value = eda[start]!
    if (Number.isFinite(value)) continue
    if (!Number.isNaN(value)) {
      throw new FormatError(`${place(start)}: sample ${start} is ${value}, expected a finite number`)
    }
    let end = start
    while (end < n && Number.isNaN(eda[end])) end++
    if (end - start === n) {
      throw new FormatError(`${source}: all ${n} samples are missing (NaN); leave this recording out`)
    }
    runs.push([start, end])
    start = end - 1
  }
  return runs
}

/** Replaces samples[start, end) by the line between their neighbours. */
function bridge(samples: Float64Array, [start, end]: Run): void {
  const before = (start > 0 ? samples[start - 1] : samples[end])!
  const after = samples[end] ?? before
  for (let i = start; i < end; i++) {
    samples[i] = before + ((after - before) * (i - start + 1)) / (end - start + 1)
  }
}

function tooLong(place: string, [start, end]: Run, sampleRate: number): FormatError {
  const gapSeconds = (end - start) / sampleRate
  const at = (start / sampleRate).toFixed(2)
  return new FormatError(
    `${place}: ${gapSeconds.toPrecision(3)} s of samples are missing (NaN) from ${at} s on; ` +
      `gaps up to ${LONGEST_GAP_SECONDS} s are filled, cut or repair longer ones`,
    { gapSeconds },
  )
}
