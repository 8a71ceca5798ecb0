// Tables and figures of the data themselves, drawn: nothing is trained, so there is no interval and no protocol.
import { decimals } from '../../report/tables.ts'
import { captionOfDatasets } from './sheet_words.ts'
import type { CollectedDataset } from '../collected.ts'
import type { Rendered } from '../../charts/figure.ts'
import type { Sheet, SheetCell, SheetDocument } from './sheet.ts'
import { sheetPage } from './sheet_html.ts'
import { sheetLatex } from './sheet_latex.ts'
import { sheetMarkdown } from './sheet_markdown.ts'

/** Trials of each class, or a correlation with its p, or neither. */
interface Values {
  high?: number
  low?: number
  r?: number
  p?: number
}

/** What is drawn of a table of facts. */
export interface DrawnFacts {
  name: string
  title: string
  heads: string[]
  source?: string
  rows: { cells: string[]; reported?: Values; ours?: Values; note?: string; missing?: string; picture?: string }[]
  datasets: CollectedDataset[]
}

const NAMES: Record<keyof Values, string> = { high: 'High', low: 'Low', r: 'r', p: 'p' }

function shownFact(name: keyof Values, value: number): string {
  if (Number.isNaN(value)) return '–'
  if (name === 'high' || name === 'low') return String(value)
  if (name === 'p' && value < 0.001) return '< .001'
  return decimals(value, name === 'r' ? 2 : 3)
}

/** Of a p the field reports a bound, so that no difference is drawn of it. */
function factCell(name: keyof Values, row: DrawnFacts['rows'][number]): SheetCell {
  const [ours, theirs] = [row.ours?.[name], row.reported?.[name]]
  const paper = theirs === undefined ? [] : [`paper ${name === 'p' ? 'at most ' : ''}${paperFact(name, theirs)}`]
  if (ours === undefined)
    return { text: row.missing ?? (row.ours ? 'not defined' : 'not run'), under: paper, leaks: false, missing: true }
  return { text: shownFact(name, ours), under: paper, leaks: false, missing: false }
}

const paperFact = (name: keyof Values, value: number): string => (name === 'p' ? String(value) : shownFact(name, value))

function factSheet({ title, heads, source, rows, datasets }: DrawnFacts): Sheet {
  const all = (['high', 'low', 'r', 'p'] as const).filter((name) =>
    rows.some(({ reported, ours }) => reported?.[name] !== undefined || ours?.[name] !== undefined),
  )
  const lines = rows.map((row) => {
    const named = row.cells.map((text, i) => ({
      ...{ text, under: i === 0 && row.note !== undefined ? [row.note] : [], leaks: false, missing: false },
    }))
    const pictured = all.length > 0 ? [] : [{ ...EMPTY, text: row.missing ?? 'drawn below' }]
    return [...named, ...all.map((name) => factCell(name, row)), ...pictured]
  })
  const values = all.length > 0 ? all.map((name) => NAMES[name]) : ['Picture']
  const { loud, caption } = captionOfDatasets(datasets, source)
  return {
    title,
    loud,
    caption,
    named: heads.length,
    heads: [...heads, ...values],
    rows: lines,
    headlines: [],
    notes: [],
    details: [],
  }
}

const EMPTY: SheetCell = { text: '', under: [], leaks: false, missing: true }

/** The table as a page, Markdown and LaTeX, and its pictures as SVG. */
export function renderFacts(facts: DrawnFacts): Rendered[] {
  const { name, title } = facts
  const document: SheetDocument = { title, sheets: [factSheet(facts)], protocols: [], departures: [] }
  const figures = facts.rows.flatMap(({ picture, cells, note }) =>
    picture === undefined ? [] : [{ caption: note ?? cells.join(', '), svg: picture }],
  )
  const named = figures.map((figure, i) => ({ ...figure, name: i === 0 ? name : `${name}_${i + 1}` }))
  return [
    { path: `${name}.html`, content: sheetPage(document, named) },
    { path: `${name}.md`, content: sheetMarkdown(document) },
    { path: `${name}.tex`, content: sheetLatex(document) },
    ...named.map((figure) => ({ path: `${figure.name}.svg`, content: `${figure.svg}\n` })),
  ]
}
