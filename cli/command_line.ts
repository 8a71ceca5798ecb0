// One command line: what it asks for is done, and an error becomes one line and an exit code.
import { CommanderError } from 'commander'
import { GalvaniError } from '../src/runtime/errors.ts'
import { program } from './program.ts'
import { Interrupted } from './shared/context.ts'

/** Also what `main.ts` ends with where the output cannot be written. */
export const FAILED = 1
const WRONG_USAGE = 2

/** Does what the arguments after `galvani` ask for. Returns the exit code; what went wrong is printed. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    return report(error, args.includes('--debug'))
  }
}

/** One line for an error, and its exit code. */
function report(error: unknown, debug: boolean): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0
  if (error instanceof CommanderError && error.code === 'commander.help') return WRONG_USAGE // its text is printed
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ')
  if (error instanceof CommanderError) {
    process.stderr.write(`galvani: ${message.replace(/^error: /, '')}; --help shows usage and examples\n`)
    return WRONG_USAGE
  }
  process.stderr.write(`galvani: ${message}\n`)
  if (debug && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`)
  return error instanceof GalvaniError || error instanceof Interrupted ? error.exitCode : FAILED
}
