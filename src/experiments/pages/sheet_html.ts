// Sheets as one self-contained page. On a phone each line becomes a card, with the head of its column beside each number.
import { cardTableStyle, tableMarkup } from '../../charts/card_table.ts'
import { htmlPage } from '../../charts/page.ts'
import { escapeMarkup, tag } from '../../charts/svg.ts'
import { differenceTable, judgementNotes, scoreTable } from '../../report/results.ts'
import type { Figure } from '../../charts/figure.ts'
import type { Sheet, SheetCell, SheetDocument } from './sheet.ts'

/** What experiment pages need beyond the common stylesheet. */
export const EXPERIMENT_STYLE = `
main { max-width: 88rem }
th, td { vertical-align: top; padding: .4rem .5rem }
td small { display: block; color: var(--soft); font-size: .75rem; font-weight: 400 }
td b { font-weight: 650 }
td.missing { color: var(--soft); white-space: normal }
.leaks { background: var(--warn-paper); color: var(--warn); border: 1px solid var(--warn-line); border-radius: .3rem;
  padding: 0 .25rem; font-size: .7rem; font-weight: 700; text-transform: uppercase; white-space: nowrap }
ul.notes { font-size: .85rem; color: var(--soft); padding-left: 1.1rem; max-width: 60rem }
details .wide { max-height: none }
${cardTableStyle(
  48,
  8.5,
  `td.name, td.text, details td:first-child { grid-column: 1 / -1 }
  details td:first-child { font-weight: 650 }
  details td:first-child::before, td.empty { display: none }`,
)}`

export const leaksMark = ' <span class="leaks">leaks</span>'

function cellMarkup({ text, under, leaks, missing }: SheetCell, head: string, named: boolean): string {
  const small = under.map((line) => tag('small', {}, escapeMarkup(line) || '&#160;'))
  const kind = named ? 'text name' : missing ? 'missing' : ''
  const main = missing ? escapeMarkup(text) : tag('b', {}, escapeMarkup(text) || '&#160;')
  const attributes = { ...(kind !== '' && { class: kind }), 'data-head': head }
  return tag('td', attributes, main + (leaks ? leaksMark : '') + small.join(''))
}

/** A table of markup, the cells of a row each; the first `text` columns are set at the left. */
export const markupTable = (heads: readonly string[], rows: readonly string[], text: number): string =>
  tableMarkup(
    heads,
    rows.map((cells) => tag('tr', {}, cells)),
    (column) => column < text,
  )

/** A table of plain text. */
export const textTable = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  markupTable(
    heads,
    rows.map((row) =>
      row
        .map((cell, i) => tag('td', { class: 'text', 'data-head': heads[i]! }, escapeMarkup(cell) || '&#160;'))
        .join(''),
    ),
    heads.length,
  )

const warning = (text: string): string => tag('p', { class: 'warning' }, escapeMarkup(text))
const list = (notes: readonly string[]): string =>
  tag('ul', { class: 'notes' }, notes.map((note) => tag('li', {}, escapeMarkup(note))).join(''))

/** A line's scores beside all of its baselines, and what it has more than each. */
const lineDetails = ({ name, judgement }: Sheet['details'][number]): string =>
  tag(
    'details',
    {},
    tag('summary', {}, escapeMarkup(name)) +
      scoreTable(judgement, 2) +
      (judgement.baselines.length === 0 ? '' : differenceTable(judgement, 2)) +
      list(judgementNotes(judgement, 2)),
  )

function section({ title, loud, headlines, caption, heads, named, rows, notes, details }: Sheet): string {
  const lines = rows.map((row) => row.map((cell, i) => cellMarkup(cell, heads[i]!, i < named)).join(''))
  return [
    tag('h2', {}, escapeMarkup(title)),
    ...loud.map(warning),
    ...headlines.map((text) => tag('p', {}, escapeMarkup(text))),
    tag('p', { class: 'soft' }, escapeMarkup(caption.join(' '))),
    markupTable(heads, lines, named),
    list(notes),
    ...(details.length === 0
      ? []
      : [tag('h3', {}, 'Each line beside all of its baselines'), ...details.map(lineDetails)]),
  ].join('')
}

const figureMarkup = ({ caption, svg }: Figure): string =>
  tag('figure', {}, tag('figcaption', {}, escapeMarkup(caption)) + svg)

function protocolsMarkup({ protocols, departures }: SheetDocument): string[] {
  if (protocols.length === 0) return []
  const says = protocols.map((of) => [of.protocol + (of.leaks ? ' (LEAKS)' : ''), of.says.join('; ')])
  const settings = departures.map(({ setting, paper, here }) => [setting, paper, here])
  return [
    tag('h2', {}, 'Protocols'),
    textTable(['Protocol', 'How it trains and judges'], says),
    tag('h2', {}, 'Settings that are not the paper&#39;s'),
    settings.length === 0 ? tag('p', {}, 'None.') : textTable(['Setting', 'Paper', 'Here'], settings),
  ]
}

/** All sheets, the figures, the differences of protocols and the departures from the paper. */
export function sheetPage(document: SheetDocument, figures: readonly Figure[]): string {
  const { title, sheets } = document
  const body = [
    tag('h1', {}, escapeMarkup(title)),
    ...(sheets.length === 0 ? [tag('p', {}, 'No results.')] : sheets.map(section)),
    ...(figures.length === 0
      ? []
      : [tag('h2', {}, 'Figures'), `<div class="charts">${figures.map(figureMarkup).join('')}</div>`]),
    ...protocolsMarkup(document),
  ]
  return htmlPage(title, body.join(''), EXPERIMENT_STYLE)
}
