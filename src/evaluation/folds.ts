// Which trials are trained on, watched for early stopping, and tested. Indices refer to the list of trials given.
import { groupBy } from '../datasets/group.ts'
import type { Trial } from '../datasets/trial.ts'
import { atOnce, type Pieces } from '../runtime/breather.ts'
import { GalvaniError, UsageError } from '../runtime/errors.ts'
import { Random } from '../runtime/random.ts'
import { holdOut, shuffled, unitsByName } from './hold_out.ts'
import { TEST_PARTS_STREAM, VALIDATION_STREAM } from './random_streams.ts'

/** What folds are made of. */
export type FoldScheme =
  /** Whole subjects, spread over `count` folds. */
  | { kind: 'subject'; count: number }
  /** One fold per subject. */
  | { kind: 'subject-loo' }
  /** One fold per value of a column of trials.csv. */
  | { kind: 'column'; name: string }
  /** Single trials: the same subject is on both sides. */
  | { kind: 'random'; count: number }
  /** Whole stimuli: the same subject is on both sides, the same stimulus never. */
  | { kind: 'stimulus'; count: number }
  /** Each subject's own trials, spread over `count` folds: every subject is on both sides (subject-dependent). */
  | { kind: 'within-subject'; count: number }

/** Which trials train, choose the epoch and test, as indices into the set. */
export interface Fold {
  index: number
  /** The column's value, the left-out subject, or the index. */
  name: string
  train: number[]
  /** Held out of the training part, whole subjects (whole stimuli, single trials) like the test part. */
  validation: number[]
  test: number[]
}

type Unit = 'subject' | 'stimulus' | 'trial'

/** All folds of a set, and what may be said of their results. */
export interface FoldPlan {
  /** The scheme as it is written on the command line. */
  scheme: string
  /** No subject is in the test part and in the others. If false, every report must say so. */
  subjectIndependent: boolean
  /** What validation parts are made of. */
  unit: Unit
  folds: Fold[]
}

/** What else decides the folds. */
export interface FoldOptions {
  seed: number
  /** Least share of the training part held out for validation; 0 holds out none. Default 0.15. */
  validationShare?: number
  /** Class of each trial: validation parts are chosen to have the classes' shares of the training parts. */
  stratifyBy?: ArrayLike<number>
}

type FoldTrial = Pick<Trial, 'id' | 'subject' | 'stimulus' | 'columns'>

/** As on the command line. */
export const FOLD_SYNTAX = 'subject:N, subject:loo, column:NAME, within-subject:N, stimulus:N or random:N'
const COUNTED = ['subject', 'within-subject', 'stimulus', 'random'] as const

/** `subject:10`, `subject:loo`, `column:NAME`, `within-subject:10`, `stimulus` or `stimulus:10`, `random:10`. @throws UsageError */
export function parseFoldScheme(text: string): FoldScheme {
  const [kind, value] = text.split(/:(.*)/s)
  if (kind === 'subject' && value === 'loo') return { kind: 'subject-loo' }
  if (kind === 'column' && value) return { kind, name: value }
  const count = Number(value ?? (kind === 'stimulus' ? 10 : NaN))
  const counted = COUNTED.find((name) => name === kind)
  if (counted && Number.isInteger(count)) {
    if (count >= 2) return { kind: counted, count }
    throw new UsageError(`folds '${text}': ${count} folds leave nothing to train on; use at least 2`)
  }
  throw new UsageError(`folds '${text}' are unknown; use ${FOLD_SYNTAX}`)
}

/**
 * Splits trials into folds. Groups (subjects, stimuli) go to the fold with the fewest trials, largest group first; the
 * seed decides among equals. The same trials, scheme and seed give the same folds.
 * @throws UsageError if a fold would have no subjects (stimuli, trials), or too few are left to train and validate on
 */
export function makeFolds(trials: readonly FoldTrial[], scheme: FoldScheme, options: FoldOptions): FoldPlan {
  return atOnce(foldsInPieces(trials, scheme, options))
}

/** `makeFolds` in pieces, between which others may have their turn: many people with a hundred draws each take seconds. */
export function* foldsInPieces(
  trials: readonly FoldTrial[],
  scheme: FoldScheme,
  options: FoldOptions,
): Pieces<FoldPlan> {
  const { seed, validationShare: share = 0.15, stratifyBy } = options
  const unit = unitOf(scheme)
  const groupOf = groupName(trials, scheme)
  const subjectOf = (index: number): string => trials[index]!.subject
  const parting = {
    ...{ share, groupOf },
    ...(scheme.kind === 'within-subject' && { within: subjectOf }),
    ...(stratifyBy && { stratifyBy }),
  }
  const tests = testParts(trials, scheme, groupOf, new Random(seed, TEST_PARTS_STREAM))
  const folds: Fold[] = []
  for (const [name, test] of tests) {
    const index = folds.length
    const inTest = new Set(test)
    const rest = [...trials.keys()].filter((i) => !inTest.has(i))
    const random = new Random(seed, VALIDATION_STREAM + index)
    const validation = yield* holdOut({ ...parting, rest, where: `fold ${name}` }, random)
    const held = new Set(validation)
    folds.push({ index, name, train: rest.filter((i) => !held.has(i)), validation, test })
    yield
  }
  const subjectIndependent = folds.every((fold) => sharesNoSubject(trials, fold))
  if (!subjectIndependent && (scheme.kind === 'subject' || scheme.kind === 'subject-loo')) {
    throw new GalvaniError('folds: a subject is on both sides of a split by subject')
  }
  return { scheme: schemeName(scheme), subjectIndependent, unit, folds }
}

/** The fold of that name. @throws UsageError if there is none */
export function findFold(plan: FoldPlan, name: string): Fold {
  const fold = plan.folds.find((candidate) => candidate.name === name)
  if (fold) return fold
  throw new UsageError(`fold '${name}' has no subjects; the folds are ${plan.folds.map((f) => f.name).join(', ')}`)
}

/** True if no subject of the test part occurs in training or validation. */
export function sharesNoSubject(trials: readonly Pick<Trial, 'subject'>[], fold: Fold): boolean {
  const tested = new Set(fold.test.map((i) => trials[i]?.subject))
  return ![...fold.train, ...fold.validation].some((i) => tested.has(trials[i]?.subject))
}

function schemeName(scheme: FoldScheme): string {
  if (scheme.kind === 'subject-loo') return 'subject:loo'
  return scheme.kind === 'column' ? `column:${scheme.name}` : `${scheme.kind}:${scheme.count}`
}

/** What must not be split: a subject, a stimulus, or only the trial itself. */
function unitOf({ kind }: FoldScheme): Unit {
  if (kind === 'random' || kind === 'within-subject') return 'trial'
  return kind === 'stimulus' ? 'stimulus' : 'subject'
}

/** Name of the unit that a trial, by its index, belongs to. */
function groupName(trials: readonly FoldTrial[], scheme: FoldScheme): (index: number) => string {
  const unit = unitOf(scheme)
  if (scheme.kind === 'random') return String
  return (index) => trials[index]![unit === 'trial' ? 'id' : unit]
}

function testParts(
  trials: readonly FoldTrial[],
  scheme: FoldScheme,
  groupOf: (index: number) => string,
  random: Random,
): Map<string, number[]> {
  if (scheme.kind === 'column') return byColumn(trials, scheme.name)
  const groups = groupBy(trials.keys(), groupOf)
  const what = { trial: 'trials', stimulus: 'stimuli', subject: 'subjects' }[unitOf(scheme)]
  const count = scheme.kind === 'subject-loo' ? groups.size : scheme.count
  if (groups.size < Math.max(count, 2)) {
    throw new UsageError(
      `folds ${schemeName(scheme)}: a fold would have no ${what}, there are ${groups.size}; ` +
        (groups.size < 2 ? 'at least 2 are needed' : `use at most ${scheme.kind}:${groups.size}`),
    )
  }
  if (scheme.kind === 'subject-loo') return groups
  const order = shuffled(unitsByName(groups), random)
  const folds =
    scheme.kind === 'within-subject'
      ? dealtBySubject(trials, order, count)
      : fillSmallest(
          order.sort((a, b) => b[1].length - a[1].length),
          count,
        )
  return new Map(folds.map((test, index) => [String(index), test.sort((a, b) => a - b)]))
}

type Groups = readonly (readonly [name: string, members: readonly number[]])[]

function fillSmallest(groups: Groups, count: number): number[][] {
  const folds: number[][] = Array.from({ length: count }, () => [])
  for (const [, members] of groups) {
    const smallest = folds.reduce((a, b) => (b.length < a.length ? b : a))
    for (const member of members) smallest.push(member)
  }
  return folds
}

/** Each subject's trials go to the folds in turn; the next subject goes on where the one before ended, so that folds are as large. */
function dealtBySubject(trials: readonly FoldTrial[], groups: Groups, count: number): number[][] {
  const folds: number[][] = Array.from({ length: count }, () => [])
  const order = groups.flatMap(([, members]) => members)
  const bySubject = [...groupBy(order, (index) => trials[index]!.subject)].sort(([a], [b]) => (a < b ? -1 : 1))
  bySubject.flatMap(([, own]) => own).forEach((index, turn) => folds[turn % count]!.push(index))
  return folds
}

function byColumn(trials: readonly FoldTrial[], name: string): Map<string, number[]> {
  for (const trial of trials) {
    if (trial.columns[name] === undefined) {
      throw new UsageError(
        `folds column:${name}: trials.csv has no column '${name}'; ` +
          `it has ${Object.keys(trial.columns).join(', ')}`,
      )
    }
    if (trial.columns[name].trim() === '') {
      throw new UsageError(`folds column:${name}: trial ${trial.id} has no value there`)
    }
  }
  const groups = groupBy(trials.keys(), (index) => trials[index]!.columns[name]!.trim())
  if (groups.size < 2) throw new UsageError(`folds column:${name}: all trials have one value; at least 2 are needed`)
  const order = [...groups].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
  return new Map(order)
}
