import { Command } from 'commander'
import { classBalance, type Balance } from '../src/evaluation/class_balance.ts'
import { Overview, type DataSummary } from '../src/datasets/overview.ts'
import type { Dimension } from '../src/datasets/trial.ts'
import { toDocument } from '../src/formats/documents.ts'
import { UsageError } from '../src/runtime/errors.ts'
import type { OpenOptions } from '../src/runtime/node.ts'
import { NodeStore } from '../src/store/node.ts'
import { prepareTrials } from '../src/train/prepare.ts'
import { savePrepared } from '../src/train/prepared_files.ts'
import { adapterOption, computing, openDataset, withGpu } from './shared/context.ts'
import { facts, Output, percent, type OutputOptions } from './shared/output.ts'
import { integer, positive, real } from './shared/values.ts'

interface PrepareCommandOptions extends OutputOptions, OpenOptions {
  data: string
  out: string
  rate?: number
  length: number
  drop: number
}

export function prepareCommand(): Command {
  return new Command('prepare')
    .description('Check a dataset, decompose it with cvxEDA and write model inputs with a manifest.')
    .requiredOption('--data <dir>', 'trials.csv and eda.csv (and music.csv), or the files of DEAP or AMIGOS')
    .requiredOption('--out <dir>', 'folder to write')
    .option('--rate <hz>', 'sampling rate, when the files do not say', positive('--rate'))
    .option('--length <n>', 'points per channel', integer('--length'), 2500)
    .option('--drop <s>', 'seconds cut from the start of each trial', real('--drop'), 3)
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText('after', '\nExample:\n  galvani prepare --data study --out study-prepared')
    .action(prepareAction)
}

async function prepareAction(options: PrepareCommandOptions): Promise<void> {
  const output = new Output(options)
  const dataset = await openDataset(options)
  if (dataset.kind === 'prepared')
    throw new UsageError(`${options.data} is prepared already; give the folder with trials.csv and eda.csv`)
  const { set } = dataset
  for (const note of set.notes ?? []) output.note(note)
  const work = computing(output)
  await withGpu(options, async (gpu) => {
    const { length, drop: dropSeconds } = options
    const prepared = await work(({ onProgress, signal }) =>
      prepareTrials(gpu, set, { length, dropSeconds, onProgress, signal }),
    )
    await savePrepared(new NodeStore(options.out), prepared)
    const overview = new Overview()
    for (const trial of set.trials) overview.add(trial)
    const summary = overview.summary()
    const labels = { arousal: classBalance(set.trials, 'arousal'), valence: classBalance(set.trials, 'valence') }
    const statuses = countBy(prepared.trials.map(({ status }) => status))
    const result = {
      out: options.out,
      ...summary,
      usable: prepared.trials.length,
      statuses,
      labels,
      skipped: prepared.skipped,
    }
    output.result(toDocument('prepare', result), describe(result))
  })
}

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

function describe(
  r: DataSummary & {
    out: string
    usable: number
    statuses: Record<string, number>
    labels: Record<Dimension, Balance | null>
    skipped: { source: string; reason: string }[]
  },
): string {
  const rows: [string, string][] = [
    ['trials', `${r.trials} (${r.usable} usable)`],
    ['subjects', String(r.subjects)],
    ['stimuli', String(r.stimuli)],
    ['sampling rate', `${r.sampleRates.join(', ')} Hz`],
    ['seconds', `${r.seconds.least.toFixed(1)} to ${r.seconds.most.toFixed(1)}, median ${r.seconds.median.toFixed(1)}`],
    ['level', `${r.level?.toPrecision(3) ?? 'none'} ${r.units.join(', ')}`],
    ['missing, zero, flat', [r.missing, r.zero, r.flat].map(percent).join(', ')],
    [
      'cvxEDA',
      Object.entries(r.statuses)
        .map(([status, count]) => `${count} ${status}`)
        .join(', '),
    ],
    ...Object.entries(r.labels).map(([dimension, b]): [string, string] => [
      `${dimension}, 2-means`,
      b
        ? `${percent(b.high / b.trials)} high; centres close together in ${b.weak.length} subjects`
        : 'no usable ratings',
    ]),
  ]
  const skipped = r.skipped.map(({ source, reason }) => `skipped ${source}: ${reason}`)
  return [facts(rows), ...skipped, `wrote ${r.out}`].join('\n')
}
