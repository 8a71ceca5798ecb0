// What galvani can and cannot do with a dataset, and what it needs for the rest.
import type { DataSummary } from '../datasets/overview.ts'
import type { SchemeBalance } from './class_balance.ts'
import { isDimension } from './targets.ts'

/** A step that a dataset can or cannot take. */
export interface Use {
  step: 'prepare' | 'train and eval' | 'predict' | 'music'
  possible: boolean
  /** How far, or why not and what would help; a sentence. */
  sentence: string
}

/** What the steps depend on. */
interface Facts {
  summary: DataSummary
  /** Trials that cannot be prepared. */
  unusable: readonly unknown[]
  music: { dim: number; set?: string } | null
  labels: readonly SchemeBalance[]
}

/** What can be done with a dataset that was read to its end, step by step. */
export function usesOf(facts: Facts): Use[] {
  const { summary, unusable, music } = facts
  const { trials, withMusic } = summary
  const usable = trials - unusable.length
  const left = unusable.length > 0 ? `; ${unusable.length} are too short or have gaps over 1 s` : ''
  const features = music ? `${music.dim} features${music.set === undefined ? '' : ` (${music.set})`}` : ''
  return [
    { step: 'prepare', possible: usable > 0, sentence: `${usable} of ${trials} trials${left}.` },
    training(facts, usable),
    { step: 'predict', possible: usable > 0, sentence: `${usable} trials; ratings are not needed.` },
    {
      step: 'music',
      possible: withMusic > 0,
      sentence: music
        ? `${withMusic} of ${trials} trials have ${features} of what was heard.`
        : 'No music features: models read skin conductance alone.',
    },
  ]
}

/** Ratings beside arousal and valence that could be learnt. */
function further(labels: readonly SchemeBalance[]): string {
  const counts = labels.flatMap(({ dimension, trials, reason }) =>
    isDimension(dimension) || reason !== undefined ? [] : [`${trials} trials for ${dimension}`],
  )
  return counts.length > 0 ? ` With --labels per-dimension also ${counts.join(', ')}.` : ''
}

/** By the labels that there are: of listeners, of songs alone, or none. */
function training({ labels, summary }: Facts, usable: number): Use {
  const step = 'train and eval'
  const of = (scheme: string) => labels.filter((one) => one.scheme === scheme)
  const labelled = (scheme: string) => of(scheme).filter(({ reason }) => reason === undefined)
  const counts = (scheme: string): string =>
    labelled(scheme)
      .map(({ trials, dimension }) => `${trials} trials for ${dimension}`)
      .join(', ')
  if (usable === 0) return { step, possible: false, sentence: 'No trial can be prepared.' }
  if (labelled('two-means').length + labelled('song').length === 0)
    return {
      step,
      possible: false,
      sentence: `${
        summary.rated > 0 ? 'Ratings are too few or all the same, so that there are no labels' : 'No trial is rated'
      }; what was recorded can be prepared and predicted, not trained on.`,
    }
  if (summary.subjects < 2)
    return {
      step,
      possible: false,
      sentence: 'All trials are of one person; folds keep people apart and need several.',
    }
  if (labelled('two-means').length > 0)
    return {
      step,
      possible: true,
      sentence: `Labels of each listener (two-means): ${counts('two-means')}.${further(labels)}`,
    }
  const [refusal] = of('two-means')
  return { step, possible: true, sentence: `Only with --labels song: ${counts('song')}. ${refusal!.reason!}` }
}
