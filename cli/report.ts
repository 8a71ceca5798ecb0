import { Command } from 'commander'
import { toDocument } from '../src/formats/documents.ts'
import { FormatError } from '../src/runtime/errors.ts'
import { runReport } from '../src/report/html.ts'
import { ratingReport } from '../src/report/rating_html.ts'
import { isOfRatings } from '../src/train/rating_summary.ts'
import { loadRunConfig } from '../src/train/run_files.ts'
import { requireFolder } from './shared/data_options.ts'
import { Output, type OutputOptions } from './shared/output.ts'
import { loadSummary, REPORT_FILE } from './shared/run_folder.ts'

export function reportCommand(): Command {
  return new Command('report')
    .description('Write one self-contained HTML page about a run.')
    .requiredOption('--run <dir>', 'run folder')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  galvani report --run runs/arousal')
    .action(async (options: OutputOptions & { run: string }) => {
      const store = requireFolder(options.run)
      const summary = await loadSummary(store, await loadRunConfig(store, options.run))
      if (!summary)
        throw new FormatError(
          `${options.run} has no result yet; finish it with \`galvani train --out ${options.run} --resume\``,
        )
      await store.write(REPORT_FILE, isOfRatings(summary) ? ratingReport(summary) : runReport(summary))
      const report = `${options.run}/${REPORT_FILE}`
      new Output(options).result(toDocument('report', { report }), `wrote ${report}`)
    })
}
