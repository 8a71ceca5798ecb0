// One run as one HTML file: no scripts, no requests, every text escaped.

import { doubtOfLabels } from '../evaluation/labels.ts'
import type { Judgement } from '../evaluation/judgement.ts'
import type { Interval } from '../evaluation/statistics.ts'
import { classNames } from '../evaluation/targets.ts'
import { departures } from '../train/paper_settings.ts'
import { BASELINE_NAMES } from './baseline_names.ts'
import { calibrationSvg } from './calibration.ts'
import { choiceTable } from './choices.ts'
import { confusionSvg } from './confusion.ts'
import { curvesSvg } from './curves.ts'
import { foldAccuracySvg } from './fold_accuracy.ts'
import { htmlPage } from '../charts/page.ts'
import type { FoldResult, RunSummary } from '../train/run_summary.ts'
import { escapeMarkup, tag } from '../charts/svg.ts'
import { capitalised, differenceTable, judgementNotes, scoreTable, subjectTable } from './results.ts'
import { foldTable, percent, predictionTable, skippedTable, table, TABLE_STYLE } from './tables.ts'

/** Markup of a self-contained report. Probabilities and accuracies in `run` are shares of 1. */
export function runReport(run: RunSummary): string {
  const title = `${capitalised(run.dimension)}, ${run.dataset.name}`
  const body = [
    element('h1', title),
    warnings(run),
    headline(run),
    facts(run),
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

const element = (name: string, text: string, attributes: Record<string, string> = {}): string =>
  tag(name, attributes, escapeMarkup(text))

const section = (title: string, content: string): string => `<section>${element('h2', title)}${content}</section>`

const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** What a reader must know before any number. */
function warnings({ dataset, labels, folds, results }: RunSummary): string {
  const warn = (strong: string, text: string): string =>
    `<p class="warning">${element('strong', strong)} ${escapeMarkup(text)}</p>`
  const list: string[] = []
  if (dataset.synthetic) {
    list.push(warn('Synthetic data.', 'These recordings were generated. Nothing here says anything about people.'))
  }
  if (!folds.subjectIndependent) {
    list.push(warn('Not subject-independent.', 'The same people are in training and test parts, which flatters.'))
  }
  const doubt = doubtOfLabels(labels)
  if (doubt !== undefined) list.push(warn('Mind the labels.', `${capitalised(doubt)}.`))
  if (results.length < folds.count) {
    const finished = `${results.length} of ${plural(folds.count, 'fold')} finished`
    list.push(warn('Incomplete.', `${finished}; the numbers say nothing of the others.`))
  }
  return list.join('')
}

/** What was taken for granted of the data, where there is anything. */
function assumed({ dataset: { notes = [] } }: RunSummary): string[] {
  const items = notes.map((note) => element('li', note)).join('')
  return notes.length > 0 ? [section('About the data', tag('ul', {}, items))] : []
}

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

function facts(run: RunSummary): string {
  const { dataset, folds } = run
  const set = dataset.musicSet === undefined ? '' : ` (${dataset.musicSet})`
  const music = dataset.musicDim > 0 ? `, ${dataset.musicDim} music features${set}` : ', no music features'
  const entries: [string, string][] = [
    ['Dataset', `${dataset.name}${dataset.synthetic ? ' (synthetic)' : ''}`],
    ['Trials', `${dataset.trials} of ${plural(dataset.subjects, 'person', 'people')}`],
    ['Stimuli', String(dataset.stimuli)],
    ['Input', dataset.channels.join(', ') + music],
    ['Predicted', predicted(run)],
    ['Labels', run.labels],
    ['Model', `preset ${run.preset}, ${run.parameters.toLocaleString('en')} parameters`],
    ['Folds', `${folds.scheme}, ${plural(folds.count, 'fold')}`],
    ['Subject-independent', folds.subjectIndependent ? 'yes' : 'no'],
    ['Seed', String(run.seed)],
    ['Adapter', run.adapter],
    [
      'Versions',
      Object.entries(run.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
    ['Run', run.name],
    ['Finished', `${run.date.replace('T', ' ')}, after ${duration(run.seconds)}`],
  ]
  const items = entries.map(([name, value]) => tag('div', {}, element('dt', name) + element('dd', value)))
  return tag('dl', {}, items.join(''))
}

function predicted(run: RunSummary): string {
  const classes = classesOf(run)
  return `${run.dimension}, ${classes.slice(0, -1).join(', ')} or ${classes.at(-1)!}`
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(0)} s`
  return seconds < 7200 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`
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

function settings({ config }: RunSummary): string {
  const rows = departures(config).map(({ setting, paper, here }) => ({ cells: [setting, paper, here] }))
  if (rows.length === 0) return element('p', 'Every setting is the paper’s.')
  const note = 'All other settings are those that the paper describes; config.json has every one.'
  return table(['Setting', 'Paper', 'Here'], rows, [1, 2]) + element('p', note, { class: 'soft' })
}

/** What was chosen by validation loss, where there were alternatives. */
function choiceOfSettings({ results }: RunSummary): string[] {
  const choice = choiceTable(results)
  if (!choice) return []
  const { heads, rows, failures } = choice
  const notes = [
    'The least validation loss of each alternative. Each fold took the one with the least of all, by people or trials held out of its training part; the test part was predicted by that model alone, and curves and epochs below are its.',
    ...failures,
  ]
  const cells = rows.map((row) => ({ cells: row }))
  return [
    section(
      'Choice of settings',
      table(heads, cells) + notes.map((note) => element('p', note, { class: 'soft' })).join(''),
    ),
  ]
}

const figure = (caption: string, chart: string): string => tag('figure', {}, element('figcaption', caption) + chart)

const charts = (...figures: string[]): string => tag('div', { class: 'charts' }, figures.join(''))

function learningCurves({ results, folds, config }: RunSummary): string {
  const note = `${choiceOfEpoch(folds, config)}; a dot marks the epoch whose weights were kept.`
  const which = results.length === 1 ? 'The fold' : `All ${results.length} folds`
  return charts(figure(which, curvesSvg(results, which))) + element('p', note, { class: 'soft' })
}

const HELD_OUT = { subject: 'people', stimulus: 'stimuli', trial: 'single trials' } as const

function choiceOfEpoch({ unit, validation }: RunSummary['folds'], { choice }: RunSummary['config']): string {
  if (choice === 'test') return 'Epochs are judged on the test part itself: a leak, and the scores are too good'
  if (validation === 0) return 'Nothing was held out to judge epochs, so the last one was kept'
  return `Epochs are judged on ${HELD_OUT[unit]} held out of the training part, never on the test part`
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

function leftOut({ skipped }: RunSummary): string {
  if (skipped.length === 0) return element('p', 'No trial was left out.')
  return tag('details', { open: '' }, element('summary', plural(skipped.length, 'trial')) + skippedTable(skipped))
}
