// Recordings in groups: read, decomposed in one call, written, so that thousands need no more memory than one group.
import { decompose, type DecomposeOptions, type Decomposition, type SolverName } from '../../src/cvxeda/decompose.ts'
import { checkParams, type CvxedaParams } from '../../src/cvxeda/problem.ts'
import type { RecordingOptions } from '../../src/recording/read.ts'
import type { ContactEntry } from '../../src/recording/contact_sheet.ts'
import { extent } from '../../src/charts/svg.ts'
import { DeviceError, LimitError, GalvaniError, UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { edaFeatures, inOwnUnit, type EdaFeatures } from '../../src/recording/tables.ts'
import { qualityWarnings, type SignalQuality } from '../../src/recording/quality.ts'
import { scrEvents, type ScrEvent } from '../../src/recording/responses.ts'
import type { Store } from '../../src/store/store.ts'
import { prepare, readOne, type Format, type Input, type Prepared, type PrepareOptions } from './decompose_inputs.ts'
import { contactEntry, writeOutputs } from './decompose_outputs.ts'

/** Samples that are decomposed together; a thousand recordings of 30 s at 50 Hz. */
const GROUP_SAMPLES = 1_500_000
/** µS; smaller responses are taken for noise by convention. */
const USUAL_LEAST_AMPLITUDE = 0.01

export interface RunSettings extends PrepareOptions {
  reading: RecordingOptions
  /** Of the recordings. */
  unit: string
  minAmplitude?: number
  format: Format
  solving: Omit<DecomposeOptions, 'sampleRate' | 'signal' | 'onProgress'>
}

/** What the JSON beside each table says; amplitudes and levels are in the recording's unit. */
export interface FileResult {
  file: string
  /** `refused`: a recording that cannot be decomposed; `skipped`: a file of a folder that is no recording. */
  status: Decomposition['status'] | 'refused' | 'skipped'
  /** Why it was refused or skipped, or may be wrong. */
  reason?: string
  /** What else to know before use. */
  warnings?: string[]
  samples?: number
  /** Hz. */
  sampleRate?: number
  unit?: string
  /** Missing samples that were filled. */
  filled?: number
  iterations?: number
  /** Of the decomposition of the z-scored recording; summed over its parts. */
  objective?: number
  /** The recording was (eda - mean) / std while it was decomposed. */
  zscore?: { mean: number; std: number }
  solver?: SolverName
  device?: 'gpu' | 'cpu'
  parameters?: CvxedaParams
  /** Least amplitude of a response, if it was given. */
  minAmplitude?: number
  features?: EdaFeatures
  quality?: Omit<SignalQuality, 'spans'>
  outputs?: string[]
}

export interface Outcome {
  result: FileResult
  entry: ContactEntry
  /** Of what was refused. */
  error?: GalvaniError
}

export interface RunHooks {
  /** Called once, before the first recording is decomposed. */
  device: () => Promise<Gpu | 'cpu'>
  /** Recordings done. */
  onProgress: (done: number) => void
  signal: AbortSignal
}

interface Ready {
  input: Input
  prepared: Prepared
}

/** Outcomes in the order of the inputs. What is wrong with one recording leaves the others alone. */
export async function decomposeAll(inputs: readonly Input[], store: Store, settings: RunSettings, hooks: RunHooks): Promise<Outcome[]> {
  const outcomes = new Map<Input, Outcome>()
  let group: Ready[] = []
  let samples = 0
  let device: Gpu | 'cpu' | undefined
  const flush = async (): Promise<void> => {
    if (group.length === 0) return
    device ??= await hooks.device()
    const onProgress = (share: number): void => hooks.onProgress(outcomes.size + Math.floor(share * group.length))
    const found = await decomposeGroup(device, group, settings, { signal: hooks.signal, onProgress })
    for (const [i, ready] of group.entries()) {
      hooks.signal.throwIfAborted()
      const parts = found[i] as Decomposition[] | GalvaniError
      outcomes.set(ready.input, parts instanceof GalvaniError ? refused(ready.input, parts) : await finish(ready, parts, store, settings, device === 'cpu' ? 'cpu' : 'gpu'))
    }
    ;[group, samples] = [[], 0]
  }
  for (const input of inputs) {
    hooks.signal.throwIfAborted()
    const ready = await readyOrRefused(input, settings)
    if ('error' in ready || 'entry' in ready) outcomes.set(input, ready)
    else {
      group.push(ready)
      samples += ready.prepared.recording.eda.length
    }
    if (samples >= GROUP_SAMPLES) await flush()
  }
  await flush()
  const all = inputs.map((input) => outcomes.get(input) as Outcome)
  const [first] = all
  // Options that suit no recording are the user's mistake, not the recordings'.
  if (first?.error && all.every(({ error }) => error instanceof UsageError)) throw first.error
  return all
}

async function readyOrRefused(input: Input, settings: RunSettings): Promise<Ready | Outcome> {
  const recording = await readOne(input.file, settings.reading).catch((error: unknown) => {
    if (error instanceof UsageError) throw error // of all recordings, such as a column's name
    return dataError(error)
  })
  if (recording instanceof GalvaniError) return input.inFolder ? withReason(input, 'skipped', recording) : refused(input, recording)
  try {
    return { input, prepared: prepare(recording, settings) }
  } catch (error) {
    return refused(input, dataError(error))
  }
}

/** What is wrong with one recording, too large for the device in it, or unsuited to its rate; anything else ends the command. */
function dataError(error: unknown): GalvaniError {
  const isDeviceError = error instanceof DeviceError && !(error instanceof LimitError)
  if (!(error instanceof GalvaniError) || isDeviceError) throw error
  return error
}

const withReason = ({ file, name }: Input, status: 'refused' | 'skipped', { message }: GalvaniError): Outcome =>
  ({ result: { file, status, reason: message }, entry: { name, status, notes: [message] } })

const refused = (input: Input, error: GalvaniError): Outcome => ({ ...withReason(input, 'refused', error), error })

interface GroupHooks {
  signal: AbortSignal
  /** Share of the group that is done. */
  onProgress: (share: number) => void
}

/** The decomposed parts of each recording, or why it has none: a call that fails is repeated with halves of the group. */
async function decomposeGroup(device: Gpu | 'cpu', group: readonly Ready[], settings: RunSettings, hooks: GroupHooks): Promise<(Decomposition[] | GalvaniError)[]> {
  const signals = group.flatMap(({ prepared }) => prepared.signals)
  const sampleRate = group.flatMap(({ prepared }) => prepared.signals.map(() => prepared.recording.sampleRate))
  const onProgress = (done: number, total: number): void => hooks.onProgress(done / total)
  try {
    const found = await decompose(device, signals, { ...settings.solving, sampleRate, onProgress, signal: hooks.signal })
    let next = 0
    return group.map(({ prepared }) => found.slice(next, (next += prepared.signals.length)))
  } catch (error) {
    const problem = dataError(error)
    if (group.length === 1) return [problem]
    const middle = group.length >> 1
    const part = (from: number, to: number) => {
      const onPart = (share: number): void => hooks.onProgress((from + share * (to - from)) / group.length)
      return decomposeGroup(device, group.slice(from, to), settings, { ...hooks, onProgress: onPart })
    }
    return [...await part(0, middle), ...await part(middle, group.length)]
  }
}

/** What to do about a decomposition that was returned but may be wrong. */
const DOUBTS: Partial<Record<Decomposition['status'], string>> = {
  'solved-inaccurate': 'the tolerance was nearly reached; look at the figure before use',
  'max-iterations': 'the tolerance was not reached; look at the figure before use, or cut the recording into shorter parts',
  'badly-scaled': 'alpha is too small for numbers of this size; leave --no-zscore out, or raise --alpha',
}
/** A recording is as good as the worst of its parts. */
const FROM_BEST = ['trivial', 'solved', 'solved-inaccurate', 'max-iterations', 'badly-scaled'] as const

async function finish({ input, prepared }: Ready, parts: Decomposition[], store: Store, settings: RunSettings, device: 'gpu' | 'cpu'): Promise<Outcome> {
  const { recording: { eda, sampleRate }, mean, std, quality } = prepared
  const { unit, minAmplitude, format, zscore, solving } = settings
  const signals = inOwnUnit(eda, sampleRate, prepared.parts, parts, { mean, std })
  const events = scrEvents({ ...signals, ...(minAmplitude !== undefined && { minAmplitude }) })
  const features = edaFeatures(signals, events)
  const status = FROM_BEST.findLast((one) => parts.some((part) => part.status === one)) as Decomposition['status']
  const reason = DOUBTS[status]
  const warnings = warningsOf(prepared, events, signals.tonic, unit)
  const { spans: _, ...shares } = quality
  const result: FileResult = {
    file: input.file, status, ...(reason !== undefined && { reason }), warnings, samples: eda.length, sampleRate, unit,
    filled: prepared.parts.reduce((sum, { filled }) => sum + filled, 0),
    iterations: Math.max(...parts.map(({ iterations }) => iterations)),
    objective: parts.reduce((sum, { objective }) => sum + objective, 0),
    ...(zscore && { zscore: { mean, std } }),
    solver: solving.solver ?? 'interior-point', device, parameters: checkParams(sampleRate, solving),
    ...(minAmplitude !== undefined && { minAmplitude }), features, quality: shares,
  }
  const notes = reason === undefined ? warnings : [reason, ...warnings]
  const decomposed = { name: input.name, unit, signals, events, features, quality, notes }
  const outputs = await writeOutputs(store, decomposed, result, format)
  return { result: { ...result, outputs }, entry: contactEntry(decomposed, status) }
}

function warningsOf({ recording: { eda }, quality, leftOut }: Prepared, events: readonly ScrEvent[], tonic: Float64Array, unit: string): string[] {
  const warnings = qualityWarnings(quality)
  const [least, largest] = extent(eda)
  const margin = (largest - least) / 2
  if (tonic.some((level) => level < least - margin || level > largest + margin)) {
    warnings.push('the tonic part goes far beyond the recording: fast noise or artefacts were taken for responses; remove them first')
  }
  if (leftOut > 0) warnings.push(`${leftOut.toFixed(1)} s between gaps are too short to decompose and left out`)
  if (unit !== 'µS') return warnings
  if (least < 0) {
    warnings.push('values below 0 are no skin conductance in µS; name the unit of the recording by --unit')
  }
  const amplitude = events.reduce((most, event) => Math.max(most, event.amplitude), 0)
  if (events.length > 0 && amplitude < USUAL_LEAST_AMPLITUDE) {
    warnings.push(`the largest response has ${amplitude.toPrecision(2)} µS, less than the ${USUAL_LEAST_AMPLITUDE} µS that are usual for one: this may be noise`)
  }
  return warnings
}
