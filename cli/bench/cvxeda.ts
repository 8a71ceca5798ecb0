import { basename, dirname } from 'node:path'
import { Command } from 'commander'
import { timeDecompose, type CvxedaRun } from '../../bench/cvxeda.ts'
import { startReference, type Reference } from '../../bench/cvxeda_reference.ts'
import { cvxedaResult, type CvxedaResult, type MeasuredReference } from '../../bench/cvxeda_result.ts'
import { measureProbes } from '../../bench/probes.ts'
import { longestOf, fitPower, measureScaling, type Scaling, type ScalingPoint } from '../../bench/scaling.ts'
import { randomWindows, syntheticSignals, type SignalSet } from '../../bench/signals.ts'
import { adapterName } from '../../bench/step.ts'
import { SOLVERS, type DecomposeOptions, type SolverName } from '../../src/cvxeda/decompose.ts'
import { chooseForm } from '../../src/cvxeda/interior_point.ts'
import type { Form } from '../../src/cvxeda/solver.ts'
import { toDocument } from '../../src/formats/documents.ts'
import { readRecording } from '../../src/recording/read.ts'
import { benchReport, type BenchFigure } from '../../bench/pages/cvxeda.ts'
import { CheckError, UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import type { OpenOptions } from '../../src/runtime/node.ts'
import { fillGaps } from '../../src/signal/gaps.ts'
import { NodeStore } from '../../src/store/node.ts'
import { count, mebibytes, milliseconds, probeFacts } from './options.ts'
import { adapterOption, interruptible, withGpu } from '../shared/context.ts'
import { readTextFile } from '../shared/files.ts'
import { facts, Output, percent, type OutputOptions } from '../shared/output.ts'
import { integer, oneOf, positive } from '../shared/values.ts'

/** Rounds of each point of the scaling plot. */
const SCALING_ROUNDS = 3

interface Options extends OutputOptions, OpenOptions {
  signals: number
  n: number
  rate?: number
  recording?: string
  seed: number
  solver: SolverName
  form?: Form
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
  galvani bench cvxeda --reference cvxEDA.py --python /usr/bin/python3
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
    .option('--solver <name>', SOLVERS.join(' or '), oneOf('--solver', SOLVERS), 'interior-point' as const)
    .option(
      '--form <form>',
      'of the interior point: per-signal or along-time (default: by batch and length)',
      oneOf('--form', ['per-signal', 'along-time'] as const),
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
  if (options.form && options.solver !== 'interior-point')
    throw new UsageError('--form is of --solver interior-point only')
  const output = new Output(options)
  const source = await signalSource(options)
  const abort = interruptible()
  const result = await withGpu(options, async (gpu) => {
    const settings = { sampleRate: source.sampleRate, signal: abort, ...solverOf(gpu, options) }
    const figures = await measure(gpu, source, settings, options, output)
    const scaling =
      options.scaling || options.html !== undefined ? await scale(gpu, source, settings, options, output) : null
    return { ...figures, signals_from: source.name, ...(scaling && { scaling }) }
  })
  const lines = resultFacts(result)
  if (options.html !== undefined) await writeReport(options.html, result, lines)
  output.result(toDocument('bench-cvxeda', result), facts(lines))
  const peer = result.reference_run
  if (peer && !peer.agrees) {
    const [r, t] = [peer.phasic_nrmse.toExponential(1), peer.tonic_nrmse.toExponential(1)]
    throw new CheckError(
      `the reference found something else (nrmse of the phasic part ${r}, tonic ${t}); the times say nothing`,
    )
  }
}

type Size = Pick<SignalSet, 'signals' | 'n'>

/** Where signals of any number and length come from. */
interface SignalSource {
  name: string
  sampleRate: number
  /** Samples of the longest signal there is. */
  longest: number
  make: (set: Size) => Float64Array[]
}

async function signalSource({ recording: file, rate, n, seed }: Options): Promise<SignalSource> {
  if (file === undefined) {
    const sampleRate = rate ?? 50
    const make = (size: Size) => syntheticSignals({ ...size, sampleRate, seed })
    return { name: `synthetic, seed ${seed}`, sampleRate, longest: Infinity, make }
  }
  const recording = readRecording(await readTextFile(file), file, rate === undefined ? {} : { sampleRate: rate })
  const { samples } = fillGaps(recording.eda, recording.sampleRate, file)
  if (n > samples.length) throw new UsageError(`--n ${n}: ${file} has only ${samples.length} samples`)
  return {
    name: `windows of ${basename(file)}, seed ${seed}`,
    sampleRate: recording.sampleRate,
    longest: samples.length,
    make: (size) => randomWindows(samples, { ...size, seed }),
  }
}

type Settings = DecomposeOptions & { sampleRate: number; solver: SolverName }

/** One form for all sizes, so that a scaling plot compares like with like. */
function solverOf(gpu: Gpu, { solver, form, n, signals, scaling, html }: Options): Pick<Settings, 'solver' | 'form'> {
  const longest = scaling || html !== undefined ? longestOf(n) : n
  return solver === 'interior-point' ? { solver, form: form ?? chooseForm(gpu, longest, signals) } : { solver }
}

/** The rounds of both programs, and then the probes, whose buffers must not count as the solver's. */
async function measure(
  gpu: Gpu,
  source: SignalSource,
  settings: Settings,
  options: Options,
  output: Output,
): Promise<CvxedaResult> {
  const { rounds, n } = options
  const signals = source.make({ signals: options.signals, n })
  const peer = await openReference(options, signals, settings)
  const bar = output.progress('cvxEDA', rounds)
  let run: CvxedaRun
  let reference: MeasuredReference | null = null
  try {
    const times: number[] = []
    run = await timeDecompose(gpu, signals, settings, rounds, async (round) => {
      if (peer) times.push(await peer.round())
      bar.update(round)
    })
    if (peer) reference = { rounds: times, versions: peer.versions, parts: await peer.parts() }
  } finally {
    bar.stop()
    await peer?.close()
  }
  const measured = { run, reference, gpuPeakBytes: gpu.peakBytes, probes: await measureProbes(gpu) }
  return cvxedaResult({ ...measured, ...settings, form: settings.form ?? null, adapter: adapterName(gpu), n })
}

async function openReference(
  options: Options,
  signals: readonly Float64Array[],
  { sampleRate, signal: abort }: Settings,
): Promise<Reference | null> {
  const { reference: path, python, referenceSignals } = options
  if (path === undefined) return null
  return await startReference({ path, python, signals: signals.slice(0, referenceSignals), sampleRate, signal: abort })
}

async function scale(
  gpu: Gpu,
  source: SignalSource,
  settings: Settings,
  options: Options,
  output: Output,
): Promise<Scaling> {
  output.note('measuring how the time grows')
  return await measureScaling(options.signals, options.n, source.longest, async (signals, n) => {
    const { rounds } = await timeDecompose(gpu, source.make({ signals, n }), settings, SCALING_ROUNDS)
    return Math.min(...rounds)
  })
}

type Result = CvxedaResult & { signals_from: string; scaling?: Scaling }

function resultFacts(result: Result): [string, string][] {
  const form = result.form === null ? '' : `, form ${result.form}`
  const statuses = Object.entries(result.statuses).map(([status, number]) => `${number} ${status}`)
  const { scaling } = result
  const lines: [string, string][] = [
    ['Adapter', result.adapter],
    ['Signals', `${result.signals} of ${result.n} samples at ${result.rate} Hz (${result.signals_from})`],
    ['Solver', `${result.solver}${form}: ${statuses.join(', ')}`],
    ['Iterations', `median ${result.iterations}, most ${result.iterations_max}`],
    [
      'A signal',
      `${milliseconds(result.ms_per_signal_median)} (least ${milliseconds(result.ms_per_signal_min)}, ` +
        `spread ${percent(result.spread)} of ${result.rounds} rounds)`,
    ],
    ['First call', `${milliseconds(result.first_call_ms)} with compilation, all signals`],
    [
      'Floor',
      `${milliseconds(result.floor_ms)} a signal (${(result.flops / 1e6).toFixed(1)} MFLOP, ` +
        `${(result.bytes / 1e6).toFixed(1)} MB); it takes ${(result.ms_per_signal_median / result.floor_ms).toFixed(1)} times as long`,
    ],
    ...probeFacts(result),
    [
      'Memory',
      `${mebibytes(result.gpu_peak_bytes)} of the GPU, ${mebibytes(result.rss_peak_bytes)} of the process, at most`,
    ],
    ...referenceFacts(result),
  ]
  if (scaling) lines.push(['Growth', `n^${scaling.slope_n.toFixed(2)}, signals^${scaling.slope_signals.toFixed(2)}`])
  return lines
}

function referenceFacts({ reference_ms_per_signal, reference_run, speedup }: CvxedaResult): [string, string][] {
  const ratio: [string, string] = ['Speed-up', `${speedup.toPrecision(3)} times`]
  const time = milliseconds(reference_ms_per_signal)
  if (!reference_run)
    return [['Python reference', `${time} a signal (figures of another machine, not run here)`], ratio]
  const { signals, phasic_nrmse, tonic_nrmse, agrees } = reference_run
  const errors = `nrmse of r ${phasic_nrmse.toExponential(1)}, of t ${tonic_nrmse.toExponential(1)}`
  return [
    ['Python reference', `${time} a signal (measured in turn with ours, on ${signals} of the signals)`],
    ['Agreement', `${agrees ? 'yes' : 'NO'}: ${errors}`],
    ratio,
  ]
}

async function writeReport(file: string, { scaling }: Result, lines: [string, string][]): Promise<void> {
  const figure = (size: 'n' | 'signals', points: readonly ScalingPoint[], caption: string): BenchFigure => {
    const pairs = points.map((point) => [point[size], point.ms] as const)
    return {
      caption,
      size: size === 'n' ? 'Samples of a signal' : 'Signals',
      time: 'Call (ms)',
      points: pairs,
      fit: fitPower(pairs),
    }
  }
  const { over_n, over_signals } = scaling ?? { over_n: [], over_signals: [] }
  const figures = [
    figure('n', over_n, `${over_n[0]?.signals} signals, by length`),
    figure('signals', over_signals, `Signals of ${over_signals[0]?.n} samples, by number`),
  ]
  const page = benchReport({ title: 'cvxEDA: time of a decomposition', facts: lines, figures })
  await new NodeStore(dirname(file)).write(basename(file), page)
}
