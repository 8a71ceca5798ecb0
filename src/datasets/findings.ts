// What is found out about a dataset while its trials are read, anew each time that they are.
import type { OpenedDataset } from './layout.ts'
import type { Trial } from './trial.ts'

/** What is known of a dataset before any of its trials is read. */
export type Known = Pick<OpenedDataset, 'skipped' | 'notes'>

/** What one reading of the trials finds out, added to the dataset's own lists. */
export class Findings {
  readonly #own: Known = { skipped: [], notes: [] }

  constructor(private readonly all: Known) {}

  skip(source: string, reason: string): void {
    const skipped = { source, reason }
    this.#own.skipped.push(skipped)
    this.all.skipped.push(skipped)
  }

  note(text: string): void {
    this.#own.notes.push(text)
    this.all.notes.push(text)
  }

  /** Takes back all of it. What others added to the lists stays there. */
  forget(): void {
    for (const one of this.#own.skipped) this.all.skipped.splice(this.all.skipped.indexOf(one), 1)
    for (const note of this.#own.notes) this.all.notes.splice(this.all.notes.lastIndexOf(note), 1)
  }
}

/**
 * A dataset whose `skipped` and `notes` hold what was `known` when it was opened and, as its trials are asked for, what `read` adds.
 */
export function withFindings(
  facts: Omit<OpenedDataset, 'trials' | keyof Known>,
  known: Known,
  read: (found: Findings) => AsyncIterable<Trial>,
): OpenedDataset {
  const all: Known = { skipped: [...known.skipped], notes: [...known.notes] }
  let found = new Findings(all)
  async function* trials(): AsyncGenerator<Trial> {
    found.forget()
    found = new Findings(all)
    yield* read(found)
  }
  return { ...facts, ...all, trials }
}

/** Names in a note that lists at most. */
const SHOWN = 6

/** Names, and how many more. */
export function shownNames(names: readonly string[]): string {
  if (names.length === 0) return 'nothing'
  const more = names.length - SHOWN
  return names.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
