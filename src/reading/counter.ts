// Samples that were lost on their way, by a column that counts them and begins again at 0 when its bits are full.

import { isTooMany } from './grid.ts'

/** What a counter tells of the rows of a recording. */
export interface Counted {
  /** Rows that are kept, and for each its place on the grid. */
  rows: number[]
  places: number[]
  notes: string[]
}

/** Counters of 4, 8, 12, 16 and 32 bits. */
const SPANS = [2 ** 4, 2 ** 8, 2 ** 12, 2 ** 16, 2 ** 32]
/** Share of rows that follow the one before, so that the column counts rows at all. */
const LEAST_FOLLOWING = 0.5

/**
 * Where the rows lie by their counter: one behind the other, or with room for those that are lost between. A counter that seems to have
 * been put back to 0 is said, and the rows go on. `name` is the column's.
 */
export function countedRows(counter: Float64Array, name: string, where: (row: number) => string): Counted {
  const n = counter.length
  const inOrder = Array.from({ length: n }, (_, i) => i)
  const span = SPANS.find((one) => counter.every((count) => Number.isInteger(count) && count >= 0 && count < one))
  const stepTo = (i: number): number => (counter[i]! - counter[i - 1]! + span!) % span!
  const following = span === undefined ? 0 : inOrder.filter((i) => i > 0 && stepTo(i) === 1).length
  const uncounted = (why: string): Counted => ({
    rows: inOrder,
    places: inOrder,
    notes: [`column '${name}' ${why}, so lost samples do not show`],
  })
  if (span === undefined || following < LEAST_FOLLOWING * (n - 1)) return uncounted('does not count the rows')
  const [rows, places] = [[0], [0]]
  let [lost, holes, firstHole, repeated, firstRepeat, place] = [0, 0, 0, 0, 0, 0]
  const restarts: number[] = []
  for (let i = 1; i < n; i++) {
    const step = stepTo(i)
    if (step === 0) {
      if (repeated++ === 0) firstRepeat = i
      continue
    }
    // Back to the beginning from somewhere else than its end: not so many samples were lost, the device was started anew.
    const isRestart = counter[i]! < counter[i - 1]! && step > span / 2 && span > 16
    if (isRestart) restarts.push(i)
    else if (step > 1) {
      if (holes++ === 0) firstHole = i
      lost += step - 1
    }
    if (isTooMany(lost, n)) return uncounted(`jumps by far more than the recording lasts at ${where(i)}`)
    place += isRestart ? 1 : step
    rows.push(i)
    places.push(place)
  }
  const notes: string[] = []
  if (lost > 0)
    notes.push(
      `${lost} ${lost === 1 ? 'sample was' : 'samples were'} lost in ${holes} ${holes === 1 ? 'place' : 'places'} by the counter '${name}', the first before ${where(firstHole)}` +
        (span === 16 ? '; it counts 16 samples, so a loss of a multiple of 16 does not show' : ''),
    )
  if (repeated > 0)
    notes.push(
      `${repeated} ${repeated === 1 ? 'row repeats' : 'rows repeat'} the count of the row before in '${name}' and ${repeated === 1 ? 'was' : 'were'} dropped, the first at ${where(firstRepeat)}`,
    )
  if (restarts.length > 0)
    notes.push(
      `the counter '${name}' starts again at ${where(restarts[0]!)}: the device was started anew, and time may be missing there`,
    )
  return { rows, places, notes }
}

/** Values at their places, NaN between them. */
export function atPlaces(values: Float64Array, { rows, places }: Counted): Float64Array {
  const out = new Float64Array(places.at(-1)! + 1).fill(NaN)
  for (const [k, row] of rows.entries()) out[places[k]!] = values[row]!
  return out
}
