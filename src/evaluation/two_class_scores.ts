// The scores of two classes from scores in [0, 1], and the sums over trials that they follow from.
import { NumericError, ShapeError } from '../runtime/errors.ts'
import type { TwoClassScores } from './judgement.ts'

/** Sums over trials from which all scores but the AUC follow; sums of several lists of trials add up. */
export interface Sums {
  /** Trials that are high and are called so. */
  truePositive: number
  falsePositive: number
  falseNegative: number
  trueNegative: number
  /** Of (score - label)^2. */
  squares: number
}

/** How much of a trial counts as called high: all of it where its score is above a half. */
export const called = (score: number): number => (score > 0.5 ? 1 : 0)

/** That of a guesser, who says high with this probability: the sums are then expected ones. */
export const guessed = (score: number): number => score

/** Adds a trial. */
export function addTrial(sums: Sums, label: number, score: number, high: (score: number) => number): void {
  const share = high(score)
  if (label) {
    sums.truePositive += share
    sums.falseNegative += 1 - share
  } else {
    sums.falsePositive += share
    sums.trueNegative += 1 - share
  }
  sums.squares += (score - label) ** 2
}

export const noSums = (): Sums => ({ truePositive: 0, falsePositive: 0, falseNegative: 0, trueNegative: 0, squares: 0 })

const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b)

/**
 * All scores but the AUC. What the labels leave undefined is NaN: everything without trials, precision, recall and F1 where no trial is high,
 * balanced accuracy, macro F1 and MCC where all are of one class. What the predictions leave undefined is 0: precision and MCC of a model
 * that calls all trials the same. These are the values of `classificationMetrics` where both classes occur, and they take shares of trials.
 */
export function scoresOf(sums: Sums): Omit<TwoClassScores, 'auc'> {
  const { truePositive: tp, falsePositive: fp, falseNegative: fn, trueNegative: tn, squares } = sums
  const [high, low] = [tp + fn, fp + tn]
  const ifHigh = high > 0 ? 0 : NaN
  const ifBoth = high > 0 && low > 0 ? 0 : NaN
  const f1 = ratio(2 * tp, 2 * tp + fp + fn)
  const f1OfLow = ratio(2 * tn, 2 * tn + fp + fn)
  return {
    accuracy: (tp + tn) / (high + low),
    balancedAccuracy: (tp / high + tn / low) / 2,
    f1: f1 + ifHigh,
    macroF1: (f1 + f1OfLow) / 2 + ifBoth,
    precision: ratio(tp, tp + fp) + ifHigh,
    recall: tp / high,
    mcc: ratio(tp * tn - fp * fn, Math.sqrt((tp + fp) * (tn + fn) * high * low)) + ifBoth,
    brier: squares / (high + low),
  }
}

/** Trials by rank of their score, so that the AUC of other weights needs no other sort. */
export class Ranking {
  /** In order of the scores: labels, groups, and whether a trial's score is that of the one before. */
  private readonly labels: Uint8Array
  private readonly groups: Uint32Array
  private readonly tied: Uint8Array

  /** `groups` says of each trial whose weight it has. */
  constructor(labels: ArrayLike<number>, scores: ArrayLike<number>, groups: ArrayLike<number>) {
    const order = Uint32Array.from({ length: labels.length }, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!)
    this.labels = Uint8Array.from(order, (i) => labels[i]!)
    this.groups = Uint32Array.from(order, (i) => groups[i]!)
    this.tied = Uint8Array.from(order, (i, rank) => (rank > 0 && scores[i] === scores[order[rank - 1]!] ? 1 : 0))
  }

  /**
   * Chance that a high trial has a greater score than a low one, a tie counted as a half (the Mann-Whitney statistic), when each trial
   * counts as often as its group's weight says; NaN where one of the classes has no weight.
   */
  auc(weights: Float64Array): number {
    const { labels, groups, tied } = this
    let [below, wins, high, tiedHigh, tiedLow] = [0, 0, 0, 0, 0]
    for (let i = 0; i < labels.length; i++) {
      if (!tied[i]) {
        wins += tiedHigh * (below + tiedLow / 2)
        below += tiedLow
        high += tiedHigh
        tiedHigh = tiedLow = 0
      }
      const weight = weights[groups[i]!]!
      if (labels[i]) tiedHigh += weight
      else tiedLow += weight
    }
    wins += tiedHigh * (below + tiedLow / 2)
    return wins / ((high + tiedHigh) * (below + tiedLow))
  }
}

/** @throws ShapeError, NumericError for lists that are not as long, labels other than 0 and 1, scores outside [0, 1] */
export function checkScores(where: string, labels: ArrayLike<number>, scores: ArrayLike<number>): void {
  if (labels.length !== scores.length)
    throw new ShapeError(`${where}: ${labels.length} labels and ${scores.length} scores; they must be as many`)
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1)
      throw new ShapeError(`${where}: trial ${i} has the label ${labels[i]}, expected 0 or 1`)
    if (!(scores[i]! >= 0 && scores[i]! <= 1))
      throw new NumericError(`${where}: trial ${i} has the score ${scores[i]}, expected a number from 0 to 1`)
  }
}

/** Scores of `scores` in [0, 1] against labels of 0 and 1; above a half is high. NaN as `scoresOf` says. @throws ShapeError, NumericError */
export function twoClassScores(labels: ArrayLike<number>, scores: ArrayLike<number>): TwoClassScores {
  checkScores('twoClassScores', labels, scores)
  const sums = noSums()
  for (let i = 0; i < labels.length; i++) addTrial(sums, labels[i]!, scores[i]!, called)
  const auc = new Ranking(labels, scores, new Uint8Array(labels.length)).auc(Float64Array.of(1))
  return inOrder({ ...scoresOf(sums), auc })
}

/**
 * Scores of a guesser who says high with the probability `scores`, over all of its draws: accuracy, balanced accuracy, recall and AUC as
 * they are expected, the others of the expected counts, which their expectation comes near as 1 / trials; Brier's is of the probability.
 * @throws ShapeError, NumericError
 */
export function guesserScores(labels: ArrayLike<number>, scores: ArrayLike<number>): TwoClassScores {
  checkScores('guesserScores', labels, scores)
  const sums = noSums()
  for (let i = 0; i < labels.length; i++) addTrial(sums, labels[i]!, scores[i]!, guessed)
  return guesserScoresOf(sums)
}

/** Of a guesser's expected sums. Of answers yes and no the AUC is the balanced accuracy, since most pairs are ties. */
export function guesserScoresOf(sums: Sums): TwoClassScores {
  const scores = scoresOf(sums)
  return inOrder({ ...scores, auc: scores.balancedAccuracy })
}

/** In the order in which scores are written. */
export const inOrder = (scores: TwoClassScores): TwoClassScores => {
  const { accuracy, balancedAccuracy, f1, macroF1, precision, recall, auc, mcc, brier } = scores
  return { accuracy, balancedAccuracy, f1, macroF1, precision, recall, auc, mcc, brier }
}
