// What a dataset is, what is doubtful about it, and what can be done with it: all that can be said without a device.
import { groupBy } from '../datasets/group.ts'
import type { DatasetKind, OpenedDataset } from '../datasets/layout.ts'
import { Overview, type DataSummary, type TrialFacts } from '../datasets/overview.ts'
import type { Dimension, Trial, TrialSet } from '../datasets/trial.ts'
import type { TrialQuality } from '../datasets/trial_quality.ts'
import { checkNames, nameOf, type Known } from '../runtime/arguments.ts'
import { breather } from '../runtime/breather.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import { LARGEST_CONDUCTANCE } from '../signal/artefacts.ts'
import { requireLength } from '../signal/channels.ts'
import { fillGaps } from '../signal/gaps.ts'
import { LEAST_CONDUCTANCE } from '../signal/segments.ts'
import { schemeBalances, type SchemeBalance } from './class_balance.ts'
import { ratedOnce, ratingFacts, type RatingFacts } from './rating_facts.ts'
import { usesOf, type Use } from './uses.ts'

/** A person whose labels or recordings are doubtful. */
export interface DoubtfulSubject {
  subject: string
  trials: number
  reasons: string[]
}

/** A trial that is flagged, with the shares of its samples. */
export interface DoubtfulTrial extends Pick<Trial, 'id' | 'subject' | 'stimulus' | 'source'>, TrialQuality {}

/** All that is said of a dataset. */
export interface Inspection extends Pick<OpenedDataset, 'kind' | 'name' | 'synthetic'> {
  /** What it is, in words. */
  title: string
  /** Why reading ended before the last trial, if it did. */
  refused?: string
  summary: DataSummary
  /** Trials of each pass, where people heard each stimulus once for each dimension. */
  passes: Record<Dimension, number> | null
  /** Least and largest rating that the scale allows, where there is one for all. */
  scale: readonly [number, number] | null
  /** Of listeners, once for each stimulus that they heard. */
  ratings: RatingFacts | null
  /** Published means of the stimuli. */
  stimulusRatings: RatingFacts | null
  /** Length of the vectors of music features, and the name of their set; null without. */
  music: { dim: number; set?: string } | null
  labels: SchemeBalance[]
  doubts: string[]
  subjectsToLookAt: DoubtfulSubject[]
  trialsToLookAt: DoubtfulTrial[]
  /** Trials without ratings of the person. */
  unrated: string[]
  /** Trials that are too short to prepare, or whose gaps are too long. */
  unusable: TrialSet['skipped']
  skipped: TrialSet['skipped']
  notes: string[]
  /** Nothing where reading ended before the last trial. */
  uses: Use[]
}

/** Two clusters of fewer ratings move with each of them. */
const FEW_TRIALS = 10
/** Of a subject's trials, from which on it is the subject that needs a look. */
const MANY_FLAGGED = 0.5

const TITLES: Record<DatasetKind, string> = {
  pmemo2018: 'PMEmo, release of 2018/01: two listenings of each song, ratings by each listener',
  pmemo2019: 'PMEmo, release of 2019: one listening of each song, ratings by song',
  deap: 'DEAP: 40 music videos for each person, preprocessed to 128 Hz',
  amigos: 'AMIGOS: 16 short and 4 long videos for each person, preprocessed to 128 Hz',
  hku956: 'HKU956: songs heard with a wrist band, in its original tree',
  trials: 'a table of trials, the open form',
  recordings: 'a folder of recordings, without ratings',
}

/** How a dataset is inspected. */
export interface InspectOptions {
  /** Seconds that `prepare` would cut from the start of each trial; default 3. */
  dropSeconds?: number
  /** Told of each trial as it was read, and how many these are. */
  onTrial?: (trial: Trial, done: number) => void
  signal?: AbortSignal
}

const OPTIONS: Known<InspectOptions> = { dropSeconds: true, onTrial: true, signal: true }

/**
 * Reads a dataset once, from its first trial to its last, and keeps no samples. A file that cannot be read ends it: what was read until
 * then is told, and why it ended.
 * @throws UsageError for what `openDataset` did not give, an option that is not known, and a cut below 0 s
 */
export async function inspectDataset(opened: OpenedDataset, options: InspectOptions = {}): Promise<Inspection> {
  checkNames('inspectDataset', options, OPTIONS)
  if (typeof (opened as Partial<OpenedDataset> | undefined)?.trials !== 'function')
    throw new UsageError(`inspectDataset: the dataset is ${nameOf(opened)}, expected what openDataset gives`)
  const { dropSeconds = 3, onTrial, signal } = options
  if (!(dropSeconds >= 0 && dropSeconds < Infinity))
    throw new UsageError(`inspectDataset: dropSeconds is ${dropSeconds}, expected 0 s or more`)
  const overview = new Overview()
  const unusable: TrialSet['skipped'] = []
  const breathe = breather(signal)
  let refused: string | undefined
  try {
    for await (const trial of opened.trials()) {
      overview.add(trial)
      const reason = reasonAgainst(trial, dropSeconds)
      if (reason !== undefined) unusable.push({ source: `trial ${trial.id}`, reason })
      onTrial?.(trial, overview.trials.length)
      await breathe()
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    refused = error.message
  }
  const { kind, name, synthetic, skipped, notes } = opened
  const { trials } = overview
  const summary = overview.summary()
  const labels = schemeBalances(trials, scaleOf(trials))
  const rated = ratedOnce(trials)
  const found = {
    ...{ kind, name, synthetic, title: TITLES[kind], ...(refused !== undefined && { refused }), summary },
    passes: passesOf(trials),
    scale: scaleOf(trials),
    ratings: ratingFacts(rated.map(({ ratings }) => ratings)),
    stimulusRatings: publishedFacts(trials),
    music: musicOf(opened),
    labels,
    doubts: doubtsOf(opened, summary, refused !== undefined),
    subjectsToLookAt: doubtfulSubjects(trials, labels),
    trialsToLookAt: trials.filter(({ quality }) => quality.flags.length > 0).map(doubtful),
    unrated: trials.filter(({ ratings }) => !ratings).map(({ id }) => id),
    ...{ unusable, skipped: [...skipped], notes: [...notes] },
  }
  return { ...found, uses: refused === undefined ? usesOf(found) : [] }
}

/** Why a trial cannot be prepared. */
function reasonAgainst({ eda, sampleRate, source }: Trial, dropSeconds: number): string | undefined {
  try {
    requireLength(eda.length, sampleRate, dropSeconds, source)
    fillGaps(eda, sampleRate, source)
    return undefined
  } catch (error) {
    if (error instanceof FormatError) return error.message
    throw error
  }
}

function passesOf(trials: readonly TrialFacts[]): Inspection['passes'] {
  const count = (dimension: Dimension): number => trials.filter(({ pass }) => pass === dimension).length
  const passes = { arousal: count('arousal'), valence: count('valence') }
  return passes.arousal + passes.valence > 0 ? passes : null
}

function scaleOf(trials: readonly TrialFacts[]): Inspection['scale'] {
  const [scale, ...others] = new Map(trials.map(({ ratingScale }) => [String(ratingScale), ratingScale])).values()
  return others.length === 0 ? (scale ?? null) : null
}

function publishedFacts(trials: readonly TrialFacts[]): RatingFacts | null {
  const songs = new Map(trials.map(({ stimulus, stimulusRatings }) => [stimulus, stimulusRatings]))
  return ratingFacts([...songs.values()].filter((ratings) => ratings !== undefined))
}

const musicOf = ({ musicDim = 0, musicSet }: OpenedDataset): Inspection['music'] =>
  musicDim > 0 ? { dim: musicDim, ...(musicSet !== undefined && { set: musicSet }) } : null

/** What the numbers cannot be, or only by a mistake. */
function doubtsOf(
  { kind, synthetic, expected, skipped }: OpenedDataset,
  { trials, level, belowZero, units, sampleRates }: DataSummary,
  isCutShort: boolean,
): string[] {
  const doubts: string[] = []
  if (synthetic) doubts.push('The data are generated: results say nothing about people.')
  // Of recordings it is files that are expected, of which any may be something else.
  if (!isCutShort && kind !== 'recordings' && trials + skipped.length < expected)
    doubts.push(`By their names and headers the files should hold ${expected} trials; ${trials} were read.`)
  if (units.length > 1) doubts.push(`The trials have several units: ${units.join(', ')}.`)
  if (sampleRates.length > 1) doubts.push(`The trials have several rates: ${ratesText(sampleRates)} Hz.`)
  if (units.join() !== 'uS') return doubts
  if (belowZero > 0)
    doubts.push(
      `Values below 0 in ${belowZero} of ${trials} trials, which no conductance has: z-scored, filtered, or not in µS.`,
    )
  else if (level !== null && !(level >= LEAST_CONDUCTANCE && level <= LARGEST_CONDUCTANCE))
    doubts.push(
      `The median level, ${level.toPrecision(3)} µS, is outside of what skin conducts (${LEAST_CONDUCTANCE} to ${LARGEST_CONDUCTANCE} µS): another unit, or no contact.`,
    )
  return doubts
}

/** At most six; of more the least and the largest. */
export const ratesText = (rates: readonly number[]): string =>
  rates.length <= 6 ? rates.join(', ') : `${rates.length} from ${rates[0]!} to ${rates.at(-1)!}`

/** In order of appearance. */
function doubtfulSubjects(trials: readonly TrialFacts[], labels: readonly SchemeBalance[]): DoubtfulSubject[] {
  const judged = labels.filter(({ scheme, reason }) => scheme === 'two-means' && reason === undefined)
  return [...groupBy(trials, ({ subject }) => subject)].flatMap(([subject, own]) => {
    const heard = new Set(own.map(({ stimulus }) => stimulus)).size
    const count = own.some(({ pass }) => pass) ? heard : own.length
    const flagged = own.filter(({ quality }) => quality.flags.length > 0).length
    const reasons = [
      ...(judged.length > 0 && count < FEW_TRIALS ? [`few trials: ${count}`] : []),
      ...judged.flatMap((balance) => reasonsOfLabels(balance, subject, own)),
      ...(flagged >= MANY_FLAGGED * own.length ? [`${flagged} of ${own.length} trials are flagged`] : []),
    ]
    return reasons.length > 0 ? [{ subject, trials: own.length, reasons: [...new Set(reasons)] }] : []
  })
}

function reasonsOfLabels(
  { dimension, subjects = [] }: SchemeBalance,
  subject: string,
  own: readonly TrialFacts[],
): string[] {
  const heard = own.filter(({ pass }) => pass === undefined || pass === dimension)
  if (heard.length > 0 && heard.every(({ ratings }) => !ratings)) return ['no trial is rated']
  const labels = subjects.find((one) => one.subject === subject)
  if (!labels) return heard.length > 0 ? ['fewer than two distinct ratings, so no label'] : []
  const { weak, separation = 0, high, trials } = labels
  return [
    ...(weak ? [`centres close together in ${dimension}: ${(100 * separation).toFixed(1)} % of the range`] : []),
    ...(high === 0 || high === trials ? [`every ${dimension} label is ${high === 0 ? 'low' : 'high'}`] : []),
  ]
}

const doubtful = ({ id, subject, stimulus, source, quality }: TrialFacts): DoubtfulTrial => ({
  ...{ id, subject, stimulus, source },
  ...quality,
})
