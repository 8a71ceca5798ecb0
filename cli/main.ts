// `galvani` as a process.
import { FAILED, runCommandLine } from './command_line.ts'

/** A reader that has seen enough (`| head`) is no error; a full disk is. */
function onBrokenOutput(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE')
    process.stderr.write(`galvani: the output cannot be written (${error.code ?? error.message})\n`)
  process.exit(error.code === 'EPIPE' ? 0 : FAILED)
}

process.stdout.on('error', onBrokenOutput)
process.exitCode = await runCommandLine(process.argv.slice(2))
