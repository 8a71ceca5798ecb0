// What the command line keeps in a run folder beside the files of `train/run.ts`.
import { toDocument } from '../../src/formats/documents.ts'
import { readJson, writeJson } from '../../src/store/json.ts'
import type { NodeStore } from '../../src/store/node.ts'
import type { Dataset } from '../../src/train/dataset.ts'
import type { RunConfig } from '../../src/train/config.ts'
import type { RatingRunSummary } from '../../src/train/rating_summary.ts'
import { loadRatingRunSummary, loadRunSummary } from '../../src/train/run_files.ts'
import type { RunSummary } from '../../src/train/run_summary.ts'
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

/** What a skin signal of unknown unit becomes is no setting of a model, yet it learned from one kind of it. */
export async function gsrDoubt(
  run: NodeStore,
  { gsr: given = 'as-is' }: Pick<DataSource, 'gsr'>,
  { kind, set }: Dataset,
): Promise<string | undefined> {
  const isUnknown = kind === 'table' && set.trials.some(({ dataset }) => dataset === 'deap' || dataset === 'amigos')
  if (!isUnknown || !(await run.exists(SOURCE_FILE))) return undefined
  const { gsr: learned = 'as-is' } = await loadSource(run)
  return learned === given
    ? undefined
    : `the run was trained with --gsr ${learned}, and these data are read with --gsr ${given}`
}

/** A run of either kind. */
export type AnyRun = RunSummary | RatingRunSummary

/** Its results, or null where no fold is finished. @throws FormatError when the file is damaged */
export const loadSummary = (store: NodeStore, { target }: RunConfig): Promise<AnyRun | null> =>
  target === 'rating' ? loadRatingRunSummary(store) : loadRunSummary(store)
