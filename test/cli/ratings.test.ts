// A run of ratings from the command line: trained, gone on with, evaluated, predicted with and shown, always in the unit of the ratings.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { json, SMALL_TRAINING, succeeds, workFolder, writeStudy } from './support.ts'

const PROGRESS = /^(cvxEDA|fold|trials|synthetic|skipped)/
const SCORES = ['mae', 'rmse', 'r2', 'r', 'ccc']

const folder = workFolder()
const [study, run] = [join(folder, 'study'), join(folder, 'run')]
let printed = ''

beforeAll(async () => {
  writeStudy(study)
  const asked = '--target rating --dimension valence --folds subject:3 --validation 0.3'.split(' ')
  const briefly = ['--only-fold', '0', '--epochs', '2', ...SMALL_TRAINING]
  const args = ['train', '--data', study, '--out', run, ...asked, ...briefly]
  printed = (await succeeds(args, { progress: /./ })).stdout
})

interface Fold {
  scale: { mean: number; deviation: number }
  predictions: { trial: string; rating: number; said: number; baselines: Record<string, number> }[]
  model: Record<string, number>
}
const read = <T>(...names: string[]): T => JSON.parse(readFileSync(join(run, ...names), 'utf8')) as T

it('in its table', () => {
  expect(printed).toContain('rating of valence, study (synthetic): 1 of 3 folds, people never seen in training')
  expect(printed).toMatch(/trials +MAE +RMSE +R² +r +CCC +model more, RMSE/)
  expect(printed).toMatch(/\nmean of the training ratings +12 /)
  expect(printed).toMatch(/random forest on EDA features/)
  expect(printed).not.toMatch(/accuracy|SVM|NaN/)
})

it('in its files', () => {
  expect(read('config.json')).toMatchObject({ target: 'rating', labels: 'rating', model: { classes: 1 } })
  const { predictions, model, scale } = read<Fold>('folds', 'fold-0', 'result.json')
  expect(Object.keys(model)).toEqual(SCORES)
  const errors = predictions.map(({ rating, said }) => Math.abs(said - rating))
  expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeCloseTo(model.mae!, 10)
  for (const { baselines } of predictions) expect(Object.keys(baselines).sort().join()).toMatch(/^forest,mean,ridge/)
  expect(scale.deviation).toBeGreaterThan(0)
  const summary = read<{ labels: string; pooled: { judgement: { scores: object } } }>('result.json')
  expect(Object.keys(summary.pooled.judgement.scores)).toEqual(SCORES)
  const events = readFileSync(join(run, 'events.jsonl'), 'utf8').trim().split('\n')
  expect(JSON.parse(events.at(-1)!)).toMatchObject({ event: 'finished', rmse: model.rmse })
})

it('on its page', async () => {
  await succeeds(['report', '--run', run])
  const page = readFileSync(join(run, 'report.html'), 'utf8')
  expect(page).toContain('<h1>Valence rating, study</h1>')
  expect(page).toContain('the rating of valence itself')
  expect(page).toContain('All test trials: predicted rating by the rating that was given')
  expect(page).toMatch(/<td[^>]*>target<\/td><td[^>]*>class<\/td><td[^>]*>rating<\/td>/)
  expect(page).not.toMatch(/ccuracy|SVM|NaN|undefined/)
})

it('where it is evaluated and goes on', async () => {
  const own = await json<{ results: Fold[]; labels: string }>(['eval', '--run', run], { progress: PROGRESS })
  const stored = read<Fold>('folds', 'fold-0', 'result.json')
  expect(own.labels).toBe('rating')
  expect(own.results[0]!.predictions).toHaveLength(stored.predictions.length)
  own.results[0]!.predictions.forEach(({ said }, i) => expect(said).toBeCloseTo(stored.predictions[i]!.said, 3))
  const resumed = await json<{ results: Fold[] }>(['train', '--out', run, '--resume', '--only-fold', '0'], {
    progress: /finished/,
  })
  expect(resumed.results[0]!.predictions).toEqual(stored.predictions)
  const elsewhere = await succeeds(['eval', '--run', run, '--data', study], { progress: PROGRESS })
  expect(elsewhere.stdout).toMatch(/^rating of valence, study \(synthetic\): 1 models/)
})

it('where it predicts', async () => {
  const args = ['predict', '--run', run, '--data', study]
  expect((await succeeds(args, { progress: PROGRESS })).stdout).toMatch(/trial +subject +stimulus +rating of valence/)
  const { predictions } = await json<{ predictions: { trial: string; rating: number }[] }>(args, { progress: PROGRESS })
  expect(predictions).toHaveLength(36)
  const rated = new Map(predictions.map(({ trial, rating }) => [trial, rating]))
  for (const { trial, said } of read<Fold>('folds', 'fold-0', 'result.json').predictions)
    expect(rated.get(trial)).toBeCloseTo(said, 3)
})
