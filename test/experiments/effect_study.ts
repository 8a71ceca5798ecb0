// Made-up studies of known effect, prepared and run as experiments, and what their cells say beside each other.
import type { Cell, Collected } from '../../src/experiments/collected.ts'
import { collect } from '../../src/experiments/collect.ts'
import { planTables, runExperiment } from '../../src/experiments/experiment.ts'
import type { Grid, GridRow } from '../../src/experiments/grid.ts'
import { jobResults } from '../../src/experiments/job.ts'
import type { ExperimentOptions } from '../../src/experiments/plan.ts'
import { studyOf, type Study } from '../../src/experiments/study.ts'
import { chanceVerdict, type ChanceVerdict } from '../../src/evaluation/correction.ts'
import { judge } from '../../src/evaluation/judge.ts'
import type { BesideBaseline, JudgedTrial } from '../../src/evaluation/judgement.ts'
import { makeTrialTable, type SyntheticStudy } from '../../src/datasets/synthetic.ts'
import type { Dimension } from '../../src/datasets/trial.ts'
import { readTrialTable } from '../../src/datasets/trial_table.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { prepareTrials, type PreparedTrial } from '../../src/train/prepare.ts'
import { Random } from '../../src/runtime/random.ts'

const LENGTH = 160

/** A made-up study as experiments take it. */
export async function studyMade(gpu: Gpu, settings: SyntheticStudy): Promise<Study> {
  const files = makeTrialTable({ seconds: 24, ...settings })
  const table = { trials: files['trials.csv'], eda: files['eda.csv'], music: files['music.csv'] }
  const set = await readTrialTable(table, { name: 'made' })
  return studyOf(await prepareTrials(gpu, set, { length: LENGTH, dropSeconds: 3 }))
}

/** How many people and trials, and how much skin and music say. */
interface Plain {
  subjects: number
  /** Distance of high from low in standard deviations of what says it, halved: 1 is told in 84 of 100 trials, 0 not at all. */
  skin: number
  music: number
  seed: number
}

const TRIALS = 12
const FEATURES = 4

/** A study of plain numbers, of which is known how much of a label each input can tell: each has its own noise, so that two tell more. */
export function plainStudy({ subjects, skin, music, seed }: Plain): Promise<Study> {
  const random = new Random(seed)
  const noisy = (count: number, of: (i: number) => number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => of(i) + random.normal())
  const trials = Array.from({ length: subjects * TRIALS }, (_, i): PreparedTrial => {
    const high = i % 2 === 0 ? 1 : -1
    const said = { skin: high * skin + random.normal(), music: high * music + random.normal() }
    return {
      ...{ id: `t${i}`, subject: `s${Math.floor(i / TRIALS)}`, stimulus: `song${i}`, sampleRate: 4, unit: 'uS' },
      ...{ source: `trials.csv:${i + 2}`, columns: {}, status: 'solved', filled: 0, constant: [] },
      ratings: { valence: 5 + random.uniform(), arousal: 5 + 2 * high + random.uniform() },
      music: noisy(FEATURES, () => 2 * said.music),
      signals: noisy(3 * LENGTH, (t) => said.skin * Math.sin(t / 10)),
    }
  })
  return studyOf({
    name: 'plain',
    synthetic: true,
    trials,
    musicDim: FEATURES,
    skipped: [],
    length: LENGTH,
    dropSeconds: 3,
  })
}

/** Rows that name their network stand beside no other one, which keeps an experiment small. */
export const row = (name: string, more: Partial<GridRow> = {}): GridRow => ({
  cells: [name],
  ...more,
  settings: { ...more.settings, model: { network: 'rtcan-1d', ...more.settings?.model } },
})

export interface Ran {
  table: Collected
  /** Test trials of a row, all seeds. */
  trialsOf: (row: number, cell?: Partial<Cell>) => Promise<JudgedTrial[]>
}

/** The network on both inputs, and on each alone. */
export const inputs: GridRow[] = [
  row('skin and music', { music: true }),
  row('skin', { music: false }),
  row('music', { music: true, settings: { model: { network: 'music' } } }),
]

/** Whether cells together look like chance. */
export const chanceOf = (cells: readonly Cell[]): ChanceVerdict =>
  chanceVerdict(
    cells.map(({ judgement }) => ({
      interval: judgement!.intervals!.balancedAccuracy!,
      p: judgement!.permutation,
    })),
  )

/** Runs a table of rows on a study. */
export async function ran(
  gpu: Gpu,
  study: Study,
  rows: GridRow[],
  { shared, ...change }: Partial<ExperimentOptions> = {},
  dimensions: Dimension[] = ['arousal'],
): Promise<Ran> {
  const grid: Grid = {
    ...{ name: 'effects', title: 'What is told', heads: ['Input'], scores: ['balancedAccuracy'] },
    ...{ dimensions, rows },
  }
  const options: ExperimentOptions = {
    protocols: ['honest'],
    repeats: 1,
    control: false,
    ...change,
    shared: shared ?? {},
  }
  const plan = await planTables({ grids: [grid] }, [study], options)
  const out = new MemoryStore()
  const failed = await runExperiment(gpu, out, plan, [study])
  if (failed.length > 0) throw new Error(failed[0]!.reason)
  const { tables } = await collect([{ store: out, name: 'out' }])
  const trialsOf = async (index: number, { control = false, protocol = 'honest' }: Partial<Cell> = {}) => {
    const cell = plan.grids[0]!.cells.find(
      (one) => one.row === index && one.control === control && one.protocol === protocol,
    )!
    return (await Promise.all(cell.jobs.map((hash) => jobResults(out, hash)))).flat().flatMap(({ trials }) => trials)
  }
  return { table: tables[0]!, trialsOf }
}

/** One model beside another on the same trials, with the paired interval over subjects. */
export async function beside(
  own: readonly JudgedTrial[],
  other: readonly JudgedTrial[],
): Promise<BesideBaseline['difference']> {
  const scores = new Map(other.map(({ seed, trial, score }) => [`${seed} ${trial}`, score]))
  const pairs = own.map((trial) => ({ ...trial, baselines: { cnn: scores.get(`${trial.seed} ${trial.trial}`)! } }))
  const { baselines } = await judge(pairs, { seed: 1 })
  return baselines[0]!.difference
}
