// What a caller hands over that is not what it should be, in words.

import { UsageError } from './errors.ts'

/** What a value is, for the message that refuses it. */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return `a ${typeof value}`
  const { name } = (value as { constructor?: { name?: string } }).constructor ?? {}
  return name && name !== 'Object' ? `a ${name}` : 'an object'
}

/** The same, and a string itself. */
export const shown = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : nameOf(value))

/** @throws UsageError for what is no array, such as one of `what` by itself */
export function requireArray(where: string, what: string, value: unknown): void {
  if (Array.isArray(value)) return
  throw new UsageError(`${where}: expected an array of ${what}, got ${nameOf(value)}; a single one goes in as [one]`)
}

/** The names that an options object may have; every one of `T` must be listed, which the compiler sees to. */
export type Known<T> = Readonly<Record<keyof Required<T>, true>>

/**
 * Settings by name: an unknown one is a slip that would change nothing in silence.
 * @throws UsageError for what is no object, or for a name that is not known, with the nearest one that is
 */
export function checkNames<T extends object>(
  where: string,
  options: T,
  known: Readonly<Record<keyof Required<T>, unknown>>,
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new UsageError(`${where}: the options are ${nameOf(options)}, expected an object`)
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name))
  if (unknown === undefined) return
  const names = Object.keys(known)
  const near = nearest(unknown, names)
  const isNear =
    names.length === 1 || distance(unknown.toLowerCase(), near.toLowerCase()) <= Math.max(2, unknown.length / 2)
  throw new UsageError(
    `${where} has no option '${unknown}'; ${isNear ? `did you mean '${near}'?` : `it has ${names.join(', ')}`}`,
  )
}

/** The word that the fewest changes of a letter lead to. */
export function nearest(word: string, words: readonly string[]): string {
  const of = (other: string): number => distance(word.toLowerCase(), other.toLowerCase())
  return words.reduce((best, other) => (of(other) < of(best) ? other : best))
}

/** Levenshtein's: letters put in, left out or replaced. */
function distance(a: string, b: string): number {
  let row = [...Array(b.length + 1).keys()]
  for (const letter of a) {
    const [first, ...above] = row as [number, ...number[]]
    row = [first + 1]
    let diagonal = first
    above.forEach((up, j) => {
      row.push(Math.min(up + 1, row[j]! + 1, diagonal + (letter === b[j] ? 0 : 1)))
      diagonal = up
    })
  }
  return row.at(-1)!
}
