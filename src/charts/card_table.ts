// A table of a page that becomes cards on a phone: a row is a block, each of its cells under the head of its column.
import { escapeMarkup, tag } from './svg.ts'

/**
 * CSS of such tables. Below `below` rem of the page's width rows are cards, in which a cell is at least `column` rem wide; `more` are
 * rules of cards alone. A cell names its column in `data-head`.
 */
export const cardTableStyle = (below: number, column: number, more: string): string => `
@media screen and (max-width: ${below}rem) {
  .wide { border: 0; overflow: visible }
  table, tbody { display: block }
  thead { display: none }
  tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(${column}rem, 1fr)); gap: .3rem .8rem;
    border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; padding: .5rem .7rem }
  td, td.text { min-width: 0; padding: 0; border: 0; text-align: left; white-space: normal; overflow-wrap: anywhere }
  td::before { content: attr(data-head); display: block; color: var(--soft); font-size: .75rem; font-weight: 400 }
  ${more}
}
`

/** Markup of a table. `rows` is markup, a `tr` each; columns for which `isText` holds are set at the left. */
export function tableMarkup(
  heads: readonly string[],
  rows: readonly string[],
  isText: (column: number) => boolean,
): string {
  const head = heads.map((text, i) =>
    tag('th', { scope: 'col', ...(isText(i) && { class: 'text' }) }, escapeMarkup(text) || '&#160;'),
  )
  return `<div class="wide"><table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}
