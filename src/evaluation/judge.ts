// All that may be said of test predictions, from the predictions alone.
import type { Pieces } from '../runtime/breather.ts'
import { percentileInterval, RESAMPLES, subjectDraws } from './bootstrap.ts'
import {
  BASELINES,
  SCORES,
  type BaselineName,
  type BesideBaseline,
  type JudgedTrial,
  type Judgement,
} from './judgement.ts'
import type { ScoreName, TwoClassScores } from './judgement.ts'
import { tabulate, type JudgedTable } from './judged_table.ts'
import { permutationWithinSubjects } from './permutation.ts'
import { leastSignedRankP, spreadOf, wilcoxonSignedRank, type Interval, type Spread } from './statistics.ts'
import { meanScores, Voice } from './voice.ts'
import { workInTurns, type WorkHooks } from './turns.ts'

/** How trials are judged. */
export interface JudgeOptions extends WorkHooks {
  /** Decides which subjects the bootstrap draws; nothing else in a judgement is left to chance. */
  seed: number
}

const BINS = 10
/** Scores whose difference to a baseline is told. */
const COMPARED = ['accuracy', 'balancedAccuracy', 'f1'] as const

/**
 * Judges test trials: scores with bootstrap intervals over subjects, folds, seeds, subjects, calibration, an exact permutation test, and every
 * baseline that some trial has, on the trials of which it says something. Of several seeds every trial must be there once for each, with the
 * same subject and label. The order of the trials changes nothing.
 * @throws ShapeError for trials that do not fit, NumericError for a score that is none
 */
export async function judge(trials: readonly JudgedTrial[], { seed, ...hooks }: JudgeOptions): Promise<Judgement> {
  return workInTurns(hooks, function* (say): Pieces<Judgement> {
    const table = tabulate(trials)
    const model = new Voice(table, (trial) => trial.score)
    const baselines = yield* pairsOf(table, model)
    const resampled = table.subjects.length > 1 ? yield* resample(table, model, baselines, seed, say) : undefined
    const beside: BesideBaseline[] = []
    for (const [i, pair] of baselines.entries()) {
      beside.push(besideBaseline(pair, resampled?.differences[i]))
      yield
    }
    const scores = model.repeats.map((repeat) => repeat.scores())
    const byFold = model.byFold().flatMap(({ repeats }) => repeats)
    return {
      trials: table.labels.length,
      subjects: table.subjects.length,
      folds: table.folds.length,
      seeds: table.seeds,
      scores: meanScores(scores),
      ...(resampled && { intervals: resampled.intervals }),
      overFolds: spreads(byFold.map((of) => of.scores)),
      ...(scores.length > 1 && { overSeeds: spreads(scores) }),
      baselines: beside,
      permutation: yield* permutationWithinSubjects(table.labels, votes(table), table.subjectNames),
      byFold,
      bySubject: subjectRows(table, model),
      calibration: calibrationOf(table),
    }
  })
}

/** A baseline, and the model on the trials of which the baseline says something. */
interface Compared {
  name: BaselineName
  own: Voice
  model: Voice
}

function* pairsOf(table: JudgedTable, model: Voice): Pieces<Compared[]> {
  const pairs: Compared[] = []
  for (const name of BASELINES) {
    const own = new Voice(table, (trial) => trial.baselines[name], name === 'guesser')
    const onSame = (trial: JudgedTrial): number | undefined =>
      trial.baselines[name] === undefined ? undefined : trial.score
    const saysAll = own.heard === model.heard
    if (own.repeats.length > 0) pairs.push({ name, own, model: saysAll ? model : new Voice(table, onSame) })
    yield
  }
  return pairs
}

type Differences = Record<(typeof COMPARED)[number], Interval>

/** One set of draws of subjects for all scores, of the model and of what is compared with it. */
function* resample(
  { subjects }: JudgedTable,
  model: Voice,
  baselines: readonly Compared[],
  seed: number,
  say: (share: number) => void,
): Pieces<{ intervals: Partial<Record<ScoreName, Interval>>; differences: Differences[] }> {
  const draw = subjectDraws(subjects.length, seed)
  const scores = SCORES.map(() => new Float64Array(RESAMPLES))
  const differences = baselines.map(() => COMPARED.map(() => new Float64Array(RESAMPLES)))
  const weights = new Float64Array(subjects.length)
  for (let b = 0; b < RESAMPLES; b++) {
    weights.fill(0)
    for (const subject of draw()) weights[subject]!++
    const drawn = model.weighted(weights)
    SCORES.forEach((name, i) => (scores[i]![b] = drawn[name]))
    for (const [k, pair] of baselines.entries()) {
      const own = pair.model === model ? drawn : pair.model.counted(weights)
      const other = pair.own.counted(weights)
      COMPARED.forEach((name, i) => (differences[k]![i]![b] = own[name] - other[name]))
    }
    say((b + 1) / RESAMPLES)
    yield
  }
  const intervals = Object.fromEntries(
    SCORES.flatMap((name, i) => {
      const interval = percentileInterval(scores[i]!)
      return interval ? [[name, interval]] : []
    }),
  ) as Partial<Record<ScoreName, Interval>>
  return {
    intervals,
    differences: differences.map(
      (values) =>
        Object.fromEntries(COMPARED.map((name, i) => [name, percentileInterval(values[i]!) ?? NOWHERE])) as Differences,
    ),
  }
}

const NOWHERE: Interval = { low: NaN, high: NaN }

function besideBaseline({ name, own, model }: Compared, differences?: Differences): BesideBaseline {
  const scores = meanScores(own.repeats.map((repeat) => repeat.scores()))
  const ours = meanScores(model.repeats.map((repeat) => repeat.scores()))
  const difference = Object.fromEntries(
    COMPARED.map((score) => [score, { mean: ours[score] - scores[score], ...(differences?.[score] ?? NOWHERE) }]),
  ) as BesideBaseline['difference']
  const [against, folds] = [model, own].map((voice) =>
    voice.byFold().map(({ repeats }) => meanScores(repeats.map((of) => of.scores)).accuracy),
  ) as [number[], number[]]
  return {
    name,
    trials: own.trials,
    scores,
    difference,
    ...(folds.length > 1 && {
      wilcoxon: { ...wilcoxonSignedRank(against, folds), floor: leastSignedRankP(folds.length) },
    }),
  }
}

/** Each score's spread; one that is nowhere defined is left out. */
function spreads(scores: readonly TwoClassScores[]): Partial<Record<ScoreName, Spread>> {
  return Object.fromEntries(
    SCORES.flatMap((name) => {
      const spread = spreadOf(scores.map((of) => of[name]))
      return spread ? [[name, spread]] : []
    }),
  )
}

/** How many of the repeats call each trial high. */
const votes = ({ labels, repeats }: JudgedTable): Uint32Array =>
  Uint32Array.from(labels, (_, i) => repeats.filter((trials) => trials[i]!.score > 0.5).length)

function subjectRows({ subjects, subjectOf, labels }: JudgedTable, model: Voice): Judgement['bySubject'] {
  return subjects.map((subject, s) => {
    const own = [...labels.keys()].filter((i) => subjectOf[i] === s)
    const weights = Float64Array.from(subjects, (_, other) => (other === s ? 1 : 0))
    const high = own.filter((i) => labels[i]).length
    return { subject, trials: own.length, accuracy: model.counted(weights).accuracy, high: high / own.length }
  })
}

function calibrationOf({ labels, repeats }: JudgedTable): Judgement['calibration'] {
  const bins = Array.from({ length: BINS }, () => ({ trials: 0, score: 0, high: 0 }))
  for (const trials of repeats) {
    for (const [i, { score }] of trials.entries()) {
      // A half belongs below, since it is called low.
      const bin = bins.find((_, k) => score <= (k + 1) / BINS)!
      bin.trials++
      bin.score += score
      bin.high += labels[i]!
    }
  }
  return bins.map(({ trials, score, high }) => ({ trials, score: score / trials, high: high / trials }))
}
