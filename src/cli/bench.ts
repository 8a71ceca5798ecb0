import { Command } from 'commander'
import { measureProbes, type Probes } from '../../bench/probes.ts'
import { benchStep, type StepResult } from '../../bench/step.ts'
import type { ModelConfig } from '../model/config.ts'
import type { OpenOptions } from '../runtime/node.ts'
import { benchCvxedaCommand } from './bench_cvxeda.ts'
import { count, mebibytes, milliseconds, probeFacts } from './bench_options.ts'
import { adapterOption, withGpu } from './context.ts'
import { facts, Output, percent, type OutputOptions } from './output.ts'
import { oneOf } from './values.ts'

interface StepOptions extends OutputOptions, OpenOptions {
  preset: ModelConfig['preset']
  batch: number
  rounds: number
}

export function benchCommand(): Command {
  return new Command('bench')
    .description('Measure this adapter, and how near galvani comes to its limits.')
    .addCommand(benchCvxedaCommand())
    .addCommand(benchStepCommand())
}

function benchStepCommand(): Command {
  return new Command('step')
    .description('Time one full-size training step: forward, backward and optimizer.')
    .option('--preset <name>', 'paper or released', oneOf('--preset', ['paper', 'released'] as const), 'paper' as const)
    .option('--batch <n>', 'trials of a step', count('--batch'), 32)
    .option('--rounds <n>', 'steps that are timed', count('--rounds'), 7)
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText('after', '\nExamples:\n  galvani bench step\n  galvani bench step --preset paper --batch 8 --json')
    .action(stepAction)
}

async function stepAction(options: StepOptions): Promise<void> {
  const output = new Output(options)
  const bar = output.progress('step', options.rounds)
  const result = await withGpu(options, async (gpu) => {
    const step = await benchStep(gpu, options, (round) => bar.update(round))
    return { ...step, ...(await measureProbes(gpu)) }
  }).finally(bar.stop)
  output.result(result, facts(stepFacts(result)))
}

function stepFacts(result: StepResult & Probes): [string, string][] {
  const gflops = result.flops / (1e6 * result.ms_median)
  return [
    ['Adapter', result.adapter],
    ['Step', `preset ${result.preset}, batch ${result.batch}, ${result.rounds} rounds`],
    ['Median', `${milliseconds(result.ms_median)} (least ${milliseconds(result.ms_min)}, spread ${percent(result.spread)})`],
    ['First step', `${milliseconds(result.first_step_ms)} with compilation`],
    ['Launches', `${result.dispatches} dispatches, ${result.submits} submit, ${result.pipelines} pipelines`],
    ['Arithmetic', `${gflops.toPrecision(3)} GFLOP/s, ${percent(gflops / result.fma_peak_gflops)} of the peak`],
    ['GPU memory', mebibytes(result.gpu_bytes)],
    ...probeFacts(result),
  ]
}
