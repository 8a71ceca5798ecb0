import { resolve } from 'node:path'
import { Command } from 'commander'
import { toDocument } from '../src/formats/documents.ts'
import { UsageError } from '../src/runtime/errors.ts'
import { NodeStore } from '../src/store/node.ts'
import { prepareFolder, preparedBefore, type PrepareFolderOptions } from '../src/train/prepare_folder.ts'
import type { Preparation } from '../src/train/preparation.ts'
import { isPrepared } from '../src/train/prepared_files.ts'
import { adapterOption, interruptible } from './shared/context.ts'
import { DATA, requireFolder } from './shared/data_options.ts'
import { openDevice, type DeviceOptions } from './shared/open_device.ts'
import { inOwnFolder } from './shared/own_folder.ts'
import { facts, lateBar, Output, percent, type OutputOptions } from './shared/output.ts'
import { addPrepareOptions, preparationOf, type PrepareFlags } from './shared/prepare_options.ts'
import { integer, oneOf, real } from './shared/values.ts'

interface PrepareCommandOptions extends OutputOptions, DeviceOptions, PrepareFlags {
  data: string
  out: string
  length: number
  drop: number
}

const DEVICES = ['auto', 'gpu', 'cpu'] as const

/** What one call of a batch is like: trials of one length, too few for an adapter that is software. */
const CALL = { signals: 32, samples: 1 << 16 }

/** Skipped trials that are told one by one. */
const SHOWN = 20

const help = `
Without --pass both listenings of a dataset that has two are prepared; a model reads those of its own dimension.
A preparation that is stopped goes on when the same command is given again, and one that is whole and of the same files
and settings is left as it is. With --cache decompositions are kept for preparations of another --length or --drop.

Examples:
  galvani prepare --data study --out study-prepared
  galvani prepare --data PMEmo2018 --out pmemo --exclude quality:zero,flat
  galvani prepare --data DEAP --gsr negate --features deap_songs.csv --out deap`

export function prepareCommand(): Command {
  const prepare = new Command('prepare')
    .description('Check a dataset, decompose it with cvxEDA and write model inputs with a manifest.')
    .requiredOption('--data <dir>', DATA)
    .requiredOption('--out <dir>', 'folder to write')
  return addPrepareOptions(prepare)
    .option('--length <n>', 'points per channel', integer('--length'), 2500)
    .option('--drop <s>', 'seconds cut from the start of each trial', real('--drop'), 3)
    .option('--device <kind>', 'auto, gpu or cpu', oneOf('--device', DEVICES), 'auto' as const)
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText('after', help)
    .action(prepareAction)
}

async function prepareAction(options: PrepareCommandOptions): Promise<void> {
  const output = new Output(options)
  const data = requireFolder(options.data)
  const store = new NodeStore(options.out)
  if (await isPrepared(data))
    throw new UsageError(`${options.data} is prepared already; give the folder of the dataset itself`)
  if (resolve(options.out) === resolve(options.data))
    throw new UsageError(`--out ${options.out} is the dataset itself; give another folder, which may lie in it`)
  await inOwnFolder(store, options.out, (lost) => prepareInto(data, store, { ...options, lost }, output))
}

async function prepareInto(
  data: NodeStore,
  store: NodeStore,
  options: PrepareCommandOptions & { lost: AbortSignal },
  output: Output,
): Promise<void> {
  const settings = await preparationOf(options.data, options, options)
  const before = await preparedBefore(data, store, settings)
  if (before) output.note(`nothing has changed since ${options.out} was prepared; it is left as it is`)
  const preparation = before ?? (await prepare(data, store, settings, options, output))
  for (const note of preparation.notes) output.note(note)
  const { summary, sources: _, features: _f, settings: _s, versions: _v, ...rest } = preparation
  const result = { out: options.out, unchanged: before !== undefined, ...summary, ...rest }
  output.result(toDocument('prepare', result), describe(result))
}

async function prepare(
  data: NodeStore,
  store: NodeStore,
  settings: PrepareFolderOptions,
  options: PrepareCommandOptions & { lost: AbortSignal },
  output: Output,
): Promise<Preparation> {
  const signal = AbortSignal.any([interruptible(), options.lost])
  const { device, close } = await openDevice(options, CALL)
  const bar = lateBar(output, 'trials')
  try {
    return await prepareFolder(device, data, store, { ...settings, signal, onProgress: bar.update })
  } catch (error) {
    if (signal.aborted) output.note('what is decomposed is kept; the same command goes on from there')
    throw error
  } finally {
    bar.stop()
    await close()
  }
}

type Result = Pick<Preparation, 'usable' | 'statuses' | 'labels' | 'skipped'> &
  Preparation['summary'] & { out: string; unchanged: boolean }

function describe(r: Result): string {
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
  const skipped = r.skipped.slice(0, SHOWN).map(({ source, reason }) => `skipped ${source}: ${reason}`)
  const more = r.skipped.length - skipped.length
  if (more > 0) skipped.push(`skipped ${more} more, which ${r.out}/manifest.json lists`)
  return [facts(rows), ...skipped, `${r.unchanged ? 'kept' : 'wrote'} ${r.out}`].join('\n')
}
