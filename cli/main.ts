// What `galvani` does with a command line: runs it, and turns an error into one line and an exit code.
import { CommanderError } from 'commander'
import { GalvaniError } from '../src/runtime/errors.ts'
import { Interrupted } from './shared/context.ts'
import { program } from './program.ts'

const FAILED = 1
const WRONG_USAGE = 2
const INTERRUPTED = 130

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
  if (error.code !== 'EPIPE')
    process.stderr.write(`galvani: the output cannot be written (${error.code ?? error.message})\n`)
  process.exit(error.code === 'EPIPE' ? 0 : FAILED)
}

process.stdout.on('error', onBrokenOutput)
try {
  await program().parseAsync()
} catch (error) {
  process.exitCode = report(error)
}
