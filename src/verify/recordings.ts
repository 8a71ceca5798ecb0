// Random windows of recordings, disturbed the way sensors disturb them, decomposed by each solver and held against float64.

import { decompose } from '../cvxeda/decompose.ts'
import type { Decomposition } from '../cvxeda/decomposition.ts'
import type { Recording } from '../reading/recording.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Random } from '../runtime/random.ts'
import { zscore } from '../signal/normalize.ts'
import { interpolateLinear } from '../signal/resample.ts'
import { barsOf, methodsOf, nameOf, settingsOf, type Bars, type Method } from './cvxeda.ts'

const RATES = [4, 8, 10, 12.5, 25, 32, 50, 64, 100, 128]
const SECONDS = [10, 20, 40, 60]
/** Draws of one window before all recordings are called unusable. */
const DRAWS = 1000

type Disturb = (z: Float64Array, random: Random) => Float64Array

const noise =
  (share: number): Disturb =>
  (z, random) =>
    z.map((v) => v + share * random.normal())

/** What is done to a signal of unit deviation: white noise, steps of a fifth of the deviation, a range of one deviation either way. */
const DISTURBANCES: Readonly<Record<string, Disturb>> = {
  clean: (z) => z,
  'noise 5 %': noise(0.05),
  'noise 50 %': noise(0.5),
  quantised: (z) => z.map((v) => Math.round(5 * v) / 5),
  clipped: (z) => z.map((v) => Math.min(1, Math.max(-1, v))),
}

export interface Window {
  /** File, first second and kind of disturbance. */
  source: string
  start: number
  disturbance: string
  sampleRate: number
  /** z-scored after the disturbance. */
  y: Float64Array
}

/** All windows of one kind by one solver. */
export interface WindowSummary {
  method: string
  disturbance: string
  windows: number
  failed: number
  /** Largest of each, relative: of the objective, and of the phasic and the tonic part to max(std y, rms r). */
  gap: number
  phasic: number
  tonic: number
  iterations: number
  statuses: Record<string, number>
}

export interface WindowFailure {
  method: string
  source: string
  start: number
  disturbance: string
  sampleRate: number
  samples: number
  status: Decomposition['status']
  gap: number
  phasic: number
  tonic: number
}

export interface WindowOptions extends Method {
  windows: number
  seed: number
  onProgress?: (done: number, total: number) => void
  signal?: AbortSignal
}

/** `seconds` from a random place of a recording at `sampleRate`, z-scored; null if it misses samples or does not vary. */
function cut({ eda, sampleRate: native }: Recording, seconds: number, sampleRate: number, random: Random) {
  const length = Math.round(seconds * native)
  const first = random.integer(eda.length - length)
  const samples = eda.subarray(first, first + length + 1)
  if (!samples.every(Number.isFinite)) return null
  const { z, constant } = zscore(interpolateLinear(samples, Math.round(seconds * sampleRate) + 1).subarray(0, -1))
  return constant ? null : { z, start: first / native }
}

function drawWindow(recordings: readonly Recording[], disturbance: string, random: Random): Window {
  const disturb = DISTURBANCES[disturbance]!
  for (let draw = 0; draw < DRAWS; draw++) {
    const recording = recordings[random.integer(recordings.length)]
    const sampleRate = RATES[random.integer(RATES.length)]!
    const seconds = SECONDS[random.integer(SECONDS.length)]!
    if (!recording || recording.eda.length <= seconds * recording.sampleRate) continue
    const window = cut(recording, seconds, sampleRate, random)
    const { z, constant } = zscore(window ? disturb(window.z, random) : [0])
    if (window && !constant) return { source: recording.source, start: window.start, disturbance, sampleRate, y: z }
  }
  throw new FormatError(
    `${recordings.map(({ source }) => source).join(', ') || 'no recording'}: no ${SECONDS[0]} s without ` +
      'missing samples that vary; give other recordings',
  )
}

/** Windows of 10 to 60 s at 4 to 128 Hz, every kind of disturbance equally often; each depends on the seed and its place alone. */
export function drawWindows(recordings: readonly Recording[], count: number, seed: number): Window[] {
  const kinds = Object.keys(DISTURBANCES)
  return Array.from({ length: count }, (_, i) => drawWindow(recordings, kinds[i % kinds.length]!, new Random(seed, i)))
}

const rms = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.sqrt(Array.from(a).reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0) / a.length)

/** Relative errors of a window's decomposition; NaN or infinity in any part makes one of them no number. */
export function windowErrors(y: Float64Array, found: Decomposition, exact: Decomposition) {
  const scale = Math.max(1, rms(exact.phasic, new Float64Array(y.length))) // y has unit deviation
  return {
    gap: (found.objective - exact.objective) / (exact.objective + 0.5e-6 * y.length),
    phasic: rms(found.phasic, exact.phasic) / scale,
    tonic: rms(found.tonic, exact.tonic) / scale,
  }
}

const emptySummary = (method: string, disturbance: string): WindowSummary => ({
  method,
  disturbance,
  windows: 0,
  failed: 0,
  gap: 0,
  phasic: 0,
  tonic: 0,
  iterations: 0,
  statuses: {},
})

/** Adds up one method's results; what misses its bars, or says that it did, is listed. */
export function judgeWindows(
  windows: readonly Window[],
  found: readonly Decomposition[],
  exact: readonly Decomposition[],
  name: string,
  bars: Bars,
) {
  const summaries = new Map<string, WindowSummary>()
  const failures: WindowFailure[] = []
  windows.forEach(({ y, ...window }, i) => {
    const { status, iterations } = found[i]!
    const errors = windowErrors(y, found[i]!, exact[i]!)
    const { disturbance } = window
    const summary = summaries.get(disturbance) ?? emptySummary(name, disturbance)
    summaries.set(disturbance, summary)
    summary.windows++
    summary.iterations = Math.max(summary.iterations, iterations)
    summary.statuses[status] = (summary.statuses[status] ?? 0) + 1
    for (const key of ['gap', 'phasic', 'tonic'] as const) summary[key] = Math.max(summary[key], errors[key])
    const close = errors.gap <= bars.gap && errors.phasic <= bars.nrmse && errors.tonic <= bars.nrmse
    if (close && status === 'solved') return
    summary.failed++
    failures.push({ method: name, ...window, samples: y.length, status, ...errors })
  })
  return { summaries: [...summaries.values()], failures }
}

/**
 * Decomposes random windows by each solver and form, unless these are chosen, and compares them with the float64 solver's.
 * A window passes when it is `solved` within the bars of the solver that golden cases of the tier `main` are held to.
 * @throws FormatError when the recordings have no usable window
 */
export async function verifyRecordings(gpu: Gpu, recordings: readonly Recording[], options: WindowOptions) {
  const { windows: count, seed, onProgress, signal: abort, ...choice } = options
  const windows = drawWindows(recordings, count, seed)
  const methods = methodsOf(gpu, choice)
  let before = 0
  const solve = async (device: Gpu | 'cpu', method: Method): Promise<Decomposition[]> => {
    const progress = (done: number) => onProgress?.(before + done, count * (methods.length + 1))
    const sampleRate = windows.map((window) => window.sampleRate)
    const found = await decompose(
      device,
      windows.map(({ y }) => y),
      { sampleRate, onProgress: progress, ...(abort && { signal: abort }), ...settingsOf(method) },
    )
    before += count
    return found
  }
  const exact = await solve('cpu', {})
  const summaries: WindowSummary[] = []
  const failures: WindowFailure[] = []
  for (const method of methods) {
    const judged = judgeWindows(windows, await solve(gpu, method), exact, nameOf(gpu, method), barsOf(gpu, method))
    for (const summary of judged.summaries) summaries.push(summary)
    for (const failure of judged.failures) failures.push(failure)
  }
  return { summaries, failures }
}
