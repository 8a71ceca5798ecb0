// What is found out about a dataset while its trials are read, anew each time that they are.
import type { OpenedDataset } from './layout.ts'
import type { Trial } from './trial.ts'

/** What was left out and what was assumed. */
export type Findings = Pick<OpenedDataset, 'skipped' | 'notes'>

/**
 * A dataset whose `skipped` and `notes` hold what was `known` when it was opened and, as its trials are asked for, what `read` adds.
 */
export function withFindings(
  facts: Omit<OpenedDataset, 'trials' | keyof Findings>,
  known: Findings,
  read: (found: Findings) => AsyncIterable<Trial>,
): OpenedDataset {
  const found: Findings = { skipped: [...known.skipped], notes: [...known.notes] }
  async function* trials(): AsyncGenerator<Trial> {
    found.skipped.length = 0
    found.notes.length = 0
    for (const one of known.skipped) found.skipped.push(one)
    for (const note of known.notes) found.notes.push(note)
    yield* read(found)
  }
  return { ...facts, ...found, trials }
}

/** Names in a note that lists at most. */
const SHOWN = 6

/** Names, and how many more. */
export function shownNames(names: readonly string[]): string {
  if (names.length === 0) return 'nothing'
  const more = names.length - SHOWN
  return names.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
