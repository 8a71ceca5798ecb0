// What the two releases of PMEmo have in common: songs with odd ids and titles, listeners, and what they said of the songs.

import { formatCsv } from '../../formats/csv.ts'
import type { Random } from '../../runtime/random.ts'
import { usualFeeling } from '../hidden_truth.ts'
import { DIMENSIONS, type Dimension } from '../trial.ts'
import type { MadeFile, Settings } from './layout.ts'
import type { NamedSong } from './music.ts'
import { deal, shares } from './plan.ts'
import { type Listener, makeListeners, randomOf, skinOf } from './truth.ts'

/** Hz. */
export const RATE = 50
/** The real set, of each pass. */
export const SIZE = { subjects: 457, songs: 794, recordings: 7962 } as const
/** Songs that each heard, at least and at most. */
const HEARD = [15, 20] as const
/** Every id is below this; some below it are nobody's. */
const IDS = 1000
const MEAN_SECONDS = 38
/** Dynamic ratings begin here, in steps of half a second; shorter clips were not rated at all. */
export const FIRST_FRAME = 15.5
const FRAME_SECONDS = 0.5

/** One clip. */
export interface Song {
  /** Its number in the study, and in the dataset. */
  index: number
  id: number
  seconds: number
  isRated: boolean
  /** Nobody's skin was recorded with it. */
  isSilent: boolean
  /** Who heard it, in the order of their numbers: the person, and which of theirs it was. */
  heard: { person: number; order: number }[]
}

/** Both releases before they are laid out. */
export interface PmemoStudy {
  settings: Settings
  songs: readonly Song[]
  /** Ids of the listeners, of six digits. */
  subjects: readonly string[]
  listeners: readonly Listener[]
  /** Recordings of one pass. */
  recordings: number
}

/** @param agreement how much of what is felt the songs decide, 0 to 1 */
export function makeStudy(settings: Settings, agreement: number): PmemoStudy {
  const { seed, subjects } = settings
  const random = randomOf(seed, 'plan')
  // A smaller set has as many songs a listener and as many listeners a song.
  const recordings = Math.round((subjects * SIZE.recordings) / SIZE.subjects)
  const songs = makeSongs(settings, Math.max(24, Math.round((subjects * SIZE.songs) / SIZE.subjects)), random)
  const dealt = songs.filter(({ isSilent }) => !isSilent).map(({ index }) => index)
  const plan = deal(shares(subjects, recordings, HEARD, random), dealt, random)
  plan.forEach((hand, person) => hand.forEach((song, order) => songs[song]!.heard.push({ person, order })))
  const listeners = makeListeners(seed, agreement, plan)
  return { settings, songs, subjects: Array.from({ length: subjects }, (_, i) => subjectId(i)), listeners, recordings }
}

function makeSongs({ seconds = MEAN_SECONDS }: Settings, count: number, random: Random): Song[] {
  const ids = Array.from(random.permutation(Math.round((IDS * count) / SIZE.songs)).subarray(0, count), (id) => id + 1)
  ids.sort((a, b) => a - b)
  return ids.map((id, index) => {
    const isRated = index % 29 !== 14
    const length = isRated
      ? Math.max(FIRST_FRAME + 1, seconds * (0.6 + 0.8 * random.uniform()))
      : 11 + (FIRST_FRAME - 11.5) * random.uniform()
    return {
      index,
      id,
      seconds: Math.round(10 * length) / 10,
      isRated,
      isSilent: index % 400 === 19,
      heard: [],
    }
  })
}

const subjectId = (index: number): string => `${['100', '110', '200'][index % 3]}${String(81 + index).padStart(3, '0')}`

/** A trace of one listening. */
export function traceOf(
  { settings, listeners }: PmemoStudy,
  song: Song,
  which: Song['heard'][number],
  pass: 0 | 1,
): Float64Array {
  const { person, order } = which
  const listener = listeners[person]!
  return skinOf(listener, listener.listenings[order]!.felt, {
    seed: settings.seed,
    effect: settings.effects.eda,
    person,
    order,
    sampleRate: RATE,
    samples: Math.round(song.seconds * RATE),
    pass,
  })
}

/** What the listeners of a song said of it, in eighths from 0 to 1. */
export const eighths = ({ listeners }: PmemoStudy, { heard }: Song, dimension: Dimension): number[] =>
  heard.map(({ person, order }) => Math.round(listeners[person]!.listenings[order]!.ratings[dimension] - 1) / 8)

/** Mean and deviation of what was said of a song; of a silent one, whose listeners are unknown, what it usually does. */
export function saidOf(study: PmemoStudy, song: Song, dimension: Dimension): { mean: number; std: number } {
  const said = eighths(study, song, dimension)
  if (said.length === 0)
    return { mean: 0.5 + 0.2 * study.settings.effects.music * usualFeeling(song.index)[dimension], std: 0.2 }
  const mean = said.reduce((a, b) => a + b, 0) / said.length
  return { mean, std: Math.sqrt(said.reduce((sum, value) => sum + (value - mean) ** 2, 0) / said.length) }
}

/** Dynamic ratings of a clip; in 20 of the real set's songs valence has one more or one less. */
export function frameCount({ index, seconds }: Song, dimension: Dimension): number {
  const frames = Math.floor((seconds - FIRST_FRAME) / FRAME_SECONDS) + 1
  return dimension === 'valence' && index % 40 === 3 ? frames + (index % 80 === 3 ? 1 : -1) : frames
}

export const frameTime = (frame: number): string => (FIRST_FRAME + FRAME_SECONDS * frame).toFixed(1)

/** What was said while a song played: around what was said of the whole. */
export function dynamicOf(study: PmemoStudy, song: Song, dimension: Dimension): { means: number[]; stds: number[] } {
  const { mean, std } = saidOf(study, song, dimension)
  const random = randomOf(study.settings.seed, 'file', 2 * song.index + DIMENSIONS.indexOf(dimension))
  const around = (value: number): number => clamped(value + 0.03 * random.normal())
  const frames = Array.from({ length: frameCount(song, dimension) })
  return { means: frames.map(() => around(mean)), stds: frames.map(() => around(std)) }
}

export const clamped = (value: number): number => Math.min(1, Math.max(0, value))

/** A fraction with as many digits as it needs, four at most. */
export const fraction = (value: number): string => String(Math.round(1e4 * value) / 1e4)

/** Half a second more than the numbers of samples that a file can have, as pandas writes them. */
export const timesUpTo = (samples: number): string[] =>
  Array.from({ length: samples }, (_, i) => (i % RATE === 0 ? `${i / RATE}.0` : String(i / RATE)))

/** The features of all songs, by the number of the song. */
export const featureSongs = ({ songs }: PmemoStudy): NamedSong[] =>
  songs.map(({ id, index }) => ({ name: String(id), song: index }))

const TITLES = [
  'Synthetic Song',
  'A Song, Synthetic',
  'The "Synthetic" One',
  'Chanson synthétique',
  '合成的歌',
  'Synthetisches Stück, "live"',
] as const

/** `2:50` as `02:50`. */
const minutes = (seconds: number): string =>
  [Math.floor(seconds / 60), Math.round(seconds) % 60].map((part) => String(part).padStart(2, '0')).join(':')

/** Where in the full song the clip lies, in minutes and seconds. */
export const chorusOf = ({ index, seconds }: Song): [string, string] => {
  const start = 30 + ((37 * index) % 170)
  return [minutes(start), minutes(start + Math.round(seconds))]
}

/** The table of songs with these columns after `musicId,fileName,title,artist`. */
export function metadata(
  songs: readonly Song[],
  more: Readonly<Record<string, (song: Song) => string | number>>,
): MadeFile {
  const columns = ['musicId', 'fileName', 'title', 'artist', ...Object.keys(more)]
  const rows = songs.map((song) => [
    song.id,
    `${song.id}.mp3`,
    `${TITLES[song.index % TITLES.length]!} No. ${song.index + 1}`,
    song.index % 3 === 0 ? 'Nobody, feat. No One' : 'Nobody',
    ...Object.values(more).map((cell) => cell(song)),
  ])
  return { path: 'metadata.csv', content: () => formatCsv(columns, rows) }
}
