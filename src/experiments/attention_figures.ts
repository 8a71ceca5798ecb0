// Figures 5 to 8 of the paper: where the attention modules of Table 8's finished models look in one trial.
import type { Rendered } from '../charts/figure.ts'
import { explain } from '../explain/explain.ts'
import type { Module } from '../explain/maps.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Dataset } from '../train/dataset.ts'
import { loadRun, type ComputeHooks } from '../train/trained_run.ts'
import type { Output } from './collect.ts'
import type { Protocol } from './grid.ts'
import { adapterName, jobResults, jobStore, type JobResult } from './job.ts'
import { attentionPage, type FigureDimension, type SeenTrial } from './pages/attention_page.ts'
import { loadPlan, type PlanDocument } from './plan_file.ts'

/** What `galvani experiment` calls them. */
export const ATTENTION_FIGURES = 'figures5-8'

const TABLE = 'table8'

/** Lines of the table, and the module whose output their maps are of: RNTA stands behind SCA, so that its output is that of both. */
const MODELS = [
  { row: 'base + SCA', file: 'sca', module: 'sca' },
  { row: 'base + RNTA', file: 'rnta', module: 'rnta' },
  { row: 'base + SCA + RNTA', file: 'both', module: 'rnta' },
] as const satisfies readonly { row: string; file: string; module: Module }[]

const DIMENSIONS = ['valence', 'arousal'] as const satisfies FigureDimension[]

/** The trial that the paper shows. */
const PAPER = { subject: '100184', stimulus: '1' } as const

/** A line's models in one dimension: what each fold's came to. */
interface Line extends Omit<SeenTrial, 'run' | 'explanation'> {
  finished: readonly JobResult[]
}

/** How the figures are made. */
export interface AttentionOptions {
  /** Data that the table was made of, read for each dimension: some have a recording for each. */
  datasetOf: (dimension: FigureDimension) => Promise<Dataset>
  /** The paper's where the data have it, otherwise the first that all models were tested on. */
  trial?: string
  protocol: Protocol
  hooks?: ComputeHooks
}

/** The files of the figures, and what the reader should know. */
export interface AttentionFigures {
  trial: string
  notes: string[]
  files: Rendered[]
}

/**
 * Each model is that of the fold in whose test part the trial lies, of the experiment's first seed; of several adapters the one at hand.
 * @throws UsageError where the folder has no such table, or not all of these models are finished; for an unknown trial
 */
export async function attentionFigures(gpu: Gpu, out: Output, options: AttentionOptions): Promise<AttentionFigures> {
  const { datasetOf, protocol, hooks = {} } = options
  const lines = await linesOf(out, await loadPlan(out.store, out.name), protocol, adapterName(gpu.info))
  const sets = { valence: await datasetOf('valence'), arousal: await datasetOf('arousal') }
  const { heard, note } = choose(lines, sets, options.trial, out)
  const seen: SeenTrial[] = []
  for (const { finished, ...line } of lines) {
    const dataset = sets[line.dimension]
    const trial = idIn(dataset, heard)
    const job = finished.find(tests(trial))
    if (!job)
      throw new UsageError(
        `${out.name}: no finished model of '${line.row}' in ${line.dimension} was tested on trial '${trial}'; ` +
          `finish ${TABLE} first, or name another trial`,
      )
    const run = await loadRun(await jobStore(out.store, job.hash, job.adapter), `job ${job.hash}`)
    const asked = { modules: [line.module], steps: 0, ...hooks }
    const { explanations, ...facts } = await explain(gpu, run, { dataset, trials: [trial] }, asked)
    seen.push({ ...line, run: facts, explanation: explanations[0]! })
  }
  const trial = seen[0]!.explanation.trial
  const notes = note === undefined ? [] : [note]
  return { trial, notes, files: attentionPage(seen, { trial, protocol, notes }) }
}

const tests =
  (trial: string) =>
  ({ trials }: JobResult): boolean =>
    trials.some((one) => one.trial === trial)

/** A person with a stimulus: where each dimension was recorded for itself, that is another trial in each. */
interface Heard {
  id: string
  subject: string
  stimulus: string
}

const heardIn = ({ set }: Dataset): readonly Heard[] => set.trials

/** @throws UsageError where the dimension has none, or more than one */
function idIn(dataset: Dataset, { id, subject, stimulus }: Heard): string {
  const all = heardIn(dataset)
  if (all.some((trial) => trial.id === id)) return id
  const same = all.filter((trial) => trial.subject === subject && trial.stimulus === stimulus)
  if (same.length === 1) return same[0]!.id
  throw new UsageError(
    `${dataset.set.name} has ${same.length} trials of ${subject} with ${stimulus} in one of the dimensions, where figures 5 to 8 need one; name another trial`,
  )
}

/** @throws UsageError where the plan lacks the table or its lines */
async function linesOf(out: Output, plan: PlanDocument, protocol: Protocol, adapter: string): Promise<Line[]> {
  const table = plan.grids.find(({ grid }) => grid.name === TABLE)
  if (!table)
    throw new UsageError(
      `${out.name} has no ${TABLE}, whose models figures 5 to 8 are of; make it with \`galvani experiment ${TABLE}\``,
    )
  const lines: Line[] = []
  for (const dimension of DIMENSIONS)
    for (const { row, ...model } of MODELS) {
      const cell = table.cells.find((one) => {
        const own = table.grid.rows[one.row]?.cells[0] === row && one.dimension === dimension
        return own && one.protocol === protocol && !one.control
      })
      if (!cell || cell.missing !== undefined)
        throw new UsageError(
          `${out.name}: ${TABLE} has no '${row}' in ${dimension} under the protocol ${protocol}${cell ? `: ${cell.missing!}` : ''}`,
        )
      const first = cell.jobs.slice(0, cell.jobs.length / plan.seeds.length)
      const results = (await Promise.all(first.map((hash) => jobResults(out.store, hash)))).flat()
      const here = results.filter((result) => result.adapter === adapter)
      lines.push({ row, ...model, dimension, finished: here.length > 0 ? here : results })
    }
  return lines
}

type Sets = Readonly<Record<FigureDimension, Dataset>>

/** @throws UsageError for an unknown trial, and where there is none that all models were tested on */
function choose(
  lines: readonly Line[],
  sets: Sets,
  asked: string | undefined,
  out: Output,
): { heard: Heard; note?: string } {
  const { name } = sets.valence.set
  const trials = heardIn(sets.valence)
  if (asked !== undefined) {
    const heard = [...trials, ...heardIn(sets.arousal)].find(({ id }) => id === asked)
    if (!heard)
      throw new UsageError(`${name} has no trial '${asked}'; it has ${trials.length}, such as '${trials[0]!.id}'`)
    return { heard }
  }
  const paper = trials.find(({ subject, stimulus }) => subject === PAPER.subject && stimulus === PAPER.stimulus)
  if (paper) return { heard: paper }
  const heard = trials.find((trial) =>
    lines.every(({ dimension, finished }) => finished.some(tests(idIn(sets[dimension], trial)))),
  )
  if (!heard)
    throw new UsageError(`${out.name}: no trial of ${name} was tested by all six models; finish ${TABLE} first`)
  const note = `${name} has no subject ${PAPER.subject} with song ${PAPER.stimulus}, whom the paper shows; this is ${heard.id}, the first test trial`
  return { heard, note }
}
