import { Command } from 'commander'
import { join } from 'node:path'
import { MODEL_FORMATS, modelFileOf, type ModelFormat } from '../src/export/model_file.ts'
import { modelCard } from '../src/export/model_card.ts'
import { runTables, taskTables, type TableTrial } from '../src/export/run_tables.ts'
import { TABLE_FORMATS, tableFile, type ExportTable, type TableFormat } from '../src/export/table.ts'
import { toDocument } from '../src/formats/documents.ts'
import { FormatError, GalvaniError, UsageError } from '../src/runtime/errors.ts'
import { NodeStore } from '../src/store/node.ts'
import { isOfRatings } from '../src/train/rating_summary.ts'
import { splitTrials } from '../src/train/task.ts'
import { loadRun, type TrainedRun } from '../src/train/trained_run.ts'
import { openDataset, requireFolder } from './shared/data_options.ts'
import { Output, type OutputOptions } from './shared/output.ts'
import { loadSource, loadSummary, type AnyRun } from './shared/run_folder.ts'
import { oneOf } from './shared/values.ts'

interface ExportOptions extends OutputOptions {
  run: string
  format?: ModelFormat
  fold?: string
  musicScaling?: 'nodes' | 'metadata'
  tables?: TableFormat
  card?: boolean
  out?: string
}

export function exportCommand(): Command {
  return new Command('export')
    .description("Write a run's models, tables or model card for other programs (docs/export.md).")
    .requiredOption('--run <dir>', 'run folder')
    .option('--format <format>', 'model files: onnx, safetensors or npz', oneOf('--format', MODEL_FORMATS))
    .option('--fold <name>', 'the model of this fold alone (default: all that are trained)')
    .option(
      '--music-scaling <where>',
      'in ONNX the z-score of the music: nodes of the graph, or metadata alone, for input that is scaled already (default: nodes)',
      oneOf('--music-scaling', ['nodes', 'metadata'] as const),
    )
    .option(
      '--tables <format>',
      'predictions, subjects, folds and trials: csv, parquet or npz',
      oneOf('--tables', TABLE_FORMATS),
    )
    .option('--card', 'a model card, a paragraph on methods and BibTeX')
    .option('--out <dir>', 'folder to write (default: export in the run folder)')
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no notes')
    .addHelpText(
      'after',
      `
Examples:
  galvani export --run runs/arousal --format onnx
  galvani export --run runs/arousal --format safetensors --fold 0 --out models
  galvani export --run runs/arousal --tables parquet --card`,
    )
    .action(exportAction)
}

/** Nothing is written before all of it could be made. */
async function exportAction(options: ExportOptions): Promise<void> {
  checkOptions(options)
  const output = new Output(options)
  const store = requireFolder(options.run)
  const run = await loadRun(store, options.run)
  const files = new Map<string, Uint8Array | string>()
  if (options.format) for (const [name, bytes] of modelFiles(run, options, options.format)) files.set(name, bytes)
  if (options.tables ?? options.card) {
    const summary = await requireSummary(store, run, options.run)
    const { tables } = options
    if (tables) {
      const all = [...runTables(summary), ...(await dataTables(store, summary, output))]
      for (const table of all) files.set(`${table.name}.${tables}`, tableFile(table, tables))
    }
    if (options.card) {
      if (isOfRatings(summary))
        throw new UsageError(
          `--card is for runs of classes, and ${options.run} predicts ratings; its report.html has its scores`,
        )
      for (const [name, text] of Object.entries(modelCard(summary))) files.set(name, text)
    }
  }
  const folder = options.out ?? join(options.run, 'export')
  const target = new NodeStore(folder)
  for (const [name, content] of files) await target.write(name, content)
  const paths = [...files.keys()].map((name) => join(folder, name))
  output.result(
    toDocument('export', { run: options.run, files: paths }),
    paths.map((path) => `wrote ${path}`).join('\n'),
  )
}

function checkOptions({ format, tables, card, fold, musicScaling, out }: ExportOptions): void {
  if (!format && !tables && !card)
    throw new UsageError('nothing is asked for; give --format onnx, --tables csv or --card')
  if (fold !== undefined && !format) throw new UsageError('--fold chooses a model; give --format as well')
  if (musicScaling && format !== 'onnx') throw new UsageError('--music-scaling belongs to --format onnx')
  if (out === '') throw new UsageError('--out is empty; name a folder')
}

function modelFiles(run: TrainedRun, { run: name, fold, musicScaling }: ExportOptions, format: ModelFormat) {
  if (fold !== undefined && !run.folds.includes(fold))
    throw new UsageError(`${name} has no trained fold '${fold}'; it has ${run.folds.join(', ')}`)
  const options = (of: string) => ({
    metadata: { 'galvani.run': name, 'galvani.fold': of },
    ...(musicScaling && { musicScaling }),
  })
  return run.folds.flatMap((of, i) =>
    fold === undefined || of === fold
      ? [
          [
            `fold-${encodeURIComponent(of)}.${format}`,
            modelFileOf(run.config, run.models[i]!, format, options(of)),
          ] as const,
        ]
      : [],
  )
}

async function requireSummary(store: NodeStore, { config }: TrainedRun, name: string): Promise<AnyRun> {
  const summary = await loadSummary(store, config)
  if (summary) return summary
  throw new FormatError(`${name} has no result yet; finish it with \`galvani train --out ${name} --resume\``)
}

/** Tables of the run's own data, which may be gone by now. */
async function dataTables(store: NodeStore, { config }: AnyRun, output: Output): Promise<ExportTable[]> {
  try {
    const { set } = await openDataset(await loadSource(store), config.dimension)
    const { labelled, plan } = splitTrials<TableTrial>(set, config)
    const features = 'features' in set ? set.features?.names : undefined
    if (!features) output.note('trials have no EDA features; those of data that `galvani prepare` wrote have some')
    return taskTables({ labelled, plan, ...(features && { features }) }, config)
  } catch (error) {
    if (!(error instanceof GalvaniError)) throw error
    output.note(`without the tables folds and trials: ${error.message}`)
    return []
  }
}
