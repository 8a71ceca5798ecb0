// One call from recordings as they were read to what is reported of them: parts, responses, features, quality, warnings.
import { decompose } from '../cvxeda/decompose.ts'
import type { Decomposition } from '../cvxeda/decomposition.ts'
import { DECOMPOSE_OPTIONS, type DecomposeOptions } from '../cvxeda/options.ts'
import { checkParams, type CvxedaParams } from '../cvxeda/params.ts'
import type { Form, SolverName } from '../cvxeda/solver.ts'
import type { Recording, StartTime } from '../reading/recording.ts'
import { checkNames, requireArray, type Known } from '../runtime/arguments.ts'
import { isCpu, requireDevice, type Device } from '../runtime/device.ts'
import { DeviceError, GalvaniError, LimitError } from '../runtime/errors.ts'
import { prepareRecording, type PreparedRecording, type PrepareOptions } from './prepare.ts'
import { excludedSamples, type SignalQuality } from '../signal/quality.ts'
import { qualitySegments, type QualitySegment } from '../signal/segments.ts'
import { driverEvents } from './driver_events.ts'
import { scrEvents, type ScrEvent, type ScrInput } from './responses.ts'
import { fading, type Tail } from './start_up.ts'
import {
  countedOf,
  edaFeatures,
  inOwnUnit,
  type DecomposedEda,
  type DecomposedPart,
  type EdaFeatures,
} from './tables.ts'
import { shareOfLargest, usualFloor } from './threshold.ts'
import { DOUBTS, recordingWarnings } from './warnings.ts'
import { largestOf } from '../signal/extremes.ts'

/** Settings of cvxEDA and its solver that hold for all recordings of a call. */
export type SolvingOptions = Omit<DecomposeOptions, 'sampleRate' | 'signal' | 'onProgress' | 'starts'>

/** Settings of `analyse`; all have a default. */
export interface AnalyseOptions extends PrepareOptions {
  /** Least amplitude of a response, in the recording's unit, if neither its noise nor its largest responses ask for more; default 0.01 µS. */
  minAmplitude?: number
  /** Where responses are counted: at rises of the phasic part (default), or at bursts of the driver, which tell dense ones apart. */
  eventsFrom?: 'phasic' | 'driver'
  solving?: SolvingOptions
  /** Called with recordings done and recordings in total; one at work counts by the share of its work that is done. */
  onProgress?: (done: number, total: number) => void
  /** Stops the work; the promise rejects with the signal's reason. */
  signal?: AbortSignal
}

const ANALYSE_OPTIONS: Known<AnalyseOptions> = {
  gaps: true,
  zscore: true,
  unit: true,
  offSkin: true,
  minAmplitude: true,
  eventsFrom: true,
  solving: true,
  onProgress: true,
  signal: true,
}

/** One analysed recording; amplitudes, levels and parts are in its own unit. */
export interface Analysis {
  /** How the decomposition ended; a recording is as good as the worst of its parts. */
  status: Decomposition['status']
  /** Why the result may be wrong. */
  reason?: string
  /** What else to know before use, one sentence each. */
  warnings: string[]
  unit: string
  /** When the recording began, if it says so. */
  start?: StartTime
  /** Raw = tonic + phasic + residual. */
  signals: DecomposedEda
  /** In order; those with a doubt are in no feature. */
  events: ScrEvent[]
  /** From this amplitude on, in the unit, a rise is a response. */
  eventThreshold: number
  features: EdaFeatures
  quality: SignalQuality
  /** By published rules, minute by minute; absent for a recording in another unit than µS. */
  qualitySegments?: QualitySegment[]
  /** Missing samples that were filled. */
  filled: number
  /** Iterations of the part that took most. */
  iterations: number
  /** Objective of the decomposition of the z-scored recording, summed over its parts. */
  objective: number
  /** The recording was (eda - mean) / std while it was decomposed; absent if it was not scaled. */
  zscore?: { mean: number; std: number }
  solver: SolverName
  device: 'gpu' | 'cpu'
  /** Of the interior point on a GPU. */
  form?: Form
  parameters: CvxedaParams
}

/**
 * Analyses recordings of any lengths and rates in one call, on a GPU or in float64 on the CPU. Returns one result for each, in
 * their order; what is wrong with one recording (too short, a long gap, too large for the device, settings that do not suit it) stands
 * in its place and leaves the others alone. @throws DeviceError when the device fails
 */
export async function analyse(
  device: Device,
  recordings: readonly Recording[],
  options: AnalyseOptions = {},
): Promise<(Analysis | GalvaniError)[]> {
  requireDevice('analyse', device)
  requireArray('analyse', 'recordings', recordings)
  checkNames('analyse', options, ANALYSE_OPTIONS)
  checkNames('analyse: solving', options.solving ?? {}, DECOMPOSE_OPTIONS)
  const all = recordings.map((recording) => prepareOrError(recording, options))
  const ready = all.filter((one): one is PreparedRecording => !(one instanceof GalvaniError))
  const found = await analysePrepared(device, ready, options)
  return all.map((one) => (one instanceof GalvaniError ? one : found.shift()!))
}

/** A recording made ready, or what is wrong with it. */
export function prepareOrError(recording: Recording, options: PrepareOptions = {}): PreparedRecording | GalvaniError {
  try {
    return prepareRecording(recording, options)
  } catch (error) {
    return errorOfOne(error)
  }
}

/** The second half of `analyse`, for callers that prepare recordings before they open a device. */
export async function analysePrepared(
  device: Device,
  ready: readonly PreparedRecording[],
  options: AnalyseOptions = {},
): Promise<(Analysis | GalvaniError)[]> {
  const found = await decomposeAll(device, ready, options)
  return found.map((parts, i) => {
    options.signal?.throwIfAborted()
    return parts instanceof GalvaniError ? parts : finish(ready[i]!, parts, options, isCpu(device) ? 'cpu' : 'gpu')
  })
}

/** What is wrong with one recording, too large for the device in it, or unsuited to its rate; anything else ends the call. */
export function errorOfOne(error: unknown): GalvaniError {
  const isDeviceError = error instanceof DeviceError && !(error instanceof LimitError)
  if (!(error instanceof GalvaniError) || isDeviceError) throw error
  return error
}

/** The decomposed parts of each recording, or why it has none: a call that fails is repeated with halves of the recordings. */
async function decomposeAll(
  device: Device,
  ready: readonly PreparedRecording[],
  options: AnalyseOptions,
): Promise<(Decomposition[] | GalvaniError)[]> {
  if (ready.length === 0) return []
  const { onProgress, signal: abort } = options
  const signals = ready.flatMap((one) => one.signals)
  const sampleRate = ready.flatMap((one) => one.signals.map(() => one.recording.sampleRate))
  try {
    const found = await decompose(device, signals, {
      ...options.solving,
      sampleRate,
      ...(onProgress && {
        onProgress: (done: number, total: number) => onProgress((done / total) * ready.length, ready.length),
      }),
      ...(abort && { signal: abort }),
    })
    let next = 0
    return ready.map((one) => found.slice(next, (next += one.signals.length)))
  } catch (error) {
    const problem = errorOfOne(error)
    if (ready.length === 1) return [problem]
    const middle = ready.length >> 1
    const part = (from: number, to: number): Promise<(Decomposition[] | GalvaniError)[]> =>
      decomposeAll(device, ready.slice(from, to), {
        ...options,
        ...(onProgress && { onProgress: (done: number) => onProgress(from + done, ready.length) }),
      })
    return [...(await part(0, middle)), ...(await part(middle, ready.length))]
  }
}

const FROM_BEST = ['trivial', 'solved', 'solved-inaccurate', 'max-iterations', 'badly-scaled'] as const

function finish(
  prepared: PreparedRecording,
  parts: readonly Decomposition[],
  options: AnalyseOptions,
  device: 'gpu' | 'cpu',
): Analysis {
  const {
    recording: { eda, sampleRate, start, temperature },
    unit,
    mean,
    std,
    quality,
    tails,
  } = prepared
  const { minAmplitude = usualFloor(unit), zscore = true, eventsFrom = 'phasic', solving = {} } = options
  const { tau0, tau1 } = checkParams(sampleRate, solving)
  const found = parts.map((part, i) => withTail(part, tails[i], sampleRate, std))
  const signals = inOwnUnit(eda, sampleRate, prepared.parts, found, { mean, std })
  const excluded = excludedSamples(quality, eda.length)
  const { events, threshold } = eventsOf(
    { ...signals, excluded, shape: { tau0, tau1 } },
    Math.max(minAmplitude, prepared.noiseFloor),
    eventsFrom === 'driver' ? driverEvents : scrEvents,
  )
  const form = parts.find((part) => part.form)?.form
  const status = FROM_BEST.findLast((one) => parts.some((part) => part.status === one))!
  const reason = DOUBTS[status]
  return {
    status,
    ...(reason !== undefined && { reason }),
    warnings: recordingWarnings(prepared, events, signals.tonic, threshold),
    unit,
    ...(start && { start }),
    signals,
    events,
    eventThreshold: threshold,
    features: edaFeatures(signals, events, excluded),
    quality,
    ...(unit === 'µS' && { qualitySegments: qualitySegments(eda, sampleRate, temperature) }),
    filled: prepared.parts.reduce((sum, { filled }) => sum + filled, 0),
    iterations: largestOf(parts.map(({ iterations }) => iterations)),
    objective: parts.reduce((sum, { objective }) => sum + objective, 0),
    ...(zscore && { zscore: { mean, std } }),
    solver: solving.solver?.name ?? 'interior-point',
    device,
    ...(form && { form }),
    parameters: checkParams(sampleRate, solving),
  }
}

/** A decomposed part with the response that began before it, which was taken off, in its phasic part again. */
function withTail(part: Decomposition, tail: Tail | undefined, sampleRate: number, std: number): DecomposedPart {
  if (!tail) return part
  return { ...part, phasic: Float64Array.from(part.phasic, (value, i) => value + fading(tail, i / sampleRate) / std) }
}

/** The responses from the floor on that the largest of them leave, and the amplitude from which on that is. */
export function eventsOf<T extends ScrInput>(
  input: T,
  floor: number,
  find: (input: T) => ScrEvent[],
): { events: ScrEvent[]; threshold: number } {
  const amplitudes = countedOf(find({ ...input, minAmplitude: floor })).map(({ amplitude }) => amplitude)
  const threshold = Math.max(floor, shareOfLargest(amplitudes))
  return { events: find({ ...input, minAmplitude: threshold }), threshold }
}
