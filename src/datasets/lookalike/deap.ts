// DEAP as it is distributed: a pickle a person, of 40 trials, 40 channels and four ratings, in any of the encodings that are met.

import { rawBytes } from '../../formats/elements.ts'
import { PICKLE_STYLES, pickleArrays } from '../../formats/numpy_pickle_write.ts'
import { type Breathe, type Lookalike, type MadeFile, type Maker, padded, type Settings } from './layout.ts'
import { musicFile } from './music.ts'
import { Noise } from './noise.ts'
import { type Listener, makeListeners, randomOf, skinOf } from './truth.ts'

/** Hz. */
const RATE = 128
const TRIALS = 40
const CHANNELS = 40
const GSR = 36
const BASELINE_SECONDS = 3
/** Of a video: of the real set, and of a small one. */
const SECONDS = { full: 60, usual: 30 }
/** The signal is an uncalibrated one of both signs; so many of its units are a microsiemens. */
const UNITS = 1000
/** Every encoding, with a memo and, as pickletools leaves it, without. */
const STYLES = [true, false].flatMap((memo) => Object.values(PICKLE_STYLES).map((style) => ({ ...style, memo })))

/** DEAP's `data_preprocessed_python`. */
export const deap: Maker = {
  of: 'DEAP, data_preprocessed_python',
  people: { most: 32, usual: 6 },
  leastSeconds: 10,
  make,
}

function make(settings: Settings): Lookalike {
  const { subjects, seed, effects, full } = settings
  const seconds = settings.seconds ?? (full ? SECONDS.full : SECONDS.usual)
  const samples = Math.round((BASELINE_SECONDS + seconds) * RATE)
  const videos = Array.from({ length: TRIALS }, (_, i) => i)
  const listeners = makeListeners(
    seed,
    effects.music,
    Array.from({ length: subjects }, () => videos),
  )
  const files = listeners.map((listener, person): MadeFile => ({
    path: `s${padded(person + 1)}.dat`,
    content: async (breathe) => {
      const data = await recorded(listener, { settings, person, samples }, breathe)
      const items = {
        // First, so that it can be seen without reading the whole.
        synthetic: 'made by galvani',
        labels: { bytes: rawBytes(labelsOf(listener, seed, person)), shape: [TRIALS, 4], type: '<f8' },
        data: { bytes: rawBytes(data), shape: [TRIALS, CHANNELS, samples], type: '<f8' },
      }
      return pickleArrays(items, STYLES[person % STYLES.length]!)
    },
  }))
  const songs = videos.map((song) => ({ name: `${song + 1}.wav`, song }))
  return {
    files: [...files, musicFile(songs, { seed, effect: effects.music })],
    recordings: subjects * TRIALS,
    stimuli: TRIALS,
    facts: [
      `${TRIALS} videos of ${seconds} s and 3 s of baseline at 128 Hz, ${CHANNELS} channels of which channel 37 is GSR; all others are noise.`,
      'GSR is without offset, of both signs, and rises with conductance (as-is).',
      'The files take turns in the encodings of pickles that are met, and have one more key, `synthetic`.',
      'music_features.csv, which DEAP does not have, tells what the music effect says.',
    ],
  }
}

interface Person {
  settings: Settings
  person: number
  samples: number
}

/** [trials, channels, samples]. */
async function recorded(
  listener: Listener,
  { settings: { seed, effects }, person, samples }: Person,
  breathe: Breathe,
): Promise<Float64Array> {
  const data = new Float64Array(TRIALS * CHANNELS * samples)
  const noise = new Noise(randomOf(seed, 'file', person))
  for (const [order, { felt }] of listener.listenings.entries()) {
    const begin = order * CHANNELS * samples
    for (let channel = 0; channel < CHANNELS; channel++)
      noise.fill(data.subarray(begin + channel * samples, begin + (channel + 1) * samples))
    const calm = BASELINE_SECONDS
    const skin = skinOf(listener, felt, { seed, effect: effects.eda, person, order, sampleRate: RATE, samples, calm })
    const mean = skin.reduce((a, b) => a + b, 0) / samples
    data.set(
      skin.map((value) => Math.round(100 * UNITS * (value - mean)) / 100),
      begin + GSR * samples,
    )
    await breathe()
  }
  return data
}

/** Valence, arousal, dominance and liking, the last two of which mean nothing. */
function labelsOf(listener: Listener, seed: number, person: number): Float64Array {
  const random = randomOf(seed, 'file', 0x8000 + person)
  const other = (): number => 1 + 8 * random.uniform()
  const labels = listener.listenings.flatMap(({ ratings: { valence, arousal } }) => [
    valence,
    arousal,
    other(),
    other(),
  ])
  return Float64Array.from(labels, (value) => Math.round(100 * value) / 100)
}
