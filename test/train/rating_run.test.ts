// A run that predicts ratings: what it learns from, in what unit it answers, and what it stands beside.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ratingScores } from '../../src/evaluation/rating_scores.ts'
import { FormatError, UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { loadModel } from '../../src/train/checkpoint.ts'
import type { RunConfig } from '../../src/train/config.ts'
import type { Dataset } from '../../src/train/dataset.ts'
import { resolveRun } from '../../src/train/defaults.ts'
import { evaluateRatingRun, evaluateRatingsElsewhere } from '../../src/train/evaluate_ratings.ts'
import { evaluateElsewhere, evaluateRun } from '../../src/train/evaluate_run.ts'
import { outputsOf } from '../../src/train/predictor.ts'
import type { PreparedSet, PreparedTrial } from '../../src/train/prepare.ts'
import { ratingScale } from '../../src/train/rating_scale.ts'
import { trainRatingRun } from '../../src/train/rating_run.ts'
import type { RatingFoldResult, RatingRunSummary } from '../../src/train/rating_summary.ts'
import { trainRun } from '../../src/train/run.ts'
import { loadRatingRunSummary, loadRunSummary } from '../../src/train/run_files.ts'
import { makeTask, splitTrials } from '../../src/train/task.ts'
import { loadRun, predict, predictRatings } from '../../src/train/trained_run.ts'
import { bitsOf, smallConfig, smallStudy } from './small_task.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const FEATURES = 3
/** The small study with EDA features, of which the first knows the rating. */
function ratedStudy(change?: (trial: PreparedTrial, index: number) => void): PreparedSet {
  const set = smallStudy(change)
  const trials = set.trials.map((trial, i) => ({
    ...trial,
    features: Float32Array.of(trial.ratings!.arousal, i % 3, (i * 7) % 5),
  }))
  return { ...set, trials, features: { set: 'made-up', names: Array.from({ length: FEATURES }, (_, k) => `f${k}`) } }
}

const config: RunConfig = {
  ...smallConfig,
  ...{ target: 'rating', labels: 'rating', model: { ...smallConfig.model, classes: 1 } },
}
const identity = { name: 'run', adapter: 'any', versions: {} }
const train = (store: MemoryStore, set: PreparedSet, change: Partial<RunConfig> = {}): Promise<RatingRunSummary> =>
  trainRatingRun(gpu, store, makeTask(set, { ...config, ...change }), identity, { onlyFold: '0' })

describe('a run of ratings', () => {
  const set = ratedStudy()
  const store = new MemoryStore()
  const { plan } = splitTrials(set, config)
  const fold = plan.folds[0]!
  const ratings = set.trials.map((trial) => trial.ratings!.arousal)
  let summary: RatingRunSummary
  let result: RatingFoldResult
  beforeAll(async () => {
    summary = await train(store, set)
    result = summary.results[0]!
  })

  it('learns them on the scale of its training people', async () => {
    const own = fold.train.map((i) => ratings[i]!)
    const mean = own.reduce((sum, rating) => sum + rating, 0) / own.length
    const deviation = Math.sqrt(own.reduce((sum, rating) => sum + (rating - mean) ** 2, 0) / own.length)
    expect(result.scale.mean).toBeCloseTo(mean, 12)
    expect(result.scale.deviation).toBeCloseTo(deviation, 12)
    const model = await loadModel(store, 'folds/fold-0/model.safetensors')
    expect(model.scale).toEqual(result.scale)
    // The validation loss is the mean squared error of the standardised rating, of the epoch that was kept.
    const said = await outputsOf(gpu, config, model, set, fold.validation)
    const errors = said.map(([rating], i) => ((rating! - ratings[fold.validation[i]!]!) / deviation) ** 2)
    const kept = result.epochs[result.bestEpoch - 1]!
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeCloseTo(kept.validationLoss!, 4)
    expect(kept).not.toHaveProperty('validationAccuracy')
    for (const { validationLoss } of result.epochs) expect(validationLoss).toBeGreaterThanOrEqual(kept.validationLoss!)
    expect(result.epochs.at(-1)!.trainLoss).toBeLessThan(result.epochs[0]!.trainLoss)
  })

  it('answers in their unit, beside baselines of the other people', async () => {
    const model = await loadModel(store, 'folds/fold-0/model.safetensors')
    const said = await outputsOf(gpu, config, model, set, fold.test)
    const known = [...fold.train, ...fold.validation]
    const mean = known.reduce((sum, i) => sum + ratings[i]!, 0) / known.length
    for (const [k, { trial, rating, baselines, ...prediction }] of result.predictions.entries()) {
      const index = fold.test[k]!
      expect([trial, rating]).toEqual([set.trials[index]!.id, ratings[index]])
      expect(prediction.said).toBeCloseTo(said[k]![0]!, 4)
      expect(baselines.mean).toBeCloseTo(mean, 12)
      const heard = known.filter((i) => set.trials[i]!.stimulus === set.trials[index]!.stimulus)
      if (heard.length === 0) expect(baselines).not.toHaveProperty('song')
      else expect(baselines.song).toBeCloseTo(heard.reduce((sum, i) => sum + ratings[i]!, 0) / heard.length, 12)
      expect(baselines.ridge).toBeTypeOf('number')
    }
    // A feature gives it away.
    const errorOf = (name: 'mean' | 'forest'): number =>
      result.predictions.reduce((sum, { rating, baselines }) => sum + Math.abs(baselines[name]! - rating), 0)
    expect(errorOf('forest')).toBeLessThan(errorOf('mean') / 2)
    const scores = ratingScores(
      result.predictions.map((of) => of.rating),
      result.predictions.map((of) => of.said),
      result.predictions.map(() => mean),
    )
    for (const [name, value] of Object.entries(result.model))
      expect(value).toBeCloseTo(scores[name as keyof typeof scores], 10)
    expect(summary.pooled.judgement.scores.rmse).toBeCloseTo(scores.rmse, 10)
    expect(summary.labels).toBe('rating')
    expect(summary).not.toHaveProperty('subjects')
  })

  it('never learns from those of validation and test people', async () => {
    const hidden = new Set([...fold.validation, ...fold.test])
    const other = ratedStudy((trial, i) => {
      if (hidden.has(i)) trial.ratings = { ...trial.ratings!, arousal: trial.ratings!.arousal / 2 + 7 }
    })
    const elsewhere = new MemoryStore()
    const { results } = await train(elsewhere, other, { epochs: 1 })
    const again = new MemoryStore()
    const own = await train(again, set, { epochs: 1 })
    const weights = async (of: MemoryStore) => bitsOf((await loadModel(of, 'folds/fold-0/model.safetensors')).weights)
    expect(await weights(elsewhere)).toEqual(await weights(again))
    expect(results[0]!.scale).toEqual(own.results[0]!.scale)
    expect(results[0]!.predictions.map(({ said }) => said)).toEqual(own.results[0]!.predictions.map(({ said }) => said))
  })

  it('is read as it was returned, and by no function of classes', async () => {
    expect(await loadRatingRunSummary(store)).toEqual(summary)
    await expect(loadRunSummary(store)).rejects.toThrow(
      new UsageError('this run predicts ratings: read its results with loadRatingRunSummary'),
    )
    const task = makeTask(set, config)
    await expect(trainRun(gpu, store, task, identity)).rejects.toThrow('use trainRatingRun')
    await expect(trainRatingRun(gpu, store, makeTask(set, smallConfig), identity)).rejects.toThrow('use trainRun')
    const run = await loadRun(store)
    const dataset = { kind: 'prepared', set } as unknown as Dataset
    await expect(evaluateRun(gpu, run, dataset)).rejects.toThrow('evaluateRun: this run predicts ratings')
    await expect(evaluateElsewhere(gpu, run, dataset, async () => dataset)).rejects.toThrow('evaluateRatingsElsewhere')
    await expect(predict(gpu, run, dataset)).rejects.toThrow('predict: this run predicts ratings')
    const ofClasses = { ...run, config: smallConfig }
    await expect(predictRatings(gpu, ofClasses, dataset)).rejects.toThrow('use predict')
    await expect(evaluateRatingRun(gpu, ofClasses, dataset)).rejects.toThrow('use evaluateRun')
  })

  it('is evaluated and predicts as it was trained', async () => {
    const run = await loadRun(store)
    const dataset = { kind: 'prepared', set } as unknown as Dataset
    const own = await evaluateRatingRun(gpu, run, dataset)
    expect(own.results[0]!.predictions.map(({ trial }) => trial)).toEqual(result.predictions.map(({ trial }) => trial))
    own.results[0]!.predictions.forEach(({ said }, i) => expect(said).toBeCloseTo(result.predictions[i]!.said, 4))
    const { predictions, seenSubjects } = await predictRatings(gpu, run, dataset)
    const byTrial = new Map(predictions.map(({ trial, rating }) => [trial, rating]))
    for (const { trial, said } of result.predictions) expect(byTrial.get(trial)).toBeCloseTo(said, 4)
    expect(seenSubjects).toBe(4)

    const warned: string[] = []
    const onWarning = (message: string) => void warned.push(message)
    const other = ratedStudy((trial) => {
      trial.ratings = { valence: 0.5, arousal: trial.ratings!.arousal / 10 }
      trial.ratingScale = [0, 1]
    })
    const elsewhere = { kind: 'prepared', set: { ...other, name: 'other' } } as unknown as Dataset
    const judged = await evaluateRatingsElsewhere(gpu, run, elsewhere, async () => dataset, { onWarning })
    expect(warned.join()).toMatch(/the models learned ratings around [\d.]+, and those of other go from 0 to 1/)
    expect(judged.pooled.judgement).toMatchObject({ trials: 24, folds: 1 })
    expect(judged.predictions[0]!.baselines.mean).toBeCloseTo(ratings.slice(8).reduce((a, b) => a + b) / 16, 10)
    const gone = async (): Promise<Dataset> => Promise.reject(new FormatError('gone'))
    const without = await evaluateRatingsElsewhere(gpu, run, dataset, gone)
    expect(without.missing).toBe("no baselines, and no R², since the run's own data cannot be read: gone")
    expect(without.pooled.judgement).toMatchObject({ baselines: [], scores: { r2: NaN } })
  })
})

describe('settings of ratings', () => {
  const facts = { musicDim: 4, length: 2500 }
  const resolved = (settings: Parameters<typeof resolveRun>[0]) => resolveRun({ target: 'rating', ...settings }, facts)

  it('have one output and no labels', () => {
    expect(resolved({})).toMatchObject({ target: 'rating', labels: 'rating', model: { classes: 1, head: 'logits' } })
    expect(resolved({ preset: 'released' }).model).toMatchObject({ classes: 1, head: 'logits' })
    expect(resolveRun({}, facts)).not.toHaveProperty('target')
  })

  it.each<[Parameters<typeof resolveRun>[0], string]>([
    [
      { labels: 'median' },
      '--labels median parts ratings into classes, and --target rating predicts the rating itself',
    ],
    [{ levels: 3 }, '--levels 3 parts ratings into classes'],
    [{ stratify: true }, '--stratify shares out classes'],
    [{ classWeights: 'balanced' }, '--class-weights balanced weighs classes'],
    [{ dimension: 'quadrant' }, '--target rating predicts one rating, and --dimension quadrant is of two'],
    [{ model: { classes: 2 } }, 'model setting classes is 2, expected 1: the rating'],
    [{ model: { head: 'softmax' } }, "model setting head is 'softmax', and --target rating has no classes"],
    [{ target: 'class' as unknown as 'rating' }, "target is 'class', expected class or rating"],
  ])('refuse what is of classes: %j', (settings, says) => expect(() => resolved(settings)).toThrow(says))

  it('refuse ratings that are all the same', () => {
    expect(() => ratingScale([1, 2, 2], [1, 2])).toThrow(
      new FormatError('every rating of a training part is 2, which leaves nothing to learn; use fewer folds'),
    )
    const alike = smallStudy((trial) => (trial.ratings = { valence: 5, arousal: 5 }))
    expect(() => makeTask(alike, config)).toThrow('lab: every rating of arousal is 5, which leaves nothing to learn')
  })

  it('shuffle ratings within people as a control does', () => {
    const set = smallStudy()
    const of = (change: Partial<RunConfig>) => makeTask(set, { ...config, ...change }).labelled
    const [plain, control] = [of({}), of({ control: true })]
    expect(control.scheme).toBe('rating (control)')
    expect([...control.labels]).not.toEqual([...plain.labels])
    for (let s = 0; s < 6; s++) {
      const own = (labels: ArrayLike<number>) =>
        Array.from(labels)
          .slice(4 * s, 4 * s + 4)
          .sort()
      expect(own(control.labels)).toEqual(own(plain.labels))
    }
  })
})
