// AMIGOS as it is distributed: a MATLAB file a participant, with cells for 16 short videos and four long ones.

import { cells, columnsOf, empty, matFile, type MatValue, numbers, text } from '../../formats/mat_write.ts'
import type { Random } from '../../runtime/random.ts'
import { type Lookalike, type MadeFile, type Maker, padded, type Settings } from './layout.ts'
import { musicFile } from './music.ts'
import { Noise } from './noise.ts'
import { type Listener, makeListeners, randomOf, skinOf } from './truth.ts'

/** Hz. */
const RATE = 128
const CHANNELS = 17
const BASELINE_SECONDS = 5
const SHORT = '10 13 138 18 19 20 23 30 31 34 36 4 5 58 80 9'.split(' ')
const LONG = ['N1', 'P1', 'B1', 'U1']
const VIDEOS = [...SHORT, ...LONG]
/** Mean seconds of a short and of a long video: of the real set, and of a small one. */
const SECONDS = { full: { short: 87, long: 1140 }, usual: { short: 30, long: 90 } }
/** Others said what they saw in the face for each so many seconds. */
const ANNOTATED_SECONDS = 20
/** The unit is nobody's: so many are a microsiemens. */
const UNITS = 40
const TITLE = 'MATLAB 5.0 MAT-file, synthetic: made by galvani in the layout of AMIGOS, no person was recorded'

/** AMIGOS, data_preprocessed. */
export const amigos: Maker = {
  of: 'AMIGOS, data_preprocessed',
  people: { most: 40, usual: 8 },
  leastSeconds: 10,
  make,
}

/** What is odd in the files of some, by the number of the participant from 0: in sets of eight and more, one of each. */
const ODD = {
  noLong: (person: number) => person % 13 === 2,
  lostGsr: (person: number) => person % 11 === 4,
  inFolder: (person: number) => person % 4 === 1,
  wholeRatings: (person: number) => person % 3 === 1,
  numbersAsIds: (person: number) => person % 5 === 3,
}

function make(settings: Settings): Lookalike {
  const { subjects, seed, effects } = settings
  const all = VIDEOS.map((_, video) => video)
  const listeners = makeListeners(
    seed,
    effects.music,
    Array.from({ length: subjects }, () => all),
  )
  const lengths = lengthsOf(settings)
  const files = listeners.map((listener, person): MadeFile => {
    const stem = `Data_Preprocessed_P${padded(person + 1)}`
    return {
      path: ODD.inFolder(person) ? `${stem}/${stem}.mat` : `${stem}.mat`,
      content: (breathe) => matFile(TITLE, variablesOf(listener, person, lengths, settings), breathe),
    }
  })
  const songs = VIDEOS.map((id, song) => ({ name: `${id}.wav`, song }))
  const withoutLong = listeners.filter((_, person) => ODD.noLong(person)).length
  return {
    files: [...files, musicFile(songs, { seed, effect: effects.music })],
    recordings: subjects * VIDEOS.length - withoutLong * LONG.length,
    stimuli: VIDEOS.length,
    facts: [
      `16 short videos and 4 long ones, with 5 s of baseline, at 128 Hz; of 17 channels the last is GSR, the others are noise.`,
      `Participants with empty cells for the long videos: ${withoutLong} of ${subjects}. One in eleven has GSR that is NaN from end to end in one video and for 2 s in another.`,
      'Some files lie in a folder of their name, some have whole ratings, which MATLAB stores as small integers, some have numbers among the VideoIDs.',
      'GSR rises with conductance (as-is). Dominance, liking, familiarity, basic emotions and annotations by others mean nothing.',
      'music_features.csv, which AMIGOS does not have, tells what the music effect says.',
    ],
  }
}

/** Samples of each video, baseline included; the same for everybody. */
function lengthsOf({ seed, full, seconds }: Settings): number[] {
  const random = randomOf(seed, 'plan')
  const usual = full ? SECONDS.full : SECONDS.usual
  const scale = seconds === undefined ? 1 : seconds / usual.short
  return VIDEOS.map((_, video) => {
    const mean = scale * (video < SHORT.length ? usual.short : usual.long)
    return Math.round((BASELINE_SECONDS + mean * (0.75 + 0.5 * random.uniform())) * RATE)
  })
}

function variablesOf(
  listener: Listener,
  person: number,
  lengths: readonly number[],
  { seed, effects }: Settings,
): Record<string, MatValue> {
  const random = randomOf(seed, 'file', 0x8000 + person)
  const noise = new Noise(randomOf(seed, 'file', person))
  const isThere = (video: number): boolean => video < SHORT.length || !ODD.noLong(person)
  const cellsFor = (cell: (video: number) => MatValue): MatValue =>
    cells(VIDEOS.map((_, video) => (isThere(video) ? cell(video) : empty)))
  const skin = (video: number): Float64Array => {
    const samples = lengths[video]!
    const shape = { sampleRate: RATE, samples, calm: BASELINE_SECONDS }
    const { felt } = listener.listenings[video]!
    const trace = skinOf(listener, felt, { seed, effect: effects.eda, person, order: video, ...shape })
    const gsr = trace.map((value) => Math.round(1000 * UNITS * value) / 1000)
    if (ODD.lostGsr(person) && video === 1) gsr.fill(NaN)
    if (ODD.lostGsr(person) && video === 2) gsr.fill(NaN, 8 * RATE, 10 * RATE)
    return gsr
  }
  return {
    joined_data: cellsFor((video) => columnsOf([lengths[video]!, CHANNELS], () => channels(noise, skin(video)))),
    labels_selfassessment: cellsFor((video) => numbers([1, 12], assessment(listener, person, video, random))),
    labels_ext_annotation: cellsFor((video) => annotation(lengths[video]!, random)),
    VideoIDs: cells(
      VIDEOS.map((id) => (ODD.numbersAsIds(person) && /^\d/.test(id) ? numbers([1, 1], [Number(id)]) : text(id))),
    ),
  }
}

/** 14 of EEG and two of ECG, then GSR. */
function* channels(noise: Noise, gsr: Float64Array): Generator<Float64Array> {
  for (let channel = 0; channel < CHANNELS - 1; channel++) {
    const values = new Float64Array(gsr.length)
    noise.fill(values)
    yield values
  }
  yield gsr
}

/** Arousal, valence, dominance, liking, familiarity, and which of seven basic emotions were named. */
function assessment({ listenings }: Listener, person: number, video: number, random: Random): number[] {
  const { arousal, valence } = listenings[video]!.ratings
  const others = Array.from({ length: 3 }, () => 1 + 8 * random.uniform())
  const steps = ODD.wholeRatings(person) ? 1 : 1000
  const scales = [arousal, valence, ...others].map((value) => Math.round(steps * value) / steps)
  return [...scales, ...Array.from({ length: 7 }, () => random.integer(2))]
}

/** Column-major: number of the stretch, valence, arousal. */
function annotation(samples: number, random: Random): MatValue {
  const stretches = Math.ceil(samples / RATE / ANNOTATED_SECONDS)
  const said = Array.from({ length: 2 * stretches }, () => Math.round(2000 * random.uniform() - 1000) / 1000)
  return numbers([stretches, 3], [...Array.from({ length: stretches }, (_, i) => i + 1), ...said])
}
