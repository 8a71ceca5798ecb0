// A stream fed in portions, and how near its results are to those of the whole recording.
import { decompose } from '../../src/cvxeda/decompose.ts'
import type { StreamPart, StreamScale, StreamUpdate } from '../../src/cvxeda/smoother.ts'
import type { DecompositionStream } from '../../src/cvxeda/stream.ts'
import type { StreamOptions } from '../../src/cvxeda/stream_settings.ts'
import { rms } from './support.ts'

export type Signal = 'phasic' | 'tonic' | 'driver' | 'residual'
export type Samples = Float32Array | Float64Array

/** Pushes in portions, awaiting each; updates of the end last. */
export async function feed(stream: DecompositionStream, eda: Samples, portion: number): Promise<StreamUpdate[]> {
  const updates: StreamUpdate[] = []
  for (let i = 0; i < eda.length; i += portion) {
    const update = await stream.push(eda.subarray(i, i + portion))
    if (update) updates.push(update)
  }
  return [...updates, await stream.end()]
}

export const settledOf = (updates: StreamUpdate[]): StreamPart[] => updates.flatMap((update) => update.settled)

export const join = (parts: StreamPart[], signal: Signal) => Float32Array.from(parts.flatMap((p) => [...p[signal]]))

/** What the whole recording decomposes to, in its unit. */
export async function offline(
  eda: Samples,
  sampleRate: number,
  { mean, std }: StreamScale,
  options: Partial<StreamOptions> = {},
) {
  const z = Float64Array.from(eda, (v) => (v - mean) / std)
  const [found] = await decompose('cpu', [z], { ...options, sampleRate, baselineCorrection: 0 })
  return {
    phasic: found!.phasic.map((v) => v * std),
    tonic: found!.tonic.map((v) => v * std + mean),
    driver: found!.driver.map((v) => v * std),
  }
}

export const deviation = (eda: Samples): number => {
  const values = Array.from(eda)
  const mean = values.reduce((sum, v) => sum + v, 0) / eda.length
  return rms(values.map((v) => v - mean))
}

/** NRMSE of the first `count` samples, relative to the recording's deviation or, if larger, the phasic part's rms. */
export function errors(parts: StreamPart[], whole: Awaited<ReturnType<typeof offline>>, eda: Samples, count: number) {
  const unit = Math.max(deviation(eda), rms(whole.phasic))
  const error = (signal: 'phasic' | 'tonic') =>
    rms(join(parts, signal).subarray(0, count), whole[signal].subarray(0, count)) / unit
  return { phasic: error('phasic'), tonic: error('tonic') }
}

/** Settled samples before the end, which settles the rest. */
export const settledBeforeEnd = (updates: StreamUpdate[]) => join(settledOf(updates.slice(0, -1)), 'phasic').length

export const TOLERANCE = 1e-2
