// Every kind of JSON document that galvani writes or prints, and its number.
//
// The number is raised when a program that reads the document would go wrong on the new one: a field renamed, removed, or of another
// meaning or unit. A new field raises nothing. Documents that were written before there were numbers are schema 1; schema 2 of most
// kinds brought snake_case. A kind that is read again says from which schema on, and what to do about an older one.

interface DocumentKind {
  /** What is written now. */
  schema: number
  /** The oldest that is still read; the current one where absent. */
  oldest?: number
  /** What to do with a document that is too old; the end of a sentence. */
  remedy?: string
  /**
   * Objects whose keys are no names of ours: data (`trials.columns`), or names from elsewhere (NeuroKit2's, model settings). Their keys
   * are written and read as they are. Paths are in the document's names, without the indices of lists, `*` for a key of a kept object.
   */
  kept?: readonly string[]
}

const RUN = 'train the run again with `galvani train`'
const RESULT = ['versions', 'config.model', 'results.predictions.baselines'] as const

export const DOCUMENT_KINDS = {
  // A run folder. Of schema 1 only the names differ, and it is read as well; before schema 3 baselines were classes and few.
  'run-config': { schema: 2, oldest: 1, remedy: RUN, kept: ['model'] },
  'run-source': { schema: 1, remedy: RUN },
  'run-transfer': { schema: 1, remedy: RUN },
  'run-kernels': { schema: 2, oldest: 1, remedy: RUN, kept: ['variants'] },
  'run-event': { schema: 2 },
  'run-result': { schema: 3, oldest: 1, remedy: RUN, kept: RESULT },
  'fold-result': { schema: 3, oldest: 1, remedy: RUN, kept: ['predictions.baselines'] },
  /** Scores of one baseline on a fold, which runs may have in common. */
  'fold-baseline': { schema: 1 },
  /** Texts of `checkpoint.safetensors`. */
  'fold-checkpoint': { schema: 2, oldest: 1, remedy: RUN },
  /** Texts of `model.safetensors`. */
  'fold-model': { schema: 1, remedy: RUN },

  /** A prepared set; of schema 2 only the names differ. */
  prepared: {
    schema: 3,
    oldest: 2,
    remedy: 'run `galvani prepare` again',
    kept: ['trials.columns', 'preparation.statuses'],
  },
  /** Texts of the files of decompositions that `galvani prepare` keeps. */
  'decomposition-cache': { schema: 2 },
  // The output of an experiment.
  'experiment-plan': {
    schema: 1,
    remedy: 'give another --out',
    kept: ['grids.grid.rows.settings.model', 'jobs.config.model'],
  },
  'experiment-job': { schema: 1, remedy: 'give another --out', kept: ['trials.baselines', 'ratings.baselines'] },
  'experiment-facts': { schema: 1 },
  /** A grid of a user's own. */
  'experiment-grid': { schema: 1, kept: ['rows.settings.model'] },
  'tuned-kernels': { schema: 2, remedy: 'run `galvani tune` again', kept: ['entries'] },
  /** `table8.json` and the like: the results of an experiment, line by line. */
  'experiment-results': { schema: 1, kept: ['versions', 'rows', 'ratings'] },
  /** The JSON beside the tables of a decomposed recording. */
  recording: { schema: 2, kept: ['features', 'reading'] },

  /** A folder that a process works in. */
  'folder-lock': { schema: 1 },
  /** A trial that is explained, and the mean of several. */
  explanation: { schema: 1, kept: ['maps'] },
  'explanation-group': { schema: 1, kept: ['maps'] },

  // What commands print with --json.
  doctor: { schema: 2 },
  fixtures: { schema: 1 },
  inspect: { schema: 1, kept: ['files.recordings.reading'] },
  music: { schema: 1 },
  prepare: { schema: 3, kept: ['statuses'] },
  decompose: { schema: 2, kept: ['files.features', 'files.reading'] },
  train: { schema: 3, kept: RESULT },
  experiment: { schema: 1 },
  'experiment-figures': { schema: 1 },
  eval: { schema: 3, kept: ['results.predictions.baselines', 'predictions.baselines'] },
  predict: { schema: 2 },
  explain: { schema: 1 },
  export: { schema: 1 },
  verify: { schema: 1 },
  'verify-recordings': { schema: 2, kept: ['summaries.statuses'] },
  report: { schema: 1 },
  summary: { schema: 2 },
  tune: { schema: 2, kept: ['entries'] },
  bench: {
    schema: 1,
    remedy: 'measure again with `galvani bench --json`',
    kept: ['step.profile.constants', 'cold.kernels.constants'],
  },
  'bench-step': { schema: 1, kept: ['profile.constants', 'cold.kernels.constants'] },
  'bench-first-step': { schema: 1, kept: ['kernels.constants'] },
  'bench-cvxeda': { schema: 1, kept: ['statuses', 'reference_run.versions'] },
  'bench-events': { schema: 1 },
  'bench-peers': { schema: 1, kept: ['ours.versions', 'peers.versions'] },
} as const satisfies Record<string, DocumentKind>

/** A kind of document, as `DOCUMENT_KINDS` lists them. */
export type Kind = keyof typeof DOCUMENT_KINDS

/** Paths of the kept objects of a kind. */
export type KeptOf<K extends Kind> = (typeof DOCUMENT_KINDS)[K] extends { kept: readonly (infer P)[] } ? P : never

export const kindOf = (kind: Kind): DocumentKind => DOCUMENT_KINDS[kind]
