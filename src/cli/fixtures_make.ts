import { makeTrialTable, type SyntheticStudy } from '../data/synthetic.ts'
import type { Store } from '../store/store.ts'

/** Writes a synthetic study as a trial table into a store and returns the names of its files. */
export async function makeTrialFixtures(store: Store, study: SyntheticStudy): Promise<string[]> {
  const files = Object.entries(makeTrialTable(study))
  for (const [name, content] of files) await store.write(name, content)
  return files.map(([name]) => name)
}
