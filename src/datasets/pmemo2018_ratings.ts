// What people said of the songs in PMEmo 2018/01: each listener of each listening, and all of them on average.
import { FormatError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import type { Findings } from './findings.ts'
import { listenerOf, ratingOf, songRows } from './pmemo.ts'
import { PositionTable } from './position_table.ts'
import { entryOf, joined, namesIn, sourceAt } from './tree.ts'
import { DIMENSIONS, type Dimension, type Ratings } from './trial.ts'

/** Letter of a dimension in the names of files. */
export const LETTER: Readonly<Record<Dimension, string>> = { arousal: 'A', valence: 'V' }

/** The folder of a dimension in `EDA` or `Annotations`. */
export async function folderOf(store: Store, parent: RegExp, dimension: Dimension): Promise<string | undefined> {
  const above = await entryOf(store, '', parent)
  return above === undefined ? undefined : await entryOf(store, above, new RegExp(`^${dimension}$`, 'i'))
}

/** Paths of what listeners said, by song. @throws FormatError for a song that has two */
export async function annotationFiles(store: Store, dimension: Dimension): Promise<Map<string, string>> {
  const paths = new Map<string, string>()
  const folder = await folderOf(store, /^Annotations$/i, dimension)
  if (folder === undefined) return paths
  const name = new RegExp(`^(\\d+)-${LETTER[dimension]}\\.csv$`, 'i')
  for (const file of await namesIn(store, folder)) {
    const digits = name.exec(file)?.[1]
    if (digits === undefined) continue
    const song = String(Number(digits))
    if (paths.has(song))
      throw new FormatError(`${paths.get(song)} and ${joined(folder, file)} are both of song ${song}; keep one of them`)
    paths.set(song, joined(folder, file))
  }
  return paths
}

/** Ratings in one dimension by `song_listener`. */
export type Said = ReadonlyMap<string, number>

/**
 * Each listener's rating of each song: the second cell of a row that begins with the listener's id.
 * @throws FormatError for a rating that is no number or off the scale
 */
export async function listenersRatings(
  store: Store,
  name: string,
  dimension: Dimension,
  found: Findings,
): Promise<Said> {
  const said = new Map<string, number>()
  const contradictory: string[] = []
  for (const [song, path] of await annotationFiles(store, dimension)) {
    const table = await PositionTable.read(await sourceAt(store, path, `${name}/${path}`))
    for (const [i, row] of table.rows.entries()) {
      const listener = listenerOf(row.cells[0]!)
      if (listener === undefined) {
        if (i > 0) found.skip(table.where(row), 'its first cell is no id of six digits')
        continue
      }
      const key = `${song}_${listener}`
      const rating = ratingOf(table, row, 1)
      const before = said.get(key)
      if (before !== undefined && before !== rating) contradictory.push(key)
      else if (!Number.isNaN(rating)) said.set(key, rating)
    }
  }
  for (const key of contradictory) said.delete(key)
  if (said.size === 0) found.note(`There are no Annotations of listeners for ${dimension}, so that no trial is rated.`)
  if (contradictory.length > 0)
    found.note(
      `Listeners who rated the ${dimension} of a song in two ways count as unrated: ${contradictory.join(', ')}.`,
    )
  return said
}

/** Average ratings by song, of `A_static.csv` and `V_static.csv`, which lie at the top or among the annotations. @throws FormatError */
export async function averageRatings(store: Store, name: string): Promise<Map<string, Ratings>> {
  const means = { arousal: new Map<string, number>(), valence: new Map<string, number>() }
  for (const dimension of DIMENSIONS) {
    const path = await staticFile(store, dimension)
    if (path === undefined) continue
    const table = await PositionTable.read(await sourceAt(store, path, `${name}/${path}`))
    for (const row of songRows(table)) {
      if (means[dimension].has(row.song))
        throw new FormatError(`${table.where(row)}: song ${row.song} occurs twice; keep one row`)
      const mean = ratingOf(table, row, 1)
      if (!Number.isNaN(mean)) means[dimension].set(row.song, mean)
    }
  }
  return new Map(
    [...means.arousal].flatMap(([song, arousal]): [string, Ratings][] => {
      const valence = means.valence.get(song)
      return valence === undefined ? [] : [[song, { valence, arousal }]]
    }),
  )
}

async function staticFile(store: Store, dimension: Dimension): Promise<string | undefined> {
  const annotations = await entryOf(store, '', /^Annotations$/i)
  const folders = ['', annotations, await folderOf(store, /^Annotations$/i, dimension)]
  for (const folder of folders.filter((one) => one !== undefined)) {
    const path = await entryOf(store, folder, new RegExp(`^${LETTER[dimension]}_static\\.csv$`, 'i'))
    if (path !== undefined) return path
  }
  return undefined
}
