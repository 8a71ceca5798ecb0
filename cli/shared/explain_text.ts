// What `galvani explain` prints for a person.
import { join } from 'node:path'
import type { Explanations } from '../../src/explain/explain.ts'
import type { Explanation } from '../../src/explain/explanation.ts'
import type { CheckedMap, Sanity } from '../../src/explain/sanity_tally.ts'
import { largestOf, leastOf } from '../../src/signal/extremes.ts'
import { table } from './output.ts'

type Listed = Omit<Explanations, 'explanations' | 'groups'> & {
  explanations: readonly (Omit<Explanation, 'maps'> & { file: string })[]
  groups: readonly { name: string; trials: string[]; file: string }[]
  page: string
}

export function explainedText(
  { name, dimension, classes, modules, explanations, groups, by, page }: Listed,
  out: string,
): string {
  const rows = explanations.map(({ trial, subject, fold, predicted, probability, label, logit, integrated, file }) => [
    ...[trial, subject, fold, predicted, probability.toFixed(3), label === undefined ? '' : classes[label]!],
    ...[integrated ? `${integrated.gap.toFixed(3)} of ${(logit - integrated.baselineLogit).toFixed(3)}` : '', file],
  ])
  const head = ['trial', 'subject', 'fold', `predicted ${dimension}`, 'P', 'label', 'gap', 'files']
  const of = modules.length > 0 ? modules.join(' and ') : 'no attention module'
  const groupRows = groups.map((group) => [group.name, String(group.trials.length), group.file])
  return [
    `${name}: ${explanations.length} explained (${of}), in ${out}`,
    table(head, rows),
    ...(by ? [table([by, 'trials', 'files'], groupRows)] : []),
    `page: ${join(out, page)}`,
  ].join('\n')
}

const shown = (value: number | null | undefined): string => (typeof value === 'number' ? value.toFixed(2) : '-')

const rowOf = ({ map, randomised, permuted, deletion, insertion, passes }: CheckedMap): string[] => [
  ...[map, shown(randomised[0]?.correlation), shown(randomised.at(-1)?.correlation), shown(permuted?.correlation)],
  ...[deletion, insertion].map(({ area, randomAreas }) => {
    return `${shown(area)} (${shown(leastOf(randomAreas))} to ${shown(largestOf(randomAreas))})`
  }),
  passes.length > 0 ? passes.join(', ') : 'none',
]

export function sanityText({ trials, maps, doubted }: Sanity): string {
  const head = ['map', 'top random', 'all random', 'permuted', 'deletion (random)', 'insertion (random)', 'passes']
  const doubts =
    doubted.length > 0 ? [`Believe nothing that these show, which pass no check: ${doubted.join(', ')}`] : []
  return [
    `Rank correlation with the trained maps, and areas under curves, of ${trials.length} trials`,
    table(head, maps.map(rowOf)),
    ...doubts,
  ].join('\n')
}
