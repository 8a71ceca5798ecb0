// Which settings each fold took of those that it tried, and by what losses: the cells of a table, a row an alternative.
import { describeAlternative } from '../train/alternatives.ts'
import type { FoldFacts } from '../train/run_summary.ts'

export interface ChoiceTable {
  heads: string[]
  rows: string[][]
  /** Alternatives that have no loss, and why, a sentence each. */
  failures: string[]
}

/** The least validation loss of each alternative in each fold, the one that was taken marked; null where nothing was tried. */
export function choiceTable(results: readonly FoldFacts[]): ChoiceTable | null {
  const [first] = results
  if (!first?.tried) return null
  const rows = first.tried.map(({ settings }, i) => [
    describeAlternative(settings),
    ...results.map((fold) => lossOf(fold, i)),
  ])
  const failures = results.flatMap(({ tried = [] }) =>
    tried.flatMap(({ settings, failure }) =>
      failure === undefined ? [] : [`${describeAlternative(settings)}: ${failure}.`],
    ),
  )
  return { heads: ['Settings', ...results.map(({ name }) => `Fold ${name}`)], rows, failures }
}

function lossOf({ tried = [], settings: taken }: FoldFacts, place: number): string {
  const { settings, validationLoss } = tried[place]!
  if (validationLoss === undefined) return 'none'
  const isTaken = describeAlternative(settings) === describeAlternative(taken!)
  return `${validationLoss.toFixed(4)}${isTaken ? ' (taken)' : ''}`
}
