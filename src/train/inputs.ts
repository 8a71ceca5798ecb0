// What the model reads: signals and music of trials as dense rows, music scaled by training statistics.
import { FormatError } from '../runtime/errors.ts'
import { CHANNELS, type Channel } from '../signal/channels.ts'
import type { RunConfig } from './config.ts'
import { listenerRatings, withListeners, type ListenerRatings } from './listeners.ts'
import type { PreparedSet, PreparedTrial } from './prepare.ts'

/** Mean and deviation of each music feature over the training trials; a constant feature scales to zero. */
export interface MusicScaling {
  mean: Float32Array
  deviation: Float32Array
}

/** @throws FormatError naming the first trial without a music vector */
function musicScaling(trials: readonly PreparedTrial[], train: readonly number[], dim: number): MusicScaling {
  const sums = new Float64Array(dim)
  const squares = new Float64Array(dim)
  for (const index of train) {
    const music = musicOf(trials[index]!)
    for (let f = 0; f < dim; f++) sums[f] = sums[f]! + music[f]!
  }
  // A sum of equal float32 values is exact in float64, and so is its quotient: the deviation of a constant feature is zero.
  const mean = sums.map((sum) => sum / train.length)
  for (const index of train) {
    const music = musicOf(trials[index]!)
    for (let f = 0; f < dim; f++) squares[f] = squares[f]! + (music[f]! - mean[f]!) ** 2
  }
  return { mean: Float32Array.from(mean), deviation: Float32Array.from(squares, (s) => Math.sqrt(s / train.length)) }
}

function musicOf(trial: PreparedTrial): Float32Array {
  if (!trial.music)
    throw new FormatError(`trial ${trial.id}: stimulus '${trial.stimulus}' has no row in music.csv; use --music none`)
  return trial.music
}

/** Inputs whose music, if the model reads any, is scaled by these training trials. */
export function inputsOf(
  set: PreparedSet,
  { model, signals, musicFrom }: RunConfig,
  train: readonly number[],
): ModelInputs {
  const listeners = musicFrom === 'listeners' ? listenerRatings(set.trials, train) : undefined
  const { trials } = listeners ? withListeners(set, listeners) : set
  const scaling = model.music_dim > 0 ? musicScaling(trials, train, model.music_dim) : null
  return new ModelInputs(set, signals, scaling, listeners)
}

/** What a model reads, a row a number: that of a trial, or of whatever else is fed to it. */
export interface InputRows {
  /** [rows, channels, length], dense. */
  eda(rows: readonly number[]): Float32Array
  /** [rows, features], dense; null for a model without music. */
  music(rows: readonly number[]): Float32Array | null
}

/** Rows of model input for any list of trials. */
export class ModelInputs implements InputRows {
  private readonly set: PreparedSet

  constructor(
    set: PreparedSet,
    private readonly channels: readonly Channel[],
    /** Scaling of the music features; null for EDA only. */
    readonly scaling: MusicScaling | null,
    /** What others said of the songs, if that is the music. */
    readonly listeners?: ListenerRatings,
  ) {
    this.set = listeners ? withListeners(set, listeners) : set
  }

  /** [trials, channels, length], dense; channels in the order in which they were chosen. */
  eda(trials: readonly number[]): Float32Array {
    const { length } = this.set
    const out = new Float32Array(trials.length * this.channels.length * length)
    let row = 0
    for (const index of trials) {
      const { signals } = this.trial(index)
      for (const name of this.channels) {
        const at = CHANNELS.indexOf(name) * length
        out.set(signals.subarray(at, at + length), row++ * length)
      }
    }
    return out
  }

  /** [trials, features], dense and scaled; null for a model without music. */
  music(trials: readonly number[]): Float32Array | null {
    if (!this.scaling) return null
    const { mean, deviation } = this.scaling
    const out = new Float32Array(trials.length * mean.length)
    trials.forEach((index, i) => {
      const music = musicOf(this.trial(index))
      for (let f = 0; f < mean.length; f++) {
        const spread = deviation[f]!
        out[i * mean.length + f] = spread > 0 ? (music[f]! - mean[f]!) / spread : 0
      }
    })
    return out
  }

  /** EDA and music of one trial as one vector: what a linear baseline sees. */
  vector(index: number): Float32Array {
    const eda = this.eda([index])
    const music = this.music([index])
    if (!music) return eda
    const out = new Float32Array(eda.length + music.length)
    out.set(eda)
    out.set(music, eda.length)
    return out
  }

  private trial(index: number): PreparedTrial {
    return this.set.trials[index]!
  }
}
