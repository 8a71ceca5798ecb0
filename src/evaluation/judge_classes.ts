// What may be said of predictions of more than two classes, in the shape in which those of two are told (`judge`).
import { groupBy } from '../datasets/group.ts'
import type { Pieces } from '../runtime/breather.ts'
import { Random } from '../runtime/random.ts'
import { percentileInterval, RESAMPLES, subjectDraws } from './bootstrap.ts'
import { SCORES, type BesideBaseline, type Judgement, type ScoreName, type TwoClassScores } from './judgement.ts'
import { CLASS_PERMUTATION_STREAM } from './random_streams.ts'
import { leastSignedRankP, spreadOf, wilcoxonSignedRank, type Interval } from './statistics.ts'
import { workInTurns, type WorkHooks } from './turns.ts'

/** A test trial, by the number of its class and of those that are said. */
export interface ClassifiedTrial {
  trial: string
  subject: string
  fold: string
  /** Which repeat; the same trial is there once for each. */
  seed: number
  label: number
  predicted: number
  /** Those of any number of classes. */
  baselines: { majority?: number; song?: number }
}

/** How many classes there are, and what draws the subjects of the bootstrap and the shuffles of labels. */
export interface JudgeClassesOptions extends WorkHooks {
  classes: number
  seed: number
}

type Said = (trial: ClassifiedTrial) => number | undefined
const NAMES = ['majority', 'song'] as const
/** Scores of any number of classes; all others are NaN, and have no interval. */
const DEFINED = ['accuracy', 'balancedAccuracy', 'macroF1'] as const
const SHUFFLES = 2000
const NOWHERE: Interval = { low: NaN, high: NaN }

/**
 * Accuracy, balanced accuracy and macro F1 as `judge` has them: pooled by seed, with bootstrap intervals over subjects, over folds and
 * beside the baselines. Labels are shuffled within subjects by chance (2,000 times, and the true order counts as one more), not in all orders.
 */
export async function judgeClasses(
  trials: readonly ClassifiedTrial[],
  { classes, seed, ...hooks }: JudgeClassesOptions,
): Promise<Judgement> {
  const subjects = namesOf(trials, ({ subject }) => subject)
  const folds = namesOf(trials, ({ fold }) => fold)
  const seeds = [...new Set(trials.map((trial) => trial.seed))].sort((a, b) => a - b)
  const counted = new Counts(subjects, seeds, classes)
  const scoresIn = (of: readonly ClassifiedTrial[], said: Said): TwoClassScores => counted.scores(counted.of(of, said))
  return workInTurns(hooks, function* (say): Pieces<Judgement> {
    const draws = subjects.length > 1 ? drawn(subjects.length, seed) : undefined
    const intervals = draws && (yield* intervalsOf(counted, counted.of(trials, model), draws, say))
    const byFold = folds.flatMap((fold) =>
      seeds.flatMap((repeat) => {
        const own = trials.filter((trial) => trial.fold === fold && trial.seed === repeat)
        return own.length === 0 ? [] : [{ fold, seed: repeat, trials: own.length, scores: scoresIn(own, model) }]
      }),
    )
    const bySeed = seeds.map((repeat) => scoresIn(trials.filter((trial) => trial.seed === repeat), model)) // prettier-ignore
    const baselines: BesideBaseline[] = []
    for (const name of NAMES) {
      const heard = trials.filter(({ baselines: of }) => of[name] !== undefined)
      if (heard.length > 0) baselines.push(yield* beside(name, heard, counted, { draws, repeats: seeds.length }))
    }
    return {
      ...{ trials: trials.length / seeds.length, subjects: subjects.length, folds: folds.length, seeds },
      scores: scoresIn(trials, model),
      ...(intervals && { intervals }),
      overFolds: spreads(byFold.map((of) => of.scores)),
      ...(seeds.length > 1 && { overSeeds: spreads(bySeed) }),
      baselines,
      permutation: yield* permutation(trials, seed),
      byFold,
      bySubject: subjects.map((subject) => {
        const own = trials.filter((trial) => trial.subject === subject)
        return { subject, trials: own.length / seeds.length, accuracy: scoresIn(own, model).accuracy, high: NaN }
      }),
      calibration: [],
    }
  })
}

const model: Said = ({ predicted }) => predicted

/** A baseline and the model on the trials of which it says something. */
function* beside(
  name: (typeof NAMES)[number],
  heard: readonly ClassifiedTrial[],
  counted: Counts,
  { draws, repeats }: { draws: readonly Float64Array[] | undefined; repeats: number },
): Pieces<BesideBaseline> {
  const said: Said = ({ baselines }) => baselines[name]
  const [ours, theirs] = [counted.of(heard, model), counted.of(heard, said)]
  const differences = draws && (yield* differencesOf(counted, ours, theirs, draws))
  const [mine, scores] = [counted.scores(ours), counted.scores(theirs)]
  const difference = (score: (typeof DEFINED)[number] | 'f1') => ({
    mean: mine[score] - scores[score],
    ...((score !== 'f1' && differences?.[score]) || NOWHERE),
  })
  const folds = [...groupBy(heard, ({ fold }) => fold).values()]
  const byFold = (of: Said): number[] => folds.map((own) => counted.scores(counted.of(own, of)).accuracy)
  const [accuracy, balancedAccuracy, f1] = [
    difference('accuracy'),
    difference('balancedAccuracy'),
    difference('f1'),
  ] as const
  const floor = leastSignedRankP(folds.length)
  return {
    ...{ name, trials: heard.length / repeats, scores, difference: { accuracy, balancedAccuracy, f1 } },
    ...(folds.length > 1 && { wilcoxon: { ...wilcoxonSignedRank(byFold(model), byFold(said)), floor } }),
  }
}

const namesOf = (trials: readonly ClassifiedTrial[], name: (trial: ClassifiedTrial) => string): string[] =>
  [...new Set(trials.map(name))].sort()

/** Subjects of each resample, as how often each is in it. */
function drawn(subjects: number, seed: number): Float64Array[] {
  const draw = subjectDraws(subjects, seed)
  return Array.from({ length: RESAMPLES }, () => {
    const weights = new Float64Array(subjects)
    for (const subject of draw()) weights[subject]!++
    return weights
  })
}

/** By seed and subject, [true class][said class] in one row. */
type Confusions = readonly (readonly Float64Array[])[]

/** Counts what was said of trials, and scores any sample of the subjects. */
class Counts {
  private readonly subjectIndex: ReadonlyMap<string, number>
  private readonly seedIndex: ReadonlyMap<number, number>

  constructor(
    subjects: readonly string[],
    seeds: readonly number[],
    private readonly classes: number,
  ) {
    this.subjectIndex = new Map(subjects.map((name, i) => [name, i]))
    this.seedIndex = new Map(seeds.map((seed, i) => [seed, i]))
  }

  of(trials: readonly ClassifiedTrial[], said: Said): Confusions {
    const { classes } = this
    const counts = Array.from(this.seedIndex, () =>
      Array.from(this.subjectIndex, () => new Float64Array(classes * classes)),
    )
    for (const trial of trials)
      counts[this.seedIndex.get(trial.seed)!]![this.subjectIndex.get(trial.subject)!]![
        trial.label * classes + said(trial)!
      ]!++
    return counts
  }

  /** Mean over the seeds that have trials. */
  scores(confusions: Confusions, weights?: Float64Array): TwoClassScores {
    const each = confusions
      .map((bySubject) => this.pooled(bySubject, weights))
      .filter((confusion) => confusion.some((count) => count > 0))
      .map((confusion) => scoresOf(confusion, this.classes))
    const mean = (name: (typeof DEFINED)[number]): number =>
      each.reduce((sum, scores) => sum + scores[name], 0) / each.length
    const undefinedScores = Object.fromEntries(SCORES.map((name) => [name, NaN])) as TwoClassScores
    return { ...undefinedScores, ...(Object.fromEntries(DEFINED.map((name) => [name, mean(name)])) as object) }
  }

  private pooled(bySubject: readonly Float64Array[], weights?: Float64Array): Float64Array {
    const sum = new Float64Array(this.classes * this.classes)
    bySubject.forEach((confusion, subject) =>
      confusion.forEach((count, i) => (sum[i] = sum[i]! + (weights?.[subject] ?? 1) * count)),
    )
    return sum
  }
}

/** As `classificationMetrics` defines them. */
function scoresOf(confusion: Float64Array, classes: number): Record<(typeof DEFINED)[number], number> {
  const range = [...Array(classes).keys()]
  const total = (of: (k: number) => number): number => range.reduce((sum, k) => sum + of(k), 0)
  const hits = (k: number): number => confusion[k * classes + k]!
  const truly = range.map((k) => total((j) => confusion[k * classes + j]!))
  const said = range.map((k) => total((j) => confusion[j * classes + k]!))
  const occurring = range.filter((k) => truly[k]! > 0)
  const f1 = (k: number): number => (truly[k]! + said[k]! > 0 ? (2 * hits(k)) / (truly[k]! + said[k]!) : 0)
  return {
    accuracy: total(hits) / total((k) => truly[k]!),
    balancedAccuracy: occurring.reduce((sum, k) => sum + hits(k) / truly[k]!, 0) / occurring.length,
    macroF1: total(f1) / classes,
  }
}

function* intervalsOf(
  counts: Counts,
  confusions: Confusions,
  draws: readonly Float64Array[],
  say: (share: number) => void,
): Pieces<Partial<Record<ScoreName, Interval>>> {
  const values = DEFINED.map(() => new Float64Array(draws.length))
  for (const [b, weights] of draws.entries()) {
    const scores = counts.scores(confusions, weights)
    DEFINED.forEach((name, i) => (values[i]![b] = scores[name]))
    say((b + 1) / draws.length)
    yield
  }
  return Object.fromEntries(DEFINED.map((name, i) => [name, percentileInterval(values[i]!) ?? NOWHERE]))
}

function* differencesOf(
  counts: Counts,
  ours: Confusions,
  theirs: Confusions,
  draws: readonly Float64Array[],
): Pieces<Record<(typeof DEFINED)[number], Interval>> {
  const values = DEFINED.map(() => new Float64Array(draws.length))
  for (const [b, weights] of draws.entries()) {
    const [own, other] = [counts.scores(ours, weights), counts.scores(theirs, weights)]
    DEFINED.forEach((name, i) => (values[i]![b] = own[name] - other[name]))
    yield
  }
  return Object.fromEntries(DEFINED.map((name, i) => [name, percentileInterval(values[i]!) ?? NOWHERE])) as Record<
    (typeof DEFINED)[number],
    Interval
  >
}

function spreads(scores: readonly TwoClassScores[]): Judgement['overFolds'] {
  return Object.fromEntries(
    DEFINED.flatMap((name) => {
      const spread = spreadOf(scores.map((of) => of[name]))
      return spread ? [[name, spread]] : []
    }),
  )
}

/** How often labels shuffled within each subject, the same for all repeats, are predicted as well as the true ones. */
function* permutation(trials: readonly ClassifiedTrial[], seed: number): Pieces<number> {
  const byTrial = groupBy(trials, ({ trial }) => trial)
  const people = [...groupBy([...byTrial.values()], ([first]) => first!.subject)].sort(([a], [b]) => (a < b ? -1 : 1))
  const groups = people.map(([, own]) => own.sort(([a], [b]) => (a!.trial < b!.trial ? -1 : 1)))
  const random = new Random(seed, CLASS_PERMUTATION_STREAM)
  const hits = (order: (count: number) => ArrayLike<number>): number =>
    groups.reduce((sum, own) => {
      const from = order(own.length)
      const hit = (repeats: readonly ClassifiedTrial[], i: number): number =>
        repeats.filter(({ predicted }) => predicted === own[from[i]!]![0]!.label).length
      return own.reduce((total, repeats, i) => total + hit(repeats, i), sum)
    }, 0)
  const observed = hits((count) => [...Array(count).keys()])
  let asGood = 1
  for (let shuffle = 0; shuffle < SHUFFLES; shuffle++) {
    if (hits((count) => random.permutation(count)) >= observed) asGood++
    yield
  }
  return asGood / (SHUFFLES + 1)
}
