// What pages of explanations are put together from. Text is escaped here.
import { cardTableStyle, tableMarkup } from '../../charts/card_table.ts'
import { escapeMarkup, tag } from '../../charts/svg.ts'
import type { CheckedMap, Sanity } from '../sanity_tally.ts'
import type { Drawn, NumberTable } from './drawn.ts'
import { mapName } from './map_names.ts'
import { BELIEF, plural } from './words.ts'

/** Beyond the common stylesheet. A picture over time keeps a legible width on a phone and is moved sideways in its frame. */
export const EXPLAIN_STYLE = `
main { max-width: 74rem }
h3 { font-size: 1rem; margin: 1.4rem 0 .5rem }
a { color: var(--accent) }
.over-time { overflow-x: auto }
.over-time svg { min-width: 40rem; width: 100%; max-width: 60rem }
figure { flex: 0 1 auto }
figure.full { flex: 1 1 100% }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: .8rem }
.gallery a { display: block; text-decoration: none; border: 1px solid var(--line); border-radius: .4rem; padding: .6rem;
  color: var(--ink) }
.gallery a:hover, .gallery a:focus { border-color: var(--accent) }
.gallery svg { width: 100% }
.gallery b { display: block; color: var(--accent) }
${cardTableStyle(40, 8, 'tr td:first-child { grid-column: 1 / -1; font-weight: 650 }')}`

export const element = (name: string, text: string, attributes: Record<string, string> = {}): string =>
  tag(name, attributes, escapeMarkup(text))

export const section = (title: string, ...content: string[]): string =>
  tag('section', {}, element('h2', title) + content.join(''))

export const soft = (text: string): string => element('p', text, { class: 'soft' })

export const warning = (strong: string, text: string): string =>
  tag('p', { class: 'warning' }, `${element('strong', strong)} ${escapeMarkup(text)}`)

/** Names and what stands beside each; those without are left out. */
export function factList(entries: readonly (readonly [string, string | undefined])[]): string {
  const items = entries.flatMap(([name, value]) =>
    value === undefined ? [] : [tag('div', {}, element('dt', name) + element('dd', value))],
  )
  return tag('dl', {}, items.join(''))
}

/** Cells are plain text. */
export function textTable({ heads, rows }: NumberTable): string {
  const cells = (row: readonly string[]): string =>
    row.map((text, i) => tag('td', { 'data-head': heads[i]! }, escapeMarkup(text) || '&#160;')).join('')
  return tableMarkup(
    heads,
    rows.map((row) => tag('tr', {}, cells(row))),
    () => false,
  )
}

/** What nobody must take for people. */
export const syntheticWarning = (synthetic: boolean): string =>
  synthetic
    ? warning('Synthetic data.', 'These recordings were generated. Nothing here says anything about people.')
    : ''

/** `full`: over time, as wide as the page. */
export function drawnMarkup({ figure: { caption, svg }, table }: Drawn, full: boolean): string {
  const picture = full ? tag('div', { class: 'over-time' }, svg) : svg
  const numbers = tag('details', {}, element('summary', 'Numbers') + textTable(table))
  return tag('figure', full ? { class: 'full' } : {}, element('figcaption', caption) + picture + numbers)
}

export const charts = (figures: readonly string[]): string => tag('div', { class: 'charts' }, figures.join(''))

const shown = (value: number | null | undefined): string => (typeof value === 'number' ? value.toFixed(2) : '\u2013')

/** Whether maps may be believed, with the checks that were made. */
export function beliefSection(sanity: Sanity | undefined): string {
  const belief = element('p', BELIEF)
  if (!sanity)
    return section(
      'What to believe',
      belief,
      soft('These maps were not checked; galvani explain --sanity checks them.'),
    )
  const { trials, maps, doubted } = sanity
  const doubts = doubted.map((map) => warning('Not to be believed.', `${mapName(map)} passes no check.`))
  const says = `Checked on ${plural(trials.length, 'trial')}: rank correlation with the maps of models whose top layer, or all layers, are random${
    maps.some(({ permuted }) => permuted) ? ', and of one that learned shuffled labels' : ''
  }; areas under the curves of deletion (passed below all random orders) and insertion (above all of them).`
  const checks = tag('details', {}, element('summary', 'Checks') + soft(says) + textTable(sanityTable(maps)))
  return section('What to believe', belief, doubts.join(''), checks)
}

function sanityTable(maps: readonly CheckedMap[]): NumberTable {
  const heads = [
    ...['Map', 'Top layer random', 'All layers random', 'Permuted labels', 'Deletion (random orders)'],
    ...['Insertion (random orders)', 'Passes'],
  ]
  const rows = maps.map(({ map, randomised, permuted, deletion, insertion, passes }) => [
    ...[mapName(map), shown(randomised[0]?.correlation), shown(randomised.at(-1)?.correlation)],
    shown(permuted?.correlation),
    ...[deletion, insertion].map(({ area, randomAreas }) => {
      return `${shown(area)} (${shown(Math.min(...randomAreas))} to ${shown(Math.max(...randomAreas))})`
    }),
    passes.length > 0 ? passes.join(', ') : 'none',
  ])
  return { heads, rows }
}
