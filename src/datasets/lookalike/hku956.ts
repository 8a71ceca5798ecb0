// HKU956 as it is distributed: a file without a header for each person and song, and one table of ratings.

import { formatCsv } from '../../formats/csv.ts'
import type { Random } from '../../runtime/random.ts'
import { type Lookalike, type MadeFile, type Maker, padded, type Settings } from './layout.ts'
import { musicFile } from './music.ts'
import { deal, shares } from './plan.ts'
import { makeListeners, randomOf, skinOf } from './truth.ts'

/** Hz, of a wrist band. */
const RATE = 4
/** The real set. */
const SIZE = { subjects: 30, recordings: 956, songs: 592 }
/** Songs that each heard in the time they had. */
const HEARD = [16, 68] as const
const MEDIAN_SECONDS = 44
const LEAST_SECONDS = 27
const MOST_SECONDS = 329
/** One wrist in so many trials lost contact for the first two seconds. */
const LOST_EVERY = 59
/** This one left the sliders alone. */
const SILENT_RATER = 13
/** Steps of the wrist band's converter in microsiemens. */
const STEP = 0.0012815
const SCALE = 10

/** HKU956. */
export const hku956: Maker = {
  of: 'HKU956',
  people: { most: SIZE.subjects, usual: 12 },
  leastSeconds: 10,
  make,
}

interface Row {
  person: number
  order: number
  song: number
  seconds: number
}

function make(settings: Settings): Lookalike {
  const { subjects, seed, effects } = settings
  const random = randomOf(seed, 'plan')
  const recordings = Math.round((subjects * SIZE.recordings) / SIZE.subjects)
  const count = Math.max(HEARD[1] + 4, Math.round((recordings * SIZE.songs) / SIZE.recordings))
  const ids = songIds(count, random)
  const plan = deal(
    shares(subjects, recordings, HEARD, random),
    ids.map((_, song) => song),
    random,
  )
  // Some heard the first song again at the end.
  for (const [person, hand] of plan.entries()) if (person % 3 === 2) hand[hand.length - 1] = hand[0]!
  const listeners = makeListeners(seed, effects.music, plan)
  const rows = plan.flatMap((hand, person) =>
    hand.map((song, order): Row => ({ person, order, song, seconds: listeningTime(settings, random) })),
  )
  const folder = ({ person }: Row): string => `1. physiological_signals/${subjectId(person)}`
  const file = ({ order, song }: Row): string => `${order}_${ids[song]!}.csv`
  const files = rows.flatMap((row, index): MadeFile[] => {
    const { person, order, seconds } = row
    const shape = { sampleRate: RATE, samples: seconds * RATE }
    const listener = listeners[person]!
    const { felt } = listener.listenings[order]!
    const skin = (): string => {
      const trace = skinOf(listener, felt, { seed, effect: effects.eda, person, order, ...shape })
      if (index % LOST_EVERY === 5) trace.fill(0, 0, 2 * RATE)
      return lines(trace, (value) => String(Math.round(1e6 * STEP * Math.round(value / STEP)) / 1e6))
    }
    const warmth = (): string => {
      const own = randomOf(seed, 'file', index)
      return lines(
        Float64Array.from({ length: shape.samples }, () => 33 + 0.1 * own.normal()),
        (value) => value.toFixed(2),
      )
    }
    return [
      { path: `${folder(row)}/EDA/${file(row)}`, content: skin },
      { path: `${folder(row)}/TEMP/${file(row)}`, content: warmth },
    ]
  })
  const ratings = (): string =>
    formatCsv(
      'participant_id,song_no,song_id,valence_rating,valence,arousal_rating,arousal,play_duration'.split(','),
      Array.from(unordered(rows, seed), ({ person, order, song, seconds }) => {
        const { valence, arousal } = listeners[person]!.listenings[order]!.ratings
        const said = [valence, arousal].flatMap((value) => saidAs(person === SILENT_RATER ? 5 : value))
        return [subjectId(person), order, ids[song]!, ...said, seconds]
      }),
    )
  const songs = ids.map((id, song) => ({ name: `${id}.wav`, song }))
  return {
    files: [
      { path: '3. AV_ratings.csv', content: ratings },
      ...files,
      musicFile(songs, { seed, effect: effects.music }),
    ],
    recordings: rows.length,
    stimuli: count,
    facts: [
      `${subjects} people heard 16 to 68 of ${count} songs each, recorded at 4 Hz in microsiemens while they listened; some heard a song twice.`,
      `One trial in ${LOST_EVERY} begins with 2 s of zeros; ratings are from -10 to 10, out of order${subjects > SILENT_RATER ? `, and all 0 of ${subjectId(SILENT_RATER)}` : ''}.`,
      'TEMP means nothing; other signals, personality and song links are left out.',
      'music_features.csv, which HKU956 does not have, tells what the music effect says.',
    ],
  }
}

const subjectId = (person: number): string => `hku19${padded(person + 1)}`

/** Ids with large gaps, as those of a catalogue of music. */
const songIds = (count: number, random: Random): number[] =>
  Array.from(random.permutation(count), (i) => 1947 + 2099 * i)

function listeningTime({ seconds = MEDIAN_SECONDS }: Settings, random: Random): number {
  const least = Math.min(LEAST_SECONDS, seconds)
  return Math.round(Math.min(MOST_SECONDS, Math.max(least, seconds * Math.exp(0.45 * random.normal()))))
}

/** A person's rows stand together, in no order. */
function* unordered(rows: readonly Row[], seed: number): Generator<Row> {
  const random = randomOf(seed, 'file', 0x8000)
  for (let from = 0; from < rows.length;) {
    let end = from
    while (rows[end]?.person === rows[from]!.person) end++
    for (const i of random.permutation(end - from)) yield rows[from + i]!
    from = end
  }
}

/** On the scale of the sliders, and in a word. */
function saidAs(value: number): [number, string] {
  const slider = Math.round(SCALE * ((value - 5) / 4) * SCALE) / 10
  return [slider, slider > 0 ? 'positive' : slider < 0 ? 'negative' : 'neutral']
}

const lines = (values: Float64Array, format: (value: number) => string): string =>
  `${Array.from(values, format).join('\n')}\n`
