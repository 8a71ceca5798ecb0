// What the command line keeps in a run folder beside the files of `train/run.ts`.
import { toDocument } from '../../src/formats/documents.ts'
import { readJson, writeJson } from '../../src/store/json.ts'
import type { NodeStore } from '../../src/store/node.ts'
import type { DataSource } from './data_options.ts'

export const REPORT_FILE = 'report.html'
const SOURCE_FILE = 'source.json'

/** What a run was made from, so that `train --resume` and `eval` find it. */
export interface RunSource extends DataSource {
  /** File of the weights that every fold starts from. */
  weights?: string
}

/** @throws FormatError when the file is missing or damaged */
export const loadSource = (store: NodeStore): Promise<RunSource> =>
  readJson<RunSource>(store, SOURCE_FILE, 'run-source', ['data'])

export const saveSource = (store: NodeStore, source: RunSource): Promise<void> =>
  writeJson(store, SOURCE_FILE, toDocument('run-source', source))
