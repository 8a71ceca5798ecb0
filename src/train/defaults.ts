// A run's settings where nobody chose others, and a whole configuration from the few that somebody did.
import { presets, type ModelConfig } from '../model/config.ts'
import { UsageError } from '../runtime/errors.ts'
import { CHANNELS } from '../signal/channels.ts'
import type { Interpolation } from '../signal/resample.ts'
import { RATING_SCHEME } from '../evaluation/labels.ts'
import { classNames } from '../evaluation/targets.ts'
import { alternativesOf, settingsOf } from './alternatives.ts'
import { checkRunConfig, type RunConfig } from './config.ts'
import { LISTENER_FEATURES } from './listeners.ts'
import { resolveModel } from './model_settings.ts'

/** The settings of a run where nobody chose others. The network and the seconds dropped are decided by `resolveRun` and the data. */
export const defaultRun: Readonly<Omit<RunConfig, 'model' | 'drop' | 'interpolation'>> = {
  dimension: 'arousal',
  labels: 'two-means',
  folds: 'subject:10',
  validation: 0.15,
  seed: 1,
  signals: [...CHANNELS],
  init: 'he',
  optimizer: { name: 'adam', weightDecay: 0 },
  learningRate: 0.001,
  decay: 0.9,
  decayEpochs: 15,
  epochs: 30,
  batch: 32,
  patience: 10,
}

export const DEFAULT_PRESET: ModelConfig['preset'] = 'paper'
/** Seconds that the paper cuts from the start of each trial. */
export const DROP_SECONDS = 3

/** The music that a model reads: what the data have, none, or what other listeners of the training part said of it. */
export const MUSIC_USES = ['auto', 'none', 'listeners'] as const
export type MusicUse = (typeof MUSIC_USES)[number]

/** What the data decide, unless a setting says otherwise. */
export interface DataFacts {
  /** Length of the music vectors; 0 if there are none. */
  musicDim: number
  /** Points and seconds dropped, of data that are prepared already. */
  length?: number
  dropSeconds?: number
  /** Absent where it is `linear`. */
  interpolation?: Interpolation
}

/**
 * Some settings of a run. Those of the network start from `preset`; `music: 'none'` leaves the music out that the data have, and
 * `'listeners'` takes what others said of a song in its place.
 */
export interface RunSettings extends Partial<Omit<RunConfig, 'model'>> {
  preset?: ModelConfig['preset']
  model?: Partial<ModelConfig>
  music?: MusicUse
  /** Times all widths of the network: channels and hidden layers. */
  width?: number
}

/** A whole configuration from some settings and what the data decide. @throws UsageError naming the first setting that is out of range or does not fit the others */
export function resolveRun(
  settings: RunSettings,
  { musicDim, length, dropSeconds, interpolation }: DataFacts,
): RunConfig {
  const { preset = DEFAULT_PRESET, model: chosen, width, music = 'auto', ...own } = settings
  if (!Object.hasOwn(presets, preset))
    throw new UsageError(`preset is '${String(preset)}', expected ${Object.keys(presets).join(', ')}`)
  const signals = own.signals ?? defaultRun.signals
  const ofRating = own.target === 'rating'
  const described = {
    ...presets[preset],
    in_channels: signals.length,
    music_dim: { auto: musicDim, none: 0, listeners: LISTENER_FEATURES }[music],
    ...(ofRating && { head: 'logits' as const }),
    classes: ofRating ? 1 : classNames(own.dimension ?? defaultRun.dimension, own.levels).length,
    ...(length !== undefined && { length }),
    ...chosen,
  }
  const model = resolveModel(described, width)
  const [first = {}] = own.alternatives ? alternativesOf(own.alternatives) : []
  return checkRunConfig({
    ...settingsOf(defaultRun, first),
    ...(ofRating && { labels: RATING_SCHEME }),
    drop: dropSeconds ?? DROP_SECONDS,
    ...(interpolation && { interpolation }),
    ...(music === 'listeners' && { musicFrom: music }),
    ...own,
    signals: [...signals],
    model,
  })
}
