// Every table and figure of the paper that is made of runs or of data, by its name.
import { UsageError } from '../runtime/errors.ts'
import { nearest } from '../runtime/arguments.ts'
import type { FactTable } from './facts.ts'
import type { Grid } from './grid.ts'
import { figure3, table1, table2 } from './paper/facts.ts'
import { figure4 } from './paper/figure4.ts'
import { table3 } from './paper/table3.ts'
import { table4 } from './paper/table4.ts'
import { table5 } from './paper/table5.ts'
import { table6 } from './paper/table6.ts'
import { table7 } from './paper/table7.ts'
import { table8 } from './paper/table8.ts'
import { table9 } from './paper/table9.ts'
import { transfer } from './paper/transfer.ts'

export const paperGrids: readonly Grid[] = [table3, table4, table5, table6, table7, table8, table9, figure4, transfer]
export const paperFacts: readonly FactTable[] = [table1, table2, figure3]

const of = (name: string) => (table: { name: string }) => name === 'all' || table.name === name

/** Names that `experimentsCalled` takes. */
export const EXPERIMENTS: readonly string[] = [
  ...['table1', 'table2', 'table3', 'table4', 'table5', 'table6', 'table7', 'table8', 'table9'],
  ...['figure3', 'figure4', 'transfer', 'all'],
]

/** What is to be made under a name, `all` for everything. @throws UsageError with the nearest name */
export function experimentsCalled(name: string): { grids: Grid[]; facts: FactTable[] } {
  if (!EXPERIMENTS.includes(name))
    throw new UsageError(
      `experiment '${name}' is unknown; did you mean '${nearest(name, EXPERIMENTS)}'? There are ${EXPERIMENTS.join(', ')}`,
    )
  return { grids: paperGrids.filter(of(name)), facts: paperFacts.filter(of(name)) }
}
