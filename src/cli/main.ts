import { Command, CommanderError } from 'commander'
import { GalvaniError } from '../runtime/errors.ts'
import { VERSION } from '../version.ts'
import { Interrupted } from './context.ts'
import { decomposeCommand } from './decompose.ts'
import { doctorCommand } from './doctor.ts'
import { evalCommand } from './eval.ts'
import { fixturesCommand } from './fixtures.ts'
import { predictCommand } from './predict.ts'
import { prepareCommand } from './prepare.ts'
import { reportCommand } from './report.ts'
import { trainCommand } from './train.ts'
import { verifyCommand } from './verify.ts'

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
]

function program(): Command {
  const galvani = new Command('galvani')
    .description('Skin conductance and music features to emotion, on hand-written WebGPU kernels.')
    .version(VERSION)
    .option('--debug', 'print the stack of an error')
    .exitOverride()
    .showHelpAfterError('(add --help for usage and examples)')
  for (const make of commands) galvani.addCommand(make().exitOverride().copyInheritedSettings(galvani))
  return galvani
}

/** One line for an error, and its exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE // commander has printed it
  if (error instanceof Interrupted) {
    process.stderr.write('galvani: interrupted\n')
    return INTERRUPTED
  }
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`galvani: ${message.replace(/\s*\n\s*/g, ' ')}\n`)
  if (process.argv.includes('--debug') && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`)
  return error instanceof GalvaniError ? error.exitCode : 1
}

try {
  await program().parseAsync()
} catch (error) {
  process.exitCode = report(error)
}
