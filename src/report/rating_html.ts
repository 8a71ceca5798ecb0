// One run of ratings as one HTML file: what `runReport` is for classes.

import { htmlPage } from '../charts/page.ts'
import { tag } from '../charts/svg.ts'
import type { RatingJudgement } from '../evaluation/rating_judgement.ts'
import type { RatingFoldResult, RatingPrediction, RatingRunSummary } from '../train/rating_summary.ts'
import { curvesSvg } from './curves.ts'
import {
  decimal,
  RATING_BASELINE_NAMES,
  ratedFoldTable,
  ratedPredictionTable,
  ratedSubjectTable,
  ratingDifferenceTable,
  ratingScoreTable,
} from './rating_results.ts'
import { ratingScatterSvg } from './rating_scatter.ts'
import { capitalised, pValue } from './results.ts'
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
import { TABLE_STYLE } from './tables.ts'

/** Markup of a self-contained report. */
export function ratingReport(run: RatingRunSummary): string {
  const title = `${capitalised(run.dimension)} rating, ${run.dataset.name}`
  const { judgement } = run.pooled
  const all = run.results.flatMap(({ predictions }) => predictions)
  const body = [
    element('h1', title),
    warnings(run),
    headline(run),
    facts(run, `the rating of ${run.dimension} itself`),
    section('Results', results(run, all)),
    section('People', ratedSubjectTable(judgement) + bySubject(judgement, all)),
    ...choiceOfSettings(run),
    section('Learning curves', learningCurves(run)),
    section('Folds', ratedFoldTable(run) + run.results.map(foldDetails).join('')),
    ...assumed(run),
    section('Data left out', leftOut(run)),
    section('Settings that are not the paper’s', settings(run)),
  ]
  return htmlPage(`${title}: ${run.name}`, body.join('\n'), TABLE_STYLE)
}

/** The result in words, with what it may and may not be taken for. */
function headline({ pooled, folds, results }: RatingRunSummary): string {
  const { scores, intervals, baselines, trials } = pooled.judgement
  const people = new Set(results.flatMap((fold) => fold.testSubjects)).size
  const unseen = folds.subjectIndependent ? ', none of them seen in training' : ''
  const range = intervals?.r ? ` (95 % interval ${decimal(intervals.r.low)} to ${decimal(intervals.r.high)})` : ''
  const mean = baselines.find(({ name }) => name === 'mean')!
  const reached =
    `Predictions correlate with ratings by r = ${decimal(scores.r)}${range} in ${plural(trials, 'trial')} of ` +
    `${plural(people, 'person', 'people')}${unseen}. The root mean square error is ${decimal(scores.rmse)}; ` +
    `of the mean of the training ratings it is ${decimal(mean.scores.rmse)}.`
  return element('p', `${reached} ${verdict(intervals?.r)} ${best(baselines)}`, { class: 'headline' })
}

function verdict(interval: { low: number; high: number } | undefined): string {
  if (!interval) return 'No interval of r can be given, so it may be chance.'
  if (interval.low > 0) return 'The whole interval of r lies above 0.'
  if (interval.high < 0) return 'The whole interval of r lies below 0.'
  return 'The interval of r includes 0: this run does not show that the model has learnt anything.'
}

/** Against the baseline with the least error beside the model's on the same trials. */
function best(baselines: RatingJudgement['baselines']): string {
  const strongest = baselines.reduce((a, b) => (b.difference.rmse.mean > a.difference.rmse.mean ? b : a))
  const { mean, high } = strongest.difference.rmse
  const than = `the strongest baseline, ${RATING_BASELINE_NAMES[strongest.name]}`
  if (high < 0) return `Its error is less than that of ${than}, with the whole interval of their difference below 0.`
  return mean < 0
    ? `Its error is not shown to be less than that of ${than}: the interval of their difference includes 0.`
    : `Its error is no less than that of ${than}.`
}

function results(run: RatingRunSummary, all: readonly RatingPrediction[]): string {
  const { judgement } = run.pooled
  const { permutation, intervals } = judgement
  const notes = [
    'MAE and RMSE are in the unit of the ratings. R² is against the mean of each fold’s training people; CCC is Lin’s concordance.',
    intervals
      ? 'Intervals are of 95 %, by bootstrap over people; differences are of the model less the baseline on the same trials: of errors, less than 0 is better.'
      : 'No bootstrap intervals: they need several people.',
    Number.isNaN(permutation)
      ? 'No permutation test: ratings or predictions do not vary.'
      : `Ratings shuffled within each person correlate as much with p ${permutation < 0.001 ? '' : '= '}${pValue(permutation)}.`,
    ...(run.dataset.featureSet === undefined
      ? ['The forest on EDA features is missing: the data were prepared before there were any.']
      : []),
  ]
  return (
    ratingScoreTable(judgement) +
    element('h3', 'What the model has more') +
    ratingDifferenceTable(judgement) +
    notes.map((note) => element('p', note, { class: 'soft' })).join('') +
    charts(figure('All test trials', ratingScatterSvg(all, 'All test trials')))
  )
}

/** A small picture a person, all on the same axes. */
function bySubject({ bySubject: people }: RatingJudgement, all: readonly RatingPrediction[]): string {
  const pictures = people.map(({ subject }) => {
    const own = all.filter((of) => of.subject === subject)
    return figure(subject, ratingScatterSvg(own, subject, { range: all, small: true }))
  })
  return tag('details', {}, element('summary', 'Ratings and predictions by person') + charts(...pictures))
}

function foldDetails(fold: RatingFoldResult): string {
  const name = `Fold ${fold.name}`
  const { validationSubjects: held = [] } = fold
  const chosen = held.length > 0 ? ` The epoch was chosen on ${held.join(', ')}.` : ''
  const people = element('p', `Tested on ${fold.testSubjects.join(', ')}.${chosen}`, { class: 'soft' })
  const figures = charts(
    figure('Learning curves', curvesSvg([fold], name, false)),
    figure('Test part', ratingScatterSvg(fold.predictions, name)),
  )
  return tag('details', {}, element('summary', name) + people + figures + ratedPredictionTable(fold))
}
