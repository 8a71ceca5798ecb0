// A run of the benchmark as one HTML file: figures, targets, charts, comparison.

import { barsSvg, rooflineSvg, type Bar, type Peaks, type RooflinePoint } from './roofline.ts'
import { htmlPage } from '../../src/charts/page.ts'
import { escapeMarkup, tag } from '../../src/charts/svg.ts'

export interface BenchTable {
  caption: string
  heads: readonly string[]
  rows: readonly (readonly string[])[]
}

export interface BenchPage {
  title: string
  /** Name and value, in the order in which they are read. */
  facts: readonly (readonly [string, string])[]
  warnings: readonly string[]
  roofline: { peaks: Peaks; points: readonly RooflinePoint[]; note: string }
  charts: readonly { caption: string; note: string; bars: readonly Bar[]; most?: number }[]
  tables: readonly BenchTable[]
}

/** Markup of a self-contained page, without scripts. */
export function benchPage({ title, facts, warnings, roofline, charts, tables }: BenchPage): string {
  const items = facts.map(([name, value]) => tag('div', {}, element('dt', name) + element('dd', value)))
  const drawn = charts
    .filter(({ bars }) => bars.length > 0)
    .map(({ caption, note, bars, most }) => element('h2', caption) + remark(note) + barsSvg(caption, bars, most))
  const body = [
    element('h1', title),
    ...warnings.map((text) => tag('p', { class: 'warning' }, escapeMarkup(text))),
    tag('dl', {}, items.join('')),
    element('h2', 'Roofline'),
    remark(roofline.note),
    rooflineSvg(roofline.peaks, roofline.points),
    ...drawn,
    ...tables.map(tableOf),
  ]
  return htmlPage(title, body.join(''))
}

const element = (name: string, text: string): string => tag(name, {}, escapeMarkup(text))
const remark = (text: string): string => tag('p', { class: 'soft' }, escapeMarkup(text))

function tableOf({ caption, heads, rows }: BenchTable): string {
  const row = (cells: readonly string[], name: 'td' | 'th'): string =>
    tag('tr', {}, cells.map((cell) => element(name, cell)).join(''))
  const body = rows.map((cells) => row(cells, 'td')).join('')
  return (
    element('h2', caption) +
    tag('div', { class: 'wide' }, tag('table', {}, tag('thead', {}, row(heads, 'th')) + tag('tbody', {}, body)))
  )
}
