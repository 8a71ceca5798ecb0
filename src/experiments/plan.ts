// From grids and data to jobs: which runs an experiment is, each fold of each of them once.
import { canonical } from '../formats/canonical.ts'
import { summarise } from '../model/summary.ts'
import { breather, inTurns, type Pieces } from '../runtime/breather.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import type { RunConfig } from '../train/config.ts'
import { defaultRun, resolveRun, type RunSettings } from '../train/defaults.ts'
import { taskInPieces, type Task } from '../train/task.ts'
import type { Cell } from './collected.ts'
import { predictsRating, type Grid, type GridRow, type Protocol } from './grid.ts'
import { hashOf, type Job, type JobSettings } from './job.ts'
import { protocolSettings, requireHonest, sharedIn } from './protocols.ts'
import { factsOf, studyFor, type Study } from './study.ts'

/** What all rows of an experiment share. */
export interface ExperimentOptions {
  protocols: readonly Protocol[]
  /** Repeats, each with another seed and the same folds. */
  repeats: number
  /** Every row once more with labels shuffled within subjects. */
  control: boolean
  /** Ends the planning by throwing its reason; other tasks have their turn meanwhile. */
  signal?: AbortSignal
  /** Settings in the place of the protocol's; a row's own come first. `seed` is that of the folds and of the first repeat. */
  shared: RunSettings
}

/** More are a slip: nobody trains as many. */
const MOST_REPEATS = 1000

/** A cell of a table, and the jobs that it is made of. */
export interface PlannedCell extends Omit<Cell, 'judgement' | 'holm'> {
  /** Names of its jobs: folds of the first seed, then of the next. */
  jobs: string[]
  /** The same of the networks that it stands beside. */
  beside: { mlp: string[]; cnn: string[] }
}

export interface PlannedGrid {
  grid: Grid
  cells: PlannedCell[]
}

/** All that an experiment will do. */
export interface ExperimentPlan {
  grids: PlannedGrid[]
  /** Each once, whatever number of cells it serves; one that others start from comes before these. */
  jobs: Job[]
  seeds: number[]
}

/** @throws UsageError for settings that do not fit, or that a table varies; and the signal's reason */
export async function planExperiment(
  grids: readonly Grid[],
  studies: readonly Study[],
  options: ExperimentOptions,
): Promise<ExperimentPlan> {
  if (!(Number.isInteger(options.repeats) && options.repeats >= 1 && options.repeats <= MOST_REPEATS))
    throw new UsageError(`repeats is ${options.repeats}, expected a whole number from 1 to ${MOST_REPEATS}`)
  for (const grid of grids) refuseVaried(grid, options.shared)
  if (options.shared.target !== undefined)
    throw new UsageError('target is set by a grid or by its rows, and cannot be set for all')
  const planner = new Planner(studies, options)
  const planned: PlannedGrid[] = []
  for (const grid of grids) planned.push({ grid, cells: await planner.cells(grid) })
  return { grids: planned, jobs: [...planner.jobs.values()], seeds: planner.seeds }
}

/** Settings by name, those of the network as `model.depth`. */
function namesOf({ model = {}, ...settings }: RunSettings): string[] {
  return [...Object.keys(settings), ...Object.keys(model).map((name) => `model.${name}`)]
}

/** @throws UsageError where a setting of all rows is one that some row sets itself */
function refuseVaried({ name, rows }: Grid, shared: RunSettings): void {
  const own = new Set(rows.flatMap(({ settings = {} }) => namesOf(settings)))
  const varied = namesOf(shared).find((setting) => own.has(setting))
  if (varied !== undefined)
    throw new UsageError(`${name} varies ${varied.replace('model.', '')} from row to row, so it cannot be set for all`)
}

/** Later settings first, those of the network one by one. */
const over = (...layers: readonly RunSettings[]): RunSettings =>
  layers.reduce((under, layer) => {
    const model = { ...under.model, ...layer.model }
    return { ...under, ...layer, ...(Object.keys(model).length > 0 && { model }) }
  }, {})

/** An SVM does not depend on how networks are trained, nor on seeds: what is the same has the same settings. */
const asSvm = ({ choice: _, freeze: _f, ...config }: RunConfig): RunConfig => {
  const { optimizer, learningRate, decay, decayEpochs, epochs, batch, patience, init } = defaultRun
  const { foldSeed = config.seed } = config
  return {
    ...config,
    ...{ optimizer, learningRate, decay, decayEpochs, epochs, batch, patience, init },
    seed: foldSeed,
  }
}

/** What one model of a cell is, before seeds and folds. */
interface Wanted {
  study: Study
  protocol: Protocol
  method: 'network' | 'svm'
  settings: RunSettings
}

class Planner {
  readonly jobs = new Map<string, Job>()
  readonly seeds: number[]
  /** Tasks differ by few of the settings; nothing else decides labels and folds. */
  readonly #tasks = new Map<string, Task>()
  readonly #breathe: ReturnType<typeof breather>

  constructor(
    private readonly studies: readonly Study[],
    private readonly options: ExperimentOptions,
  ) {
    const { shared, repeats, signal } = options
    this.#breathe = breather(signal)
    const first = shared.seed ?? defaultRun.seed
    this.seeds = Array.from({ length: repeats }, (_, r) => first + r)
  }

  async cells(grid: Grid): Promise<PlannedCell[]> {
    const { protocols, control } = this.options
    const cells: PlannedCell[] = []
    for (const protocol of protocols)
      for (const shuffled of control ? [false, true] : [false])
        for (const dimension of grid.dimensions)
          for (const row of grid.rows.keys())
            cells.push(await this.#cell(grid, { row, dimension, protocol, control: shuffled }))
    return cells
  }

  async #cell(grid: Grid, at: Pick<Cell, 'row' | 'dimension' | 'protocol' | 'control'>): Promise<PlannedCell> {
    const row = grid.rows[at.row]!
    const reported = at.control ? undefined : row.reported?.[at.dimension]
    const cell = { ...at, ...(reported && { reported }), jobs: [], beside: { mlp: [], cnn: [] } }
    if (row.method === 'quoted') return { ...cell, missing: 'quoted; nothing is computed' }
    const wanted = this.#wanted(grid, row, at)
    if (typeof wanted === 'string') return { ...cell, missing: wanted }
    try {
      const jobs = await this.#jobsOf(wanted, this.#source(grid, row, at))
      const parameters = this.jobs.get(jobs[0]!)!.parameters
      const beside = await this.#beside(wanted, row)
      return { ...cell, jobs, beside, ...(parameters > 0 && { parameters }) }
    } catch (error) {
      // Data that a row cannot be made of leave their reason in its place.
      if (error instanceof FormatError) return { ...cell, missing: error.message }
      throw error
    }
  }

  /** What a row's model is, or why it cannot be. */
  #wanted(grid: Grid, row: GridRow, at: Pick<Cell, 'dimension' | 'protocol' | 'control'>): Wanted | string {
    const study = studyFor(this.studies, row.dataset)
    if (typeof study === 'string') return study
    if (row.music === true && study.set.musicDim === 0) return `${study.set.name} has no music features`
    const ofRating = predictsRating(grid, row)
    if (ofRating && at.protocol === 'released') return 'the released code predicts classes alone'
    if (ofRating && row.method === 'svm')
      throw new UsageError(
        `${grid.name}: row '${row.cells.join(' ')}' is an SVM, which predicts classes, and its target is rating`,
      )
    const settings = over(
      protocolSettings(at.protocol, study.kind),
      sharedIn(at.protocol, this.options.shared),
      row.settings ?? {},
      { dimension: at.dimension, foldSeed: this.seeds[0]! },
      row.music === 'listeners' ? { music: row.music } : row.music === false ? { music: 'none' } : {},
      at.control ? { control: true } : {},
      ofRating ? { target: 'rating' } : {},
    )
    return { study, protocol: at.protocol, method: row.method === 'svm' ? 'svm' : 'network', settings }
  }

  /** The model that a row starts from. @throws UsageError where the grid has no such row */
  #source(
    grid: Grid,
    { from, cells }: GridRow,
    at: Pick<Cell, 'dimension' | 'protocol' | 'control'>,
  ): Wanted | undefined {
    if (from === undefined) return undefined
    const row = grid.rows.find((other) => other.cells.join(' ') === from)
    if (!row || row.from !== undefined || row.method !== undefined)
      throw new UsageError(
        `${grid.name}: row '${cells.join(' ')}' starts from '${from}', which is no row that is trained from the beginning`,
      )
    const wanted = this.#wanted(grid, row, at)
    if (typeof wanted === 'string') throw new FormatError(`it starts from '${from}', and ${wanted}`)
    return wanted
  }

  /** Networks of the same size on the same input; rows that differ in their own network share them. */
  async #beside({ settings, ...wanted }: Wanted, row: GridRow): Promise<PlannedCell['beside']> {
    const { study, method } = wanted
    if (method === 'svm' || row.settings?.model?.network !== undefined) return { mlp: [], cnn: [] }
    const { model: shared } = over(protocolSettings('honest', study.kind), this.options.shared)
    const of = async (network: 'mlp' | 'cnn'): Promise<string[]> => {
      const { head } = settings.model ?? {}
      const model = { ...shared, ...(head && { head }), network }
      return this.#jobsOf({ ...wanted, settings: { ...settings, model } })
    }
    return { mlp: await of('mlp'), cnn: await of('cnn') }
  }

  async #jobsOf(wanted: Wanted, source?: Wanted): Promise<string[]> {
    const sources = source && (await this.#jobsOf(source))
    const folds = sources && sources.length / this.seeds.length
    const hashes: string[] = []
    for (const [r, seed] of this.seeds.entries()) {
      const config = resolveRun({ ...wanted.settings, seed }, factsOf(wanted.study))
      const { plan } = await this.#task(wanted.study, config)
      requireHonest(wanted.protocol, config, plan)
      for (const [k, fold] of plan.folds.entries()) {
        await this.#breathe()
        const from = sources && folds ? { from: sources[r * folds + (k % folds)]! } : {}
        const { study, method } = wanted
        const settings = { data: study.key, method, config: method === 'svm' ? asSvm(config) : config }
        hashes.push(await this.#add({ ...settings, fold: fold.name, ...from }, fold.train.length))
      }
    }
    return hashes
  }

  async #add(settings: JobSettings, train: number): Promise<string> {
    const hash = await hashOf(settings)
    if (!this.jobs.has(hash)) {
      const { parameterCount, flops } = summarise(settings.config.model)
      // The backward pass costs about twice the forward one.
      const cost =
        settings.method === 'svm' ? { parameters: 0, flops: 0 } : { parameters: parameterCount, flops: 3 * flops }
      this.jobs.set(hash, { hash, ...settings, train, ...cost })
    }
    return hash
  }

  /** Labels and folds under a configuration. */
  async #task(study: Study, config: RunConfig): Promise<Task> {
    const {
      dimension,
      target,
      levels,
      labels,
      folds,
      validation,
      stratify,
      foldSeed,
      share,
      control,
      signals,
      model,
      musicFrom,
    } = config
    const key = canonical([
      ...[study.key, dimension, target, levels, labels, folds, validation, stratify, foldSeed, share, control],
      ...[signals.length, model.in_channels, model.music_dim > 0, musicFrom],
    ])
    const known = this.#tasks.get(key)
    if (known) return known
    const task = await inTurns(splitOf(study, config), this.#breathe)
    this.#tasks.set(key, task)
    return task
  }
}

/** @throws FormatError also for folds that these data, or a row's share of them, have too few people for: other rows may have enough */
function* splitOf({ set }: Study, config: RunConfig): Pieces<Task> {
  try {
    return yield* taskInPieces(set, config)
  } catch (error) {
    if (error instanceof UsageError) throw new FormatError(`${set.name}: ${error.message}`)
    throw error
  }
}
