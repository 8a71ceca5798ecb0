// The truth behind a look-alike: who hears what, what they feel and say of it, and what their skin shows.

import { Random } from '../../runtime/random.ts'
import { biasOf, type Feeling, feelings, makeTrace, rate, usualFeeling } from '../hidden_truth.ts'
import type { Dimension, Ratings } from '../trial.ts'

/** How strongly what a person felt shows in the skin, and what a stimulus does in its music; 0 (not at all) to 1. */
export interface Effects {
  eda: number
  music: number
}

/** One person, one stimulus. */
export interface Listening {
  stimulus: number
  felt: Feeling
  /** 1 to 9, unrounded. */
  ratings: Ratings
}

/** A made-up person. */
export interface Listener {
  /** Tonic level and size of a response in microsiemens. */
  level: number
  amplitude: number
  /** In the order in which they were heard. */
  listenings: readonly Listening[]
}

/** What random numbers are for: each its own stream of the seed, so that no file depends on which were made before it. */
const STREAMS = { plan: 0, listener: 1, trace: 0x10000, file: 0x100000, song: 0x200000 } as const
/** More than any person hears, with a trace for each of two passes. */
const MOST_HEARD = 128

export const randomOf = (seed: number, use: keyof typeof STREAMS, index = 0): Random =>
  new Random(seed, STREAMS[use] + index)

/** How closely a person follows what a stimulus usually does, at effect 1. */
const AGREEMENT = 3
/** How far valence moves the tonic level, in sizes of a response, and arousal their sizes: skin tells both without any music. */
const CLIMB = 2
const SWELL = 0.4

/**
 * People who hear what `plan` says, a list of stimuli each. With an agreement of 0 they feel what they feel, whatever is played; half
 * of what a person feels is high in each dimension.
 */
export function makeListeners(seed: number, agreement: number, plan: readonly (readonly number[])[]): Listener[] {
  return plan.map((heard, index) => {
    const random = randomOf(seed, 'listener', index)
    const felt = (dimension: Dimension): number[] =>
      feelings(
        heard.map((stimulus) => AGREEMENT * agreement * usualFeeling(stimulus)[dimension]),
        random,
      )
    const [arousal, valence] = [felt('arousal'), felt('valence')]
    const bias = biasOf(random)
    const body = bodyOf(random)
    const listenings = heard.map((stimulus, order): Listening => {
      const feeling = { arousal: arousal[order]!, valence: valence[order]! }
      const said = (dimension: Dimension): number => rate(bias[dimension], feeling[dimension], random)
      return { stimulus, felt: feeling, ratings: { valence: said('valence'), arousal: said('arousal') } }
    })
    return { ...body, listenings }
  })
}

/** Level and size of responses of a person, such that no drift ends at 0. */
export const bodyOf = (random: Random): Pick<Listener, 'level' | 'amplitude'> => ({
  level: 5 + 6 * random.uniform(),
  amplitude: 0.3 * Math.exp(0.3 * random.normal()),
})

/** How one listening is recorded. */
export interface Recorded {
  seed: number
  /** How strongly the feeling shows. */
  effect: number
  /** Numbers of the person and of the listening among theirs. */
  person: number
  order: number
  /** Hz. */
  sampleRate: number
  samples: number
  /** Seconds at the beginning before the stimulus; default 0. */
  calm?: number
  /** 1 for a second listening of the same; default 0. */
  pass?: 0 | 1
}

/** The skin conductance of one listening in microsiemens. */
export function skinOf(
  { level, amplitude }: Pick<Listener, 'level' | 'amplitude'>,
  { arousal, valence }: Feeling,
  { seed, effect, person, order, sampleRate, samples, calm = 0, pass = 0 }: Recorded,
): Float64Array {
  const random = randomOf(seed, 'trace', (person * MOST_HEARD + order) * 2 + pass)
  // Nobody's level is the same twice.
  const moved = level + 0.5 * random.normal()
  const tie = { arousal: effect * arousal, valence: effect * valence, climb: CLIMB, swell: SWELL }
  return makeTrace({ samples, sampleRate, level: moved, amplitude, calm, ...tie }, random)
}
