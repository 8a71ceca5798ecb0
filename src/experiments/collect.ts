// From the results of jobs to tables: what is done is judged, what is not is left open.
import { digest } from '../formats/digest.ts'
import { canonical } from '../formats/canonical.ts'
import { holmWithin } from '../evaluation/correction.ts'
import { judge } from '../evaluation/judge.ts'
import { judgeRatings } from '../evaluation/judge_ratings.ts'
import type { JudgedTrial, Judgement } from '../evaluation/judgement.ts'
import type { JudgedRating, RatingJudgement } from '../evaluation/rating_judgement.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import { KERNEL_SET } from '../tune/kernel_set.ts'
import { VERSION } from '../version.ts'
import type { Cell, Collected, RatingCell } from './collected.ts'
import { predictsRating } from './grid.ts'
import { finishedFolders, HOST, jobResults, type JobResult } from './job.ts'
import type { PlannedCell, PlannedGrid } from './plan.ts'
import { loadPlan, type PlanDocument } from './plan_file.ts'

/** Where an experiment, or a part of it, lies. */
export interface Output {
  store: Store
  /** What messages call it. */
  name: string
}

/** Who hears of collecting. */
export interface CollectHooks {
  /** What is collected; default the plan that lies in the folders. */
  plan?: PlanDocument
  /** The adapter whose results are taken; default the one that has most. */
  adapter?: string
  onProgress?: (done: number, total: number) => void
  signal?: AbortSignal
}

/** Tables, and what was found that is in none of them. */
export interface CollectedAll {
  plan: PlanDocument
  tables: Collected[]
  /** Results that were found of its jobs, of all adapters. */
  found: number
  /** Results of other adapters, a sentence each. */
  notes: string[]
}

/** The experiment in one folder, or in the folders of its parts together. @throws UsageError for parts of different experiments, FormatError */
export async function collect(outputs: readonly Output[], hooks: CollectHooks = {}): Promise<CollectedAll> {
  if (outputs.length === 0) throw new UsageError('collect: no folder was given')
  const plan = hooks.plan ?? (await commonPlan(outputs))
  const all = new Map<string, JobResult[]>()
  for (const { hash } of plan.jobs) {
    hooks.signal?.throwIfAborted()
    all.set(hash, (await Promise.all(outputs.map(({ store }) => jobResults(store, hash)))).flat())
  }
  const { adapter, notes } = chooseAdapter([...all.values()].flat(), hooks.adapter)
  const results = new Map<string, JobResult>()
  for (const [hash, of] of all) {
    const own = of.find((result) => result.adapter === adapter || result.adapter === HOST)
    if (own) results.set(hash, own)
  }
  const judged = new Judged(plan, results, hooks)
  const tables: Collected[] = []
  for (const planned of plan.grids) tables.push(await judged.table(planned, adapter ?? 'none yet'))
  return { plan, tables, found: [...all.values()].flat().length, notes }
}

/** Results of a plan's jobs that there are by now. */
export async function resultsFound(outputs: readonly Output[], { jobs }: Pick<PlanDocument, 'jobs'>): Promise<number> {
  let found = 0
  for (const { hash } of jobs) for (const { store } of outputs) found += (await finishedFolders(store, hash)).length
  return found
}

/** @throws UsageError where the folders hold different experiments */
async function commonPlan(outputs: readonly Output[]): Promise<PlanDocument> {
  const plans = await Promise.all(outputs.map(({ store, name }) => loadPlan(store, name)))
  const first = canonical(plans[0])
  const other = plans.findIndex((plan) => canonical(plan) !== first)
  if (other >= 0)
    throw new UsageError(
      `${outputs[0]!.name} and ${outputs[other]!.name} hold different experiments: their plans differ in data, settings or version`,
    )
  return plans[0]!
}

/** Numbers of different adapters are never put into one table. */
function chooseAdapter(results: readonly JobResult[], wanted?: string): { adapter?: string; notes: string[] } {
  const counts = new Map<string, number>()
  for (const { adapter } of results) if (adapter !== HOST) counts.set(adapter, (counts.get(adapter) ?? 0) + 1)
  const adapters = [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)! || (a < b ? -1 : 1))
  const adapter = wanted !== undefined && counts.has(wanted) ? wanted : adapters[0]
  const notes = adapters
    .filter((other) => other !== adapter)
    .map(
      (other) =>
        `${counts.get(other)!} finished jobs of the adapter ${other} were kept apart; the tables are of ${adapter!}`,
    )
  return { ...(adapter !== undefined && { adapter }), notes }
}

class Judged {
  /** Cells of several tables that are the same jobs are judged once. */
  readonly #known = new Map<string, Judgement>()
  readonly #knownRatings = new Map<string, RatingJudgement>()
  #done = 0

  constructor(
    private readonly plan: PlanDocument,
    private readonly results: ReadonlyMap<string, JobResult>,
    private readonly hooks: CollectHooks,
  ) {}

  async table({ grid, cells }: PlannedGrid, adapter: string): Promise<Collected> {
    const judged: Cell[] = []
    const ratings: RatingCell[] = []
    for (const cell of cells) {
      if (predictsRating(grid, grid.rows[cell.row]!)) ratings.push(await this.#ratingCell(cell))
      else judged.push(await this.#cell(cell))
    }
    const corrected = holmWithin(judged, {
      p: ({ judgement }) => judgement?.baselines.find(({ name }) => name === 'majority')?.wilcoxon?.p,
      group: ({ dimension, protocol, control }) => canonical([dimension, protocol, control]),
    })
    const wanted = new Set(cells.flatMap(({ jobs, beside }) => [...jobs, ...beside.mlp, ...beside.cnn]))
    const { datasets, protocols, departures, seeds } = this.plan
    return {
      ...{ grid, datasets, protocols, departures, seeds, adapter },
      cells: judged.map((cell, i) => ({ ...cell, ...(corrected[i] !== undefined && { holm: corrected[i] }) })),
      ...(ratings.length > 0 && { ratings }),
      versions: { galvani: VERSION, kernels: KERNEL_SET },
      done: [...wanted].filter((hash) => this.results.has(hash)).length,
      jobs: wanted.size,
    }
  }

  #say(): void {
    const all = this.plan.grids.reduce((sum, { cells }) => sum + cells.length, 0)
    this.hooks.onProgress?.(this.#done++, all)
  }

  async #cell({ jobs, beside, ...cell }: PlannedCell): Promise<Cell> {
    const { hooks, plan } = this
    this.#say()
    const of = ({ trials }: JobResult): JudgedTrial[] => trials
    const trials = this.#trials(jobs, of)
    const [mlp, cnn] = [this.#trials(beside.mlp, of), this.#trials(beside.cnn, of)]
    if (cell.missing !== undefined || !trials || !mlp || !cnn) return cell
    const key = await digest([canonical([jobs, beside])])
    const known = this.#known.get(key)
    if (known) return { ...cell, judgement: known }
    const both = withNetworks(trials, { mlp, cnn }, ({ score }) => score)
    const judgement = await judge(both, { seed: plan.seeds[0]!, ...(hooks.signal && { signal: hooks.signal }) })
    this.#known.set(key, judgement)
    return { ...cell, judgement }
  }

  async #ratingCell({ jobs, beside, reported: _, ...cell }: PlannedCell): Promise<RatingCell> {
    const { hooks, plan } = this
    this.#say()
    const of = ({ ratings = [] }: JobResult): JudgedRating[] => ratings
    const trials = this.#trials(jobs, of)
    const [mlp, cnn] = [this.#trials(beside.mlp, of), this.#trials(beside.cnn, of)]
    if (cell.missing !== undefined || !trials || !mlp || !cnn) return cell
    const key = await digest([canonical([jobs, beside])])
    const known = this.#knownRatings.get(key)
    if (known) return { ...cell, judgement: known }
    const both = withNetworks(trials, { mlp, cnn }, ({ said }) => said)
    const judgement = await judgeRatings(both, { seed: plan.seeds[0]!, ...(hooks.signal && { signal: hooks.signal }) })
    this.#knownRatings.set(key, judgement)
    return { ...cell, judgement }
  }

  /** All trials of jobs, those of the first seed first; undefined until all jobs are done. */
  #trials<T extends { seed: number }>(jobs: readonly string[], of: (result: JobResult) => T[]): T[] | undefined {
    const { results, plan } = this
    if (!jobs.every((hash) => results.has(hash))) return undefined
    const folds = jobs.length / plan.seeds.length
    // What has no seed, as the SVM, is one job in the place of several.
    return jobs.flatMap((hash, i) =>
      of(results.get(hash)!).map((trial) => ({ ...trial, seed: plan.seeds[Math.floor(i / folds)]! })),
    )
  }
}

/** Each trial beside what the other networks say of it. @throws FormatError where one says nothing */
function withNetworks<T extends Pick<JudgedTrial, 'seed' | 'trial'> & { baselines: object }>(
  trials: readonly T[],
  networks: Readonly<Record<'mlp' | 'cnn', readonly T[]>>,
  answerOf: (trial: T) => number,
): T[] {
  const key = ({ seed, trial }: T): string => canonical([seed, trial])
  const named = Object.entries(networks)
    .filter(([, of]) => of.length > 0)
    .map(([name, of]) => [name, new Map(of.map((trial) => [key(trial), answerOf(trial)]))] as const)
  return trials.map((trial) => {
    const own = named.map(([name, scores]) => {
      const score = scores.get(key(trial))
      if (score === undefined) throw new FormatError(`trial ${trial.trial}: the ${name} beside it has no prediction`)
      return [name, score] as const
    })
    return { ...trial, baselines: { ...trial.baselines, ...Object.fromEntries(own) } }
  })
}
