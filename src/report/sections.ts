// What the pages of all runs have in common: what is to be known before a number, how the run was made, its curves.

import { escapeMarkup, tag } from '../charts/svg.ts'
import { doubtOfLabels } from '../evaluation/labels.ts'
import { departures } from '../train/paper_settings.ts'
import type { FoldFacts, RunFacts } from '../train/run_summary.ts'
import { choiceTable } from './choices.ts'
import { curvesSvg } from './curves.ts'
import { capitalised } from './results.ts'
import { skippedTable, table } from './tables.ts'

/** A run of classes or of ratings. */
export type ShownRun = RunFacts & { results: readonly FoldFacts[] }

export const element = (name: string, text: string, attributes: Record<string, string> = {}): string =>
  tag(name, attributes, escapeMarkup(text))

export const section = (title: string, content: string): string =>
  `<section>${element('h2', title)}${content}</section>`

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** What a reader must know before any number. */
export function warnings({ dataset, labels, folds, results }: ShownRun): string {
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
export function assumed({ dataset: { notes = [] } }: RunFacts): string[] {
  const items = notes.map((note) => element('li', note)).join('')
  return notes.length > 0 ? [section('About the data', tag('ul', {}, items))] : []
}

/** `predicted`: what the run predicts, in words. */
export function facts(run: RunFacts, predicted: string): string {
  const { dataset, folds } = run
  const set = dataset.musicSet === undefined ? '' : ` (${dataset.musicSet})`
  const music = dataset.musicDim > 0 ? `, ${dataset.musicDim} music features${set}` : ', no music features'
  const entries: [string, string][] = [
    ['Dataset', `${dataset.name}${dataset.synthetic ? ' (synthetic)' : ''}`],
    ['Trials', `${dataset.trials} of ${plural(dataset.subjects, 'person', 'people')}`],
    ['Stimuli', String(dataset.stimuli)],
    ['Input', dataset.channels.join(', ') + music],
    ['Predicted', predicted],
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

export function settings({ config }: RunFacts): string {
  const rows = departures(config).map(({ setting, paper, here }) => ({ cells: [setting, paper, here] }))
  if (rows.length === 0) return element('p', 'Every setting is the paper’s.')
  const note = 'All other settings are those that the paper describes; config.json has every one.'
  return table(['Setting', 'Paper', 'Here'], rows, [1, 2]) + element('p', note, { class: 'soft' })
}

/** What was chosen by validation loss, where there were alternatives. */
export function choiceOfSettings({ results }: ShownRun): string[] {
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

export const figure = (caption: string, chart: string): string =>
  tag('figure', {}, element('figcaption', caption) + chart)

export const charts = (...figures: string[]): string => tag('div', { class: 'charts' }, figures.join(''))

export function learningCurves({ results, folds, config }: ShownRun): string {
  const note = `${choiceOfEpoch(folds, config)}; a dot marks the epoch whose weights were kept.`
  const which = results.length === 1 ? 'The fold' : `All ${results.length} folds`
  return (
    charts(figure(which, curvesSvg(results, which, config.target !== 'rating'))) + element('p', note, { class: 'soft' })
  )
}

const HELD_OUT = { subject: 'people', stimulus: 'stimuli', trial: 'single trials' } as const

function choiceOfEpoch({ unit, validation }: RunFacts['folds'], { choice }: RunFacts['config']): string {
  if (choice === 'test') return 'Epochs are judged on the test part itself: a leak, and the scores are too good'
  if (validation === 0) return 'Nothing was held out to judge epochs, so the last one was kept'
  return `Epochs are judged on ${HELD_OUT[unit]} held out of the training part, never on the test part`
}

export function leftOut({ skipped }: RunFacts): string {
  if (skipped.length === 0) return element('p', 'No trial was left out.')
  return tag('details', { open: '' }, element('summary', plural(skipped.length, 'trial')) + skippedTable(skipped))
}
