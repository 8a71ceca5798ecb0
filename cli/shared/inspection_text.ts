// What `galvani inspect` prints of a folder of trials: facts, label schemes, what needs a look, and what can be done.
import type { DataSummary } from '../../src/datasets/overview.ts'
import { QUALITY_FLAGS } from '../../src/datasets/trial_quality.ts'
import type { SchemeBalance } from '../../src/evaluation/class_balance.ts'
import type { Inspection } from '../../src/evaluation/inspection.ts'
import type { RatingFacts } from '../../src/evaluation/rating_facts.ts'
import { lasting } from '../../src/recording/result.ts'
import { facts, percent, table } from './output.ts'

/** Rows of a list that is printed; the JSON document has all. */
const SHOWN = 20

type Row = [name: string, value: string]

/** A dataset, or as much of it as could be read. */
export function inspectionText(folder: string, found: Inspection): string {
  const { summary, labels, doubts, notes, skipped, unusable, uses, subjectsToLookAt, trialsToLookAt } = found
  const subjects = subjectsToLookAt.map(({ subject, reasons }) => `${subject}: ${reasons.join('; ')}`)
  const trials = trialsToLookAt.map(({ id, flags, ...shares }) => {
    const said = flags.map((flag) => `${flag} ${shownShare(shares[flag])}`)
    return `${id}: ${said.join(', ')}`
  })
  const reasons = ({ source, reason }: { source: string; reason: string }): string => `${source}: ${reason}`
  return [
    facts(factsOf(folder, found)),
    ...(summary.trials > 0 ? [labelTable(labels)] : []),
    list('Doubts and assumptions', [...doubts, ...notes], Infinity),
    list(`Subjects that need a look, ${subjects.length} of ${summary.subjects}`, subjects),
    list(`Trials that need a look, ${trials.length} of ${summary.trials}`, trials),
    list(`Trials that cannot be prepared, ${unusable.length}`, unusable.map(reasons)),
    list(`Left out, ${skipped.length}`, skipped.map(reasons)),
    facts(uses.map(({ step, possible, sentence }): Row => [step, `${possible ? 'yes' : 'no '}  ${sentence}`])),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function factsOf(folder: string, found: Inspection): Row[] {
  const { title, summary, passes, scale, ratings, stimulusRatings, unrated } = found
  const { trials, subjects, stimuli, seconds, sampleRates, level, units, flagged } = summary
  if (trials === 0) return [['folder', folder], ['what', title], ['trials', 'none was read']] // prettier-ignore
  const heard = passes === null ? '' : ` (${passes.arousal} of the arousal pass, ${passes.valence} of the valence pass)`
  return [
    ['folder', folder],
    ['what', title],
    ['trials', `${trials}${heard} of ${subjects} subjects and ${stimuli} stimuli`],
    [
      'seconds',
      `${seconds.least.toFixed(1)} to ${seconds.most.toFixed(1)}, median ${seconds.median.toFixed(1)}; in all ${lasting(seconds.total)}`,
    ],
    ['rate', `${sampleRates.join(', ')} Hz`],
    ['level', `${level === null ? 'none' : `${short(level)} ${units.join(', ')}`}, median of the trials' medians`],
    ...QUALITY_FLAGS.map((flag): Row => [flag, `${shownShare(summary[flag])} of the samples; ${flagged[flag]} trials`]),
    ['scale', scale === null ? 'not said' : `${scale[0]} to ${scale[1]}`],
    [
      'ratings',
      ratings === null
        ? 'none of listeners'
        : `${ratingText(ratings)}${unrated.length > 0 ? `; ${unrated.length} trials are not rated` : ''}`,
    ],
    ...(stimulusRatings === null ? [] : [['of stimuli', ratingText(stimulusRatings)] as Row]),
  ]
}

const short = (value: number): string => String(Number(value.toPrecision(3)))

/** A share that is there is not printed as none. */
const shownShare = (share: number): string => (share > 0 && share < 0.001 ? 'under 0.1 %' : percent(share))

function ratingText({ count, valence, arousal, correlation }: RatingFacts): string {
  const range = ({ least, most }: { least: number; most: number }): string => `${short(least)} to ${short(most)}`
  const r = correlation === null ? '' : `; r = ${correlation.toFixed(2)}`
  return `${count}, valence ${range(valence)}, arousal ${range(arousal)}${r}`
}

/** A row a scheme and dimension; a scheme that labels nothing says why. */
export function labelTable(labels: readonly SchemeBalance[]): string {
  const rows = labels.map(({ scheme, dimension, trials = 0, high = 0, weak, subjects = [], songs, reason }) => {
    if (reason !== undefined) return [scheme, dimension, '0', '', '']
    const close = songs ? (songs.weak ? 'yes' : 'no') : weakText(scheme, weak ?? [], subjects)
    return [scheme, dimension, String(trials), percent(high / trials), close]
  })
  const reasons = new Set(labels.flatMap(({ reason }) => reason ?? []))
  return [table(['labels', '', 'trials', 'high', 'centres close'], rows), ...reasons].join('\n')
}

/** Schemes without clusters have no centres. */
const weakText = (scheme: string, weak: readonly string[], subjects: readonly unknown[]): string =>
  scheme === 'two-means' || scheme === 'per-dimension' ? `${new Set(weak).size} of ${subjects.length} subjects` : ''

function list(title: string, items: readonly string[], most = SHOWN): string {
  if (items.length === 0) return ''
  const more = items.length - most
  return [
    `${title}:`,
    ...items.slice(0, most).map((item) => `  ${item}`),
    ...(more > 0 ? [`  and ${more} more; --json has all`] : []),
  ].join('\n')
}

/** What a folder of `galvani prepare` says of itself. */
export interface PreparedFacts extends Pick<DataSummary, 'trials' | 'subjects' | 'stimuli' | 'rated' | 'withMusic'> {
  name: string
  synthetic: boolean
  /** Points per channel. */
  length: number
  /** Cut from the start of each trial. */
  dropSeconds: number
  labels: SchemeBalance[]
  skipped: { source: string; reason: string }[]
}

export function preparedText(folder: string, found: PreparedFacts): string {
  const { name, synthetic, trials, subjects, stimuli, rated, withMusic, length, dropSeconds, labels, skipped } = found
  const rows: Row[] = [
    ['folder', folder],
    ['what', `prepared by galvani from ${name}${synthetic ? ', generated data' : ''}; train, eval and predict read it`],
    ['trials', `${trials} of ${subjects} subjects and ${stimuli} stimuli; ${rated} rated, ${withMusic} with music`],
    ['input', `three channels of ${length} points; the first ${dropSeconds} s are cut`],
  ]
  return [
    facts(rows),
    labelTable(labels),
    list(
      `Left out, ${skipped.length}`,
      skipped.map(({ source, reason }) => `${source}: ${reason}`),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}
