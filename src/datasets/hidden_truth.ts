// What made-up listeners feel, say and show in their skin: the truth behind every synthetic study.

import { UsageError } from '../runtime/errors.ts'
import type { Random } from '../runtime/random.ts'
import type { Dimension, Ratings } from './trial.ts'

/** Seed of what all studies share: how music sounds of what it does, so that a model of one can be tried on another. */
export const WORLD = 2022

/** Decay and rise time of a skin-conductance response in seconds (Bateman function, cvxEDA's defaults). */
const DECAY = 2
const RISE = 0.7
/** Seconds from one response to the next in a person who is neither aroused nor calm. */
const INTERVAL = 10
/** Ratings run from 1 to 9; high and low ones lie this far from the subject's own middle. */
const RATING_STEP = 2

/** +1 or -1 for each dimension: what a person felt, or what a stimulus usually does. */
export type Feeling = Readonly<Record<Dimension, number>>

/** @throws UsageError unless it is an integer that fits in 32 bits */
export function requireSeed(seed: number): void {
  if (Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff) return
  throw new UsageError(`seed ${seed}: expected an integer from 0 to 4294967295`)
}

/** @throws UsageError unless it is from 0 to 1 */
export function requireEffect(effect: number, name = 'effect'): void {
  if (effect >= 0 && effect <= 1) return
  throw new UsageError(`${name} ${effect}: expected a number from 0 (none) to 1 (strong)`)
}

/** What the stimulus of this index usually does; of every four, each of the four combinations is one. */
export const usualFeeling = (index: number): Feeling => ({
  valence: index % 2 ? -1 : 1,
  arousal: (index >> 1) % 2 ? -1 : 1,
})

/** +1 for the half of a person's trials with the higher score, after chance had its part; -1 for the others. */
export function feelings(tendencies: readonly number[], random: Random): number[] {
  const scores = tendencies.map((tendency) => tendency + random.normal())
  const middle = [...scores].sort((a, b) => a - b)[Math.floor(scores.length / 2)]!
  return scores.map((score) => (score >= middle ? 1 : -1))
}

/** A person's ratings lie this much higher or lower than other people's. */
export const biasOf = (random: Random): Ratings => ({
  arousal: 0.6 * random.normal(),
  valence: 0.6 * random.normal(),
})

/** What a person says of a feeling: 1 to 9, unrounded. */
export function rate(bias: number, felt: number, random: Random): number {
  const value = 5 + bias + RATING_STEP * felt + 0.5 * random.normal()
  return Math.min(9, Math.max(1, value))
}

/** How a trace comes about. */
export interface TraceSettings {
  samples: number
  /** Hz. */
  sampleRate: number
  /** Tonic level and size of a response in microsiemens. */
  level: number
  amplitude: number
  /** Signed and already scaled by the effect; 0 is no tie. */
  arousal: number
  valence: number
  /** Seconds at the beginning in which nothing is felt yet; default 0. */
  calm?: number
  /** How far what pleases lifts the tonic level until the end, and what displeases lowers it, in sizes of a response; default 0. */
  climb?: number
  /** By which power of e arousal makes responses larger; default 0. */
  swell?: number
}

/**
 * A trace in microsiemens: a drifting tonic level, responses of Bateman shape, and noise. Arousal multiplies the *rate* of the responses
 * and lifts the drift; valence shifts the larger responses towards the end. These change the shape of the trace, so they survive a z-score.
 */
export function makeTrace(settings: TraceSettings, random: Random): Float64Array {
  const { samples, sampleRate, level, amplitude, arousal, valence, calm = 0, climb = 0, swell = 0 } = settings
  const seconds = samples / sampleRate
  const before = calm * sampleRate
  const eda = new Float64Array(samples)
  const slope = amplitude * (0.5 * arousal + climb * valence + 0.7 * random.normal())
  const phase = 2 * Math.PI * random.uniform()
  for (let i = 0; i < samples; i++) {
    const share = Math.max(0, i - before) / (samples - before)
    eda[i] = level + slope * share + 0.15 * amplitude * Math.sin(2 * Math.PI * share + phase)
  }
  const intervalAt = (time: number): number => (time < calm ? INTERVAL : INTERVAL * Math.exp(-0.9 * arousal))
  for (
    let onset = intervalAt(0) * random.uniform();
    onset < seconds;
    onset += intervalAt(onset) * (0.6 + 0.8 * random.uniform())
  ) {
    const late = onset < calm ? 1 : 1 + 0.5 * valence * ((2 * onset) / seconds - 1)
    addResponse(eda, sampleRate, onset, amplitude * late * Math.exp(swell * arousal + 0.3 * random.normal()))
  }
  for (let i = 0; i < samples; i++) eda[i] = Math.max(0, eda[i]! + 0.01 * random.normal())
  return eda
}

/** Adds one response: the Bateman function, scaled to its peak. */
function addResponse(eda: Float64Array, sampleRate: number, onset: number, amplitude: number): void {
  const peakTime = (Math.log(DECAY / RISE) * DECAY * RISE) / (DECAY - RISE)
  const shape = (t: number): number => Math.exp(-t / DECAY) - Math.exp(-t / RISE)
  for (let i = Math.ceil(onset * sampleRate); i < eda.length; i++) {
    eda[i] = eda[i]! + (amplitude * shape(i / sampleRate - onset)) / shape(peakTime)
  }
}
