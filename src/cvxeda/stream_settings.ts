// The settings of a stream, in samples, and the scale that its signal is brought to.

import { checkNames, type Known } from '../runtime/arguments.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import { requireDevice, type Device } from '../runtime/device.ts'
import { checkOptions, DECOMPOSE_OPTIONS, type DecomposeOptions } from './options.ts'
import { createProblem } from './problem.ts'
import type { SmootherSettings, StreamScale } from './smoother.ts'

/** After this many of its longer time constants H has forgotten a driver to the last bit of float64. */
const MEMORY = 40
const LONGEST_GAP_SECONDS = 1
/** Below this share of the mean, a deviation is rounding. */
const CONSTANT = 1e-6

type SharedOptions = Omit<DecomposeOptions, 'sampleRate' | 'deltaKnot' | 'baselineCorrection' | 'onProgress'>

/** Settings of a stream; all but the sampling rate have a default. */
export interface StreamOptions extends SharedOptions {
  /** Samples per second. */
  sampleRate: number
  /** Seconds between two knots of the tonic spline (10). */
  deltaKnot?: number
  /** Constants of the z-score that alpha and gamma are meant for; by default those of the first seconds. */
  scale?: StreamScale
  /** How many seconds give `scale` (30); nothing is decomposed before. */
  calibrationSeconds?: number
  /** Age from which results are final (4 knot spacings); the longer, the nearer to the offline result. */
  settleSeconds?: number
  /** Seconds between two looks at the newest samples (1). */
  hopSeconds?: number
}

const STREAM_OPTIONS: Known<StreamOptions & DecomposeOptions> = /* @__PURE__ */ (() => ({
  ...DECOMPOSE_OPTIONS,
  scale: true,
  calibrationSeconds: true,
  settleSeconds: true,
  hopSeconds: true,
}))()

/** Lengths in samples. */
export interface Settings extends SmootherSettings {
  calibration: number
  longestGap: number
}

export function settingsOf(device: Device, options: StreamOptions): Settings {
  requireDevice('decomposeStream', device)
  checkNames('decomposeStream', options, STREAM_OPTIONS)
  const { scale: _, calibrationSeconds = 30, settleSeconds, hopSeconds = 1, ...rest } = options
  const { sampleRate, deltaKnot = 10, baselineCorrection = 0 } = rest as StreamOptions & DecomposeOptions
  if (typeof deltaKnot !== 'number') throw new UsageError('cvxEDA: deltaKnot of a stream is a list, expected seconds.')
  if (baselineCorrection !== 0) {
    throw new UsageError(
      `cvxEDA: baselineCorrection of a stream is ${String(baselineCorrection)}, expected 0; drift ` +
        'columns span a whole recording, which a stream never has.',
    )
  }
  checkOptions(device, [sampleRate], rest)
  const { spacing, filter, params } = createProblem(1, sampleRate, { ...rest, baselineCorrection })
  const samplesIn = (name: string, seconds: number) => {
    if (Number.isFinite(seconds) && seconds > 0) return Math.max(1, Math.round(seconds * sampleRate))
    throw new UsageError(`cvxEDA: ${name} is ${seconds}, expected a positive number.`)
  }
  return {
    device,
    filter,
    spacing,
    program: { ...rest, baselineCorrection, deltaKnot, alpha: params.alpha },
    lag: samplesIn('settleSeconds', settleSeconds ?? 4 * deltaKnot),
    hop: samplesIn('hopSeconds', hopSeconds),
    memory: Math.ceil(MEMORY * Math.max(params.tau0, params.tau1) * sampleRate),
    calibration: samplesIn('calibrationSeconds', calibrationSeconds),
    longestGap: LONGEST_GAP_SECONDS * sampleRate,
  }
}

export function checkScale({ mean, std }: StreamScale): StreamScale {
  if (Number.isFinite(mean) && Number.isFinite(std) && std > 0) return { mean, std }
  throw new UsageError(`cvxEDA: scale has mean ${mean} and std ${std}, expected finite numbers and a std above 0.`)
}

/** Mean and population standard deviation. */
export function measureScale(samples: readonly number[]): StreamScale {
  const mean = samples.reduce((sum, v) => sum + v, 0) / samples.length
  const std = Math.sqrt(samples.reduce((sum, v) => sum + (v - mean) ** 2, 0) / samples.length)
  if (std > CONSTANT * Math.abs(mean)) return { mean, std }
  throw new FormatError(
    `cvxEDA: the first ${samples.length} samples of the stream, which set its scale, are all ` +
      `${samples[0]}; begin once the sensor is worn, or give scale.`,
  )
}
