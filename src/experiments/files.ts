// The documents of an experiment: a file a table, from which everything else can be drawn.
import { formatDocument, toDocument } from '../formats/documents.ts'
import type { CollectedAll } from './collect.ts'
import type { CollectedFacts } from './plan_file.ts'

/** A file to be written, its path in the output folder. */
export interface OutputFile {
  path: string
  content: string
}

/** One for each table and figure. */
export const filesOf = ({ tables, plan }: CollectedAll): OutputFile[] => [
  ...plan.facts.flatMap(filesOfFacts),
  ...tables.map((table) => ({
    path: `${table.grid.name}.json`,
    content: formatDocument(toDocument('experiment-table', table)),
  })),
]

function filesOfFacts(facts: CollectedFacts): OutputFile[] {
  const { name } = facts
  const pictures = facts.rows.flatMap(({ picture }) => (picture === undefined ? [] : [picture]))
  return [
    { path: `${name}.json`, content: formatDocument(toDocument('experiment-facts', facts)) },
    { path: `${name}.csv`, content: csvOf(facts) },
    ...pictures.map((content, i) => ({ path: `${name}${i === 0 ? '' : `-${i + 1}`}.svg`, content })),
  ]
}

const VALUES = ['high', 'low', 'r', 'p'] as const

/** A line for each row and value, as the tables of runs have it. */
function csvOf({ heads, rows }: CollectedFacts): string {
  const lines = rows.flatMap(({ cells, dimension = '', reported = {}, ours = {}, missing = '' }) =>
    VALUES.filter((value) => value in reported || value in ours).map((value) =>
      [...cells, dimension, value, reported[value] ?? '', ours[value] ?? '', missing].map(quoted).join(','),
    ),
  )
  const head = [...heads, 'dimension', 'value', 'reported', 'ours', 'missing'].map((of) => quoted(of.toLowerCase()))
  return `${[head.join(','), ...lines].join('\n')}\n`
}

const quoted = (value: string | number): string => {
  const text = String(value)
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
