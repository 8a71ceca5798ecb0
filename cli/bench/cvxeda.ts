import { basename, dirname } from 'node:path'
import { Command } from 'commander'
import { benchCvxeda, type CvxedaFigures, type Measured } from '../../bench/cvxeda_bench.ts'
import { cvxedaPage } from '../../bench/pages/cvxeda.ts'
import { recordingSource, syntheticSource, type SignalSource } from '../../bench/signal_source.ts'
import type { Form, SolverName } from '../../src/cvxeda/solver.ts'
import { SOLVER_NAMES } from '../../src/cvxeda/solvers.ts'
import { toDocument } from '../../src/formats/documents.ts'
import { CheckError, UsageError } from '../../src/runtime/errors.ts'
import type { OpenOptions } from '../../src/runtime/node.ts'
import { openCpu } from '../../src/runtime/node_cpu.ts'
import { NodeStore } from '../../src/store/node.ts'
import { fileSource } from '../../src/store/node_source.ts'
import { cvxedaFacts } from './cvxeda_facts.ts'
import { count } from './options.ts'
import { adapterOption, interruptible, withGpu } from '../shared/context.ts'
import { facts, Output, type OutputOptions } from '../shared/output.ts'
import { integer, oneOf, positive } from '../shared/values.ts'

interface Options extends OutputOptions, OpenOptions {
  signals: number
  n: number
  rate?: number
  recording?: string
  seed: number
  solver: SolverName
  form?: Form
  device: 'gpu' | 'cpu' | 'both'
  rounds: number
  reference?: string
  python: string
  referenceSignals: number
  scaling?: boolean
  html?: string
}

const examples = `
All times are of whole calls, from arrays on the host to arrays on the host.

Examples:
  galvani bench cvxeda --signals 256 --n 1500 --rate 50 --json
  galvani bench cvxeda --device both --reference cvxEDA.py --python /usr/bin/python3
  galvani bench cvxeda --recording EDA.csv --n 960 --form along-time
  galvani bench cvxeda --scaling --html cvxeda.html
  galvani bench cvxeda --signals 8000 --n 2000 --rounds 1`

export function benchCvxedaCommand(): Command {
  return new Command('cvxeda')
    .description('Time the decomposition of many signals, beside the floor of this adapter and the Python reference.')
    .option('--signals <n>', 'signals of a call', count('--signals'), 256)
    .option('--n <n>', 'samples of a signal', count('--n'), 1500)
    .option('--rate <hz>', "sampling rate (50, or the recording's own)", positive('--rate'))
    .option('--recording <file>', 'take random windows of this recording instead of made-up signals')
    .option('--seed <n>', 'of the signals', integer('--seed'), 1)
    .option('--solver <name>', SOLVER_NAMES.join(' or '), oneOf('--solver', SOLVER_NAMES), 'interior-point' as const)
    .option(
      '--form <form>',
      'of the interior point: per-signal or along-time (default: by batch and length)',
      oneOf('--form', ['per-signal', 'along-time'] as const),
    )
    .option(
      '--device <gpu|cpu|both>',
      'what is measured: the adapter, float64 on the CPU, or both in turn',
      oneOf('--device', ['gpu', 'cpu', 'both'] as const),
      'gpu' as const,
    )
    .option('--rounds <n>', 'calls that are timed, after one that is not', count('--rounds'), 7)
    .option('--reference <file>', 'a copy of cvxEDA.py, run in turn with ours on the same signals')
    .option('--python <program>', 'an interpreter with numpy and cvxopt', 'python3')
    .option('--reference-signals <n>', 'how many of the signals the reference gets', count('--reference-signals'), 32)
    .option('--scaling', 'measure how the time grows with n and with the number of signals')
    .option('--html <file>', 'write the figures and the scaling plots as one HTML file')
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText('after', examples)
    .action(cvxedaAction)
}

async function cvxedaAction(options: Options): Promise<void> {
  const { signals, n, solver, form, rounds, reference: path, python, referenceSignals, scaling = false, html } = options
  if (options.device === 'cpu' && (form || solver !== 'interior-point'))
    throw new UsageError('--form and --solver are of an adapter; --device cpu has neither')
  if (form && solver !== 'interior-point') throw new UsageError('--form is of --solver interior-point only')
  const output = new Output(options)
  const source = await signalSource(options)
  const abort = interruptible()
  const result = await withDevices(options, async (devices) => {
    const bar = output.progress('cvxEDA', rounds)
    return await benchCvxeda(devices, {
      ...{ source, signals, n, solver, form, rounds, scaling: scaling || html !== undefined, signal: abort },
      reference: path === undefined ? null : { path, python, signals: referenceSignals },
      onRound: (round) => {
        bar.update(round)
        if (round === rounds) bar.stop()
      },
      onScaling: () => output.note('measuring how the time grows'),
    }).finally(bar.stop)
  })
  const lines = cvxedaFacts(result)
  if (html !== undefined) await new NodeStore(dirname(html)).write(basename(html), cvxedaPage(lines, result.scaling))
  output.result(toDocument('bench-cvxeda', result), facts(lines))
  requireAgreement(result)
}

/** Opens what is to be measured, for the time of `work`. */
async function withDevices<T>(options: Options, work: (devices: Measured) => Promise<T>): Promise<T> {
  const cpu = options.device === 'gpu' ? null : openCpu()
  try {
    return options.device === 'cpu'
      ? await work({ gpu: null, cpu })
      : await withGpu(options, (gpu) => work({ gpu, cpu }))
  } finally {
    cpu?.close()
  }
}

async function signalSource({ recording: file, rate, n, seed }: Options): Promise<SignalSource> {
  return file === undefined ? syntheticSource(rate, seed) : await recordingSource(await fileSource(file), rate, seed, n)
}

/** @throws CheckError when the reference found something else */
function requireAgreement({ reference_run, on_cpu }: CvxedaFigures): void {
  const other = [reference_run, on_cpu?.agreement].find((one) => one && !one.agrees)
  if (!other) return
  const [r, t] = [other.phasic_nrmse.toExponential(1), other.tonic_nrmse.toExponential(1)]
  throw new CheckError(
    `the reference found something else (nrmse of the phasic part ${r}, tonic ${t}); the times say nothing`,
  )
}
