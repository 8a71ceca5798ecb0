// The tables of a report. Shares of 1 are shown in %; a score that is not defined is a dash. On a phone each row becomes a block of its own.

import { classOf } from '../train/answer.ts'
import type { FoldResult, RunSummary } from '../train/run_summary.ts'
import { escapeMarkup, tag } from '../charts/svg.ts'

export const percent = (share: number): string => (Number.isFinite(share) ? (100 * share).toFixed(1) : '–')

export interface Row {
  cells: readonly string[]
  /** Row of the model itself. */
  model?: boolean
}

/** Below this width a row is a block: its first cell as its head, then the others in a grid, each under the name of its column. */
export const TABLE_STYLE = `
main { max-width: 74rem }
h3 { font-size: 1rem; margin: 1.4rem 0 .5rem }
th, td { padding: .4rem .5rem }
td:first-child { min-width: 11rem }
@media screen and (max-width: 40rem) {
  .wide { border: 0; overflow: visible }
  table, tbody { display: block }
  thead { display: none }
  tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(6rem, 1fr)); gap: .2rem .8rem;
    border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; padding: .4rem .7rem }
  td, td.text { min-width: 0; padding: 0; border: 0; text-align: left; white-space: normal; overflow-wrap: anywhere }
  td::before { content: attr(data-head); display: block; color: var(--soft); font-size: .75rem; font-weight: 400 }
  tr td:first-child { grid-column: 1 / -1; font-weight: 650 }
  tr td:first-child::before, td.empty { display: none }
}
`

/** Cells are plain text; those of the columns in `prose` are set as running text. */
export function table(heads: readonly string[], rows: readonly Row[], prose: readonly number[] = []): string {
  const kind = (i: number): Record<string, string> => (prose.includes(i) ? { class: 'text' } : {})
  const head = heads.map((text, i) => tag('th', { scope: 'col', ...kind(i) }, escapeMarkup(text) || '&#160;')).join('')
  const cell = (text: string, i: number): string => {
    const empty = text === '' ? { class: 'empty' } : kind(i)
    return tag('td', { 'data-head': heads[i]!, ...empty }, escapeMarkup(text) || '&#160;')
  }
  const body = rows.map(({ cells, model }) => tag('tr', model ? { class: 'model' } : {}, cells.map(cell).join('')))
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`
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
