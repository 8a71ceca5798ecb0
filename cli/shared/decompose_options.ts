// The options of `decompose`: how recordings are read, prepared, decomposed and written.
import type { Command } from 'commander'
import type { BaselineCorrection } from '../../src/cvxeda/params.ts'
import type { Form, SolverName } from '../../src/cvxeda/solver.ts'
import { SOLVER_NAMES, SOLVERS } from '../../src/cvxeda/solvers.ts'
import type { BatchOptions } from '../../src/recording/batch.ts'
import { readEvents } from '../../src/reading/events.ts'
import { wholeText } from '../../src/reading/text.ts'
import { FORMATS, TIMES, type Format, type Times } from '../../src/recording/files.ts'
import type { SampleColumn } from '../../src/recording/tables.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { fileSource } from '../../src/store/node_source.ts'
import { addReadingOptions, readingOptions, type ReadingFlags } from './reading_options.ts'
import { given, oneOf, positive, real } from './values.ts'

/** What these options say. */
export interface DecomposeFlags extends ReadingFlags {
  format: Format
  columns?: readonly SampleColumn[]
  gaps: 'refuse' | 'split'
  timeOut: Times
  zscore: boolean
  minAmplitude?: number
  offSkin?: number
  events?: 'phasic' | 'driver'
  eventsFile?: string
  epochs?: { from: number; to: number }
  tau0?: number
  tau1?: number
  knots?: number
  alpha?: number
  gamma?: number
  baseline?: BaselineCorrection
  solver?: SolverName
  form?: Form
  device: 'auto' | 'gpu' | 'cpu'
}

export function addDecomposeOptions(command: Command): Command {
  return addReadingOptions(command)
    .option('--format <csv|npz>', 'of the tables', oneOf('--format', FORMATS), 'csv')
    .option('--columns <list>', 'of NAME.csv, such as EDA_Tonic,EDA_Phasic (all)', columns)
    .option(
      '--gaps <refuse|split>',
      'over 1 s: refuse the recording, or decompose what lies between',
      oneOf('--gaps', ['refuse', 'split']),
      'refuse',
    )
    .option(
      '--time-out <relative|absolute>',
      'absolute: tables have the time by the file’s clock too',
      oneOf('--time-out', TIMES),
      'relative',
    )
    .option('--no-zscore', 'decompose the recording as it is (see below)')
    .option(
      '--min-amplitude <x>',
      'least amplitude of a response, in the unit (0.01 µS); noise or large responses may ask for more',
      positive('--min-amplitude'),
    )
    .option(
      '--off-skin <x>',
      'this or less was recorded off the skin (0.05 µS on the wrist, else nothing)',
      real('--off-skin'),
    )
    .option(
      '--events <phasic|driver>',
      'driver: tell dense responses apart (phasic)',
      oneOf('--events', ['phasic', 'driver']),
    )
    .option('--events-file <file>', 'table of events (onset in s, duration, label): a row each around and during them')
    .option('--epochs <from:to>', "seconds around each event, or around the recording's own markers (-1:9)", epochs)
    .option('--tau0 <s>', 'slow time constant (2)', positive('--tau0'))
    .option('--tau1 <s>', 'fast time constant (0.7)', positive('--tau1'))
    .option('--knots <s>', 'seconds between knots of the tonic spline (10)', positive('--knots'))
    .option('--alpha <x>', 'sparsity of the driver (0.0008)', positive('--alpha'))
    .option('--gamma <x>', 'penalty of the tonic spline (0.01)', positive('--gamma'))
    .option('--baseline <0|1|2|spline_offset>', 'drift: none, constant, line, sum of splines (2)', baseline)
    .option(`--solver <${SOLVER_NAMES.join('|')}>`, 'on the GPU (interior-point)', oneOf('--solver', SOLVER_NAMES))
    .option(
      '--form <name>',
      'of the interior point: by signal, or along time (by batch and length)',
      oneOf('--form', ['per-signal', 'along-time']),
    )
    .option(
      '--device <auto|gpu|cpu>',
      'cpu: float64, by as many threads as there are cores; auto: by number and length (docs/cvxeda.md)',
      oneOf('--device', ['auto', 'gpu', 'cpu']),
      'auto',
    )
}

/** `EDA_Tonic,EDA_Phasic`; what is none of them, the batch refuses before it reads. */
const columns = (text: string): readonly SampleColumn[] => text.split(',').map((name) => name.trim() as SampleColumn)

/** `-1:9` */
function epochs(text: string): { from: number; to: number } {
  const [from, to, ...more] = text.split(':').map(real('--epochs'))
  if (from !== undefined && to !== undefined && more.length === 0 && from <= 0 && to > 0) return { from, to }
  throw new UsageError(`--epochs is '${text}', expected seconds before and after an event, such as -1:9`)
}

/** Around which events tables are made, if any are asked for. */
export async function epochOptions({ eventsFile, epochs }: DecomposeFlags): Promise<Pick<BatchOptions, 'epochs'>> {
  if (eventsFile === undefined) return epochs ? { epochs } : {}
  const events = readEvents(await wholeText(await fileSource(eventsFile)), eventsFile)
  return { epochs: { ...(epochs ?? { from: -1, to: 9 }), events } }
}

function baseline(text: string): BaselineCorrection {
  const word = oneOf('--baseline', ['0', '1', '2', 'spline_offset'])(text)
  return word === 'spline_offset' ? word : (Number(word) as BaselineCorrection)
}

/** What the options ask of `analyseFiles`. */
export function batchOptions(options: DecomposeFlags): BatchOptions {
  const { format, gaps, timeOut: times, zscore, minAmplitude, offSkin, events, solver, form, columns } = options
  const { tau0, tau1, knots, alpha, gamma, baseline } = options
  return {
    format,
    gaps,
    times,
    zscore,
    ...given({ minAmplitude, offSkin, eventsFrom: events, columns }),
    reading: readingOptions(options),
    solving: given({
      ...{ tau0, tau1, deltaKnot: knots, alpha, gamma, baselineCorrection: baseline, form },
      solver: solver && SOLVERS[solver],
    }),
  }
}
