// PMEmo as it was released in January 2018: a file for each song, listener and pass, and each listener's ratings.

import { formatCsv } from '../../formats/csv.ts'
import { largestOf } from '../../signal/extremes.ts'
import { DIMENSIONS, type Dimension } from '../trial.ts'
import type { Lookalike, MadeFile, Maker, Settings } from './layout.ts'
import { pmemoTable } from './music.ts'
import {
  chorusOf,
  clamped,
  dynamicOf,
  eighths,
  featureSongs,
  fraction,
  frameCount,
  frameTime,
  makeStudy,
  metadata,
  type PmemoStudy,
  RATE,
  saidOf,
  SIZE,
  type Song,
  timesUpTo,
  traceOf,
} from './pmemo.ts'
import { randomOf } from './truth.ts'

/** The folders and the letters of the two passes. */
const PASSES = {
  arousal: { folder: 'Arousal', letter: 'A', pass: 0 },
  valence: { folder: 'Valence', letter: 'V', pass: 1 },
} as const
/** Of so many recordings, the rating of one is lost. */
const UNRATED_EVERY = 97
/** Names of columns of the tables of dynamic ratings, however many their rows have. */
const HEADER_FRAMES = 20

/** PMEmo 2018/01. */
export const pmemo2018: Maker = {
  of: 'PMEmo 2018/01',
  people: { most: SIZE.subjects, usual: 12 },
  leastSeconds: 20,
  make,
}

function make(settings: Settings): Lookalike {
  const { seed, effects } = settings
  const study = makeStudy(settings, effects.music)
  const rated = study.songs.filter(({ isRated }) => isRated)
  const unrated = study.songs.length - rated.length
  const files: MadeFile[] = [
    metadata(study.songs, {}),
    {
      path: 'chorus.csv',
      content: () =>
        formatCsv(
          ['musicId', 'start', 'end'],
          study.songs.map((song) => [song.id, ...chorusOf(song)]),
        ),
    },
    { path: 'static_features.csv', content: () => pmemoTable(featureSongs(study), { seed, effect: effects.music }) },
    ...DIMENSIONS.flatMap((dimension) => [
      ...tablesOf(study, rated, dimension),
      ...annotations(study, rated, dimension),
    ]),
    ...DIMENSIONS.flatMap((dimension) => recordings(study, dimension)),
  ]
  return {
    files,
    recordings: 2 * study.recordings,
    stimuli: study.songs.length,
    facts: [
      `Each of ${study.subjects.length} people heard 15 to 20 of ${study.songs.length} songs, once to rate arousal and once to rate valence, recorded at 50 Hz.`,
      `Clips of less than 15.5 s, which are not rated: ${unrated}. One or two songs have no recordings, and one rating in ${UNRATED_EVERY} is missing.`,
      'Rows of dynamic ratings are of unequal length, under a shorter header.',
      'Only static features of the music are here: no audio, lyrics or comments.',
    ],
  }
}

function recordings(study: PmemoStudy, dimension: Dimension): MadeFile[] {
  const { folder, letter, pass } = PASSES[dimension]
  const times = timesUpTo(Math.ceil(largestOf(study.songs.map(({ seconds }) => seconds)) * RATE))
  return study.songs.flatMap((song) =>
    song.heard.map((which) => ({
      path: `EDA/${folder}/${song.id}_${study.subjects[which.person]!}_${letter}.csv`,
      content: () => {
        const rows = Array.from(traceOf(study, song, which, pass), (value, i) => `${times[i]!},${value.toFixed(4)}`)
        return `time(s),EDA(microsiemens)\n${rows.join('\n')}\n`
      },
    })),
  )
}

/** A row a listener: id, what they said of the whole, and while it played. */
function annotations(study: PmemoStudy, rated: readonly Song[], dimension: Dimension): MadeFile[] {
  const { folder, letter, pass } = PASSES[dimension]
  return rated
    .filter(({ heard }) => heard.length > 0)
    .map((song) => ({
      path: `Annotations/${folder}/${song.id}-${letter}.csv`,
      content: () => {
        const frames = frameCount(song, dimension)
        const random = randomOf(study.settings.seed, 'file', 0x8000 + 2 * song.index + pass)
        const header = ['workerId', 'static', ...Array.from({ length: frames }, (_, i) => `${frameTime(i)}s`)]
        const said = eighths(study, song, dimension)
        const rows = song.heard.map(({ person, order }, i) => {
          const moving = Array.from({ length: frames }, () => fraction(clamped(said[i]! + 0.05 * random.normal())))
          return { isLost: isLost(person, order, pass), cells: [study.subjects[person]!, said[i]!, ...moving] }
        })
        return formatCsv(
          header,
          rows.filter((row) => !row.isLost).map(({ cells }) => cells),
        )
      },
    }))
}

/** The arousal rating of one recording in `UNRATED_EVERY`, of the small sets one at least. */
const isLost = (person: number, order: number, pass: 0 | 1): boolean =>
  pass === 0 && (19 * person + order) % UNRATED_EVERY === 5

/** The statistics of all songs, at the top of the tree. */
function tablesOf(study: PmemoStudy, rated: readonly Song[], dimension: Dimension): MadeFile[] {
  const { letter } = PASSES[dimension]
  const header = ['musicId', ...Array.from({ length: HEADER_FRAMES }, (_, i) => `${frameTime(i)}s`)]
  const wide = (of: (song: Song) => number[]): string =>
    formatCsv(
      header,
      rated.map((song) => [song.id, ...of(song).map(fraction)]),
    )
  return [
    {
      path: `${letter}_static.csv`,
      content: () =>
        formatCsv(
          ['musicId', `mean_${letter}`, `std_${letter}`],
          rated.map((song) => {
            const { mean, std } = saidOf(study, song, dimension)
            return [song.id, fraction(mean), fraction(std)]
          }),
        ),
    },
    { path: `${letter}_dynamic_mean.csv`, content: () => wide((song) => dynamicOf(study, song, dimension).means) },
    { path: `${letter}_dynamic_std.csv`, content: () => wide((song) => dynamicOf(study, song, dimension).stds) },
  ]
}
