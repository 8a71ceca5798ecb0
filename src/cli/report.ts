import { Command } from 'commander'
import { FormatError } from '../runtime/errors.ts'
import { runReport } from '../report/html.ts'
import { NodeStore } from '../store/node.ts'
import { RESULT_FILE } from '../train/run.ts'
import type { RunSummary } from '../train/run_summary.ts'
import { requireFolder } from './context.ts'
import { Output, type OutputOptions } from './output.ts'
import { REPORT_FILE } from './train.ts'

export function reportCommand(): Command {
  return new Command('report')
    .description('Write one self-contained HTML page about a run.')
    .requiredOption('--run <dir>', 'run folder')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  galvani report --run runs/arousal')
    .action(async (options: OutputOptions & { run: string }) => {
      requireFolder(options.run)
      const store = new NodeStore(options.run)
      if (!(await store.exists(RESULT_FILE))) {
        throw new FormatError(`${options.run} has no ${RESULT_FILE} yet; finish it with \`galvani train --out ${options.run} --resume\``)
      }
      const summary = JSON.parse(await store.readText(RESULT_FILE)) as RunSummary
      await store.write(REPORT_FILE, runReport(summary))
      const report = `${options.run}/${REPORT_FILE}`
      new Output(options).result({ report }, `wrote ${report}`)
    })
}
