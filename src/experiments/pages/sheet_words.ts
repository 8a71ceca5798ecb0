// What is said around a sheet: of what data and how its numbers came about, and what its marks mean. Without dates.
import type { Cell, Collected, CollectedDataset, RatingCell } from '../collected.ts'
import type { Protocol } from '../grid.ts'

interface Of {
  protocol: Protocol
  control: boolean
  leaks: boolean
}

const list = (items: readonly (string | number)[]): string => items.join(', ')

function datasetWords({ kind, name, synthetic, trials, subjects, stimuli, musicDim }: CollectedDataset): string {
  const music = musicDim === 0 ? 'no music features' : `${musicDim} music features`
  const made = synthetic ? ' (SYNTHETIC)' : ''
  return `${name}${made}, ${kind}: ${trials} trials of ${subjects} subjects, ${stimuli} stimuli, ${music}`
}

/** What is said of data, and of whom the reported numbers are. */
export function captionOfDatasets(
  datasets: readonly CollectedDataset[],
  source: string | undefined,
): { loud: string[]; caption: string[] } {
  const isSynthetic = datasets.some(({ synthetic }) => synthetic)
  return {
    loud: isSynthetic ? ['SYNTHETIC DATA: these numbers say nothing about people.'] : [],
    caption: [
      datasets.length === 0 ? 'No data.' : `Data: ${datasets.map(datasetWords).join('; ')}.`,
      ...(source === undefined ? [] : [`Reported numbers are of ${source}.`]),
    ],
  }
}

/** Warnings that stand before a table, and its caption, a sentence each. */
export function captionOf(
  collected: Collected,
  own: readonly (Cell | RatingCell)[],
  { control, leaks }: Of,
): { loud: string[]; caption: string[] } {
  const { grid, datasets, seeds, adapter, versions, done, jobs } = collected
  const about = captionOfDatasets(datasets, grid.source)
  const loud = [
    ...about.loud,
    ...(leaks
      ? ['LEAKS: under this protocol every number knows the people it is tested on, or was chosen on them.']
      : []),
    ...(control ? ['NEGATIVE CONTROL: labels were shuffled within subjects, so that all must be at chance.'] : []),
    ...(done < jobs ? [`NOT COMPLETE: ${done} of ${jobs} jobs are done.`] : []),
  ]
  const counts = own.flatMap(({ judgement }) => (judgement ? [judgement.folds] : []))
  const folds = [...new Set(counts)].sort((a, b) => a - b)
  const [data = '', ...source] = about.caption
  const caption = [
    data,
    ...(folds.length > 0 ? [`Folds: ${list(folds)}.`] : []),
    `${seeds.length === 1 ? 'Seed' : 'Seeds'}: ${list(seeds)}.`,
    `Adapter: ${adapter}.`,
    `Versions: ${list(Object.entries(versions).map(([name, version]) => `${name} ${version}`))}.`,
    ...source,
  ]
  return { loud, caption }
}

/** What stands under a table. */
export function notesOf(collected: Collected, own: readonly Cell[], { leaks }: Of): string[] {
  return [
    'Under each score its 95 % interval by bootstrap over subjects; the difference is ours less the reported number. Scores are of all test trials together, mean over seeds; the paper averages over folds.',
    ...spreadNotes(own),
    'Beside it the baseline that does best on the test trials, and how far the model is ahead of it on the same trials, with a 95 % interval. To pick the best one after the fact favours baselines.',
    ...fewPeople(own),
    ...testNotes(own),
    ...(leaks ? ['Numbers marked "leaks" must not be compared with honest ones.'] : []),
    ...(collected.grid.notes ?? []),
  ]
}

/** What the mean ± s.d. under a score is of, where there is one. */
function spreadNotes(own: readonly Cell[]): string[] {
  const judgements = own.flatMap(({ judgement }) => judgement ?? [])
  const repeated = judgements.some(({ seeds }) => seeds.length > 1)
  if (!repeated && judgements.every(({ folds }) => folds === 1)) return []
  const folds = `"folds" is mean ± s.d. of the score within each fold${repeated ? ' by each seed' : ''}`
  const seeds = repeated ? '; "seeds" is mean ± s.d. of the score of all test trials over seeds' : ''
  return [`${folds}${seeds}. Neither is an interval: folds share training people.`]
}

/** Fewer subjects than this are too few to draw from again. */
const FEW = 10

/** What intervals over few subjects hide. */
function fewPeople(own: readonly Cell[]): string[] {
  const counts = own.flatMap(({ judgement }) => (judgement?.intervals ? [judgement.subjects] : []))
  const least = counts.reduce((a, b) => Math.min(a, b), FEW)
  if (least >= FEW) return []
  return [`Intervals over ${least} subjects are too narrow: what is drawn again from so few people hardly varies.`]
}

/** The test whose result the mark * is, and whether it could have been there at all. */
function testNotes(own: readonly Cell[]): string[] {
  const tests = own.flatMap(({ dimension, holm, judgement }) => {
    const wilcoxon = judgement?.baselines.find(({ name }) => name === 'majority')?.wilcoxon
    return holm === undefined || !wilcoxon ? [] : [{ dimension, floor: wilcoxon.floor, folds: judgement.folds }]
  })
  if (tests.length === 0) return ['No test over folds was possible, so no accuracy is marked.']
  const said =
    "The mark * says that the model is ahead of the majority class with p < .05 of the exact two-sided Wilcoxon signed-rank test of accuracies by fold, after Holm's correction within the table and dimension."
  const floors = [...new Map(tests.map((test) => [test.folds, test])).values()].map(({ dimension, floor, folds }) => {
    const count = tests.filter((test) => test.dimension === dimension).length
    const least = Math.min(1, floor * count)
    const reach = least < 0.05 ? '' : '; a mark could not be reached, and its absence says nothing'
    return `With ${folds} folds the exact Wilcoxon cannot go under ${probability(floor)}, nor after Holm's correction of ${count} under ${probability(least)}${reach}.`
  })
  return [said, ...floors]
}

/** A probability as papers write it: .05, .0020, 1. */
export function probability(p: number): string {
  if (p >= 1) return '1'
  return (p < 0.001 ? '< .001' : String(Number(p.toPrecision(2)))).replace(/^0/, '')
}
