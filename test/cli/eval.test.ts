// `eval` and `predict`: what a run's models are worth on their own people and on others.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import type { PooledResult, RunSummary } from '../../src/train/run_summary.ts'
import { readJson, readStudy } from '../study_reference/files.ts'
import {
  expectedHistory,
  foldBaselines,
  jointBaselines,
  readRun,
  usedTrials,
  validationOf,
  type Beside,
  type Run,
  type StoredPrediction,
  type Used,
} from '../study_reference/run.ts'
import { interval, metrics, permutationValue, signedRank } from '../study_reference/statistics.ts'
import { documentOf, once, start } from './options/start.ts'
import { refuses, SMALL, succeeds, workFolder, writeFiles, writeStudy } from './support.ts'

const INTERRUPTED = 130

const folder = workFolder()
const path = (...names: string[]): string => join(folder, ...names)
const study = path('a study')
const run = path('a run')
/** Other people, who heard the songs of the run's study. */
const unseen = path('unseen')
const prepared = (of: string): string => `${of} prepared`

const edit = (file: string, change: (text: string) => string): void =>
  writeFileSync(file, change(readFileSync(file, 'utf8')))
const prepare = (of: string) => start(['prepare', '--data', of, '--out', prepared(of), '--length', '320'])

beforeAll(async () => {
  writeStudy(study)
  // Trials without ratings, more of them high, and a song without music: what is used is less than what there is, folds differ in
  // size, and classes too. Valence has another middle than arousal.
  edit(join(study, 'trials.csv'), (text) =>
    text
      .replace(/^(synthetic1_0[02]_0[0-3],.*song..),[^,]*,[^,]*,([01],1,)/gm, '$1,,,$2')
      .replace(
        /^(synthetic1_.*song..),([\d.]+)/gm,
        (_, row: string, valence: string) => `${row},${(Number(valence) - 2).toFixed(1)}`,
      ),
  )
  edit(join(study, 'music.csv'), (text) => text.replace(/^synthetic1_song03.*\n/m, ''))
  writeStudy(unseen, 7)
  for (const file of ['trials.csv', 'music.csv'])
    edit(join(unseen, file), (text) => text.replaceAll('synthetic7_song', 'synthetic1_song'))
  // Recorded louder: other means and deviations, and the feature that is constant is another constant.
  edit(join(unseen, 'music.csv'), (text) =>
    text.replace(/,(-?[\d.]+)/g, (_, value: string) => `,${(4 * Number(value)).toFixed(4)}`),
  )
  for (const of of [study, unseen]) await prepare(of)
  // Of four people that are not tested one is a quarter, and enough.
  const settings = [
    '--folds',
    'subject:3',
    '--validation',
    '0.25',
    ...SMALL,
    '--batch',
    '8',
    '--lr',
    '0.003',
    '--epochs',
    '8',
    '--patience',
    '2',
  ]
  await start(['train', '--data', prepared(study), ...settings, '--out', run])
})

/** A copy of the run with one file replaced. */
function changedRun(name: string, file: string, content: string): string {
  cpSync(run, path(name), { recursive: true })
  writeFiles(path(name), { [file]: content })
  return path(name)
}

/** Both numbers come from one probability, in float32 and in float64. */
const PROBABILITY = 1e-4
/** A support vector machine that has converged to a hundredth of its margin may decide otherwise nearer to the plane. */
const NEAR_THE_PLANE = 0.05

const LEARNED = ['majority', 'guesser', 'svm', 'logistic', 'lda', 'rbf-svm', 'forest']

interface Evaluated extends Pick<RunSummary, 'pooled'> {
  results: { predictions: StoredPrediction[]; model: unknown }[]
  predictions: StoredPrediction[]
}

/** Predictions are those of the trials, in their order, with the probabilities and the baselines that were computed again. */
function expectPredictions(
  stored: readonly StoredPrediction[],
  trials: readonly Used[],
  probability: (trial: Used) => number,
  beside: (trial: Used) => Beside,
): void {
  expect(stored.map(({ trial, subject, stimulus, label }) => [trial, subject, stimulus, label])).toEqual(
    trials.map(({ id, subject, stimulus, label }) => [id, subject, stimulus, label]),
  )
  let near = 0
  for (const [i, { trial, probability: own, baselines }] of stored.entries()) {
    expect(Math.abs(own - probability(trials[i]!)), `probability of ${trial}`).toBeLessThan(PROBABILITY)
    const { majority, song, svm } = beside(trials[i]!)
    expect([baselines.majority, baselines.song ?? null], `baselines of ${trial}`).toEqual([majority, song])
    if (Math.abs(svm) < NEAR_THE_PLANE) near++
    else expect(baselines.svm > 0.5, `SVM of ${trial}, ${svm}`).toBe(svm > 0)
    expect(Object.keys(baselines).filter((name) => name !== 'song')).toEqual(LEARNED)
    for (const score of Object.values(baselines)) expect(score >= 0 && score <= 1, trial).toBe(true)
  }
  expect(near).toBeLessThan(stored.length / 4)
}

/** The same numbers but for the order of sums. */
const rounded = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value, (_, v: unknown) => (typeof v === 'number' ? Number(v.toPrecision(12)) : v))) as T

const judged = (of: readonly StoredPrediction[], score: (p: StoredPrediction) => number | undefined) =>
  of.flatMap((p) => {
    const high = score(p)
    return high === undefined ? [] : [{ ...p, predicted: high > 0.5 ? 1 : 0 }]
  })
const ofModel = ({ probability }: StoredPrediction): number => probability

const expectScores = ({ model }: { model: unknown }, predictions: readonly StoredPrediction[]): void =>
  expect(rounded(model)).toEqual(rounded(metrics(judged(predictions, ofModel))))

/** A judgement as JSON has it. */
interface StoredJudgement {
  trials: number
  scores: StoredScores
  intervals: { accuracy: { low: number; high: number } }
  permutation: number
  baselines: {
    name: string
    trials: number
    scores: StoredScores
    difference: { accuracy: { mean: number } }
    wilcoxon?: { n: number; w: number; p: number }
  }[]
}
interface StoredScores {
  accuracy: number
  balanced_accuracy: number
  f1: number
  macro_f1: number
}

/** Figures that both count, of a list of predictions in one class or the other. */
function figures(of: ReturnType<typeof judged>): StoredScores {
  const { accuracy, balanced_accuracy, positive, macro } = metrics(of)
  return rounded({ accuracy, balanced_accuracy, f1: positive.f1, macro_f1: macro.f1 })
}

/** Scores of the model and of every baseline but the guesser, who has no classes; interval and permutation test of the model. */
function expectJudgement(
  pooled: PooledResult,
  predictions: readonly StoredPrediction[],
  seed: number,
): StoredJudgement {
  const judgement = pooled.judgement as unknown as StoredJudgement
  const own = judged(predictions, ofModel)
  expect(judgement.trials).toBe(predictions.length)
  expect(rounded(judgement.scores)).toMatchObject(figures(own))
  expect(rounded(judgement.intervals.accuracy)).toEqual(rounded(interval(own, seed)))
  expect(judgement.permutation).toBeCloseTo(permutationValue(own), 12)
  expect(judgement.baselines.map(({ name }) => name)).toEqual([
    'majority',
    'guesser',
    'song',
    'svm',
    'logistic',
    'lda',
    'rbf-svm',
    'forest',
  ])
  for (const { name, trials, scores, difference } of judgement.baselines.filter(({ name }) => name !== 'guesser')) {
    const theirs = judged(predictions, ({ baselines }) => baselines[name])
    expect(trials, name).toBe(theirs.length)
    expect(rounded(scores), name).toMatchObject(figures(theirs))
    const same = judged(predictions, (p) => (p.baselines[name] === undefined ? undefined : p.probability))
    expect(difference.accuracy.mean, name).toBeCloseTo(metrics(same).accuracy - metrics(theirs).accuracy, 12)
  }
  return judgement
}

describe('a run, computed again from its folder and the study', () => {
  const again = once((): Run => readRun(run, readStudy(study, prepared(study))))
  const besideEach = once(() => again().folds.map(foldBaselines))
  const resultOf = (): RunSummary => readJson(run, 'result.json')

  it('has folds of whole people, and labels for what can be used', () => {
    const { trials, folds } = again()
    const people = [...new Set(trials.map(({ subject }) => subject))].sort()
    expect(people).toHaveLength(6)
    expect(trials.length).toBeLessThan(35)
    expect(folds.flatMap(({ stored }) => stored.test_subjects).sort()).toEqual(people)
    expect(folds.flatMap(({ stored }) => stored.predictions.map(({ trial }) => trial)).sort()).toEqual(
      trials.map(({ id }) => id).sort(),
    )
    expect(new Set(folds.map(({ parts }) => parts.test.length)).size).toBeGreaterThan(1)
    expect(
      folds.some(({ parts: { test } }) => 2 * test.filter(({ label }) => label === 1).length !== test.length),
    ).toBe(true)
    for (const {
      stored,
      parts: { train, validation, test },
    } of folds) {
      expect([...train, ...validation, ...test].map(({ id }) => id).sort()).toEqual(trials.map(({ id }) => id).sort())
      expect([train.length, validation.length]).toEqual([stored.train_trials, stored.validation_trials])
      const held = [...new Set(validation.map(({ subject }) => subject))]
      const enough = 0.25 * (train.length + validation.length)
      expect(validation.length).toBeGreaterThanOrEqual(enough)
      const fewer = held.map((person) => validation.filter(({ subject }) => subject !== person).length)
      expect(Math.min(...fewer)).toBeLessThan(enough)
    }
  })

  it('kept the best epoch of each fold, with the steps that belong to its batches', () => {
    const { config, folds } = again()
    for (const fold of folds) {
      const { epochs, best_epoch: bestEpoch, steps } = fold.stored
      const { best, last } = expectedHistory(
        config,
        epochs.map((of) => of.validation_loss!),
      )
      expect([epochs.map(({ epoch }) => epoch), bestEpoch]).toEqual([
        Array.from({ length: last }, (_, i) => i + 1),
        best,
      ])
      expect(steps).toBe(last * Math.ceil(fold.parts.train.length / config.batch))
      const { loss, accuracy } = validationOf(fold)
      const { validation_loss: validationLoss, validation_accuracy: validationAccuracy } = epochs[best - 1]!
      expect(Math.abs(validationLoss! / loss - 1)).toBeLessThan(PROBABILITY)
      expect(validationAccuracy).toBe(accuracy)
    }
  })

  it('has these predictions, baselines and scores in every fold', () => {
    for (const [i, { stored, parts, probability }] of again().folds.entries()) {
      expectPredictions(stored.predictions, parts.test, probability, besideEach()[i]!)
      expectScores(stored, stored.predictions)
    }
  })

  it('has these pooled figures, interval and tests', () => {
    const { config, folds } = again()
    const { pooled, results } = resultOf()
    expect(results).toEqual(folds.map(({ stored: { schema: _, ...fold } }) => fold))
    const predictions = folds.flatMap(({ stored }) => stored.predictions)
    expectScores(pooled, predictions)
    const { intervals, baselines } = expectJudgement(pooled, predictions, config.seed)
    // Here one of 90 % is another.
    const narrower = interval(
      predictions.map((p) => ({ ...p, predicted: p.probability > 0.5 ? 1 : 0 })),
      config.seed,
      0.9,
    )
    expect(intervals.accuracy.high - intervals.accuracy.low).toBeGreaterThan(narrower.high - narrower.low + 0.005)
    const accuracies = (score: (p: StoredPrediction) => number) =>
      folds.map(({ stored: of }) => metrics(judged(of.predictions, score)).accuracy)
    const { floor, ...wilcoxon } = baselines[0]!.wilcoxon as { n: number; w: number; p: number; floor: number }
    expect(wilcoxon).toEqual(
      signedRank(
        accuracies(ofModel),
        accuracies((p) => p.baselines.majority),
      ),
    )
    expect(floor).toBe(0.25)
  })

  it('is evaluated with the same numbers, which are those of its stored models', async () => {
    const { results, pooled } = await documentOf<Evaluated>(['eval', '--run', run])
    const { config, folds } = again()
    for (const [i, fold] of folds.entries()) {
      expectPredictions(results[i]!.predictions, fold.parts.test, fold.probability, besideEach()[i]!)
      expectScores(results[i]!, results[i]!.predictions)
    }
    const predictions = results.flatMap((fold) => fold.predictions)
    expectScores(pooled, predictions)
    expectJudgement(pooled, predictions, config.seed)
    const stored = resultOf()
    expect(pooled).toEqual(stored.pooled)
    expect(results).toEqual(stored.results)
    const { report } = await documentOf<{ report: string }>(['report', '--run', run])
    expect(readFileSync(report, 'utf8')).toMatch(/^<!doctype html>/i)
  })
})

it('keeps the baselines that the run learned', async () => {
  const result = JSON.parse(readFileSync(join(run, 'folds/fold-0/result.json'), 'utf8')) as {
    predictions: { label: number; baselines: { svm: number } }[]
  }
  for (const { label, baselines } of result.predictions) baselines.svm = 1 - label
  const told = changedRun('told', 'folds/fold-0/result.json', JSON.stringify(result))
  const { results } = await documentOf<Evaluated>(['eval', '--run', told])
  expect(results[0]!.predictions.map(({ baselines }) => baselines.svm)).toEqual(
    results[0]!.predictions.map(({ label }) => 1 - label),
  )
})

describe('on other data', () => {
  interface Other extends Evaluated {
    seen_subjects: number
    seen_trials: number
    models: string[]
    majority_of_these_trials?: { count: number }
  }
  const evaluate = (of: string, data: string): Promise<Other> =>
    documentOf<Other>(['eval', '--run', of, '--data', data])

  let other: Other
  beforeAll(async () => {
    other = await evaluate(run, prepared(unseen))
  })

  /** The mean over the models, and baselines of what these learned from. */
  function expectOther({ predictions, pooled }: Other, of: string): void {
    const { config, ...rest } = readRun(of, readStudy(study, prepared(study)))
    const others = usedTrials(readStudy(unseen, prepared(unseen)), config.dimension)
    const mean = (trial: Used): number =>
      rest.folds.reduce((sum, { probability }) => sum + probability(trial) / rest.folds.length, 0)
    expectPredictions(predictions, others, mean, jointBaselines({ config, ...rest }))
    expectScores(pooled, predictions)
    expectJudgement(pooled, predictions, config.seed)
  }

  it('the models stand beside baselines that learned from the run', async () => {
    const { seen_subjects, seen_trials, predictions } = other
    expect({ seen_subjects, seen_trials, trials: predictions.length }).toEqual({
      seen_subjects: 0,
      seen_trials: 0,
      trials: 36,
    })
    expectOther(other, run)
    const { stdout } = await succeeds(['eval', '--run', run, '--data', prepared(unseen)])
    expect(stdout).toMatch(/^arousal, unseen \(synthetic\): 3 models, people never seen in training\n/)
    for (const name of ['majority class', 'linear SVM', 'song-only label', 'random forest', '95 % intervals'])
      expect(stdout).toContain(name)
  })

  it('one model stands beside baselines that have not learned from its test people', async () => {
    const one = path('one fold')
    cpSync(run, one, { recursive: true })
    for (const fold of ['fold-0', 'fold-2']) rmSync(join(one, 'folds', fold), { recursive: true })
    const evaluated = await evaluate(one, prepared(unseen))
    expect(evaluated.models).toEqual(['1'])
    expectOther(evaluated, one)
  })

  it('a run of which one fold is trained is judged on the people of that fold', async () => {
    const one = path('one fold of its own')
    cpSync(run, one, { recursive: true })
    for (const fold of ['fold-0', 'fold-2']) rmSync(join(one, 'folds', fold), { recursive: true })
    const { results } = await documentOf<RunSummary>(['eval', '--run', one])
    const { predictions } = JSON.parse(
      readFileSync(join(run, 'folds', 'fold-1', 'result.json'), 'utf8'),
    ) as RunSummary['results'][number]
    expect(results.map(({ name }) => name)).toEqual(['1'])
    expect(results[0]!.predictions).toEqual(predictions)
  })

  it('their ratings change no prediction', async () => {
    const turned = path('turned')
    cpSync(prepared(unseen), turned, { recursive: true })
    edit(join(turned, 'manifest.json'), (text) =>
      text.replace(
        /"(valence|arousal)": ([\d.]+)/g,
        (_, name: string, rating: string) => `"${name}": ${10 - Number(rating)}`,
      ),
    )
    const after = await evaluate(run, turned)
    const label = ({ predictions }: Other): number[] => predictions.map((p) => p.label)
    expect(label(after)).toEqual(label(other).map((of) => 1 - of))
    const answers = ({ predictions }: Other) =>
      predictions.map(({ trial, probability, baselines }) => ({ trial, probability, baselines }))
    expect(answers(after)).toEqual(answers(other))
  })

  it('people whom the models know are counted', async () => {
    const { seen_subjects, seen_trials, pooled } = await evaluate(run, prepared(study))
    const trials = readStudy(study, prepared(study))
    const rated = usedTrials(trials, 'arousal').length
    expect({ seen_subjects, seen_trials, trials: pooled.model.count }).toEqual({
      seen_subjects: 6,
      seen_trials: rated,
      trials: rated,
    })
    const says = (count: number): string => `${count} of ${count} trials are of 6 people seen in training`
    expect((await start(['eval', '--run', run, '--data', prepared(study)])).stdout).toContain(
      `3 models, ${says(rated)}\n`,
    )
    // To predict, no rating is needed.
    const heard = trials.filter(({ music }) => music).length
    expect((await succeeds(['predict', '--run', run, '--data', study])).stdout).toMatch(`a study: ${says(heard)}\n`)
  })

  it('predictions are the mean over the models', async () => {
    const { predictions, ...seen } = await documentOf<{ predictions: StoredPrediction[] }>([
      'predict',
      '--run',
      run,
      '--data',
      unseen,
    ])
    expect(seen).toMatchObject({ seen_subjects: 0, seen_trials: 0 })
    const { folds } = readRun(run, readStudy(study, prepared(study)))
    const heard = readStudy(unseen, prepared(unseen)).filter(({ music }) => music) as Used[]
    expect(predictions.map(({ trial }) => trial)).toEqual(heard.map(({ id }) => id))
    for (const [i, { trial, probability }] of predictions.entries()) {
      const mean = folds.reduce((sum, fold) => sum + fold.probability(heard[i]!), 0) / folds.length
      expect(Math.abs(probability - mean), trial).toBeLessThan(PROBABILITY)
    }
  })

  it('what is missing is said when the data of the run have gone', async () => {
    const moved = changedRun('gone', 'source.json', JSON.stringify({ data: path('no such study') }))
    const { stdout } = await start(['eval', '--run', moved, '--data', prepared(unseen)])
    expect(stdout).toContain('majority class of these trials')
    expect(stdout).toMatch(/no baselines, since the run's own data cannot be read: .*no such study: no such folder/)
    const result = await evaluate(moved, prepared(unseen))
    expect(result.majority_of_these_trials?.count).toBe(36)
    expect(result.pooled.model.count).toBe(36)
    expect(result.predictions[0]).toEqual({
      trial: 'synthetic7_00_00',
      subject: 'synthetic7_00',
      stimulus: expect.any(String) as string,
      label: expect.any(Number) as number,
      probability: expect.any(Number) as number,
      baselines: {},
    })
  })
})

it('is interrupted while it predicts', async () => {
  // Sends the signal as soon as the program listens for it.
  const impatient =
    "const { on } = process; process.on = (event, f) => { on.call(process, event, f); if (event === 'SIGINT') process.kill(process.pid, event); return process }"
  writeFiles(folder, { 'impatient.mjs': impatient })
  const options = { node: ['--import', pathToFileURL(path('impatient.mjs')).href] }
  await refuses(['predict', '--run', run, '--data', prepared(study)], INTERRUPTED, 'galvani: interrupted', options)
  await refuses(['eval', '--run', run, '--data', prepared(study)], INTERRUPTED, 'galvani: interrupted', options)
})
