// What every loader yields, whatever the dataset: one person, one stimulus, one skin-conductance trace.

/** Self-reported emotion of one trial, on the dataset's own scale. */
export interface Ratings {
  valence: number
  arousal: number
}

export const DIMENSIONS = ['arousal', 'valence'] as const
/** A rating that can be predicted. */
export type Dimension = (typeof DIMENSIONS)[number]

/** One trial as recorded: nothing is filtered, cut or scaled. Missing samples are NaN. */
export interface Trial {
  id: string
  subject: string
  /** What was heard or seen; the trial's own id where the table does not say. */
  stimulus: string
  /** Hz. */
  sampleRate: number
  eda: Float64Array
  /** Unit of `eda`, `uS` or `unknown`. */
  unit: string
  ratings?: Ratings
  /** Least and largest rating that the scale allows, where the dataset has one scale. */
  ratingScale?: readonly [number, number]
  /** The dataset that it is of, by the name of its layout. */
  dataset?: string
  /** Of which listening it is, where people heard each stimulus once for each dimension; a model reads its own pass only. */
  pass?: Dimension
  /** What all who rated the stimulus said on average, where the dataset publishes it. */
  stimulusRatings?: Ratings
  /** Seconds at the beginning, before the stimulus. */
  baselineSeconds?: number
  /** Feature vector of the stimulus, [musicDim]. */
  music?: Float32Array
  /** Every column of the trial's row, as text. */
  columns: Record<string, string>
  /** Where the trial came from, for messages: file and line. */
  source: string
}

/** Where people heard each stimulus once for each dimension, the trials in which they heard it for this one. */
export const ofPass = <T extends Pick<Trial, 'pass'>>(trials: readonly T[], dimension: Dimension): T[] =>
  trials.filter(({ pass }) => pass === undefined || pass === dimension)

/** All trials of one dataset, with what was left out and why. */
export interface TrialSet {
  name: string
  /** Generated data; every report must say so. */
  synthetic: boolean
  trials: Trial[]
  /** Length of each trial's `music`; 0 if there is none. */
  musicDim: number
  /** Which features `music` holds, such as `IS13_ComParE`, where that is known. */
  musicSet?: string
  skipped: { source: string; reason: string }[]
  /** What was assumed, a sentence each. */
  notes?: string[]
}
