// All commands, as one tree that parses a command line and runs what it asks for.
import { Command } from 'commander'
import { VERSION } from '../src/version.ts'
import { benchCommand } from './bench/bench.ts'
import { decomposeCommand } from './decompose.ts'
import { doctorCommand } from './doctor.ts'
import { evalCommand } from './eval.ts'
import { experimentCommand } from './experiment.ts'
import { explainCommand } from './explain.ts'
import { exportCommand } from './export.ts'
import { fixturesCommand } from './fixtures.ts'
import { inspectCommand } from './inspect.ts'
import { musicCommand } from './music.ts'
import { predictCommand } from './predict.ts'
import { prepareCommand } from './prepare.ts'
import { reportCommand } from './report.ts'
import { summaryCommand } from './summary.ts'
import { trainCommand } from './train.ts'
import { tuneCommand } from './tune.ts'
import { verifyCommand } from './verify.ts'

const commands = [
  doctorCommand,
  fixturesCommand,
  inspectCommand,
  musicCommand,
  prepareCommand,
  decomposeCommand,
  trainCommand,
  experimentCommand,
  evalCommand,
  predictCommand,
  explainCommand,
  exportCommand,
  verifyCommand,
  reportCommand,
  summaryCommand,
  benchCommand,
  tuneCommand,
]

const exitCodes = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 bad input data, 4 no usable GPU, 5 a check did not hold,
130 interrupted (Ctrl-C), 143 terminated (SIGTERM)`

/** Throws what went wrong, an error of Commander's for wrong usage; prints none of it. */
export function program(): Command {
  const galvani = new Command('galvani')
    .description('Skin conductance and music features to emotion, on hand-written WebGPU kernels.')
    .version(VERSION)
    .option('--debug', 'print the stack of an error')
    .addHelpText('after', exitCodes)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
  for (const make of commands) galvani.addCommand(make())
  inherit(galvani)
  return galvani
}

/** Commander hands settings down only to commands that it makes itself. */
function inherit(parent: Command): void {
  for (const command of parent.commands) inherit(command.copyInheritedSettings(parent))
}
