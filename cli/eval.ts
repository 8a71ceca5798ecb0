import { Command } from 'commander'
import { toDocument } from '../src/formats/documents.ts'
import { UsageError } from '../src/runtime/errors.ts'
import type { OpenOptions } from '../src/runtime/node.ts'
import {
  evaluateRatingRun,
  evaluateRatingsElsewhere,
  type OtherRatingEvaluation,
} from '../src/train/evaluate_ratings.ts'
import { evaluateElsewhere, evaluateRun, requireRated, type OtherEvaluation } from '../src/train/evaluate_run.ts'
import { loadRun } from '../src/train/trained_run.ts'
import { adapterOption, computing, withGpu } from './shared/context.ts'
import {
  addDataOptions,
  flagOf,
  openDataset,
  READ_WITH,
  requireFolder,
  type DataSource,
} from './shared/data_options.ts'
import { Output, type OutputOptions } from './shared/output.ts'
import { ratingRunTable, ratingTable } from './shared/rating_table.ts'
import { datasetTitle, describeSeen, judgedRows, resultTable, runTable } from './shared/result_table.ts'
import { gsrDoubt, loadSource } from './shared/run_folder.ts'

interface EvalOptions extends OutputOptions, OpenOptions, Partial<DataSource> {
  run: string
}

export function evalCommand(): Command {
  const evaluate = new Command('eval')
    .description("Evaluate a run's stored models: each on its own test people, or all together on other rated data.")
    .requiredOption('--run <dir>', 'run folder')
    .option('--data <dir>', "other rated data; without it the run's own")
  return addDataOptions(evaluate)
    .addOption(adapterOption())
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      '\nExamples:\n  galvani eval --run runs/arousal\n  galvani eval --run runs/arousal --data other-study',
    )
    .action(evalAction)
}

async function evalAction(options: EvalOptions): Promise<void> {
  const { data, ...rest } = options
  const [lost] = data === undefined ? READ_WITH.filter((name) => rest[name] !== undefined) : []
  if (lost !== undefined)
    throw new UsageError(`${flagOf(lost)} belongs to --data; the run knows how its own data are read`)
  const output = new Output(options)
  const store = requireFolder(options.run)
  const run = await loadRun(store, options.run)
  const { dimension } = run.config
  const own = async () => openDataset(await loadSource(store), dimension)
  const dataset = data === undefined ? await own() : await openDataset({ ...options, data }, dimension)
  requireRated(run, dataset) // refuses before any work is spent
  const otherwise = data === undefined ? undefined : await gsrDoubt(store, options, dataset)
  if (otherwise !== undefined) output.note(otherwise)
  const work = computing(output)
  await withGpu(options, async (gpu) => {
    if (run.config.target === 'rating') {
      if (data === undefined) {
        const result = await work((hooks) => evaluateRatingRun(gpu, run, dataset, hooks))
        output.result(toDocument('eval', result), ratingRunTable(result))
      } else {
        printOtherRatings(output, await work((hooks) => evaluateRatingsElsewhere(gpu, run, dataset, own, hooks)))
      }
    } else if (data === undefined) {
      const result = await work((hooks) => evaluateRun(gpu, run, dataset, hooks))
      output.result(toDocument('eval', result), runTable(result))
    } else {
      printOther(output, await work((hooks) => evaluateElsewhere(gpu, run, dataset, own, hooks)))
    }
  })
}

function printOther(output: Output, result: OtherEvaluation): void {
  const { dimension, labels, dataset, models, pooled, skipped, missing, majorityOfTheseTrials: majority } = result
  const { judgement, model } = pooled
  const title = `${datasetTitle(dimension, dataset)}: ${models.length} models, ${describeSeen(result, judgement.trials)}`
  const rows = judgedRows(judgement)
  if (majority) {
    const scores = { ...majority, f1: majority.positive?.f1 ?? NaN, macroF1: majority.macro.f1 }
    rows.push({ name: 'majority class of these trials', trials: majority.count, scores })
  }
  const text = resultTable(title, rows, { ...judgement, labels, classes: model.support.length })
  output.result(toDocument('eval', result), missing === undefined ? text : `${text}\n${missing}`)
  for (const { source, reason } of skipped) output.note(`skipped ${source}: ${reason}`)
}

function printOtherRatings(output: Output, result: OtherRatingEvaluation): void {
  const { dimension, labels, dataset, models, pooled, skipped, missing } = result
  const { judgement } = pooled
  const seen = describeSeen(result, judgement.trials)
  const title = `${datasetTitle(`rating of ${dimension}`, dataset)}: ${models.length} models, ${seen}`
  const text = ratingTable(title, judgement, labels)
  output.result(toDocument('eval', result), missing === undefined ? text : `${text}\n${missing}`)
  for (const { source, reason } of skipped) output.note(`skipped ${source}: ${reason}`)
}
