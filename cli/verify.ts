import { Command, Option } from 'commander'
import { SOLVER_NAMES } from '../src/cvxeda/solvers.ts'
import { toDocument } from '../src/formats/documents.ts'
import { recordingsOf } from '../src/recording/folder.ts'
import { CheckError, UsageError } from '../src/runtime/errors.ts'
import type { Gpu } from '../src/runtime/gpu.ts'
import type { OpenOptions } from '../src/runtime/node.ts'
import { countsOf, type CaseResult } from '../src/verify/case.ts'
import type { Method } from '../src/verify/cvxeda.ts'
import { verifyFixtures, type VerifyHooks } from '../src/verify/fixtures.ts'
import { verifyMachine } from '../src/verify/machine.ts'
import { verifyPrograms } from '../src/verify/programs.ts'
import { verifyRecordings } from '../src/verify/recordings.ts'
import { adapterOption, interruptible, withGpu } from './shared/context.ts'
import { requireFolder } from './shared/data_options.ts'
import { lateBar, Output, type LateBar, type OutputOptions } from './shared/output.ts'
import { integer } from './shared/values.ts'
import { casesText, windowsText } from './shared/verify_tables.ts'

interface VerifyOptions extends OutputOptions, OpenOptions, Method {
  fixtures?: string
  programs?: string
  recordings?: string
  windows?: number
  seed?: number
  device?: 'cpu'
}

export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'Check every kernel against float64 on this machine, every case of a fixture folder, quadratic programs whose optima ' +
        'are known, or cvxEDA on recordings.',
    )
    .option('--fixtures <dir>', 'folder with index.json')
    .option('--programs <dir>', 'folder with problems.json: quadratic programs and their optima')
    .option(
      '--recordings <dir>',
      'folder of recordings (CSV): random windows of them by cvxEDA, against its float64 solver',
    )
    .option('--windows <n>', 'how many windows (1000)', integer('--windows'))
    .option('--seed <s>', 'seed of the windows (1)', integer('--seed'))
    .addOption(new Option('--solver <name>', 'cvxEDA solver (default: each)').choices(SOLVER_NAMES))
    .addOption(
      new Option('--form <form>', 'form of the interior point (default: each)').choices(['per-signal', 'along-time']),
    )
    .addOption(
      new Option('--device <name>', 'cpu: fixtures or programs by the float64 solver, without a GPU').choices(['cpu']),
    )
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      '\nExamples:\n  galvani verify\n  galvani verify --fixtures fixtures --json\n  galvani verify --programs maros-meszaros\n  galvani verify --recordings recordings --windows 200',
    )
    .action(verifyAction)
}

async function verifyAction(options: VerifyOptions): Promise<void> {
  checkOptions(options)
  const output = new Output(options)
  const bar = lateBar(output, 'verify')
  try {
    if (options.recordings === undefined) await verifyCases(options, output, bar)
    else await verifyWindows(options, options.recordings, output, bar)
  } finally {
    bar.stop()
  }
}

/** @throws UsageError when options do not go together */
function checkOptions(options: VerifyOptions): void {
  const { fixtures, programs, recordings, windows, seed, solver, form, device } = options
  if ([fixtures, programs, recordings].filter((folder) => folder !== undefined).length > 1)
    throw new UsageError('--fixtures, --programs and --recordings are three checks; run one')
  if (recordings === undefined && (windows ?? seed) !== undefined)
    throw new UsageError('--windows and --seed belong to --recordings')
  if (windows !== undefined && windows < 1) throw new UsageError(`--windows is ${windows}, expected at least 1`)
  if ((solver ?? form) !== undefined && (fixtures ?? recordings) === undefined)
    throw new UsageError('--solver and --form belong to --fixtures or --recordings')
  if (device !== undefined && (fixtures ?? programs ?? recordings) === undefined)
    throw new UsageError('--device belongs to --fixtures or --programs')
  if (form !== undefined && solver !== undefined && solver !== 'interior-point')
    throw new UsageError(`--solver ${solver} has no forms`)
  if (device === 'cpu' && recordings !== undefined)
    throw new UsageError('--recordings compares a GPU with the CPU; leave --device out')
  if (device === 'cpu' && (solver ?? form) !== undefined)
    throw new UsageError('--device cpu has one solver and no forms')
}

const methodOf = ({ solver, form }: VerifyOptions): Method => ({ ...(solver && { solver }), ...(form && { form }) })

/** What is checked: fixtures or programs of a folder, or this machine. */
async function casesOf(options: VerifyOptions, onCase: VerifyHooks['onCase'] & object): Promise<CaseResult[]> {
  const { fixtures, programs } = options
  const onDevice = <T>(work: (device: Gpu | 'cpu') => Promise<T>): Promise<T> =>
    options.device === 'cpu' ? work('cpu') : withGpu(options, work)
  const folder = fixtures ?? programs
  if (folder === undefined) return await withGpu(options, (gpu) => verifyMachine(gpu, { onCase }))
  const store = requireFolder(folder)
  if (programs !== undefined) return await onDevice((device) => verifyPrograms(device, store, folder))
  return await onDevice((device) => verifyFixtures(device, store, folder, { onCase, ...methodOf(options) }))
}

async function verifyCases(options: VerifyOptions, output: Output, bar: LateBar): Promise<void> {
  const cases = await casesOf(options, (result, done, total) => bar.update(done, total, result.name))
  bar.stop()
  const { passed, failed, skipped } = countsOf(cases)
  output.result(toDocument('verify', { passed, failed, skipped, cases }), casesText(cases))
  if (passed + failed === 0)
    throw new CheckError(`${options.fixtures ?? options.programs ?? 'this machine'}: nothing was checked`)
  if (failed > 0) throw new CheckError(`${failed} of ${cases.length} cases failed`)
}

async function verifyWindows(options: VerifyOptions, path: string, output: Output, bar: LateBar): Promise<void> {
  const { windows = 1000, seed = 1 } = options
  const recordings = await recordingsOf(requireFolder(path), path, (message) => output.note(`left out: ${message}`))
  const abort = interruptible()
  const onProgress = (done: number, total: number): void => bar.update(done, total)
  const { summaries, failures } = await withGpu(options, (gpu) =>
    verifyRecordings(gpu, recordings, { windows, seed, signal: abort, onProgress, ...methodOf(options) }),
  )
  bar.stop()
  const done = summaries.reduce((sum, { windows }) => sum + windows, 0)
  output.result(
    toDocument('verify-recordings', {
      ...{ windows, seed, recordings: recordings.length },
      ...{ failed: failures.length, summaries, failures },
    }),
    windowsText(summaries, failures, done),
  )
  if (failures.length > 0) throw new CheckError(`${failures.length} of ${done} windows failed`)
}
