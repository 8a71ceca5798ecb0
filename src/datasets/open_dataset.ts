// One door to all datasets: a folder is known by the files that it has and by what is in them.

import { FormatError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import type { Layout, OpenedDataset, OpenOptions } from './layout.ts'
import type { Trial, TrialSet } from './trial.ts'
import { amigos } from './amigos.ts'
import { deap } from './deap.ts'
import { trialTable } from './trial_table.ts'

const LAYOUTS: readonly Layout[] = [trialTable, deap, amigos]

/** Names that a message lists, at most. */
const SHOWN = 6

/** Names, and how many more. */
function shownNames(names: readonly string[]): string {
  if (names.length === 0) return 'nothing'
  const more = names.length - SHOWN
  return names.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/**
 * Opens a dataset as it is distributed. Trials are read as they are asked for.
 * @throws FormatError for a folder that is of no known layout or of two, naming what was looked for and what was found
 */
export async function openDataset(store: Store, options: OpenOptions = {}): Promise<OpenedDataset> {
  const { name } = options
  const found: Layout[] = []
  for (const layout of LAYOUTS) if (await layout.recognises(store)) found.push(layout)
  const [layout, other] = found
  if (layout && !other) return await layout.open(store, { ...options, name: name ?? layout.kind })
  if (layout && other) {
    throw new FormatError(
      `${name ?? 'the folder'} could be two datasets, by ${layout.looksFor} and by ${other.looksFor}; give a folder with one of them`,
    )
  }
  const wanted = LAYOUTS.map(({ looksFor }) => looksFor).join(', or ')
  throw new FormatError(
    `${name ?? 'the folder'} is no dataset that is known: looked for ${wanted}; found ${shownNames(await store.list(''))}`,
  )
}

/** All trials of a dataset in memory. */
export async function collect({
  name,
  synthetic,
  trials,
  musicDim = 0,
  musicSet,
  skipped,
  notes,
}: OpenedDataset): Promise<TrialSet> {
  const all: Trial[] = []
  for await (const trial of trials()) all.push(trial)
  return { name, synthetic, trials: all, musicDim, ...(musicSet !== undefined && { musicSet }), skipped, notes }
}
