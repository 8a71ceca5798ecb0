import { Command, CommanderError } from 'commander'
import { GalvaniError } from '../src/runtime/errors.ts'
import { VERSION } from '../src/version.ts'
import { Interrupted } from './shared/context.ts'
import { benchCommand } from './bench/bench.ts'
import { decomposeCommand } from './decompose.ts'
import { doctorCommand } from './doctor.ts'
import { evalCommand } from './eval.ts'
import { fixturesCommand } from './fixtures.ts'
import { predictCommand } from './predict.ts'
import { prepareCommand } from './prepare.ts'
import { reportCommand } from './report.ts'
import { summaryCommand } from './summary.ts'
import { trainCommand } from './train.ts'
import { tuneCommand } from './tune.ts'
import { verifyCommand } from './verify.ts'

const FAILED = 1
const WRONG_USAGE = 2
const INTERRUPTED = 130

const commands = [
  doctorCommand,
  fixturesCommand,
  prepareCommand,
  decomposeCommand,
  trainCommand,
  evalCommand,
  predictCommand,
  verifyCommand,
  reportCommand,
  summaryCommand,
  benchCommand,
  tuneCommand,
]

const exitCodes = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 bad input data, 4 no usable GPU, 5 a check did not hold, 130 interrupted`

function program(): Command {
  const galvani = new Command('galvani')
    .description('Skin conductance and music features to emotion, on hand-written WebGPU kernels.')
    .version(VERSION)
    .option('--debug', 'print the stack of an error')
    .addHelpText('after', exitCodes)
    .exitOverride()
    .configureOutput({ outputError: () => undefined }) // `report` prints it
  for (const make of commands) galvani.addCommand(make())
  inherit(galvani)
  return galvani
}

/** Commander hands settings down only to commands that it makes itself. */
function inherit(parent: Command): void {
  for (const command of parent.commands) inherit(command.copyInheritedSettings(parent))
}

/** One line for an error, and its exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0
  if (error instanceof CommanderError && error.code === 'commander.help') return WRONG_USAGE // its text is printed
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ')
  if (error instanceof CommanderError) {
    process.stderr.write(`galvani: ${message.replace(/^error: /, '')}; --help shows usage and examples\n`)
    return WRONG_USAGE
  }
  process.stderr.write(`galvani: ${message}\n`)
  if (process.argv.includes('--debug') && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`)
  if (error instanceof Interrupted) return INTERRUPTED
  return error instanceof GalvaniError ? error.exitCode : FAILED
}

/** A reader that has seen enough (`| head`) is no error; a full disk is. */
function onBrokenOutput(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') process.stderr.write(`galvani: the output cannot be written (${error.code ?? error.message})\n`)
  process.exit(error.code === 'EPIPE' ? 0 : FAILED)
}

process.stdout.on('error', onBrokenOutput)
try {
  await program().parseAsync()
} catch (error) {
  process.exitCode = report(error)
}
