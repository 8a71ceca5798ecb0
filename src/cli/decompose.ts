import { basename, dirname, extname, resolve } from 'node:path'
import { Command } from 'commander'
import { decompose, type Decomposition } from '../cvxeda/decompose.ts'
import { readRecording } from '../data/recording.ts'
import type { Recording } from '../data/trial.ts'
import { formatCsv } from '../formats/csv.ts'
import { DeviceLostError, FormatError, GalvaniError, UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { OpenOptions } from '../runtime/node.ts'
import { decompositionSvg } from '../report/decomposition.ts'
import { fillGaps } from '../signal/gaps.ts'
import { zscore } from '../signal/normalize.ts'
import { NodeStore } from '../store/node.ts'
import { adapterOption, interruptible, withGpu } from './context.ts'
import { readTextFile } from './files.ts'
import { Output, table, type OutputOptions } from './output.ts'
import { positive } from './values.ts'

/** A recording of less than one response (rise and decay) has nothing to decompose. */
const SHORTEST_SECONDS = 5

interface DecomposeCommandOptions extends OutputOptions, OpenOptions {
  out: string
  rate?: number
  time?: string
  eda?: string
  zscore: boolean
  tau0?: number
  tau1?: number
  knots?: number
  alpha?: number
  gamma?: number
}

/** What the JSON beside each CSV says. */
interface FileResult {
  file: string
  status: Decomposition['status'] | 'refused'
  /** Why it was refused, or may be wrong. */
  reason?: string
  samples?: number
  sampleRate?: number
  filled?: number
  iterations?: number
  objective?: number
  /** The recording was (eda - mean) / std before the decomposition; all columns are in these units. */
  zscore?: { mean: number; std: number }
  outputs?: string[]
}

interface Refused {
  file: string
  error: GalvaniError
}

/** What to do about a decomposition that was returned but may be wrong. */
const DOUBTS: Partial<Record<Decomposition['status'], string>> = {
  'max-iterations': 'the tolerance was not reached; look at the figure before use, or cut the recording into shorter parts',
  'badly-scaled': 'alpha is too small for numbers of this size; leave --no-zscore out, or raise --alpha',
}

export function decomposeCommand(): Command {
  return new Command('decompose')
    .description('Decompose skin-conductance recordings into phasic, tonic and driver (cvxEDA).')
    .argument('<files...>', 'CSV with a header, Empatica EDA.csv, or bare numbers with --rate')
    .requiredOption('--out <dir>', 'folder for one CSV, JSON and SVG per file')
    .option('--rate <hz>', 'sampling rate; wins over a time column', positive('--rate'))
    .option('--time <column>', 'column of seconds')
    .option('--eda <column>', 'column of skin conductance')
    .option('--no-zscore', 'decompose the recording as it is (alpha is meant for z-scored input)')
    .option('--tau0 <s>', 'slow time constant (2)', positive('--tau0'))
    .option('--tau1 <s>', 'fast time constant (0.7)', positive('--tau1'))
    .option('--knots <s>', 'seconds between knots of the tonic spline (10)', positive('--knots'))
    .option('--alpha <x>', 'sparsity of the driver (0.0008)', positive('--alpha'))
    .option('--gamma <x>', 'penalty of the tonic spline (0.01)', positive('--gamma'))
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText('after', '\nExamples:\n  galvani decompose EDA.csv --out out\n  galvani decompose a.csv b.csv --rate 50 --out out --json')
    .action(decomposeAction)
}

async function decomposeAction(files: string[], options: DecomposeCommandOptions): Promise<void> {
  const output = new Output(options)
  const store = new NodeStore(options.out)
  const names = outputNames(files)
  requireOutputsBeside(files, names, options.out)
  const recordings = await Promise.all(files.map((file) => readOne(file, options)))
  const outcomes = recordings.every((recording) => recording instanceof GalvaniError)
    ? recordings.map((error, i) => ({ file: files[i] as string, error }))
    : await decomposeAll(files, names, recordings, store, options, output)
  const errors = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []))
  const [first] = errors
  if (first && files.length === 1 && !options.json) throw first
  const results = outcomes.map((outcome) => ('error' in outcome ? refusal(outcome) : outcome))
  const rows = results.map((r) => [r.file, r.status, String(r.iterations ?? ''), r.objective?.toPrecision(6) ?? '', r.reason ?? ''])
  output.result({ out: options.out, files: results }, table(['file', 'status', 'iterations', 'objective', 'reason'], rows))
  if (first) throw new FormatError(`${errors.length} of ${files.length} files were refused; the first: ${first.message}`)
}

/** The files' own names; where these repeat (Empatica's are all EDA.csv) with their folder's name in front. */
function outputNames(files: readonly string[]): string[] {
  const names = files.map((file) => basename(file, extname(file)))
  if (new Set(names).size === names.length) return names
  const longer = names.map((name, i) => `${basename(dirname(resolve(files[i] as string)))}_${name}`)
  const repeated = longer.find((name, i) => longer.indexOf(name) !== i)
  if (repeated === undefined) return longer
  throw new UsageError(`two files would both become ${repeated}.csv; decompose them into different --out folders`)
}

/** @throws UsageError when a result would replace a recording */
function requireOutputsBeside(files: readonly string[], names: readonly string[], out: string): void {
  const written = new Set(names.map((name) => resolve(out, `${name}.csv`)))
  const overwritten = files.find((file) => written.has(resolve(file)))
  if (overwritten !== undefined) throw new UsageError(`--out ${out} would replace ${overwritten} by its result; choose another folder`)
}

const refusal = ({ file, error }: Refused): FileResult => ({ file, status: 'refused', reason: error.message })

async function decomposeAll(
  files: readonly string[],
  names: readonly string[],
  recordings: readonly (Recording | GalvaniError)[],
  store: NodeStore,
  options: DecomposeCommandOptions,
  output: Output,
): Promise<(FileResult | Refused)[]> {
  const signal = interruptible()
  const bar = output.progress('cvxEDA', files.length)
  const results: (FileResult | Refused)[] = []
  return withGpu(options, async (gpu) => {
    for (const [i, recording] of recordings.entries()) {
      results.push(await decomposeOne(gpu, store, names[i] as string, files[i] as string, recording, options, signal))
      bar.update(i + 1)
    }
    return results
  }).finally(bar.stop)
}

async function readOne(file: string, { rate, time, eda }: DecomposeCommandOptions): Promise<Recording | GalvaniError> {
  try {
    const text = await readTextFile(file)
    return readRecording(text, file, {
      ...(rate !== undefined && { sampleRate: rate }),
      ...(time !== undefined && { timeColumn: time }),
      ...(eda !== undefined && { edaColumn: eda }),
    })
  } catch (error) {
    if (error instanceof GalvaniError) return error
    throw error
  }
}

interface Prepared {
  /** What is decomposed: the recording without gaps, z-scored unless that is turned off. */
  eda: Float64Array
  filled: number
  zscore?: { mean: number; std: number }
}

function prepare({ eda, sampleRate }: Recording, file: string, standardise: boolean): Prepared {
  requireSeconds(eda.length, sampleRate, file)
  const { samples, filled } = fillGaps(eda, sampleRate, file)
  if (!standardise) return { eda: samples, filled }
  const { z, mean, std } = zscore(samples)
  return { eda: z, filled, zscore: { mean, std } }
}

/** What is wrong with one recording, or too large for the device in it, leaves the others alone. */
async function decomposeOne(
  gpu: Gpu,
  store: NodeStore,
  name: string,
  file: string,
  recording: Recording | GalvaniError,
  options: DecomposeCommandOptions,
  signal: AbortSignal,
): Promise<FileResult | Refused> {
  if (recording instanceof GalvaniError) return { file, error: recording }
  const { sampleRate } = recording
  let prepared: Prepared
  let found: Decomposition
  try {
    prepared = prepare(recording, file, options.zscore)
    found = (await decompose(gpu, [prepared.eda], { sampleRate, signal, ...solverOptions(options) }))[0] as Decomposition
  } catch (error) {
    if (!(error instanceof GalvaniError) || error instanceof DeviceLostError || error instanceof UsageError) throw error
    return { file, error }
  }
  const { eda, ...rest } = prepared
  const { status, iterations, objective } = found
  const reason = DOUBTS[status]
  const outputs = await writeOutputs(store, name, eda, found, sampleRate, options.zscore)
  const result: FileResult = {
    ...{ file, status, ...(reason !== undefined && { reason }) },
    ...{ samples: eda.length, sampleRate, ...rest, iterations, objective, outputs },
  }
  await store.write(`${name}.json`, `${JSON.stringify(result, null, 1)}\n`)
  return result
}

function requireSeconds(samples: number, sampleRate: number, file: string): void {
  const seconds = samples / sampleRate
  if (seconds >= SHORTEST_SECONDS) return
  throw new FormatError(
    `${file}: ${samples} samples (${Number(seconds.toPrecision(3))} s) at ${sampleRate} Hz are too short; ` +
      `at least ${SHORTEST_SECONDS} s are needed`,
  )
}

function solverOptions({ tau0, tau1, knots, alpha, gamma }: DecomposeCommandOptions) {
  return {
    ...(tau0 !== undefined && { tau0 }),
    ...(tau1 !== undefined && { tau1 }),
    ...(knots !== undefined && { deltaKnot: knots }),
    ...(alpha !== undefined && { alpha }),
    ...(gamma !== undefined && { gamma }),
  }
}

async function writeOutputs(
  store: NodeStore,
  name: string,
  eda: Float64Array,
  { phasic, tonic, driver, residual }: Decomposition,
  sampleRate: number,
  standardised: boolean,
): Promise<string[]> {
  const time = Float64Array.from(eda, (_, i) => i / sampleRate)
  const columns = [time, eda, phasic, tonic, driver, residual]
  const digits = (value: number): string => String(Number(value.toPrecision(9)))
  function* rows(): Generator<string[]> {
    for (let i = 0; i < eda.length; i++) yield columns.map((column) => digits(column[i] as number))
  }
  const header = ['time_s', 'eda', 'phasic', 'tonic', 'driver', 'residual']
  await store.write(`${name}.csv`, formatCsv(header, rows()))
  const unit = standardised ? 'z' : 'µS'
  await store.write(`${name}.svg`, decompositionSvg({ time, eda, phasic, tonic, driver, unit, title: name }))
  return ['csv', 'json', 'svg'].map((extension) => `${name}.${extension}`)
}
