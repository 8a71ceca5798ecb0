// What somebody who mistyped a name may have meant.
import { leastOf } from '../signal/extremes.ts'

/** The name that takes the fewest changes of a letter, in any case; the first of several. */
export function nearest<T extends string>(typed: string, names: readonly T[]): T {
  const changes = names.map((name) => editDistance(typed.toLowerCase(), name.toLowerCase()))
  return names[changes.indexOf(leastOf(changes))]!
}

/** Letters to put in, to leave out and to replace (Levenshtein), row by row of the usual table. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)))
    row = next
  }
  return row[to.length]!
}
