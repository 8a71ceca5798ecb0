// One run as one HTML file: no scripts, no requests, every text escaped.

import type { Judgement } from '../evaluation/judgement.ts'
import type { Interval } from '../evaluation/statistics.ts'
import { classNames } from '../evaluation/targets.ts'
import { BASELINE_NAMES } from './baseline_names.ts'
import { calibrationSvg } from './calibration.ts'
import { confusionSvg } from './confusion.ts'
import { curvesSvg } from './curves.ts'
import { foldAccuracySvg } from './fold_accuracy.ts'
import { htmlPage } from '../charts/page.ts'
import type { FoldResult, RunSummary } from '../train/run_summary.ts'
import { tag } from '../charts/svg.ts'
import { capitalised, differenceTable, judgementNotes, scoreTable, subjectTable } from './results.ts'
import {
  assumed,
  charts,
  choiceOfSettings,
  element,
  facts,
  figure,
  learningCurves,
  leftOut,
  plural,
  section,
  settings,
  warnings,
} from './sections.ts'
import { foldTable, percent, predictionTable, TABLE_STYLE } from './tables.ts'

/** Markup of a self-contained report. Probabilities and accuracies in `run` are shares of 1. */
export function runReport(run: RunSummary): string {
  const title = `${capitalised(run.dimension)}, ${run.dataset.name}`
  const body = [
    element('h1', title),
    warnings(run),
    headline(run),
    facts(run, predicted(run)),
    section('Results', results(run)),
    section('People', people(run)),
    ...choiceOfSettings(run),
    section('Learning curves', learningCurves(run)),
    section('Folds', foldTable(run) + run.results.map((fold) => foldDetails(fold, classesOf(run))).join('')),
    ...assumed(run),
    section('Data left out', leftOut(run)),
    section('Settings that are not the paper’s', settings(run)),
  ]
  return htmlPage(`${title}: ${run.name}`, body.join('\n'), TABLE_STYLE)
}

const classesOf = ({ config }: Pick<RunSummary, 'config'>): string[] => classNames(config.dimension, config.levels)

/** The result in words, with what it may and may not be taken for. */
function headline({ pooled, folds, results }: RunSummary): string {
  const { scores, intervals, baselines, trials } = pooled.judgement
  const interval = intervals?.accuracy
  const majority = baselines.find(({ name }) => name === 'majority')!.scores.accuracy
  const people = new Set(results.flatMap((fold) => fold.testSubjects)).size
  const unseen = folds.subjectIndependent ? ', none of them seen in training' : ''
  const range = interval ? ` (95 % interval ${percent(interval.low)} to ${percent(interval.high)})` : ''
  const reached =
    `The model is right in ${percent(scores.accuracy)} %${range} of ${plural(trials, 'trial')} of ` +
    `${plural(people, 'person', 'people')}${unseen}; the majority class is right in ${percent(majority)} %.`
  return element('p', `${reached} ${verdict(majority, interval)} ${best(baselines)}`, { class: 'headline' })
}

function verdict(majority: number, interval: Interval | undefined): string {
  if (!interval) return 'With so few people no interval can be given, so the difference may be chance.'
  if (interval.low > majority) return 'The whole interval lies above the majority class.'
  if (interval.high < majority) return 'The whole interval lies below the majority class.'
  return 'The interval includes the majority class: this run does not show that the model has learnt anything.'
}

/** Against the baseline that leaves it least, by balanced accuracy. */
function best(baselines: Judgement['baselines']): string {
  const known = baselines.filter(({ difference }) => Number.isFinite(difference.balancedAccuracy.mean))
  if (known.length === 0) return ''
  const strongest = known.reduce((a, b) =>
    b.difference.balancedAccuracy.mean < a.difference.balancedAccuracy.mean ? b : a,
  )
  const { mean, low } = strongest.difference.balancedAccuracy
  const than = `the strongest baseline by balanced accuracy, ${BASELINE_NAMES[strongest.name]}`
  if (low > 0) return `It is also better than ${than}, with the whole interval of their difference above 0.`
  return mean > 0
    ? `It is not shown to be better than ${than}: the interval of their difference includes 0.`
    : `It is no better than ${than}.`
}

function predicted(run: RunSummary): string {
  const classes = classesOf(run)
  return `${run.dimension}, ${classes.slice(0, -1).join(', ')} or ${classes.at(-1)!}`
}

function results(run: RunSummary): string {
  const { model, judgement } = run.pooled
  const classes = classesOf(run)
  const isOfTwo = classes.length === 2
  const notes = [
    ...judgementNotes(judgement, classes.length),
    ...(isOfTwo ? withoutFeatures(run) : ['Scores and baselines of two classes are left out: there are more.']),
  ]
  return (
    scoreTable(judgement, classes.length) +
    element('h3', 'What the model has more') +
    differenceTable(judgement, classes.length) +
    notes.map((note) => element('p', note, { class: 'soft' })).join('') +
    charts(
      figure('Accuracy by fold', foldAccuracySvg(run)),
      figure('All test trials', confusionSvg(model.confusion, classes, 'All test trials')),
      ...(isOfTwo ? [figure('Calibration', calibrationSvg(judgement.calibration))] : []),
    )
  )
}

/** Why some baselines are missing, where they are. */
const withoutFeatures = ({ dataset }: RunSummary): string[] =>
  dataset.featureSet === undefined
    ? ['Baselines on EDA features are missing: the data were prepared before there were any.']
    : []

function people(run: RunSummary): string {
  const { pooled, subjects } = run
  const classes = classesOf(run).length
  if (classes > 2) return subjectTable(pooled.judgement, classes)
  const note =
    'Own majority is how often a constant answer would be right that knows which class is more frequent of this person, which no model of unseen people can know.'
  return subjectTable(pooled.judgement, classes, subjects) + element('p', note, { class: 'soft' })
}

function foldDetails(fold: FoldResult, classes: readonly string[]): string {
  const name = `Fold ${fold.name}`
  const { validationSubjects: held = [] } = fold
  const chosen = held.length > 0 ? ` The epoch was chosen on ${held.join(', ')}.` : ''
  const people = element('p', `Tested on ${fold.testSubjects.join(', ')}.${chosen}`, { class: 'soft' })
  const figures = charts(
    figure('Learning curves', curvesSvg([fold], name)),
    figure('Test part', confusionSvg(fold.model.confusion, classes, name)),
  )
  return tag('details', {}, element('summary', name) + people + figures + predictionTable(fold, classes))
}
