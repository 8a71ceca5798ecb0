import { Command, Option } from 'commander'
import { SOLVERS, type SolverName } from '../src/cvxeda/decompose.ts'
import { toDocument } from '../src/formats/documents.ts'
import { readRecording } from '../src/recording/read.ts'
import type { Recording } from '../src/datasets/trial.ts'
import { CheckError, FormatError, GalvaniError, UsageError } from '../src/runtime/errors.ts'
import type { Gpu } from '../src/runtime/gpu.ts'
import type { OpenOptions } from '../src/runtime/node.ts'
import type { CaseResult } from '../src/verify/case.ts'
import type { Method } from '../src/verify/cvxeda.ts'
import { verifyFixtures } from '../src/verify/fixtures.ts'
import { verifyKernels } from '../src/verify/kernels.ts'
import { verifyQp } from '../src/verify/qp.ts'
import { verifyRecordings, type WindowFailure, type WindowSummary } from '../src/verify/recordings.ts'
import { adapterOption, interruptible, requireFolder, withGpu } from './shared/context.ts'
import { Output, table, type OutputOptions, type Progress } from './shared/output.ts'
import { integer } from './shared/values.ts'

/** Random quadratic programs among the checks of this machine. */
const PROGRAMS = 500

interface VerifyOptions extends OutputOptions, OpenOptions, Method {
  fixtures?: string
  recordings?: string
  windows?: number
  seed?: number
  solver?: SolverName
  device?: 'cpu'
}

export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'Check every kernel against float64 on this machine, every case of a fixture folder, or cvxEDA on recordings.',
    )
    .option('--fixtures <dir>', 'folder with index.json')
    .option(
      '--recordings <dir>',
      'folder of recordings (CSV): random windows of them by cvxEDA, against its float64 solver',
    )
    .option('--windows <n>', 'how many windows (1000)', integer('--windows'))
    .option('--seed <s>', 'seed of the windows (1)', integer('--seed'))
    .addOption(new Option('--solver <name>', 'cvxEDA solver (default: each)').choices(SOLVERS))
    .addOption(
      new Option('--form <form>', 'form of the interior point (default: each)').choices(['per-signal', 'along-time']),
    )
    .addOption(new Option('--device <name>', 'cpu: fixtures by the float64 solver, without a GPU').choices(['cpu']))
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      '\nExamples:\n  galvani verify\n  galvani verify --fixtures fixtures --json\n  galvani verify --recordings recordings --windows 200',
    )
    .action(verifyAction)
}

async function verifyAction(options: VerifyOptions): Promise<void> {
  checkOptions(options)
  const output = new Output(options)
  const bar = lateBar(output)
  try {
    if (options.recordings === undefined) await verifyCases(options, output, bar)
    else await verifyWindows(options, options.recordings, output, bar)
  } finally {
    bar.stop()
  }
}

/** @throws UsageError when options do not go together */
function checkOptions({ fixtures, recordings, windows, seed, solver, form, device }: VerifyOptions): void {
  if (fixtures !== undefined && recordings !== undefined)
    throw new UsageError('--fixtures and --recordings are two checks; run one')
  if (recordings === undefined && (windows ?? seed) !== undefined)
    throw new UsageError('--windows and --seed belong to --recordings')
  if (windows !== undefined && windows < 1) throw new UsageError(`--windows is ${windows}, expected at least 1`)
  if ((solver ?? form ?? device) !== undefined && (fixtures ?? recordings) === undefined) {
    throw new UsageError('--solver, --form and --device belong to --fixtures or --recordings')
  }
  if (form !== undefined && solver !== undefined && solver !== 'interior-point')
    throw new UsageError(`--solver ${solver} has no forms`)
  if (device === 'cpu' && recordings !== undefined)
    throw new UsageError('--recordings compares a GPU with the CPU; leave --device out')
  if (device === 'cpu' && (solver ?? form) !== undefined)
    throw new UsageError('--device cpu has one solver and no forms')
}

const methodOf = ({ solver, form }: VerifyOptions): Method => ({ ...(solver && { solver }), ...(form && { form }) })

/** A bar that knows its length only at the first step. */
function lateBar(output: Output): { update: (done: number, total: number, note?: string) => void; stop: () => void } {
  let bar: Progress | null = null
  return {
    update: (done, total, note) => {
      bar ??= output.progress('verify', total)
      bar.update(done, note)
    },
    stop: () => bar?.stop(),
  }
}

async function verifyCases(options: VerifyOptions, output: Output, bar: ReturnType<typeof lateBar>): Promise<void> {
  const { fixtures, device } = options
  const onCase = (result: CaseResult, done: number, total: number): void => bar.update(done, total, result.name)
  const folder = fixtures === undefined ? null : requireFolder(fixtures)
  const settings = { onCase, ...methodOf(options) }
  const cases =
    folder && device === 'cpu'
      ? await verifyFixtures('cpu', folder, fixtures ?? '', settings)
      : await withGpu(options, (gpu) =>
          folder ? verifyFixtures(gpu, folder, fixtures ?? '', settings) : verifyOwn(gpu, onCase),
        )
  bar.stop()
  const { passed, failed, skipped } = countsOf(cases)
  const rows = cases
    .filter(({ status }) => status !== 'passed')
    .map((c) => [c.name, c.status, c.tensor ?? '', String(c.error), String(c.tolerance)])
  const text = [
    ...(rows.length > 0 ? [table(['case', 'status', 'of', 'error', 'tolerance'], rows)] : []),
    ...(cases.some(({ method }) => method) ? [methodTable(cases)] : []),
    `${passed} passed, ${failed} failed, ${skipped} skipped`,
  ]
  output.result(toDocument('verify', { passed, failed, skipped, cases }), text.join('\n'))
  if (passed + failed === 0) throw new CheckError(`${fixtures ?? 'this machine'}: nothing was checked`)
  if (failed > 0) throw new CheckError(`${failed} of ${cases.length} cases failed`)
}

/** Every kernel, then random quadratic programs. */
async function verifyOwn(
  gpu: Gpu,
  onCase: (result: CaseResult, done: number, total: number) => void,
): Promise<CaseResult[]> {
  const kernels = await verifyKernels(gpu, { onCase })
  return [...kernels, ...(await verifyQp(gpu, PROGRAMS, 1))]
}

function countsOf(cases: readonly CaseResult[]): Record<CaseResult['status'], number> {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { status } of cases) counts[status]++
  return counts
}

/** cvxEDA's cases by solver and form. */
function methodTable(cases: readonly CaseResult[]): string {
  const methods = new Set(cases.flatMap(({ method }) => method ?? []))
  const rows = [...methods].map((name) => {
    const { passed, failed, skipped } = countsOf(cases.filter(({ method }) => method === name))
    return [name, String(passed), String(failed), String(skipped)]
  })
  return table(['cvxEDA solver', 'passed', 'failed', 'skipped'], rows)
}

/** Every recording among the folder's CSV files; the others are named. @throws FormatError if there is none */
async function readRecordings(path: string, output: Output): Promise<Recording[]> {
  const folder = requireFolder(path)
  const files = (await folder.list('')).filter((name) => name.toLowerCase().endsWith('.csv'))
  const recordings: Recording[] = []
  for (const file of files) {
    try {
      recordings.push(readRecording(await folder.readText(file), file))
    } catch (error) {
      if (!(error instanceof GalvaniError)) throw error
      output.note(`left out: ${error.message}`)
    }
  }
  if (recordings.length === 0) throw new FormatError(`${path}: none of its ${files.length} CSV files is a recording`)
  return recordings
}

async function verifyWindows(
  options: VerifyOptions,
  path: string,
  output: Output,
  bar: ReturnType<typeof lateBar>,
): Promise<void> {
  const { windows = 1000, seed = 1 } = options
  const recordings = await readRecordings(path, output)
  const abort = interruptible()
  const onProgress = (done: number, total: number): void => bar.update(done, total)
  const { summaries, failures } = await withGpu(options, (gpu) =>
    verifyRecordings(gpu, recordings, { windows, seed, signal: abort, onProgress, ...methodOf(options) }),
  )
  bar.stop()
  const done = summaries.reduce((sum, { windows }) => sum + windows, 0)
  const text = `${summaryTable(summaries)}\n${failures.length > 0 ? `${failureTable(failures)}\n` : ''}`
  output.result(
    toDocument('verify-recordings', {
      ...{ windows, seed, recordings: recordings.length },
      ...{ failed: failures.length, summaries, failures },
    }),
    `${text}${done - failures.length} of ${done} windows passed`,
  )
  if (failures.length > 0) throw new CheckError(`${failures.length} of ${done} windows failed`)
}

const short = (value: number): string => value.toExponential(1)

function summaryTable(summaries: readonly WindowSummary[]): string {
  const statuses = (counts: WindowSummary['statuses']): string =>
    Object.entries(counts)
      .map(([name, n]) => `${n} ${name}`)
      .join(', ')
  return table(
    ['solver', 'windows', 'failed', 'gap', 'nrmse(r)', 'nrmse(t)', 'iterations', 'statuses'],
    summaries.map((s) => [
      `${s.method}, ${s.disturbance}`,
      String(s.windows),
      String(s.failed),
      short(s.gap),
      short(s.phasic),
      short(s.tonic),
      String(s.iterations),
      statuses(s.statuses),
    ]),
  )
}

function failureTable(failures: readonly WindowFailure[]): string {
  return table(
    ['failed', 'from s', 'Hz', 'samples', 'status', 'gap', 'nrmse(r)', 'nrmse(t)'],
    failures.map((f) => [
      `${f.method}, ${f.disturbance}, ${f.source}`,
      f.start.toFixed(2),
      String(f.sampleRate),
      String(f.samples),
      f.status,
      short(f.gap),
      short(f.phasic),
      short(f.tonic),
    ]),
  )
}
