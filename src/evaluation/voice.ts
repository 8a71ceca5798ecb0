// What a model or a baseline says of test trials, in all repeats, counted so that drawing subjects again costs little.
import { groupBy } from '../datasets/group.ts'
import type { FoldScores, JudgedTrial, TwoClassScores } from './judgement.ts'
import type { JudgedTable } from './judged_table.ts'
import {
  addTrial,
  called,
  guessed,
  guesserScores,
  noSums,
  Ranking,
  scoresOf,
  twoClassScores,
  type Sums,
} from './two_class_scores.ts'

/** What is said in one repeat, of the trials of which something is said. */
interface Repeat {
  seed: number
  folds: string[]
  labels: number[]
  said: number[]
  /** Sums of each subject's trials. */
  sums: Sums[]
  subjectOf: number[]
  scores: () => TwoClassScores
}

/** Mean of each score; NaN where one is. */
export function meanScores<T extends Omit<TwoClassScores, 'auc'>>(scores: readonly T[]): T {
  const mean = { ...scores[0]! }
  for (const name of Object.keys(mean) as (keyof T)[]) {
    let sum = 0
    for (const of of scores) sum += of[name] as number
    mean[name] = (sum / scores.length) as T[keyof T]
  }
  return mean
}

/** What one model or baseline says of the judged trials. */
export class Voice {
  /** Those in which it says something of a trial. */
  readonly repeats: Repeat[]
  private rankings?: Ranking[]
  /** Trials of which it says something in some repeat. */
  readonly trials: number
  /** How often it says something, over all repeats. */
  readonly heard: number

  /** `scoreOf` is undefined where it says nothing. A guesser's score is the probability with which it says high. */
  constructor(
    private readonly table: JudgedTable,
    scoreOf: (trial: JudgedTrial) => number | undefined,
    private readonly guesses = false,
  ) {
    const some = new Set<number>()
    this.repeats = table.repeats.flatMap((trials) => {
      const heard = [...trials.keys()].filter((i) => scoreOf(trials[i]!) !== undefined)
      for (const i of heard) some.add(i)
      return heard.length > 0 ? [this.repeat(trials, heard, scoreOf)] : []
    })
    this.trials = some.size
    this.heard = this.repeats.reduce((sum, { said }) => sum + said.length, 0)
  }

  private repeat(
    trials: readonly JudgedTrial[],
    heard: readonly number[],
    scoreOf: (trial: JudgedTrial) => number | undefined,
  ): Repeat {
    const labels = heard.map((i) => trials[i]!.label)
    const said = heard.map((i) => scoreOf(trials[i]!)!)
    const subjectOf = heard.map((i) => this.table.subjectOf[i]!)
    const sums = this.table.subjects.map(noSums)
    said.forEach((score, k) => addTrial(sums[subjectOf[k]!]!, labels[k]!, score, this.guesses ? guessed : called))
    return {
      seed: trials[0]!.seed,
      folds: heard.map((i) => trials[i]!.fold),
      labels,
      said,
      subjectOf,
      sums,
      scores: () => this.scoresOf(labels, said),
    }
  }

  private scoresOf(labels: readonly number[], said: readonly number[]): TwoClassScores {
    return (this.guesses ? guesserScores : twoClassScores)(labels, said)
  }

  /** Scores within each fold of which something is said, of each repeat that has it; folds in order of name. */
  byFold(): { fold: string; repeats: FoldScores[] }[] {
    const found = new Map<string, FoldScores[]>(this.table.folds.map((fold) => [fold, []]))
    for (const { seed, folds, labels, said } of this.repeats) {
      for (const [fold, own] of groupBy(folds.keys(), (k) => folds[k]!)) {
        const scores = this.scoresOf(
          own.map((k) => labels[k]!),
          own.map((k) => said[k]!),
        )
        found.get(fold)!.push({ fold, seed, trials: own.length, scores })
      }
    }
    return [...found].flatMap(([fold, repeats]) => (repeats.length > 0 ? [{ fold, repeats }] : []))
  }

  /** All scores but the AUC when each subject counts as often as its weight says, mean over repeats. */
  counted(weights: Float64Array): Omit<TwoClassScores, 'auc'> {
    return meanScores(this.repeats.map(({ sums }) => scoresOf(weightedSums(sums, weights))))
  }

  /** All scores, likewise. */
  weighted(weights: Float64Array): TwoClassScores {
    this.rankings ??= this.repeats.map(({ labels, said, subjectOf }) => new Ranking(labels, said, subjectOf))
    const aucs = this.rankings.map((ranking) => ranking.auc(weights))
    return { ...this.counted(weights), auc: aucs.reduce((sum, auc) => sum + auc, 0) / aucs.length }
  }
}

function weightedSums(sums: readonly Sums[], weights: Float64Array): Sums {
  const total = noSums()
  for (let s = 0; s < sums.length; s++) {
    const weight = weights[s]!
    if (weight === 0) continue
    const of = sums[s]!
    total.truePositive += weight * of.truePositive
    total.falsePositive += weight * of.falsePositive
    total.falseNegative += weight * of.falseNegative
    total.trueNegative += weight * of.trueNegative
    total.squares += weight * of.squares
  }
  return total
}
