// What is explained, as files: a document and NumPy arrays for each trial and each group, values as they are.
import { toDocument } from '../formats/documents.ts'
import { formatNpz } from '../formats/npz.ts'
import { writeJson } from '../store/json.ts'
import type { Store } from '../store/store.ts'
import type { ExplainedGroup, Explanation, Grouping } from './explanation.ts'
import type { Maps } from './map_array.ts'

/** Attention maps have as many values as all else a hundred times over: NumPy's file alone has them. */
const ARRAYS_ALONE = /^rnta_attention_/

/** Names may be any text: `..` must not lead out of the folder. */
const fileOf = (...names: string[]): string => names.map((name) => encodeURIComponent(name)).join('/')

/** Writes `fold-FOLD/trial-ID.json` and `.npz`; returns their path without the ending. */
export async function saveExplanation(store: Store, explanation: Explanation): Promise<string> {
  const { maps, ...facts } = explanation
  const path = fileOf(`fold-${explanation.fold}`, `trial-${explanation.trial}`)
  await writeJson(store, `${path}.json`, toDocument('explanation', { ...facts, maps: listed(maps) }))
  await store.write(`${path}.npz`, formatNpz(maps))
  return path
}

/** Writes `by-class/NAME.json` and `.npz`, or by subject or fold; returns their path without the ending. */
export async function saveGroup(store: Store, by: Grouping, { maps, ...facts }: ExplainedGroup): Promise<string> {
  const path = fileOf(`by-${by}`, facts.name)
  await writeJson(store, `${path}.json`, toDocument('explanation-group', { by, ...facts, maps: listed(maps) }))
  await store.write(`${path}.npz`, formatNpz(maps))
  return path
}

/** Maps as lists, row-major. */
const listed = (maps: Maps): Record<string, { shape: readonly number[]; values: number[] }> =>
  Object.fromEntries(
    Object.entries(maps)
      .filter(([name]) => !ARRAYS_ALONE.test(name))
      .map(([name, { shape, data }]) => [name, { shape, values: Array.from(data) }]),
  )
