import { Command } from 'commander'
import { benchAllCommand } from './all.ts'
import { benchCvxedaCommand } from './cvxeda.ts'
import { benchEventsCommand } from './events.ts'
import { benchKernelsCommand } from './kernels.ts'
import { benchPeersCommand } from './peers.ts'
import { benchStepCommand } from './step.ts'

export function benchCommand(): Command {
  return new Command('bench')
    .description('Measure this adapter, and how near galvani comes to its limits.')
    .addCommand(benchAllCommand(), { isDefault: true })
    .addCommand(benchStepCommand())
    .addCommand(benchKernelsCommand())
    .addCommand(benchCvxedaCommand())
    .addCommand(benchPeersCommand())
    .addCommand(benchEventsCommand())
    .addHelpText(
      'after',
      `
Without a command \`bench\` is \`bench all\`.

Examples:
  galvani bench --html bench.html
  galvani bench step --batch 8
  galvani bench cvxeda --json`,
    )
}
