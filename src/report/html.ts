// One run as one HTML file: no scripts, no requests, every text escaped.

import { doubtOfLabels } from '../evaluation/labels.ts'
import type { ClassificationMetrics } from '../evaluation/metrics.ts'
import { confusionSvg } from './confusion.ts'
import { curvesSvg } from './curves.ts'
import { foldAccuracySvg } from './fold_accuracy.ts'
import { formatDocument, toDocument } from '../formats/documents.ts'
import { htmlPage } from '../charts/page.ts'
import type { FoldResult, RunSummary } from '../train/run_summary.ts'
import { escapeMarkup, tag } from '../charts/svg.ts'
import { baselineTable, foldTable, percent, predictionTable, skippedTable } from './tables.ts'

const CLASSES = ['low', 'high'] as const

/** Markup of a self-contained report. Probabilities and accuracies in `run` are shares of 1. */
export function runReport(run: RunSummary): string {
  const title = `${capitalised(run.dimension)}, ${run.dataset.name}`
  const body = [
    element('h1', title),
    warnings(run),
    headline(run),
    facts(run),
    section('Results', results(run)),
    section('Learning curves', learningCurves(run)),
    section('Folds', foldTable(run) + run.results.map(foldDetails).join('')),
    ...assumed(run),
    section('Data left out', leftOut(run)),
    section('Settings', `<pre>${escapeMarkup(formatDocument(toDocument('run-config', run.config)))}</pre>`),
  ]
  return htmlPage(`${title}: ${run.name}`, body.join('\n'))
}

const element = (name: string, text: string, attributes: Record<string, string> = {}): string =>
  tag(name, attributes, escapeMarkup(text))

const section = (title: string, content: string): string => `<section>${element('h2', title)}${content}</section>`

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

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
  if (doubt !== undefined) list.push(warn('Song labels.', `${capitalised(doubt)}.`))
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
  const { model, baselines, interval } = pooled
  const people = new Set(results.flatMap((fold) => fold.testSubjects)).size
  const unseen = folds.subjectIndependent ? ', none of them seen in training' : ''
  const range = interval ? ` (95 % interval ${percent(interval.low)} to ${percent(interval.high)})` : ''
  const reached =
    `The model is right in ${percent(model.accuracy)} %${range} of ${plural(model.count, 'trial')} of ` +
    `${plural(people, 'person', 'people')}${unseen}; the majority class is right in ` +
    `${percent(baselines.majority.accuracy)} %.`
  return element('p', `${reached} ${verdict(baselines.majority, interval)}`, { class: 'headline' })
}

function verdict(majority: ClassificationMetrics, interval: RunSummary['pooled']['interval']): string {
  if (!interval) return 'With so few people no interval can be given, so the difference may be chance.'
  if (interval.low > majority.accuracy) return 'The whole interval lies above the majority class.'
  if (interval.high < majority.accuracy) return 'The whole interval lies below the majority class.'
  return 'The interval includes the majority class: this run does not show that the model has learnt anything.'
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
    ['Predicted', `${run.dimension}, low or high`],
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

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(0)} s`
  return seconds < 7200 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`
}

function results(run: RunSummary): string {
  const { interval, wilcoxon, permutation, model } = run.pooled
  const notes: string[] = []
  notes.push(
    interval
      ? `95 % bootstrap interval of the accuracy over people: ${percent(interval.low)} to ${percent(interval.high)} %.`
      : 'No bootstrap interval: it needs several people.',
  )
  notes.push(
    wilcoxon
      ? `Model against majority class, accuracy by fold, exact Wilcoxon signed-rank: W = ${wilcoxon.w}, ` +
          `n = ${plural(wilcoxon.n, 'differing fold')}, ${probability(wilcoxon.p)}.`
      : 'No signed-rank test: it needs several folds.',
  )
  if (permutation !== undefined) {
    notes.push(`Labels shuffled within each person are predicted as well with ${probability(permutation)}.`)
  }
  const paragraphs = notes.map((note) => element('p', note, { class: 'soft' })).join('')
  return (
    baselineTable(run.pooled) +
    paragraphs +
    charts(
      figure('Accuracy by fold', foldAccuracySvg(run)),
      figure('All test trials', confusionSvg(model.confusion, CLASSES, 'All test trials')),
    )
  )
}

const probability = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`)

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

function foldDetails(fold: FoldResult): string {
  const name = `Fold ${fold.name}`
  const people = element('p', `Tested on ${fold.testSubjects.join(', ')}.`, { class: 'soft' })
  const figures = charts(
    figure('Learning curves', curvesSvg([fold], name)),
    figure('Test part', confusionSvg(fold.model.confusion, CLASSES, name)),
  )
  return tag('details', {}, element('summary', name) + people + figures + predictionTable(fold))
}

function leftOut({ skipped }: RunSummary): string {
  if (skipped.length === 0) return element('p', 'No trial was left out.')
  return tag('details', { open: '' }, element('summary', plural(skipped.length, 'trial')) + skippedTable(skipped))
}
