// Several classes judged as two are, counted again by the metrics of a single confusion.
import { describe, expect, it } from 'vitest'
import { judgeClasses, type ClassifiedTrial } from '../../src/evaluation/judge_classes.ts'
import { classificationMetrics } from '../../src/evaluation/metrics.ts'
import { Random } from '../../src/runtime/random.ts'

/** Ten people of twelve trials in two folds, right in `share` of the trials. */
function trialsOf(share: number, seed = 1): ClassifiedTrial[] {
  const random = new Random(seed)
  return Array.from({ length: 120 }, (_, i) => {
    const label = random.integer(4)
    const predicted = random.uniform() < share ? label : random.integer(4)
    const baselines = { majority: 1, ...(i % 2 && { song: random.integer(4) }) }
    return { ...{ trial: `t${i}`, subject: `s${i % 10}`, fold: String(i % 2), seed: 7, label, predicted, baselines } }
  })
}
const judged = (trials: readonly ClassifiedTrial[], seed = 3) => judgeClasses(trials, { classes: 4, seed })
const metricsOf = (trials: readonly ClassifiedTrial[], said = (trial: ClassifiedTrial) => trial.predicted) =>
  classificationMetrics(
    trials.map(({ label }) => label),
    trials.map(said),
    4,
  )

describe('predictions of four classes', () => {
  const trials = trialsOf(0.6)

  it('have the scores of any number of classes, and no others', async () => {
    const { scores, intervals, overFolds, ...counts } = await judged(trials)
    const { accuracy, balancedAccuracy, macro } = metricsOf(trials)
    expect(counts).toMatchObject({ trials: 120, subjects: 10, folds: 2, seeds: [7], calibration: [] })
    expect(scores.accuracy).toBeCloseTo(accuracy, 12)
    expect(scores.balancedAccuracy).toBeCloseTo(balancedAccuracy, 12)
    expect(scores.macroF1).toBeCloseTo(macro.f1, 12)
    for (const name of ['f1', 'precision', 'recall', 'auc', 'mcc', 'brier'] as const) expect(scores[name]).toBeNaN()
    expect(Object.keys(intervals!)).toEqual(['accuracy', 'balancedAccuracy', 'macroF1'])
    expect(intervals!.accuracy!.low).toBeLessThan(accuracy)
    expect(intervals!.accuracy!.high).toBeGreaterThan(accuracy)
    const byFold = ['0', '1'].map((fold) => metricsOf(trials.filter((trial) => trial.fold === fold)).accuracy)
    expect(counts.byFold.map(({ fold, seed, trials: of }) => [fold, seed, of])).toEqual([['0', 7, 60], ['1', 7, 60]]) // prettier-ignore
    for (const [i, { scores: own }] of counts.byFold.entries()) expect(own.accuracy).toBeCloseTo(byFold[i]!, 12)
    expect(overFolds.accuracy!.mean).toBeCloseTo((byFold[0]! + byFold[1]!) / 2, 12)
  })

  it('stand beside baselines on the trials of which these say something', async () => {
    const { baselines } = await judged(trials)
    expect(baselines.map(({ name, trials: count }) => [name, count])).toEqual([['majority', 120], ['song', 60]]) // prettier-ignore
    const heard = trials.filter(({ baselines: { song } }) => song !== undefined)
    const [ours, theirs] = [metricsOf(heard), metricsOf(heard, ({ baselines: { song } }) => song!)]
    const { difference, scores } = baselines[1]!
    expect(scores.accuracy).toBeCloseTo(theirs.accuracy, 12)
    expect(difference.accuracy.mean).toBeCloseTo(ours.accuracy - theirs.accuracy, 12)
    expect(difference.accuracy.low).toBeLessThan(difference.accuracy.mean)
    expect(difference.f1.mean).toBeNaN()
  })

  it('are told from chance by labels shuffled within people', async () => {
    expect((await judged(trials)).permutation).toBe(1 / 2001)
    expect((await judged(trialsOf(0))).permutation).toBeGreaterThan(0.01)
    expect((await judged(trials.map((trial) => ({ ...trial, predicted: 0 })))).permutation).toBe(1)
  })

  it('of two seeds are the mean of both, whatever the order', async () => {
    const other = trials.map((trial, i) => ({ ...trial, seed: 8, predicted: (trial.predicted + (i % 3 ? 0 : 1)) % 4 }))
    const both = await judged([...trials, ...other])
    expect(both.scores.accuracy).toBeCloseTo((metricsOf(trials).accuracy + metricsOf(other).accuracy) / 2, 12)
    expect(both).toMatchObject({ trials: 120, seeds: [7, 8], overSeeds: { accuracy: { mean: both.scores.accuracy } } })
    expect((await judged([...other, ...trials].reverse())).permutation).toBe(both.permutation)
  })
})
