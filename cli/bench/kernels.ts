import { Command } from 'commander'
import { benchKernels, trafficOf } from '../../bench/kernels.ts'
import { benchResult, type BenchResult } from '../../bench/result.ts'
import type { Probes } from '../../bench/probes.ts'
import { withStep, type PreparedStep } from '../../bench/step.ts'
import { checkTargets } from '../../bench/targets.ts'
import { toDocument } from '../../src/formats/documents.ts'
import { presets } from '../../src/model/config.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import type { Plan } from '../../src/runtime/plan.ts'
import { VERSION } from '../../src/version.ts'
import { coldChild } from './cold.ts'
import { measureStep, withBenchGpu, withStepOptions, type StepOptions } from './step.ts'
import { kernelTable, rejectedLines, targetTable, trafficTable } from './kernel_tables.ts'
import { interruptible } from '../shared/context.ts'
import { Output } from '../shared/output.ts'

export interface KernelsOptions extends StepOptions {
  ops?: string[]
  allVariants?: boolean
}

const examples = `
Each op of the step is timed at its own shapes on memory of its own, least of five rounds, and checked against the plain kernel "reg".

Examples:
  galvani bench kernels
  galvani bench kernels --ops "conv1d,conv1d backward weight" --all-variants
  galvani bench kernels --batch 8 --json`

export function benchKernelsCommand(): Command {
  const command = new Command('kernels').description(
    'Time the kernels of each op of a step beside the limits of this adapter.',
  )
  return withStepOptions(command)
    .option('--ops <names>', 'only these ops, separated by commas', (text) =>
      text.split(',').map((name) => name.trim()),
    )
    .option('--all-variants', 'every kernel that runs here, not only the ones that the step uses')
    .addHelpText('after', examples)
    .action(kernelsAction)
}

async function kernelsAction(options: KernelsOptions): Promise<void> {
  const output = new Output(options)
  const result = await measureAll(options, output)
  const { kernels, rejected, traffic, targets, step } = result
  const parts = [
    kernelTable(kernels, step),
    ...rejectedLines(rejected),
    trafficTable(traffic, step),
    targetTable(targets),
  ]
  output.result(toDocument('bench', result), parts.join('\n\n'))
}

/** The step, its kernels and the rest of its dispatches, in one process. */
export async function measureAll(options: KernelsOptions, output: Output): Promise<BenchResult> {
  const cold = options.cold ? { cold: await coldChild(options, output) } : {}
  const settings = {
    config: presets[options.preset],
    batch: options.batch,
    onRecorded: (plan: Plan) => requireOps(plan, options.ops),
  }
  return await withBenchGpu(options, output, (gpu) =>
    withStep(gpu, settings, async (prepared) => {
      const step = await measureStep(gpu, prepared, options.rounds, output)
      const { kernels, rejected } = await measureKernels(gpu, prepared, step, options, output)
      const traffic = options.ops ? [] : trafficOf(gpu, prepared.plan, step.profile, step)
      const targets = checkTargets({ kernels, rejected, traffic, step, ...cold })
      return benchResult(VERSION, { step, ...cold, kernels, rejected, traffic, targets })
    }),
  )
}

function requireOps(plan: Plan, ops: readonly string[] = []): void {
  const known = [...new Set(plan.choices.map(({ op }) => op))]
  const unknown = ops.find((op) => !known.includes(op))
  if (unknown !== undefined)
    throw new UsageError(`--ops: '${unknown}' is no op of this step; there are ${known.join(', ')}`)
}

async function measureKernels(
  gpu: Gpu,
  { plan }: PreparedStep,
  probes: Probes,
  { ops, allVariants }: KernelsOptions,
  output: Output,
) {
  const bar = output.progress('kernels', new Set(plan.choices.map(({ op, shape }) => `${op} ${shape}`)).size)
  const settings = {
    signal: interruptible(),
    onOp: (done: number) => bar.update(done),
    ...(ops && { ops }),
    ...(allVariants && { allVariants }),
  }
  return await benchKernels(gpu, plan, probes, settings).finally(bar.stop)
}
