// What a run knows of its trials and people, as tables for pandas, R and the like.
import type { RatingBaselineName } from '../evaluation/rating_judgement.ts'
import { classNames, type Labels } from '../evaluation/targets.ts'
import { isOfRatings, type RatingRunSummary } from '../train/rating_summary.ts'
import type { BaselineName } from '../evaluation/judgement.ts'
import { classOf } from '../train/answer.ts'
import type { Prediction, RunSummary } from '../train/run_summary.ts'
import type { FoldPlan } from '../evaluation/folds.ts'
import type { LabelledTrials, SubjectLabels } from '../evaluation/labels.ts'
import type { RunConfig } from '../train/config.ts'
import type { SplitTrial } from '../train/task.ts'
import type { Column, ExportTable } from './table.ts'

const text = <T>(name: string, rows: readonly T[], of: (row: T) => string): Column => ({
  ...{ name, kind: 'text', values: rows.map(of) },
})
const integer = <T>(name: string, rows: readonly T[], of: (row: T) => number): Column => ({
  ...{ name, kind: 'integer', values: rows.map(of) },
})
const number = <T>(name: string, rows: readonly T[], of: (row: T) => number | undefined): Column => ({
  ...{ name, kind: 'number', values: rows.map((row) => of(row) ?? NaN) },
})

/**
 * `predictions`: a line a test trial, with its fold, class or rating, the model's answer and each baseline's; `subjects`: a line a person and
 * rated dimension, with the threshold of the labels, where the run has
 * them.
 */
export function runTables(summary: RunSummary | RatingRunSummary): ExportTable[] {
  const { subjects = [] } = summary
  const said = isOfRatings(summary) ? predictedRatings(summary) : predictions(summary)
  return [said, ...(subjects.length > 0 ? [subjectTable(subjects)] : [])]
}

function predictions({ results, config }: RunSummary): ExportTable {
  const names = classNames(config.dimension, config.levels)
  const rows = results.flatMap((fold) =>
    fold.predictions.map((of): Prediction & { fold: string } => ({ ...of, fold: fold.name })),
  )
  const baselines = [...new Set(rows.flatMap((row) => Object.keys(row.baselines) as BaselineName[]))]
  return {
    name: 'predictions',
    columns: [
      ...(['fold', 'trial', 'subject', 'stimulus'] as const).map((key) => text(key, rows, (row) => row[key])),
      integer('label', rows, ({ label }) => label),
      text('class', rows, ({ label }) => names[label]!),
      number('probability', rows, ({ probability }) => probability),
      integer('predicted', rows, classOf),
      text('predicted_class', rows, (row) => names[classOf(row)]!),
      ...baselines.map((name) => number(`baseline_${name.replaceAll('-', '_')}`, rows, (row) => row.baselines[name])),
    ],
  }
}

function predictedRatings({ results }: RatingRunSummary): ExportTable {
  const rows = results.flatMap((fold) => fold.predictions.map((of) => ({ ...of, fold: fold.name })))
  const baselines = [...new Set(rows.flatMap((row) => Object.keys(row.baselines) as RatingBaselineName[]))]
  return {
    name: 'predictions',
    columns: [
      ...(['fold', 'trial', 'subject', 'stimulus'] as const).map((key) => text(key, rows, (row) => row[key])),
      number('rating', rows, ({ rating }) => rating),
      number('predicted', rows, ({ said }) => said),
      ...baselines.map((name) => number(`baseline_${name}`, rows, (row) => row.baselines[name])),
    ],
  }
}

function subjectTable(rows: readonly SubjectLabels[]): ExportTable {
  return {
    name: 'subjects',
    columns: [
      text('subject', rows, ({ subject }) => subject),
      text('dimension', rows, ({ dimension, pass }) => dimension ?? pass ?? ''),
      integer('trials', rows, ({ trials }) => trials),
      integer('high', rows, ({ high }) => high),
      number('threshold', rows, ({ threshold, thresholds }) => threshold ?? thresholds?.[0]),
      number('upper_threshold', rows, ({ thresholds }) => thresholds?.[1]),
      number('separation', rows, ({ separation }) => separation),
    ],
  }
}

/** Trials with their labels and folds, as `splitTrials` gives them; signals are not looked at. */
export interface SplitTask {
  labelled: Pick<LabelledTrials<TableTrial, Labels>, 'trials' | 'labels'>
  plan: FoldPlan
  /** Names of the trials' features. */
  features?: readonly string[]
}

/** What tables say of a trial. */
export type TableTrial = SplitTrial & { features?: ArrayLike<number> }

/** `folds`: a line for each fold and trial, with the part it is in; `trials`: a line a trial, with its label, ratings and EDA features. */
export const taskTables = (task: SplitTask, config: RunConfig): ExportTable[] => [folds(task), trials(task, config)]

const PARTS = ['train', 'validation', 'test'] as const

function folds({ plan, labelled }: SplitTask): ExportTable {
  const rows = plan.folds.flatMap((fold) =>
    PARTS.flatMap((part) => fold[part].map((index) => ({ fold: fold.name, part, trial: labelled.trials[index]! }))),
  )
  return {
    name: 'folds',
    columns: [
      text('fold', rows, ({ fold }) => fold),
      text('part', rows, ({ part }) => part),
      text('trial', rows, ({ trial }) => trial.id),
      text('subject', rows, ({ trial }) => trial.subject),
      text('stimulus', rows, ({ trial }) => trial.stimulus),
    ],
  }
}

function trials({ labelled, features = [] }: SplitTask, { dimension, levels, target }: RunConfig): ExportTable {
  const names = classNames(dimension, levels)
  const rows = labelled.trials.map((trial, i) => ({ trial, label: labelled.labels[i]! }))
  return {
    name: 'trials',
    columns: [
      text('trial', rows, ({ trial }) => trial.id),
      text('subject', rows, ({ trial }) => trial.subject),
      text('stimulus', rows, ({ trial }) => trial.stimulus),
      number('valence', rows, ({ trial }) => trial.ratings?.valence),
      number('arousal', rows, ({ trial }) => trial.ratings?.arousal),
      ...(target === 'rating'
        ? []
        : [integer('label', rows, ({ label }) => label), text('class', rows, ({ label }) => names[label]!)]),
      ...features.map((name, f) => number(name, rows, ({ trial }) => trial.features?.[f])),
    ],
  }
}
