import { describe, expect, it } from 'vitest'
import { bootstrapSubjects } from '../../src/evaluation/bootstrap.ts'
import { judge } from '../../src/evaluation/judge.ts'
import { SCORES, type JudgedTrial } from '../../src/evaluation/judgement.ts'
import { permutationWithinSubjects } from '../../src/evaluation/permutation.ts'
import { wilcoxonSignedRank } from '../../src/evaluation/statistics.ts'
import { guesserScores, twoClassScores } from '../../src/evaluation/two_class_scores.ts'
import { atOnce } from '../../src/runtime/breather.ts'
import { NumericError, ShapeError } from '../../src/runtime/errors.ts'
import { Random } from '../../src/runtime/random.ts'

const PEOPLE = 9

/** Trials of nine people in three folds, each person known a little; `song` says nothing of a quarter of them. */
function trialsOf(seed: number): JudgedTrial[] {
  const [random, labels] = [new Random(seed), new Random(77)]
  return Array.from({ length: PEOPLE * 6 }, (_, i) => {
    const person = i % PEOPLE
    const label = labels.uniform() < 0.55 ? 1 : 0
    const score = Math.round(10 * Math.min(1, Math.max(0, 0.5 + 0.3 * (label - 0.5) + 0.3 * random.normal()))) / 10
    return {
      trial: `t${i}`,
      subject: `s${person}`,
      fold: `f${person % 3}`,
      seed,
      label,
      score,
      baselines: { majority: 1, guesser: 0.6, ...(i % 4 !== 0 && { song: i % 2 }), forest: random.uniform() },
    }
  })
}

const labelsOf = (trials: readonly JudgedTrial[]) => trials.map(({ label }) => label)
const scoresIn = (trials: readonly JudgedTrial[]) => trials.map(({ score }) => score)
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('the judgement of one seed', () => {
  const trials = trialsOf(1)
  const byName = [...trials].sort((a, b) => (a.trial < b.trial ? -1 : 1))
  const judged = judge(trials, { seed: 5 })

  it('says who was judged, and has all scores', async () => {
    const { trials: count, subjects, folds, seeds, scores, overSeeds } = await judged
    expect({ count, subjects, folds, seeds }).toEqual({ count: 54, subjects: 9, folds: 3, seeds: [1] })
    const expected = twoClassScores(labelsOf(trials), scoresIn(trials))
    expect(Object.keys(scores)).toEqual([...SCORES])
    for (const name of SCORES) expect(scores[name]).toBeCloseTo(expected[name], 12)
    expect(overSeeds).toBeUndefined()
  })

  it('has the intervals of a bootstrap that counts every trial again', async () => {
    const { intervals } = await judged
    for (const name of SCORES) {
      const slow = bootstrapSubjects(
        // The same order of people: by name.
        [...byName].sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0)).map((t) => t.subject),
        (drawn) => {
          const sorted = [...byName].sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0))
          const own = drawn.map((i) => sorted[i]!)
          return twoClassScores(labelsOf(own), scoresIn(own))[name]
        },
        { seed: 5 },
      )
      expect(intervals![name]!.low, name).toBeCloseTo(slow.low, 12)
      expect(intervals![name]!.high, name).toBeCloseTo(slow.high, 12)
    }
  })

  it('has folds and their spread, subjects by name, and the permutation test', async () => {
    const { overFolds, byFold, bySubject, permutation } = await judged
    const folds = ['f0', 'f1', 'f2'].map((name) => {
      const own = byName.filter(({ fold }) => fold === name)
      return twoClassScores(labelsOf(own), scoresIn(own))
    })
    const accuracies = folds.map(({ accuracy }) => accuracy)
    const squares = accuracies.map((accuracy) => (accuracy - mean(accuracies)) ** 2)
    expect(overFolds.accuracy!.mean).toBeCloseTo(mean(accuracies), 12)
    expect(overFolds.accuracy!.sd).toBeCloseTo(Math.sqrt((squares[0]! + squares[1]! + squares[2]!) / 2), 12)
    expect(byFold).toEqual(
      folds.map((scores, i) => {
        const own = trials.filter(({ fold }) => fold === `f${i}`)
        return { fold: `f${i}`, seed: own[0]!.seed, trials: own.length, scores }
      }),
    )
    expect(overFolds.auc!.mean).toBeCloseTo(mean(folds.map(({ auc }) => auc)), 12)
    expect(bySubject.map(({ subject }) => subject)).toEqual(Array.from({ length: PEOPLE }, (_, i) => `s${i}`))
    const own = trials.filter(({ subject }) => subject === 's4')
    expect(bySubject[4]!.trials).toBe(6)
    expect(bySubject[4]!.high).toBeCloseTo(mean(labelsOf(own)), 12)
    expect(bySubject[4]!.accuracy).toBeCloseTo(twoClassScores(labelsOf(own), scoresIn(own)).accuracy, 12)
    const said = scoresIn(trials).map((score) => (score > 0.5 ? 1 : 0))
    const subjects = trials.map(({ subject }) => subject)
    expect(permutation).toBeCloseTo(atOnce(permutationWithinSubjects(labelsOf(trials), said, subjects)), 12)
  })

  it('sets every baseline that there is beside the model, on the trials of which it says something', async () => {
    const { baselines } = await judged
    expect(baselines.map(({ name, trials: count }) => [name, count])).toEqual([
      ['majority', 54],
      ['guesser', 54],
      ['song', 40],
      ['forest', 54],
    ])
    const song = baselines[2]!
    const heard = trials.filter((trial) => trial.baselines.song !== undefined)
    const said = heard.map((trial) => trial.baselines.song!)
    expect(song.scores).toEqual(twoClassScores(labelsOf(heard), said))
    const own = twoClassScores(labelsOf(heard), scoresIn(heard))
    expect(song.difference.f1.mean).toBeCloseTo(own.f1 - song.scores.f1, 12)
    const accuracy = (of: readonly JudgedTrial[], score: (trial: JudgedTrial) => number) =>
      twoClassScores(labelsOf(of), of.map(score)).accuracy
    const folds = ['f0', 'f1', 'f2'].map((name) => heard.filter(({ fold }) => fold === name))
    expect(song.wilcoxon).toEqual({
      ...wilcoxonSignedRank(
        folds.map((of) => accuracy(of, ({ score }) => score)),
        folds.map((of) => accuracy(of, (trial) => trial.baselines.song!)),
      ),
      floor: 0.25,
    })
    expect(baselines[1]!.scores).toEqual(
      guesserScores(
        labelsOf(trials),
        trials.map(() => 0.6),
      ),
    )
  })

  it('pairs the differences: a baseline that says the same has none, and an interval of nothing', async () => {
    const same = trials.map((trial) => ({ ...trial, baselines: { cnn: trial.score } }))
    const [cnn] = (await judge(same, { seed: 1 })).baselines
    const { difference, wilcoxon } = cnn!
    for (const of of Object.values(difference)) expect(of).toEqual({ mean: 0, low: 0, high: 0 })
    expect(wilcoxon).toMatchObject({ n: 0, p: 1 })
    const heard = trials.filter((trial) => trial.baselines.song !== undefined)
    const sorted = [...heard].sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0))
    const slow = bootstrapSubjects(
      sorted.map(({ subject }) => subject),
      (drawn) => {
        const of = drawn.map((i) => sorted[i]!)
        const song = twoClassScores(
          labelsOf(of),
          of.map((trial) => trial.baselines.song!),
        )
        return twoClassScores(labelsOf(of), scoresIn(of)).balancedAccuracy - song.balancedAccuracy
      },
      { seed: 5 },
    )
    const found = (await judged).baselines[2]!.difference.balancedAccuracy
    expect(found.low).toBeCloseTo(slow.low, 12)
    expect(found.high).toBeCloseTo(slow.high, 12)
  })

  it('draws people for a guesser as for a model, over all of its guesses', async () => {
    const sorted = [...trials].sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0))
    const slow = bootstrapSubjects(
      sorted.map(({ subject }) => subject),
      (drawn) => {
        const of = drawn.map((i) => sorted[i]!)
        const guesser = guesserScores(
          labelsOf(of),
          of.map(() => 0.6),
        )
        return twoClassScores(labelsOf(of), scoresIn(of)).f1 - guesser.f1
      },
      { seed: 5 },
    )
    const found = (await judged).baselines[1]!.difference.f1
    expect(found.low).toBeCloseTo(slow.low, 12)
    expect(found.high).toBeCloseTo(slow.high, 12)
  })

  it('bins the scores for a calibration curve, a bound in the bin below it', async () => {
    const { calibration } = await judged
    expect(calibration).toHaveLength(10)
    expect(calibration.reduce((sum, bin) => sum + bin.trials, 0)).toBe(54)
    const half = trials.filter(({ score }) => score === 0.5)
    expect(half.length).toBeGreaterThan(0)
    expect(calibration[4]).toEqual({ trials: half.length, score: 0.5, high: mean(labelsOf(half)) })
    const lowest = trials.filter(({ score }) => score <= 0.1)
    expect(calibration[0]!.trials).toBe(lowest.length)
    const one = await judge([{ ...trials[0]!, score: 0.31 }], { seed: 1 })
    expect(one.calibration[3]).toMatchObject({ trials: 1, score: 0.31 })
    expect(one.calibration[4]).toEqual({ trials: 0, score: NaN, high: NaN })
  })
})

describe('the judgement of several seeds', () => {
  const repeats = [3, 1, 2].map(trialsOf)
  const judged = judge(repeats.flat(), { seed: 5 })

  it('is the mean over the seeds, with their spread', async () => {
    const { trials, seeds, scores, overSeeds, byFold, bySubject } = await judged
    expect({ trials, seeds }).toEqual({ trials: 54, seeds: [1, 2, 3] })
    const each = repeats.map((of) => twoClassScores(labelsOf(of), scoresIn(of)))
    for (const name of SCORES) expect(scores[name]).toBeCloseTo(mean(each.map((of) => of[name])), 12)
    const aucs = each.map(({ auc }) => auc)
    const squares = aucs.map((auc) => (auc - mean(aucs)) ** 2)
    expect(overSeeds!.auc!.mean).toBeCloseTo(mean(aucs), 12)
    expect(overSeeds!.auc!.sd).toBeCloseTo(Math.sqrt((squares[0]! + squares[1]! + squares[2]!) / 2), 12)
    expect(bySubject[0]!.trials).toBe(6)
    const last = repeats[0]!.filter(({ fold }) => fold === 'f2').sort((a, b) => (a.trial < b.trial ? -1 : 1))
    expect(byFold.map(({ fold, seed }) => fold + seed).slice(-4)).toEqual(['f13', 'f21', 'f22', 'f23'])
    expect(byFold.at(-1)).toEqual({
      ...{ fold: 'f2', seed: 3, trials: last.length, scores: twoClassScores(labelsOf(last), scoresIn(last)) },
    })
  })

  it('draws the same subjects for all of them', async () => {
    const one = await judge(repeats[0]!, { seed: 5 })
    const thrice = [1, 2, 3].flatMap((seed) => repeats[0]!.map((trial) => ({ ...trial, seed })))
    const same = await judge(thrice, { seed: 5 })
    for (const name of SCORES) {
      expect(same.intervals![name]!.low).toBeCloseTo(one.intervals![name]!.low, 12)
      expect(same.intervals![name]!.high).toBeCloseTo(one.intervals![name]!.high, 12)
    }
    expect(same.permutation).toBeCloseTo(one.permutation, 12)
    expect(same.overSeeds!.f1!.sd).toBeCloseTo(0, 12)
  })

  it('does not depend on the order in which trials come', async () => {
    const order = new Random(9).permutation(repeats.flat().length)
    const shuffled = Array.from(order, (i) => repeats.flat()[i]!)
    expect(await judge(shuffled, { seed: 5 })).toEqual(await judged)
    expect((await judge(shuffled, { seed: 6 })).intervals).not.toEqual((await judged).intervals)
  })

  it('compares folds by the mean over seeds', async () => {
    const forest = (await judged).baselines.find(({ name }) => name === 'forest')!
    const accuracies = (score: (trial: JudgedTrial) => number) =>
      ['f0', 'f1', 'f2'].map((fold) =>
        mean(
          repeats.map((trials) => {
            const own = trials.filter((trial) => trial.fold === fold)
            return twoClassScores(labelsOf(own), own.map(score)).accuracy
          }),
        ),
      )
    const expected = wilcoxonSignedRank(
      accuracies(({ score }) => score),
      accuracies((trial) => trial.baselines.forest!),
    )
    expect(forest.wilcoxon).toEqual({ ...expected, floor: 0.25 })
  })
})

describe('what is not defined', () => {
  const [trial] = trialsOf(1) as [JudgedTrial]

  it('is left out: intervals of one subject, spread of a score that no fold has', async () => {
    const alone = [0, 1].map((label) => ({ ...trial, trial: `t${label}`, label, score: 0.6 }))
    const judged = await judge(alone, { seed: 1 })
    expect(judged.intervals).toBeUndefined()
    expect(judged.overFolds.accuracy).toEqual({ mean: 0.5, sd: NaN })
    expect(judged.baselines[0]!.difference.accuracy).toEqual({ mean: 0, low: NaN, high: NaN })
    expect(judged.baselines[0]).not.toHaveProperty('wilcoxon')
    const low = ['a', 'b'].map((subject) => ({ ...trial, trial: subject, subject, label: 0, score: 0.6 }))
    const oneClass = await judge(low, { seed: 1 })
    expect(oneClass.scores.auc).toBeNaN()
    expect(oneClass.overFolds).not.toHaveProperty('auc')
    expect(oneClass.intervals).not.toHaveProperty('auc')
    expect(oneClass.intervals!.accuracy).toEqual({ low: 0, high: 0 })
  })

  it('is refused in one sentence', async () => {
    const other = { ...trial, trial: 't9' }
    const rejects = async (
      trials: JudgedTrial[],
      message: string,
      error: new (message: string) => Error = ShapeError,
    ) => {
      await expect(judge(trials, { seed: 1 })).rejects.toThrow(error)
      await expect(judge(trials, { seed: 1 })).rejects.toThrow(message)
    }
    await rejects([], 'judge: there are no trials')
    await rejects([trial, trial], "judge: seed 1 has the trial 't0' twice")
    await rejects(
      [trial, other, { ...trial, seed: 2 }],
      "the seeds 1 and 2 have different trials, the first 't9' and none",
    )
    await rejects(
      [trial, { ...trial, seed: 2, label: 1 - trial.label }],
      'has another label or subject for seed 2 than for seed 1',
    )
    await rejects([{ ...trial, label: 2 }], "judge: trial 't0' has the label 2, expected 0 or 1")
    await rejects([{ ...trial, score: NaN }], "the model gives trial 't0' of seed 1 the score NaN", NumericError)
    await rejects([{ ...trial, baselines: { lda: 1.5 } }], "lda gives trial 't0' of seed 1 the score 1.5", NumericError)
  })

  it('hears an abort, before its work and in it', async () => {
    const before = judge([trial], { seed: 1, signal: AbortSignal.abort(new Error('before')) })
    await expect(before).rejects.toThrow('before')
    const many = trialsOf(1).flatMap((of) =>
      Array.from({ length: 60 }, (_, k) => ({ ...of, trial: `${of.trial}-${k}`, subject: `${of.subject}-${k}` })),
    )
    const stop = new AbortController()
    const judging = judge(many, { seed: 1, signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(judging).rejects.toThrow('enough')
  })
})
