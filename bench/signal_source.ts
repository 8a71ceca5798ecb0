// Where the signals of a benchmark come from: made up, or windows of a recording; any number of any length.
import { basename } from 'node:path'
import { readRecording } from '../src/reading/read.ts'
import type { Source } from '../src/store/source.ts'
import { UsageError } from '../src/runtime/errors.ts'
import { fillGaps } from '../src/signal/gaps.ts'
import { randomWindows, syntheticSignals, type SignalSet } from './signals.ts'

export interface SignalSource {
  name: string
  sampleRate: number
  /** Samples of the longest signal there is. */
  longest: number
  make: (size: Pick<SignalSet, 'signals' | 'n'>) => Float64Array[]
}

/** @param rate Hz; for made-up signals 50 if it is absent */
export function syntheticSource(rate: number | undefined, seed: number): SignalSource {
  const sampleRate = rate ?? 50
  return {
    name: `synthetic, seed ${seed}`,
    sampleRate,
    longest: Infinity,
    make: (size) => syntheticSignals({ ...size, sampleRate, seed }),
  }
}

/** @param rate Hz, if the file does not say @param n least samples that the recording must have */
export async function recordingSource(
  file: Source,
  rate: number | undefined,
  seed: number,
  n: number,
): Promise<SignalSource> {
  const recording = await readRecording(file, rate === undefined ? {} : { sampleRate: rate })
  const { samples } = fillGaps(recording.eda, recording.sampleRate, file.name)
  if (n > samples.length) throw new UsageError(`--n ${n}: ${file.name} has only ${samples.length} samples`)
  return {
    name: `windows of ${basename(file.name)}, seed ${seed}`,
    sampleRate: recording.sampleRate,
    longest: samples.length,
    make: (size) => randomWindows(samples, { ...size, seed }),
  }
}
