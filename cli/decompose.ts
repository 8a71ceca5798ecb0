import { basename, resolve } from 'node:path'
import { Command } from 'commander'
import { SOLVERS, type SolverName } from '../src/cvxeda/decompose.ts'
import type { BaselineCorrection } from '../src/cvxeda/problem.ts'
import type { Form } from '../src/cvxeda/solver.ts'
import { toDocument } from '../src/formats/documents.ts'
import { analyseFiles, type BatchOptions, type Outcome } from '../src/recording/batch.ts'
import { contactSheet } from '../src/recording/contact_sheet.ts'
import { FORMATS, type Format } from '../src/recording/files.ts'
import { FormatError } from '../src/runtime/errors.ts'
import type { Gpu } from '../src/runtime/gpu.ts'
import { openGpu, type OpenOptions } from '../src/runtime/node.ts'
import { NodeStore } from '../src/store/node.ts'
import { adapterOption, interruptible } from './shared/context.ts'
import { readTextFile } from './shared/files.ts'
import { listInputs, type Input } from './shared/inputs.ts'
import { Output, table, type OutputOptions } from './shared/output.ts'
import { oneOf, positive } from './shared/values.ts'

interface DecomposeCommandOptions extends OutputOptions, OpenOptions {
  out: string
  format: Format
  rate?: number
  time?: string
  eda?: string
  unit: string
  gaps: 'refuse' | 'split'
  zscore: boolean
  minAmplitude?: number
  tau0?: number
  tau1?: number
  knots?: number
  alpha?: number
  gamma?: number
  baseline?: BaselineCorrection
  solver?: SolverName
  form?: Form
  device: 'gpu' | 'cpu'
}

const help = `
NAME.csv has a row a sample: time_s, EDA_Raw (as recorded, short gaps filled), EDA_Tonic, EDA_Phasic, EDA_Driver,
EDA_Residual, and NeuroKit2's columns SCR_Onsets, SCR_Peaks, SCR_Height, SCR_Amplitude, SCR_RiseTime, SCR_Recovery,
SCR_RecoveryTime. NAME.events.csv has a row a response, NAME.json how it was solved, level, response and quality figures.

z-scoring: alpha weighs the driver against the residual, so it suits numbers of one size only; its default is meant for a
recording of mean 0 and deviation 1. The recording is therefore z-scored, decomposed, and all parts are given back in its
own unit: EDA_Raw = EDA_Tonic + EDA_Phasic + EDA_Residual. --no-zscore decomposes the numbers as they are.

Examples:
  galvani decompose EDA.csv --out out
  galvani decompose study --out out --gaps split --format npz
  galvani decompose a.csv b.csv --rate 50 --min-amplitude 0.01 --out out --json`

export function decomposeCommand(): Command {
  return new Command('decompose')
    .description(
      'Decompose skin-conductance recordings into phasic, tonic and driver (cvxEDA), and find their responses.',
    )
    .argument('<files...>', 'CSV with a header, Empatica EDA.csv, or bare numbers with --rate; or folders of these')
    .requiredOption(
      '--out <dir>',
      'folder for the tables, a JSON and an SVG per recording, and a page over all of them',
    )
    .option('--format <csv|npz>', 'of the tables', oneOf('--format', FORMATS), 'csv')
    .option('--rate <hz>', 'sampling rate; wins over a time column', positive('--rate'))
    .option('--time <column>', 'column of seconds')
    .option('--eda <column>', 'column of skin conductance')
    .option('--unit <name>', 'unit of the recordings', 'µS')
    .option(
      '--gaps <refuse|split>',
      'over 1 s: refuse the recording, or decompose what lies between',
      oneOf('--gaps', ['refuse', 'split']),
      'refuse',
    )
    .option('--no-zscore', 'decompose the recording as it is (see below)')
    .option(
      '--min-amplitude <x>',
      'least amplitude of a response, in the unit (a tenth of the largest)',
      positive('--min-amplitude'),
    )
    .option('--tau0 <s>', 'slow time constant (2)', positive('--tau0'))
    .option('--tau1 <s>', 'fast time constant (0.7)', positive('--tau1'))
    .option('--knots <s>', 'seconds between knots of the tonic spline (10)', positive('--knots'))
    .option('--alpha <x>', 'sparsity of the driver (0.0008)', positive('--alpha'))
    .option('--gamma <x>', 'penalty of the tonic spline (0.01)', positive('--gamma'))
    .option('--baseline <0|1|2|spline_offset>', 'drift: none, constant, line, sum of splines (2)', baseline)
    .option(`--solver <${SOLVERS.join('|')}>`, 'on the GPU (interior-point)', oneOf('--solver', SOLVERS))
    .option(
      '--form <name>',
      'of the interior point: by signal, or along time (by batch and length)',
      oneOf('--form', ['per-signal', 'along-time']),
    )
    .option('--device <gpu|cpu>', 'cpu: float64, for a machine without a GPU', oneOf('--device', ['gpu', 'cpu']), 'gpu')
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText('after', help)
    .action(decomposeAction)
}

function baseline(text: string): BaselineCorrection {
  const word = oneOf('--baseline', ['0', '1', '2', 'spline_offset'])(text)
  return word === 'spline_offset' ? word : (Number(word) as BaselineCorrection)
}

async function decomposeAction(paths: string[], options: DecomposeCommandOptions): Promise<void> {
  const output = new Output(options)
  const store = new NodeStore(options.out)
  const inputs = listInputs(paths, options.out, options.format)
  const outcomes = await run(inputs, store, options, output)
  const errors = outcomes.flatMap(({ error }) => (error ? [error] : []))
  const [first] = errors
  if (first && inputs.length === 1 && !options.json) throw first
  requireRecordings(outcomes)
  if (outcomes.length > 1 && errors.length < outcomes.length) {
    const title = basename(resolve(paths.length === 1 ? (paths[0] as string) : options.out))
    await store.write(
      'index.html',
      contactSheet(
        title,
        outcomes.map(({ entry }) => entry),
      ),
    )
  }
  output.result(
    toDocument('decompose', { out: options.out, files: outcomes.map(({ result }) => result) }),
    overview(outcomes),
  )
  if (first)
    throw new FormatError(`${errors.length} of ${inputs.length} files were refused; the first: ${first.message}`)
}

/** Decomposes and writes; the device is opened for the first recording that can be read, and closed at the end. */
async function run(
  inputs: readonly Input[],
  store: NodeStore,
  options: DecomposeCommandOptions,
  output: Output,
): Promise<Outcome[]> {
  const abort = interruptible()
  const bar = output.progress('cvxEDA', inputs.length)
  let gpu: Gpu | undefined
  const device = async (): Promise<Gpu | 'cpu'> => {
    if (options.device === 'cpu') return 'cpu'
    return (gpu = await openGpu(options.adapter === undefined ? {} : { adapter: options.adapter }))
  }
  try {
    const files = inputs.map((input) => ({ ...input, text: () => readTextFile(input.file) }))
    return await analyseFiles(device, files, store, {
      ...settingsOf(options),
      signal: abort,
      onProgress: (done) => bar.update(done),
    })
  } finally {
    bar.stop()
    await gpu?.close()
  }
}

function settingsOf(options: DecomposeCommandOptions): BatchOptions {
  const {
    rate,
    time,
    eda,
    unit,
    format,
    gaps,
    zscore,
    minAmplitude,
    tau0,
    tau1,
    knots,
    alpha,
    gamma,
    baseline,
    solver,
    form,
  } = options
  return {
    unit,
    format,
    gaps,
    zscore,
    ...given({ minAmplitude }),
    reading: given({ sampleRate: rate, timeColumn: time, edaColumn: eda }),
    solving: given({ tau0, tau1, deltaKnot: knots, alpha, gamma, baselineCorrection: baseline, solver, form }),
  }
}

/** The settings that have a value. */
const given = <T extends object>(settings: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

/** @throws FormatError if nothing in the folders was a recording */
function requireRecordings(outcomes: readonly Outcome[]): void {
  if (outcomes.some(({ result }) => result.status !== 'skipped')) return
  throw new FormatError(
    `none of ${outcomes.length} .csv files is a recording; the first: ${outcomes[0]?.result.reason}`,
  )
}

/** A row a recording, then what is to be said of single ones. */
function overview(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ result: { file, status, features } }) => {
    if (!features) return [file, status]
    const { EDA_Tonic_Mean: level, SCR_Peaks_N: count, SCR_Rate: rate, SCR_Peaks_Amplitude_Mean: amplitude } = features
    return [
      file,
      status,
      level.toPrecision(4),
      String(count),
      rate.toFixed(1),
      count > 0 ? amplitude.toPrecision(3) : '',
    ]
  })
  const notes = outcomes.flatMap(({ result, entry }) =>
    entry.notes.map((note) => (note.startsWith(result.file) ? note : `${result.file}: ${note}`)),
  )
  return [table(['file', 'status', 'level', 'responses', 'per min', 'amplitude'], rows), ...notes].join('\n')
}
