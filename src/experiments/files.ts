// Every file of an experiment, drawn of its results: the same results give the same bytes.
import type { Rendered } from '../charts/figure.ts'
import { formatCsv } from '../formats/csv.ts'
import { formatDocument, toDocument } from '../formats/documents.ts'
import type { CollectedAll } from './collect.ts'
import { renderFacts } from './pages/fact_sheet.ts'
import { renderIndex } from './pages/index_page.ts'
import type { CollectedFacts } from './plan_file.ts'
import { renderExperiment } from './pages/render.ts'

/** The files of each table and figure, and where there are several the first page and the ledger of all. */
export function filesOf({ tables, plan: { facts } }: CollectedAll): Rendered[] {
  const each = [...facts.flatMap(filesOfFacts), ...tables.flatMap(renderExperiment)]
  if (tables.length + facts.length < 2) return each
  const others = facts.map(({ name, title, rows }) => ({
    path: `${name}.html`,
    title: `${name}: ${title}`,
    says: `${rows.filter(({ missing }) => missing === undefined).length} of ${rows.length} rows filled`,
  }))
  return [...each, ...renderIndex(tables, others)]
}

const filesOfFacts = (facts: CollectedFacts): Rendered[] => [
  { path: `${facts.name}.json`, content: formatDocument(toDocument('experiment-facts', facts)) },
  { path: `${facts.name}.csv`, content: csvOf(facts) },
  ...renderFacts(facts),
]

const VALUES = ['high', 'low', 'r', 'p'] as const

/** A line for each row and value, as the tables of runs have it. */
function csvOf({ heads, rows }: CollectedFacts): string {
  const lines = rows.flatMap(({ cells, dimension = '', reported = {}, ours = {}, missing = '' }) =>
    VALUES.filter((value) => value in reported || value in ours).map((value) => [
      ...[...cells, dimension, value, reported[value] ?? '', ours[value] ?? '', missing],
    ]),
  )
  const names = [...heads, 'dimension', 'value', 'reported', 'ours', 'missing']
  return formatCsv(
    names.map((name) => name.toLowerCase()),
    lines,
  )
}
