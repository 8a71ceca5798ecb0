// Made-up feature tables of music, of the size and in the forms of openSMILE's IS13_ComParE.

import { Random } from '../../runtime/random.ts'
import { usualFeeling, WORLD } from '../hidden_truth.ts'
import type { MadeFile } from './layout.ts'
import { randomOf } from './truth.ts'

/** Columns of the six blocks. The names are ours, and say what the numbers are. */
const BLOCKS = [
  ['energy', 248],
  ['spectral', 3410],
  ['voicing', 468],
  ['f0', 5],
  ['level', 1357],
  ['delta', 885],
] as const
/** One of so many columns is the same for every song. */
const CONSTANT_EVERY = 211

/** The columns of a table, by name. */
export const FEATURE_NAMES: readonly string[] = BLOCKS.flatMap(([block, count]) =>
  Array.from({ length: count }, (_, i) => `synthetic_${block}[${i}]`),
)

/** How a column sounds of what a song does: middle, size, and the shares of arousal and valence in it. */
interface Sound {
  middle: number
  size: number
  arousal: number
  valence: number
}

/** The same in every study, so that a model of one can be tried on another. */
export function sounds(): Sound[] {
  const random = new Random(WORLD)
  return FEATURE_NAMES.map((_, column) => {
    const size = 10 ** (4 * random.uniform() - 2)
    const [middle, arousal, valence] = [3 * size * random.normal(), random.normal(), random.normal()]
    return { middle, size: column % CONSTANT_EVERY === 0 ? 0 : size, arousal, valence }
  })
}

/** The features of one song. */
export function featuresOf(
  song: number,
  columns: readonly Sound[],
  { seed, effect }: { seed: number; effect: number },
): number[] {
  const random = randomOf(seed, 'song', song)
  const usual = usualFeeling(song)
  return columns.map(({ middle, size, arousal, valence }) => {
    const told = arousal * usual.arousal + valence * usual.valence
    return middle + size * (effect * told + random.normal())
  })
}

/** A song of a table: what it is called there, and its number in the study. */
export interface NamedSong {
  name: string
  song: number
}

type Piece = Uint8Array
const encoder = new TextEncoder()

/** As openSMILE writes it with `-csvoutput`: semicolons, names in single quotes, no quotes in the header. */
function* openSmileTable(songs: readonly NamedSong[], of: { seed: number; effect: number }): Generator<Piece> {
  const columns = sounds()
  yield encoder.encode(`${['name', 'frameTime', ...FEATURE_NAMES].join(';')}\n`)
  for (const { name, song } of songs) {
    const values = featuresOf(song, columns, of).map(scientific)
    yield encoder.encode(`'${name}';0.000000;${values.join(';')}\n`)
  }
}

/** As PMEmo distributes it: commas, `musicId` first. */
export function* pmemoTable(songs: readonly NamedSong[], of: { seed: number; effect: number }): Generator<Piece> {
  const columns = sounds()
  yield encoder.encode(`${['musicId', ...FEATURE_NAMES].join(',')}\n`)
  for (const { name, song } of songs) {
    const values = featuresOf(song, columns, of).map((value) => String(Number(value.toPrecision(7))))
    yield encoder.encode(`${name},${values.join(',')}\n`)
  }
}

/** C's `%e`, which has two digits in the exponent. */
const scientific = (value: number): string => value.toExponential(6).replace(/([+-])(\d)$/, '$10$2')

/** A table beside a dataset that has none of its own. */
export const musicFile = (songs: readonly NamedSong[], of: { seed: number; effect: number }): MadeFile => ({
  path: 'music_features.csv',
  content: () => openSmileTable(songs, of),
})
