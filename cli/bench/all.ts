import { basename, dirname } from 'node:path'
import { Command } from 'commander'
import { compareResults, type Comparison } from '../../bench/compare.ts'
import { parseBenchResult } from '../../bench/result.ts'
import { toDocument } from '../../src/formats/documents.ts'
import { NodeStore } from '../../src/store/node.ts'
import { measureAll, type KernelsOptions } from './kernels.ts'
import { pageOf } from './page.ts'
import { withStepOptions } from './step.ts'
import { comparisonTable, kernelTable, rejectedLines, targetTable } from './kernel_tables.ts'
import { groupTable, stepFacts } from './step_tables.ts'
import { readTextFile } from '../shared/files.ts'
import { facts, Output } from '../shared/output.ts'

type Options = KernelsOptions & { html?: string; compare?: string }

const examples = `
Examples:
  galvani bench --json > today.json
  galvani bench --html bench.html
  galvani bench --compare yesterday.json`

/** What \`galvani bench\` does without a subcommand. */
export function benchAllCommand(): Command {
  const command = new Command('all').description('The step, its kernels and what is required of them; the default.')
  return withStepOptions(command)
    .option('--all-variants', 'every kernel that runs here, not only the ones that the step uses')
    .option('--html <file>', 'write the figures and charts as one HTML file')
    .option('--compare <file>', 'compare with what --json printed before')
    .addHelpText('after', examples)
    .action(allAction)
}

async function allAction(options: Options): Promise<void> {
  const output = new Output(options)
  const before =
    options.compare === undefined ? null : parseBenchResult(await readTextFile(options.compare), options.compare)
  const result = await measureAll(options, output)
  const comparison = before && compareResults(before, result)
  comparison?.warnings.forEach((warning) => output.note(`warning: ${warning}`))
  if (options.html !== undefined) {
    await new NodeStore(dirname(options.html)).write(basename(options.html), pageOf(result, comparison))
  }
  output.result(toDocument('bench', { ...result, ...(comparison && { comparison }) }), textOf(result, comparison))
}

function textOf(
  { step, cold, kernels, rejected, targets }: Awaited<ReturnType<typeof measureAll>>,
  comparison: Comparison | null,
): string {
  const parts = [
    facts(stepFacts(step, cold ?? null)),
    groupTable('Part', step.layers),
    kernelTable(kernels, step),
    ...rejectedLines(rejected),
    targetTable(targets),
    ...(comparison ? [comparisonTable(comparison)] : []),
  ]
  return parts.join('\n\n')
}
