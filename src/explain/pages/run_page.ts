// All explained trials of a run as one HTML file, what the model got wrong first.
import { htmlPage } from '../../charts/page.ts'
import { escapeMarkup, tag } from '../../charts/svg.ts'
import type { ExplainedRun } from '../explain.ts'
import type { Explanation, Grouping } from '../explanation.ts'
import type { Sanity } from '../sanity_tally.ts'
import type { Drawn } from './drawn.ts'
import { mapName } from './map_names.ts'
import {
  beliefSection,
  charts,
  drawnMarkup,
  element,
  EXPLAIN_STYLE,
  factList,
  section,
  soft,
  syntheticWarning,
  textTable,
} from './page_parts.ts'
import { plural } from './words.ts'

/** A trial in the gallery. */
export interface GalleryTrial {
  facts: Omit<Explanation, 'maps'>
  /** From `thumbnail`, and the names of its maps. */
  picture: string
  maps: readonly string[]
  /** Its page, beside this one. */
  link: string
}

/** The means of a group, drawn. */
export interface DrawnGroup {
  name: string
  trials: number
  pictures: readonly Drawn[]
}

/** What is on the page of a run beside what the run is. */
export interface RunPage {
  trials: readonly GalleryTrial[]
  by?: Grouping | undefined
  groups: readonly DrawnGroup[]
  sanity?: Sanity | undefined
}

export function runPage(run: ExplainedRun, { trials, by, groups, sanity }: RunPage): string {
  const title = `What the models saw: ${run.dimension}, ${run.name}`
  const sorted = [...trials].sort((a, b) => b.facts.probability - a.facts.probability)
  const body = [
    element('h1', title),
    syntheticWarning(run.synthetic),
    facts(run, trials),
    beliefSection(sanity),
    by === undefined ? '' : averages(by, groups),
    ...galleries(run, sorted),
    section('All trials, the surest first', trialTable(run, sorted)),
  ]
  return htmlPage(title, body.join('\n'), EXPLAIN_STYLE)
}

const isRight = ({ facts: { label, class: winner } }: GalleryTrial): boolean => label === winner
const isTested = ({ facts: { label } }: GalleryTrial): boolean => label !== undefined

function facts({ name, dimension, classes, modules }: ExplainedRun, trials: readonly GalleryTrial[]): string {
  const tested = trials.filter(isTested)
  const folds = [...new Set(trials.map(({ facts: { fold } }) => fold))]
  return factList([
    ['Data', name],
    ['Predicted', `${dimension}: ${classes.join(', ')}`],
    ['Trials explained', String(trials.length)],
    ['Right', tested.length > 0 ? `${tested.filter(isRight).length} of ${tested.length}` : undefined],
    ['Folds', folds.join(', ')],
    ['Attention modules', modules.length > 0 ? modules.map((module) => module.toUpperCase()).join(', ') : 'none'],
  ])
}

function averages(by: Grouping, groups: readonly DrawnGroup[]): string {
  const note =
    'Trials differ in length, so time is in shares of what was read. The mean of few trials says little of others.'
  const each = groups.flatMap(({ name, trials, pictures }) => [
    element('h3', `${name}, ${plural(trials, 'trial')}`),
    charts(pictures.map((drawn) => drawnMarkup(drawn, true))),
  ])
  return section(`Means by ${by === 'class' ? 'predicted class' : by}`, soft(note), ...each)
}

/** Mistakes, then what is right, then what no label is known of; in each the surest first. */
function galleries(run: ExplainedRun, sorted: readonly GalleryTrial[]): string[] {
  const parts: [string, GalleryTrial[]][] = [
    ['Mistakes, the surest first', sorted.filter((trial) => isTested(trial) && !isRight(trial))],
    ['Right, the surest first', sorted.filter((trial) => isTested(trial) && isRight(trial))],
    ['Not tested by the fold, the surest first', sorted.filter((trial) => !isTested(trial))],
  ]
  return parts
    .filter(([, own]) => own.length > 0)
    .map(([title, own]) => {
      const strips = own[0]!.maps.map(mapName).join(', ')
      const note = `Each with its first signal and, from top to bottom, ${strips}: means over the signals, each strip by its own largest.`
      return section(title, soft(note), tag('div', { class: 'gallery' }, own.map((trial) => card(run, trial)).join('')))
    })
}

function card({ classes }: ExplainedRun, { facts, picture, link }: GalleryTrial): string {
  const { trial, subject, predicted, probability, label } = facts
  const really = label === undefined ? '' : `, label ${classes[label]!}`
  const words =
    element('b', trial) + picture + escapeMarkup(`${predicted} ${probability.toFixed(3)}${really}; ${subject}`)
  return tag('a', { href: link }, words)
}

function trialTable({ classes, dimension }: ExplainedRun, sorted: readonly GalleryTrial[]): string {
  const heads = ['Trial', 'Person', 'Stimulus', 'Fold', `Predicted ${dimension}`, 'P', 'Label']
  const rows = sorted.map(({ facts }) => [
    ...[facts.trial, facts.subject, facts.stimulus, facts.fold, facts.predicted, facts.probability.toFixed(3)],
    facts.label === undefined ? '' : classes[facts.label]!,
  ])
  return textTable({ heads, rows })
}
