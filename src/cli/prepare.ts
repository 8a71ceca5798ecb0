import { Command } from 'commander'
import { labelTrials, type SubjectLabels } from '../data/labels.ts'
import { summarise } from '../data/summary.ts'
import { loadTrialTable } from '../data/trial_table.ts'
import { DIMENSIONS, type TrialSet } from '../data/trial.ts'
import { FormatError } from '../runtime/errors.ts'
import { NodeStore } from '../store/node.ts'
import { prepareTrials } from '../train/prepare.ts'
import { savePrepared } from '../train/prepared_files.ts'
import { datasetName, interruptible, requireFolder, withGpu } from './context.ts'
import { Output, percent, table, type OutputOptions } from './output.ts'
import { integer, positive, real } from './values.ts'

interface PrepareCommandOptions extends OutputOptions {
  data: string
  out: string
  rate?: number
  length: number
  drop: number
}

export function prepareCommand(): Command {
  return new Command('prepare')
    .description('Check a dataset, decompose it with cvxEDA and write model inputs with a manifest.')
    .requiredOption('--data <dir>', 'folder with trials.csv and eda.csv (and music.csv)')
    .requiredOption('--out <dir>', 'folder to write')
    .option('--rate <hz>', 'sampling rate, when the files do not say', positive('--rate'))
    .option('--length <n>', 'points per channel', integer('--length'), 2500)
    .option('--drop <s>', 'seconds cut from the start of each trial', real('--drop'), 3)
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText('after', '\nExample:\n  galvani prepare --data study --out study-prepared')
    .action(prepareAction)
}

async function prepareAction(options: PrepareCommandOptions): Promise<void> {
  const output = new Output(options)
  const name = datasetName(options.data)
  const set = await loadTrialTable(requireFolder(options.data), { name, ...(options.rate && { sampleRate: options.rate }) })
  const signal = interruptible()
  await withGpu(async (gpu) => {
    const bar = output.progress('cvxEDA', set.trials.length)
    const { length, drop: dropSeconds } = options
    const prepared = await prepareTrials(gpu, set, { length, dropSeconds, onProgress: (done: number) => bar.update(done), signal }).finally(bar.stop)
    await savePrepared(new NodeStore(options.out), prepared)
    const summary = summarise(set.trials)
    const labels = Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, balance(set, dimension)]))
    const statuses = countBy(prepared.trials.map(({ status }) => status))
    const result = { out: options.out, ...summary, usable: prepared.trials.length, statuses, labels, skipped: prepared.skipped }
    output.result(result, describe(result))
  })
}

interface Balance {
  trials: number
  high: number
  weak: string[]
  subjects: SubjectLabels[]
}

/** Class balance under the paper's labels; null where there are no usable ratings. */
function balance(set: TrialSet, dimension: (typeof DIMENSIONS)[number]): Balance | null {
  try {
    const { labels, subjects } = labelTrials(set.trials, dimension, { kind: 'two-means' })
    const high = labels.reduce((sum, label) => sum + label, 0)
    return { trials: labels.length, high, weak: subjects.filter(({ weak }) => weak).map(({ subject }) => subject), subjects }
  } catch (error) {
    if (error instanceof FormatError) return null
    throw error
  }
}

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

function describe(r: ReturnType<typeof summarise> & { out: string; usable: number; statuses: Record<string, number>; labels: Record<string, Balance | null>; skipped: { source: string; reason: string }[] }): string {
  const facts = [
    ['trials', `${r.trials} (${r.usable} usable)`],
    ['subjects', String(r.subjects)],
    ['stimuli', String(r.stimuli)],
    ['sampling rate', `${r.sampleRates.join(', ')} Hz`],
    ['seconds', `${r.seconds.least.toFixed(1)} to ${r.seconds.most.toFixed(1)}, median ${r.seconds.median.toFixed(1)}`],
    ['level', `${r.level.toPrecision(3)} ${r.units.join(', ')}`],
    ['missing, zero, flat', [r.missing, r.zero, r.flat].map(percent).join(', ')],
    ['cvxEDA', Object.entries(r.statuses).map(([status, count]) => `${count} ${status}`).join(', ')],
    ...Object.entries(r.labels).map(([dimension, b]) => [
      `${dimension}, 2-means`,
      b ? `${percent(b.high / b.trials)} high; centres close together in ${b.weak.length} subjects` : 'no usable ratings',
    ]),
  ]
  const skipped = r.skipped.map(({ source, reason }) => `skipped ${source}: ${reason}`)
  return [table(['', ''], facts).trimStart(), ...skipped, `wrote ${r.out}`].join('\n')
}
