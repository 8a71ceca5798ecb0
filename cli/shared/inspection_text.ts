// What `galvani inspect` prints of a folder of trials: facts, label schemes, what needs a look, and what can be done.
import type { DataSummary } from '../../src/datasets/overview.ts'
import { QUALITY_FLAGS } from '../../src/datasets/trial_quality.ts'
import type { SchemeBalance } from '../../src/evaluation/class_balance.ts'
import { ratesText, type Inspection } from '../../src/evaluation/inspection.ts'
import { isDimension } from '../../src/evaluation/targets.ts'
import type { Use } from '../../src/evaluation/uses.ts'
import type { RatingFacts } from '../../src/evaluation/rating_facts.ts'
import type { Preparation, PreparationSettings } from '../../src/train/preparation.ts'
import { lasting } from '../../src/recording/result.ts'
import { facts, percent, table } from './output.ts'

/** Rows of a list that is printed; the JSON document has all. */
const SHOWN = 20

type Row = [name: string, value: string]

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
const people = (subjects: number, stimuli: number): string =>
  `${counted(subjects, 'subject')} and ${counted(stimuli, 'stimulus', 'stimuli')}`

/** A dataset, or as much of it as could be read. */
export function inspectionText(folder: string, found: Inspection): string {
  const { refused, summary, labels, doubts, notes, skipped, unusable, uses, subjectsToLookAt, trialsToLookAt } = found
  const subjects = subjectsToLookAt.map(({ subject, reasons }) => `${subject}: ${reasons.join('; ')}`)
  const trials = trialsToLookAt.map(({ id, flags, ...shares }) => {
    const said = flags.map((flag) => `${flag} ${shownShare(shares[flag])}`)
    return `${id}: ${said.join(', ')}`
  })
  const reasons = ({ source, reason }: { source: string; reason: string }): string => `${source}: ${reason}`
  return [
    facts(factsOf(folder, found)),
    labelTable(labels),
    list('Doubts and assumptions', [...doubts, ...notes], Infinity),
    list(`Subjects that need a look, ${subjects.length} of ${summary.subjects}`, subjects),
    list(`Trials that need a look, ${trials.length} of ${summary.trials}`, trials),
    list(`Trials that cannot be prepared, ${unusable.length}`, unusable.map(reasons)),
    list(`Left out, ${skipped.length}`, skipped.map(reasons)),
    refused === undefined ? facts(uses.map(useRow)) : `nothing can be done with it before this is settled: ${refused}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

const useRow = ({ step, possible, sentence }: Use): Row => [step, `${possible ? 'yes' : 'no '}  ${sentence}`]

function factsOf(folder: string, found: Inspection): Row[] {
  const { title, summary, passes, scale, ratings, stimulusRatings, unrated } = found
  const { trials, subjects, stimuli, seconds, sampleRates, level, units, flagged } = summary
  if (trials === 0) return [['folder', folder], ['what', title], ['trials', 'none was read']] // prettier-ignore
  const heard = passes === null ? '' : ` (${passes.arousal} of the arousal pass, ${passes.valence} of the valence pass)`
  return [
    ['folder', folder],
    ['what', title],
    ['trials', `${trials}${heard} of ${people(subjects, stimuli)}`],
    [
      'seconds',
      `${seconds.least.toFixed(1)} to ${seconds.most.toFixed(1)}, median ${seconds.median.toFixed(1)}; in all ${lasting(seconds.total)}`,
    ],
    ['rate', `${ratesText(sampleRates)} Hz`],
    [
      'level',
      `${level === null ? 'none' : `${short(level)}, unit ${units.join(', ')}`}; median of the trials' medians`,
    ],
    ...QUALITY_FLAGS.map((flag): Row => [
      flag,
      `${shownShare(summary[flag])} of the samples; ${counted(flagged[flag], 'trial')}`,
    ]),
    ['scale', scale === null ? 'not said' : `${scale[0]} to ${scale[1]}`],
    [
      'ratings',
      ratings === null
        ? 'none of listeners'
        : `${ratingText(ratings)}${unrated.length > 0 ? `; ${counted(unrated.length, 'trial')} without` : ''}`,
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

/** Schemes that want the same ratings as the paper's, and lack them for its reason. */
const OWN_REASON = ['two-means', 'song', 'column']

/** A row a scheme and dimension that have labels, and why the others have none; nothing where none has any. */
export function labelTable(labels: readonly SchemeBalance[]): string {
  const labelled = labels.filter(({ reason }) => reason === undefined)
  if (labelled.length === 0) return ''
  const rows = labelled.map(({ scheme, dimension, trials = 0, high = 0, weak = [], subjects = [], songs }) => {
    const close = songs ? (songs.weak ? 'yes' : 'no') : weakText(scheme, weak, subjects)
    return [scheme, dimension, String(trials), percent(high / trials), close]
  })
  const reasons = labels.flatMap(({ scheme, dimension, reason }) =>
    reason !== undefined && (OWN_REASON.includes(scheme) || !isDimension(dimension)) ? [reason] : [],
  )
  return [table(['labels', '', 'trials', 'high', 'centres close'], rows), ...new Set(reasons)].join('\n')
}

/** Schemes without clusters have no centres. */
const weakText = (scheme: string, weak: readonly string[], subjects: readonly unknown[]): string =>
  scheme === 'two-means' || scheme === 'per-dimension'
    ? `${new Set(weak).size} of ${counted(subjects.length, 'subject')}`
    : ''

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
export interface PreparedFacts {
  name: string
  synthetic: boolean
  /** Those that are whole enough for a model. */
  trials: number
  subjects: number
  stimuli: number
  musicDim: number
  /** Points per channel. */
  length: number
  /** Cut from the start of each trial. */
  dropSeconds: number
  /** Absent in sets that a program made. */
  settings?: PreparationSettings
  versions?: Preparation['versions']
  /** The dataset that it was made of. */
  recorded?: DataSummary
  labels: SchemeBalance[]
  skipped: { source: string; reason: string }[]
  notes: string[]
}

export function preparedText(folder: string, found: PreparedFacts): string {
  const { name, synthetic, trials, subjects, stimuli, musicDim, length, dropSeconds, labels, skipped, notes } = found
  const { settings, versions, recorded } = found
  const rows: Row[] = [
    ['folder', folder],
    ['what', `prepared by galvani from ${name}${synthetic ? ', generated data' : ''}; train, eval and predict read it`],
    ['trials', `${trials}${recorded ? ` of ${recorded.trials}` : ''}, of ${people(subjects, stimuli)}`],
    ['input', `three channels of ${length} points, without the first ${dropSeconds} s`],
    ['music', musicDim === 0 ? 'none' : `${musicDim} features`],
    ...(versions ? [['made by', `galvani ${versions.galvani}`] as Row] : []),
    ...(settings?.exclude ? [['excluded', `trials flagged ${settings.exclude.join(', ')}`] as Row] : []),
  ]
  return [
    facts(rows),
    labelTable(labels),
    list('Doubts and assumptions', notes, Infinity),
    list(
      `Left out, ${skipped.length}`,
      skipped.map(({ source, reason }) => `${source}: ${reason}`),
    ),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}
