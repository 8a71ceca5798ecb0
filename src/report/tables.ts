// The tables of a report. Shares of 1 are shown in %.

import type { ClassificationMetrics } from '../evaluation/metrics.ts'
import { classOf } from '../train/answer.ts'
import type { Baselines, FoldResult, RunSummary } from '../train/run_summary.ts'
import { escapeMarkup, tag } from '../charts/svg.ts'

export const percent = (share: number): string => (100 * share).toFixed(1)

interface Row {
  cells: readonly string[]
  /** Row of the model itself. */
  model?: boolean
}

/** Cells are plain text; those of the columns in `prose` are set as running text. */
function table(heads: readonly string[], rows: readonly Row[], prose: readonly number[] = []): string {
  const kind = (i: number): Record<string, string> => (prose.includes(i) ? { class: 'text' } : {})
  const head = heads.map((text, i) => tag('th', { scope: 'col', ...kind(i) }, escapeMarkup(text) || '&#160;')).join('')
  const cell = (text: string, i: number): string => tag('td', kind(i), escapeMarkup(text) || '&#160;')
  const body = rows.map(({ cells, model }) => tag('tr', model ? { class: 'model' } : {}, cells.map(cell).join('')))
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`
}

/** The model under all that it must stand beside. */
export function baselineTable({ model, baselines }: { model: ClassificationMetrics; baselines: Baselines }): string {
  const row = (name: string, m: ClassificationMetrics): Row => ({ cells: [name, String(m.count), ...scores(m)] })
  const { majority, song, svm } = baselines
  const rows = [row('Majority class', majority), ...(svm ? [row('Linear SVM, C = 0.25', svm)] : [])]
  if (song) rows.splice(1, 0, row('Song-only label', song.baseline))
  if (song && song.model.count < model.count) rows.push(row('Model, same trials as song-only', song.model))
  rows.push({ ...row('Model', model), model: true })
  return table(['', 'Trials', ...scoreHeads(model)], rows)
}

/** F1 of high is of two classes alone. */
const scores = (m: ClassificationMetrics): string[] =>
  [m.accuracy, m.balancedAccuracy, ...(m.positive ? [m.positive.f1] : []), m.macro.f1].map(percent)

const scoreHeads = (m: ClassificationMetrics): string[] => [
  ...['Accuracy %', 'Balanced %'],
  ...(m.positive ? ['F1 high %'] : []),
  'Macro F1 %',
]

export function foldTable({ results, pooled: { model } }: RunSummary): string {
  const [, ...others] = scoreHeads(model)
  const heads = [
    ...['Fold', 'People', 'Training / validation / test trials', 'Epoch kept', 'Majority %'],
    ...(model.positive ? ['SVM %'] : []),
    ...['Song-only % (trials)', 'Model %', ...others],
  ]
  return table(heads, results.map(foldRow))
}

function foldRow(fold: FoldResult): Row {
  const {
    model,
    baselines: { majority, svm, song },
  } = fold
  const parts = [fold.trainTrials, fold.validationTrials, model.count].join(' / ')
  const kept = `${fold.bestEpoch} of ${fold.epochs.length}`
  const baselines = [majority, ...(svm ? [svm] : [])].map(({ accuracy }) => percent(accuracy))
  const songOnly = song ? `${percent(song.baseline.accuracy)} (${song.baseline.count})` : 'none'
  return { cells: [fold.name, String(fold.testSubjects.length), parts, kept, ...baselines, songOnly, ...scores(model)] }
}

/** `classes` are their names, in order of their numbers. */
export function predictionTable({ predictions }: FoldResult, classes: readonly string[]): string {
  const rows = predictions.map(({ trial, subject, stimulus, label, ...answer }) => {
    const said = classOf(answer)
    const verdict = said === label ? 'right' : 'wrong'
    const probability = answer.probability.toFixed(3)
    return { cells: [trial, subject, stimulus, classes[label]!, classes[said]!, probability, verdict] }
  })
  const head = classes.length === 2 ? 'P(high)' : 'P(predicted)'
  return table(['Trial', 'Person', 'Stimulus', 'Label', 'Predicted', head, ''], rows)
}

export const skippedTable = (skipped: RunSummary['skipped']): string =>
  table(
    ['Source', 'Reason'],
    skipped.map(({ source, reason }) => ({ cells: [source, reason] })),
    [1],
  )
