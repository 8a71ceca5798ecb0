import { Command, Option } from 'commander'
import { benchStep, coldStart, withStep, type PreparedStep, type StepResult } from '../../bench/step.ts'
import { toDocument } from '../../src/formats/documents.ts'
import { presets, type ModelConfig } from '../../src/model/config.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import type { OpenOptions } from '../../src/runtime/node.ts'
import { coldChild } from './cold.ts'
import { count } from './options.ts'
import { coldTable, dispatchTable, groupTable, stepFacts } from './step_tables.ts'
import { adapterOption, interruptible, withGpu } from '../shared/context.ts'
import { facts, Output, type OutputOptions } from '../shared/output.ts'
import { tuneFor } from '../shared/tuning.ts'
import { oneOf } from '../shared/values.ts'

/** Options of every benchmark of a step. */
export interface StepOptions extends OutputOptions, OpenOptions {
  preset: ModelConfig['preset']
  batch: number
  rounds: number
  cold?: boolean
  tuned?: boolean
}

const examples = `
The floor is the sum over the dispatches of what their arithmetic needs at the probed peak, or their traffic at the probed copy
bandwidth, whichever is longer. On a software adapter it is judged by CPU time on all cores, since whatever else runs takes its
part of the clock's time; on a GPU by the clock.

Examples:
  galvani bench step
  galvani bench step --preset paper --batch 8 --json
  galvani bench step --cold --profile`

/** The options of every benchmark of a step. */
export const withStepOptions = (command: Command): Command =>
  command
    .option('--preset <name>', 'paper or released', oneOf('--preset', ['paper', 'released'] as const), 'paper' as const)
    .option('--batch <n>', 'trials of a step', count('--batch'), 32)
    .option('--rounds <n>', 'steps that are timed', count('--rounds'), 7)
    .option('--cold', 'also time the first step of a process that finds no compiled kernels on disk')
    .option('--tuned', 'use the kernels that `galvani tune` found to be the fastest here, not the presets')
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')

/** A device, with the kernels that were measured on it where these are wanted. */
export const withBenchGpu = <T>(options: StepOptions, output: Output, use: (gpu: Gpu) => Promise<T>): Promise<T> =>
  withGpu(options, async (gpu) => {
    const workload = { model: presets[options.preset], batch: options.batch }
    if (options.tuned) await tuneFor(gpu, workload, { mode: 'cached', signal: interruptible() }, output)
    return use(gpu)
  })

export function benchStepCommand(): Command {
  const command = new Command('step').description(
    'Time one full-size training step, and each of its dispatches beside its floor.',
  )
  return withStepOptions(command)
    .option('--profile', 'list every dispatch')
    .addOption(new Option('--first-only').hideHelp())
    .addHelpText('after', examples)
    .action(stepAction)
}

async function stepAction(options: StepOptions & { profile?: boolean; firstOnly?: boolean }): Promise<void> {
  const output = new Output(options)
  const settings = { config: presets[options.preset], batch: options.batch }
  if (options.firstOnly) {
    const first = await withBenchGpu(options, output, (gpu) => coldStart(gpu, settings))
    return output.result(toDocument('bench-first-step', first), JSON.stringify(first))
  }
  const cold = options.cold ? await coldChild(options, output) : null
  const { profile, ...result } = await withBenchGpu(options, output, (gpu) =>
    withStep(gpu, settings, (step) => measureStep(gpu, step, options.rounds, output)),
  )
  const tables = [
    facts(stepFacts(result, cold)),
    groupTable('Part', result.layers),
    groupTable('Kernel', result.kernels),
    ...(cold ? [coldTable(cold)] : []),
    ...(options.profile ? [dispatchTable(profile, result)] : []),
  ]
  output.result(
    toDocument('bench-step', { ...result, ...(cold && { cold }), ...(options.profile && { profile }) }),
    tables.join('\n\n'),
  )
}

/** With progress. */
export async function measureStep(gpu: Gpu, step: PreparedStep, rounds: number, output: Output): Promise<StepResult> {
  const bar = output.progress('step', rounds)
  const hooks = { onRound: (round: number) => bar.update(round), onNote: (note: string) => output.note(note) }
  return await benchStep(gpu, step, rounds, hooks).finally(bar.stop)
}
