import { readFile, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { Command } from 'commander'
import { ATTENTION_FIGURES } from '../src/experiments/attention_figures.ts'
import { toDocument } from '../src/formats/documents.ts'
import { collect, resultsFound, type CollectedAll } from '../src/experiments/collect.ts'
import { planTables, type Tables } from '../src/experiments/experiment.ts'
import { filesOf } from '../src/experiments/files.ts'
import { PROTOCOLS } from '../src/experiments/grid.ts'
import { exampleGrid, formatGrid, parseGrid } from '../src/experiments/grid_file.ts'
import { EXPERIMENTS, experimentsCalled } from '../src/experiments/paper.ts'
import type { PlanDocument } from '../src/experiments/plan_file.ts'
import type { FailedJob } from '../src/experiments/runner.ts'
import { jobsOfShard } from '../src/experiments/shard.ts'
import { CheckError, FormatError, UsageError } from '../src/runtime/errors.ts'
import { NodeStore } from '../src/store/node.ts'
import { interruptible } from './shared/context.ts'
import { requireFolder } from './shared/data_options.ts'
import { openStudies, type OpenedStudy } from './shared/experiment_data.ts'
import {
  addExperimentOptions,
  checkCounts,
  sharedSettings,
  type ExperimentCommandOptions,
} from './shared/experiment_options.ts'
import { planText, tablesText } from './shared/experiment_text.ts'
import { drawAttention } from './shared/experiment_attention.ts'
import { estimatePlan } from './shared/experiment_estimate.ts'
import { runPlan } from './shared/experiment_run.ts'
import { work, WORKER } from './shared/experiment_workers.ts'
import { Output } from './shared/output.ts'
import { pngsOf } from './shared/png.ts'

const COLLECT = 'collect'

export function experimentCommand(): Command {
  const experiment = new Command('experiment')
    .description("Make the paper's tables and figures, or one of your own, from datasets.")
    .argument(
      '[name]',
      `${EXPERIMENTS.join(', ')}; ${ATTENTION_FIGURES}, of the models of table8 in --out; or ${COLLECT}, with the folders of shards`,
    )
    .argument('[folders...]', `of \`${COLLECT}\``)
  return addExperimentOptions(experiment)
    .addHelpText(
      'after',
      `
Datasets that are not prepared are prepared first, into --out. A job is one fold of one model, and a finished one is never run again:
the same command goes on where it was stopped, and tables share equal jobs.

Examples:
  galvani experiment table8 --data PMEmo2018 --out tables --plan
  galvani experiment all --data PMEmo2018 DEAP AMIGOS --out tables --protocol all --repeats 3
  galvani experiment figures5-8 --data PMEmo2018 --out tables
  galvani experiment --example > grid.json
  galvani experiment --grid grid.json --data study --out own
  galvani experiment table8 --data PMEmo2018 --out part1 --shard 1/2
  galvani experiment collect part1 part2 --out tables`,
    )
    .action(experimentAction)
}

async function experimentAction(
  name: string | undefined,
  folders: string[],
  options: ExperimentCommandOptions,
  command: Command,
): Promise<void> {
  if (name === WORKER) return work()
  refuseUnread(name, command)
  const output = new Output(options)
  if (options.example)
    return output.result(toDocument('experiment-grid', exampleGrid), formatGrid(exampleGrid).trimEnd())
  if (name !== COLLECT && folders.length > 0)
    throw new UsageError(`'${folders[0]!}': only \`experiment ${COLLECT}\` takes folders; data are given with --data`)
  const signal = interruptible()
  if (options.render !== undefined) return draw([options.render], options.render, output, signal)
  if (options.out === undefined) throw new UsageError('--out is missing: the folder for jobs and tables')
  if (name === COLLECT) {
    if (folders.length === 0) throw new UsageError(`${COLLECT}: give the folders of the shards`)
    return draw(folders, options.out, output, signal)
  }
  if ((await stat(options.out).catch(() => undefined))?.isFile())
    throw new UsageError(`--out: ${options.out} is a file, expected a folder`)
  if (name === ATTENTION_FIGURES) return drawAttention(options.out, options, output, signal)
  if (options.trial !== undefined)
    throw new UsageError(`--trial is of ${ATTENTION_FIGURES}, and of no other experiment`)
  checkCounts(options)
  await make(await tablesOf(name, options), options.out, options, output, signal)
}

/** Ways in which nothing is run, and the options that each of them reads. */
const READ = { example: ['--example'], render: ['--render'], collect: ['--out'] } as const
/** Options of how a command says what it does. */
const SAYING = ['--json', '--quiet']

/** @throws UsageError for what was given and would change nothing, where tables are only drawn, collected, or shown by an example */
function refuseUnread(name: string | undefined, command: Command): void {
  const given = command.options.filter((of) => command.getOptionValueSource(of.attributeName()) === 'cli')
  const flags = given.map(({ long }) => long!)
  const mode = flags.includes('--example') ? 'example' : flags.includes('--render') ? 'render' : name
  if (mode !== 'example' && mode !== 'render' && mode !== COLLECT) return
  const called = mode === COLLECT ? COLLECT : `--${mode}`
  if (mode !== COLLECT && name !== undefined)
    throw new UsageError(`${called} takes no '${name}'; leave one of them out`)
  const unread = flags.find((flag) => ![...READ[mode], ...SAYING].includes(flag))
  if (unread !== undefined) throw new UsageError(`${called} does not read ${unread}; leave it out`)
}

/** The named tables, or the one of --grid. @throws UsageError, FormatError */
async function tablesOf(name: string | undefined, { grid }: ExperimentCommandOptions): Promise<Tables> {
  if (grid === undefined) {
    if (name === undefined) throw new UsageError(`name an experiment (${EXPERIMENTS.join(', ')}), or give --grid`)
    return experimentsCalled(name)
  }
  if (name !== undefined) throw new UsageError(`'${name}' and --grid are two experiments; give one`)
  const text = await readFile(grid, 'utf8').catch(() => {
    throw new FormatError(`${grid} cannot be read`)
  })
  return { grids: [parseGrid(text, grid)] }
}

async function make(
  tables: Tables,
  out: string,
  options: ExperimentCommandOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  if (options.data === undefined) throw new UsageError('--data is missing: one folder or several')
  const shared = sharedSettings(options)
  const opened = await openStudies(options, out, output, signal)
  const studies = opened.map(({ study }) => study)
  const protocols = options.protocol === 'all' ? PROTOCOLS : [options.protocol]
  const control = options.control === true
  const plan = await planTables(tables, studies, { protocols, repeats: options.repeats, control, shared, signal })
  requireJobs(plan)
  const jobs = options.shard ? jobsOfShard(plan.jobs, options.shard) : plan.jobs
  if (options.plan) {
    const estimate = await estimatePlan(jobs, out, options, signal)
    const document = { out, plan: true, jobs: jobs.map(jobOf), ...estimate }
    return output.result(toDocument('experiment', document), planText(plan, jobs, opened, estimate))
  }
  const failed = await runJobsOf(plan, jobs, opened, out, options, output, signal)
  await draw([out], out, output, signal, { plan, failed })
}

/** @throws UsageError where tables of runs were asked for, and nothing of them can be run */
function requireJobs({ grids, jobs, facts }: PlanDocument): void {
  const cells = grids.flatMap(({ grid, cells: of }) => of.map((cell) => ({ ...cell, grid })))
  const first = cells.find(({ row, grid }) => grid.rows[row]!.method !== 'quoted')
  if (first && jobs.length === 0 && facts.length === 0)
    throw new UsageError(`nothing of ${first.grid.name} can be run: ${first.missing!}`)
}

const runJobsOf = (
  plan: PlanDocument,
  jobs: PlanDocument['jobs'],
  opened: readonly OpenedStudy[],
  out: string,
  options: ExperimentCommandOptions,
  output: Output,
  signal: AbortSignal,
): Promise<FailedJob[]> =>
  runPlan(
    plan,
    jobs,
    { out, opened, processes: options.jobs, ...(options.adapter !== undefined && { adapter: options.adapter }) },
    output,
    signal,
  )

const jobOf = ({ hash, method, fold, train, parameters, config }: PlanDocument['jobs'][number]) => ({
  ...{ hash, method, fold, train, parameters },
  ...{ dimension: config.dimension, seed: config.seed, epochs: config.epochs },
})

/** Tables of what is done in some folders, written into one. @throws CheckError when jobs failed */
async function draw(
  folders: readonly string[],
  out: string,
  output: Output,
  signal: AbortSignal,
  { plan, failed = [] }: { plan?: PlanDocument; failed?: readonly FailedJob[] } = {},
): Promise<void> {
  const outputs = folders.map((folder) => ({ store: requireFolder(folder), name: folder }))
  const { collected, files, notes } = await writeTables(outputs, new NodeStore(out), plan, output, signal)
  for (const line of notes) output.note(line)
  for (const { hash, reason } of failed) output.note(`job ${hash.slice(0, 12)} failed: ${reason}`)
  output.result(
    toDocument('experiment', summaryOf(collected, resolve(out), files, notes, failed)),
    tablesText(collected, out),
  )
  if (failed.length > 0)
    throw new CheckError(
      `${failed.length} of ${collected.plan.jobs.length} jobs failed, the first: ${failed[0]!.reason}; the same command tries them again`,
    )
}

/** Others may run their part in the same folder: whoever writes last has seen all that was finished by then. */
async function writeTables(
  outputs: Parameters<typeof collect>[0],
  store: NodeStore,
  plan: PlanDocument | undefined,
  output: Output,
  signal: AbortSignal,
): Promise<{ collected: CollectedAll; files: string[]; notes: string[] }> {
  for (;;) {
    const bar = output.progress('judging', 1)
    const collected = await collect(outputs, {
      ...(plan && { plan }),
      signal,
      onProgress: (done, total) => bar.update(0, `${done} of ${total} cells`, done / total),
    }).finally(bar.stop)
    const rendered = filesOf(collected)
    for (const { path, content } of rendered) await store.write(path, content)
    if ((await resultsFound(outputs, collected.plan)) !== collected.found) continue
    const { pngs, absent, note } = await pngsOf(rendered, signal)
    for (const path of absent) await store.remove(path)
    for (const { path, content } of pngs) await store.write(path, content)
    const files = [...rendered, ...pngs].map(({ path }) => path)
    return { collected, files, notes: [...collected.notes, ...(note === undefined ? [] : [note])] }
  }
}

const summaryOf = (
  { tables, plan }: CollectedAll,
  out: string,
  files: string[],
  notes: string[],
  failed: readonly FailedJob[],
) => ({
  ...{ out, name: basename(out), plan: false, files, notes },
  failed: failed.map(({ hash, reason }) => ({ hash, reason })),
  jobs: plan.jobs.length,
  tables: tables.map(({ grid, done, jobs, cells, ratings = [] }) => {
    const all = [...cells, ...ratings]
    return {
      ...{ name: grid.name, done, jobs },
      judged: all.filter(({ judgement }) => judgement).length,
      missing: all.filter(({ missing }) => missing !== undefined).length,
      cells: all.length,
    }
  }),
})
