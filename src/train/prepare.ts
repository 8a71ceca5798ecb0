// From trials as recorded to model inputs: gaps, z-score, cvxEDA, the paper's channels (section 4.1).
import { decompose } from '../cvxeda/decompose.ts'
import { DECOMPOSITION_SET } from '../cvxeda/decomposition_set.ts'
import { groupBy } from '../datasets/group.ts'
import type { OpenedDataset } from '../datasets/layout.ts'
import type { Dimension, Trial, TrialSet } from '../datasets/trial.ts'
import { QUALITY_FLAGS, qualityFlags, type QualityFlag } from '../datasets/trial_quality.ts'
import { checkNames, type Known } from '../runtime/arguments.ts'
import { requireDevice, type Device } from '../runtime/device.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import { requireLength, toChannels, type Channel } from '../signal/channels.ts'
import { fillGaps } from '../signal/gaps.ts'
import { zscore } from '../signal/normalize.ts'
import { INTERPOLATIONS, type Interpolation } from '../signal/resample.ts'
import { breather } from '../runtime/breather.ts'
import { keyOf, type DecompositionCache, type Parts } from './decomposition_cache.ts'
import { EDA_FEATURES, EDA_FEATURE_SET, trialFeatures } from './eda_features.ts'

/** How trials are prepared. */
export interface PrepareOptions {
  /** Points per channel. */
  length: number
  /** Cut from the start of each trial after the decomposition, s. */
  dropSeconds: number
  /** How a channel gets its points; default `linear`, the paper's. */
  interpolation?: Interpolation
  /** Leaves out trials that are doubted for one of these; default none. */
  exclude?: readonly QualityFlag[]
  /** Where decompositions are kept, and found again. */
  cache?: DecompositionCache
  /** Shown every trial as it was recorded, in order. */
  onTrial?: (trial: Trial) => void
  /** Told how many trials are done, prepared or skipped, of how many there should be. */
  onProgress?: (done: number, total: number) => void
  signal?: AbortSignal
}

const PREPARE_OPTIONS: Known<PrepareOptions> = {
  length: true,
  dropSeconds: true,
  interpolation: true,
  exclude: true,
  cache: true,
  onTrial: true,
  onProgress: true,
  signal: true,
}

/** A trial without its recording, with the model's input instead. */
export interface PreparedTrial extends Omit<Trial, 'eda'> {
  /** [3, length]: origin, phasic, tonic, each z-scored. */
  signals: Float32Array
  /** The skin conductance of the whole trial in numbers, one for each name of the set's `features`; absent where that has none. */
  features?: Float32Array
  status: Parts['status']
  /** Samples that were interpolated across gaps. */
  filled: number
  /** Channels that did not vary and are zero. */
  constant: Channel[]
  /** What the recording is doubted for; absent where it was prepared before this was asked. */
  quality?: QualityFlag[]
  /** By the paper's 2-means, 1 = high; for readers of the manifest, since a run makes labels of its own scheme. */
  classes?: Partial<Record<Dimension, number>>
}

/** Trials ready for a model, and what they were prepared with. */
export interface PreparedSet extends Omit<TrialSet, 'trials'> {
  trials: PreparedTrial[]
  length: number
  dropSeconds: number
  /** Absent where it is `linear`. */
  interpolation?: Interpolation
  /** Which numbers the trials' `features` are; absent where they have none, as sets of before there were any. */
  features?: FeatureNames
  /** Digest of the decomposition that made the signals; absent where they are of no file and not of `prepareTrials`. */
  decomposition?: string
}

/** A list of features: what it is called, and the name of each. */
export interface FeatureNames {
  set: string
  names: string[]
}

/** Trials in memory, or those of a dataset, which are read as they are needed. */
export type TrialSource = TrialSet | OpenedDataset

/** What is decomposed at once, and lost when the work is stopped: this many trials, fewer where they are long. */
const BATCH_TRIALS = 256
const BATCH_SAMPLES = 1 << 22
/** Points of a channel: an hour at what DEAP has a second are fewer. */
const MOST_POINTS = 1_000_000
/** Skin conductance has nothing above this, so thinning loses and folds nothing while as much is kept, Hz. */
const FASTEST_SKIN = 5

interface Cleaned {
  trial: Trial
  /** As recorded, gaps filled; z is (samples - mean) / std. */
  samples: Float64Array
  z: Float64Array
  mean: number
  std: number
  filled: number
  quality: QualityFlag[]
}

/**
 * Prepares every trial; one that cannot be used (too short, a gap over 1 s) is skipped with its reason. Of the recordings no more is in
 * memory than a batch of some hundred trials.
 * @throws FormatError when none is left
 */
export async function prepareTrials(
  device: Device,
  source: TrialSource,
  options: PrepareOptions,
): Promise<PreparedSet> {
  requireDevice('prepareTrials', device)
  checkNames('prepareTrials', options, PREPARE_OPTIONS)
  checkPrepareOptions(options)
  requireTrials(source)
  const { length, dropSeconds, interpolation = 'linear', exclude = [], onProgress, onTrial } = options
  const skipped: TrialSet['skipped'] = []
  const prepared: PreparedTrial[] = []
  let [seen, excluded] = [0, 0]
  const thinned = new Thinning(options)
  const expected = Array.isArray(source.trials) ? source.trials.length : (source as OpenedDataset).expected
  const report = (done: number): void => onProgress?.(Math.floor(done), Math.max(expected, Math.ceil(done)))
  for await (const batch of batchesOf(trialsOf(source))) {
    options.signal?.throwIfAborted()
    const cleaned: Cleaned[] = []
    for (const trial of batch) {
      onTrial?.(trial)
      const quality = qualityFlags(trial)
      const doubts = exclude.filter((flag) => quality.includes(flag))
      if (doubts.length > 0) {
        excluded++
        skipped.push({ source: `trial ${trial.id}`, reason: `left out for its quality: ${doubts.join(', ')}` })
        continue
      }
      try {
        cleaned.push({ ...clean(trial, dropSeconds), quality })
        thinned.add(trial)
      } catch (error) {
        if (!(error instanceof FormatError)) throw error
        skipped.push({ source: `trial ${trial.id}`, reason: error.message })
      }
    }
    const left = batch.length - cleaned.length
    const ready = await prepareBatch(device, cleaned, options, (done) => report(seen + left + done))
    for (const trial of ready) prepared.push(trial)
    seen += batch.length
    report(seen)
  }
  const all = [...source.skipped, ...skipped]
  if (prepared.length === 0) {
    throw new FormatError(
      `${source.name}: none of ${seen} trials can be used; the first: ${all[0]?.reason ?? 'no trials'}`,
    )
  }
  const notes = [
    ...(source.notes ?? []),
    ...(exclude.length > 0
      ? [`${excluded} of ${seen} trials are left out for their quality (${exclude.join(', ')}).`]
      : []),
    ...thinned.notes(),
  ]
  return {
    ...saidOf(source),
    trials: prepared,
    skipped: all,
    ...(notes.length > 0 && { notes }),
    length,
    dropSeconds,
    ...(interpolation !== 'linear' && { interpolation }),
    features: { set: EDA_FEATURE_SET, names: [...EDA_FEATURES] },
    decomposition: DECOMPOSITION_SET,
  }
}

/** @throws UsageError for what has no trials */
function requireTrials(source: TrialSource): void {
  const trials: unknown = source?.trials
  if (Array.isArray(trials) || typeof trials === 'function') return
  throw new UsageError(
    'prepareTrials: the second argument has no trials; expected a TrialSet, or what openDataset gives',
  )
}

/** @throws UsageError for a word that is none of those that there are, and a number that no model reads */
export function checkPrepareOptions({
  length,
  dropSeconds,
  interpolation = 'linear',
  exclude = [],
}: Pick<PrepareOptions, 'length' | 'dropSeconds' | 'interpolation' | 'exclude'>): void {
  if (!Number.isInteger(length) || length < 2 || length > MOST_POINTS)
    throw new UsageError(`prepareTrials: length is ${length}, expected 2 to ${MOST_POINTS} points`)
  if (!(dropSeconds >= 0 && dropSeconds < Infinity))
    throw new UsageError(`prepareTrials: dropSeconds is ${dropSeconds}, expected 0 s or more`)
  if (interpolation === 'released' && !Number.isInteger(Math.sqrt(length)))
    throw new UsageError(`prepareTrials: length is ${length}, which as released must be a square, such as 2500`)
  if (!INTERPOLATIONS.includes(interpolation))
    throw new UsageError(
      `prepareTrials: interpolation is '${String(interpolation)}', expected ${INTERPOLATIONS.join(', ')}`,
    )
  const unknown = exclude.find((flag) => !QUALITY_FLAGS.includes(flag))
  if (unknown !== undefined)
    throw new UsageError(`prepareTrials: exclude has '${String(unknown)}', expected ${QUALITY_FLAGS.join(', ')}`)
}

/** What is said of a source beside its trials. */
const saidOf = ({ name, synthetic, musicDim = 0, musicSet }: TrialSource): Omit<TrialSet, 'trials' | 'skipped'> => ({
  name,
  synthetic,
  musicDim,
  ...(musicSet !== undefined && { musicSet }),
})

async function* trialsOf({ trials }: TrialSource): AsyncIterable<Trial> {
  yield* typeof trials === 'function' ? trials() : trials
}

async function* batchesOf(trials: AsyncIterable<Trial>): AsyncIterable<Trial[]> {
  let [batch, samples]: [Trial[], number] = [[], 0]
  for await (const trial of trials) {
    batch.push(trial)
    samples += trial.eda.length
    if (batch.length < BATCH_TRIALS && samples < BATCH_SAMPLES) continue
    yield batch
    ;[batch, samples] = [[], 0]
  }
  if (batch.length > 0) yield batch
}

function clean(trial: Trial, dropSeconds: number): Omit<Cleaned, 'quality'> {
  requireLength(trial.eda.length, trial.sampleRate, dropSeconds, trial.source)
  const { samples, filled } = fillGaps(trial.eda, trial.sampleRate, trial.source)
  const { z, mean, std } = zscore(samples)
  return { trial, samples, z, mean, std, filled }
}

async function prepareBatch(
  device: Device,
  batch: readonly Cleaned[],
  { length, dropSeconds, interpolation = 'linear', cache, signal }: PrepareOptions,
  onDone: (done: number) => void,
): Promise<PreparedTrial[]> {
  const settings = { device, ...(cache && { cache }), ...(signal && { signal }), onDone }
  const parts = await partsOf(batch, settings)
  const breathe = breather(signal)
  const prepared: PreparedTrial[] = []
  for (const [i, { trial, samples, z, mean, std, filled, quality }] of batch.entries()) {
    const { phasic, tonic, status } = parts[i]!
    const { sampleRate, unit, source } = trial
    const channelOptions = { sampleRate, dropSeconds, length, interpolation, source }
    const { data: signals, constant } = toChannels({ origin: z, phasic, tonic }, channelOptions)
    const features = trialFeatures({ samples, sampleRate, unit, parts: parts[i]!, mean, std })
    const { eda: _, ...rest } = trial
    prepared.push({ ...rest, signals, features, status, filled, constant, quality })
    await breathe()
  }
  return prepared
}

interface Settings {
  device: Device
  cache?: DecompositionCache
  signal?: AbortSignal
  onDone: (done: number) => void
}

/** The parts of each, from the cache or made and kept there. */
async function partsOf(batch: readonly Cleaned[], settings: Settings): Promise<Parts[]> {
  const { device, cache } = settings
  if (!cache) return await decomposed(batch, settings)
  const solver = `${DECOMPOSITION_SET} ${deviceName(device)}`
  const keys = await Promise.all(batch.map(({ trial, z }) => keyOf(z, `${solver} ${trial.sampleRate} Hz`)))
  const found: (Parts | undefined)[] = []
  for (const key of keys) found.push(await cache.find(key))
  const missing = batch.flatMap((_, i) => (found[i] ? [] : [i]))
  if (missing.length > 0) {
    const made = await decomposed(
      missing.map((i) => batch[i]!),
      { ...settings, onDone: (done) => settings.onDone(batch.length - missing.length + done) },
    )
    await cache.add(
      missing.map((i) => keys[i]!),
      made,
    )
    missing.forEach((i, k) => (found[i] = made[k]!))
  }
  return found as Parts[]
}

/** What computes, for the record. */
export function deviceName(device: Device): string {
  if (device === 'cpu' || !('info' in device)) return 'float64 on the CPU'
  const { vendor, architecture, device: model, description } = device.info
  return [vendor, architecture, model, description].filter(Boolean).join(' ')
}

async function decomposed(batch: readonly Cleaned[], { device, signal, onDone }: Settings): Promise<Parts[]> {
  const parts = new Map<Cleaned, Parts>()
  for (const group of groupBy(batch, ({ trial }) => String(trial.sampleRate)).values()) {
    const before = parts.size
    const made = await decompose(
      device,
      group.map(({ z }) => z),
      {
        sampleRate: group[0]!.trial.sampleRate,
        onProgress: (done) => onDone(before + done),
        ...(signal && { signal }),
      },
    )
    group.forEach((one, i) => parts.set(one, made[i]!))
  }
  return batch.map((one) => parts.get(one)!)
}

/** What thinning to the model's points does to noise that is faster than they can follow. */
class Thinning {
  #trials = 0
  #slowest = Infinity

  constructor(private readonly options: PrepareOptions) {}

  add({ eda, sampleRate }: Trial): void {
    const { length, dropSeconds, interpolation = 'linear' } = this.options
    const kept = (length - 1) / 2 / (eda.length / sampleRate - dropSeconds)
    if (interpolation !== 'linear' || kept >= Math.min(FASTEST_SKIN, sampleRate / 2)) return
    this.#trials++
    this.#slowest = Math.min(this.#slowest, kept)
  }

  notes(): string[] {
    if (this.#trials === 0) return []
    const slowest = Number(this.#slowest.toPrecision(2))
    const many = this.#trials === 1 ? '1 trial is' : `${this.#trials} trials are`
    return [
      `${many} thinned to ${this.options.length} points without a filter, as in the paper: they follow what is below ${slowest} Hz ` +
        'or a little more, and faster noise folds in; the interpolation `antialias` (--antialias) filters it out.',
    ]
  }
}
