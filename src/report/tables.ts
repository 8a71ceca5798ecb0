// The tables of a report. Shares of 1 are shown in %; a score that is not defined is a dash. On a phone each row becomes a block of its own.

import { classOf } from '../train/answer.ts'
import type { FoldResult, RunSummary } from '../train/run_summary.ts'
import { cardTableStyle, tableMarkup } from '../charts/card_table.ts'
import { escapeMarkup, tag } from '../charts/svg.ts'

export const percent = (share: number): string => (Number.isFinite(share) ? (100 * share).toFixed(1) : '–')

/** With a minus sign, which nought has not. */
export const decimals = (value: number, places: number): string =>
  value
    .toFixed(places)
    .replace(/^-(0\.?0*)$/, '$1')
    .replace('-', '\u2212')

export interface Row {
  cells: readonly string[]
  /** Row of the model itself. */
  model?: boolean
}

/** What a report needs beyond the common stylesheet; on a phone a row's first cell is its head. */
export const TABLE_STYLE = `
main { max-width: 74rem }
h3 { font-size: 1rem; margin: 1.4rem 0 .5rem }
th, td { padding: .4rem .5rem }
td:first-child { min-width: 11rem }
${cardTableStyle(
  40,
  6,
  `tr td:first-child { grid-column: 1 / -1; font-weight: 650 }
  tr td:first-child::before, td.empty { display: none }`,
)}`

/** Cells are plain text; those of the columns in `prose` are set as running text. */
export function table(heads: readonly string[], rows: readonly Row[], prose: readonly number[] = []): string {
  const isText = (i: number): boolean => prose.includes(i)
  const cell = (text: string, i: number): string => {
    const kind = text === '' ? { class: 'empty' } : isText(i) && { class: 'text' }
    return tag('td', { 'data-head': heads[i]!, ...kind }, escapeMarkup(text) || '&#160;')
  }
  const body = rows.map(({ cells, model }) => tag('tr', model ? { class: 'model' } : {}, cells.map(cell).join('')))
  return tableMarkup(heads, body, isText)
}

/** F1 of high is of two classes alone. */
export function foldTable({ results, pooled: { model } }: RunSummary): string {
  const heads = [
    ...['Fold', 'People tested', 'Training / validation / test trials', 'Epoch kept', 'Accuracy %', 'Balanced %'],
    ...(model.positive ? ['F1 high %'] : []),
    'Macro F1 %',
  ]
  return table(heads, results.map(foldRow))
}

function foldRow(fold: FoldResult): Row {
  const { model } = fold
  const parts = [fold.trainTrials, fold.validationTrials, model.count].join(' / ')
  const kept = `${fold.bestEpoch} of ${fold.epochs.length}`
  const high = model.positive ? [model.positive.f1] : []
  const scores = [model.accuracy, model.balancedAccuracy, ...high, model.macro.f1].map(percent)
  return { cells: [fold.name, String(fold.testSubjects.length), parts, kept, ...scores] }
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
