// A run that is loaded from its folder, where folds lie in another order than the plan has them: what it predicts, and what it is worth
// on its own people and on others.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Trial } from '../../src/datasets/trial.ts'
import { FormatError, UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Random } from '../../src/runtime/random.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Dataset } from '../../src/train/dataset.ts'
import { evaluateElsewhere, evaluateRun, type OtherEvaluation } from '../../src/train/evaluate_run.ts'
import { makeTask } from '../../src/train/task.ts'
import type { PreparedSet, PreparedTrial } from '../../src/train/prepare.ts'
import { trainRun } from '../../src/train/run.ts'
import type { Prediction, RunSummary } from '../../src/train/run_summary.ts'
import { loadRun, predict, type TrainedRun } from '../../src/train/trained_run.ts'
import { linearSvm, majority, songLabel, type Example } from '../study_reference/baselines.ts'
import { interval, metrics, permutationValue } from '../study_reference/statistics.ts'
import { smallConfig, smallStudy } from './small_task.ts'

const GROUPS = ['2', '10', '1']
const set = smallStudy((trial, i) => (trial.columns = { group: GROUPS[Math.floor(i / 8)]! }))
const config = { ...smallConfig, epochs: 1, seed: 5 }
const task = makeTask(set, config)
const { folds: planned } = task.plan
/** As it lies in its folder: before the trials that the run reads stand one that nobody rated and one whose song has no features. */
const ownData = async (): Promise<Dataset> => {
  const [{ ratings: _, ...unrated }, { music: __, ...unheard }] = set.trials as [PreparedTrial, PreparedTrial]
  const unread = [
    { ...unrated, id: 'unrated' },
    { ...unheard, id: 'unheard' },
  ]
  return { kind: 'prepared', set: { ...set, trials: [...unread, ...set.trials] } }
}

let gpu: Gpu
let store: MemoryStore
let run: TrainedRun
let trained: RunSummary
beforeAll(async () => {
  gpu = await openGpu()
  store = new MemoryStore()
  trained = await trainRun(gpu, store, task, { name: 'run', adapter: 'any', versions: {} })
  run = await loadRun(store)
})
afterAll(() => gpu.close())

const TOO_SHORT = { source: 'trials.csv:90', reason: 'too short' }

/** Another study: two of the people again, other music, a trial without music, one without ratings, and one left out before. */
const others = ((): PreparedSet => {
  const random = new Random(21)
  const { trials, ...rest } = smallStudy((trial, i) => {
    trial.id = `u${i}`
    if (i >= 8) trial.subject = `other ${trial.subject}`
    trial.signals = trial.signals.map((value) => value + 0.3 * random.normal())
    trial.music = trial.music!.map((value, f) => 4 * value + f)
    if (i === 2) delete trial.music
    if (i === 9) delete trial.ratings
    if (i === 17) trial.ratings!.arousal = 1
  })
  return { ...rest, trials, name: 'elsewhere', synthetic: true, skipped: [TOO_SHORT] }
})()
const elsewhere: Dataset = { kind: 'prepared', set: others }

/** The run with the models of these folds alone. */
const only = (...names: string[]): TrainedRun => ({
  ...run,
  folds: names,
  models: names.map((name) => run.models[run.folds.indexOf(name)]!),
})

/** The run with models that know nothing: both classes are as likely. */
const undecided = (): TrainedRun => ({
  ...run,
  models: run.models.map((model) => ({
    ...model,
    weights: new Map(
      [...model.weights].map(([name, { shape, data }]) => [
        name,
        { shape, data: Float32Array.from(data, () => (name.endsWith('running_var') ? 1 : 0)) },
      ]),
    ),
  })),
})

const STOPPED = new Error('enough')
const stopped = { signal: AbortSignal.abort(STOPPED) }
const sourcesOf = (skipped: PreparedSet['skipped']): string[] => skipped.map(({ source }) => source)

describe('a run folder', () => {
  it('has the model of each fold, and whom it knows', () => {
    expect(new Set(run.folds)).toEqual(new Set(['1', '2', '10']))
    expect(run.folds).not.toEqual(planned.map(({ name }) => name))
    for (const [i, name] of run.folds.entries()) {
      const { train, validation } = planned.find((fold) => fold.name === name)!
      const known = new Set([...train, ...validation].map((index) => set.trials[index]!.subject))
      expect(new Set(run.models[i]!.subjects)).toEqual(known)
      expect(known.size).toBe(4)
    }
    expect(run.config).toMatchObject(config)
    expect(run.store).toBe(store)
  })

  /** A copy of the folder with one file changed. */
  async function copy(path: string, change: (text: string) => string | null): Promise<MemoryStore> {
    const files: Record<string, Uint8Array> = {}
    for (const name of ['config.json', 'kernels.json']) files[name] = await store.read(name)
    for (const fold of run.folds)
      for (const name of ['result.json', 'model.safetensors'])
        files[`folds/fold-${fold}/${name}`] = await store.read(`folds/fold-${fold}/${name}`)
    const changed = new MemoryStore(files)
    const text = change(await changed.readText(path))
    if (text === null) await changed.remove(path)
    else await changed.write(path, text)
    return changed
  }

  it('counts a fold by its result', async () => {
    const { folds, models } = await loadRun(await copy('folds/fold-2/result.json', () => null))
    expect(folds).toEqual(run.folds.filter((name) => name !== '2'))
    expect(models).toEqual(only(...folds).models)
  })

  it.each<[string, string, (text: string) => string | null, typeof FormatError, string]>([
    ['no configuration', 'config.json', () => null, FormatError, 'my run holds no run: there is no config.json'],
    [
      'a setting that is out of range',
      'config.json',
      (text) => text.replace(/"epochs": \d+/, '"epochs": 0'),
      FormatError,
      'my run/config.json: epochs is 0, expected a positive integer',
    ],
    [
      'a fold without its model',
      'folds/fold-10/model.safetensors',
      () => null,
      FormatError,
      'model.safetensors: no such file',
    ],
  ])('with %s is refused', async (_, path, change, kind, says) => {
    const loaded = loadRun(await copy(path, change), 'my run')
    await expect(loaded).rejects.toThrow(kind)
    await expect(loaded).rejects.toThrow(says)
  })

  it('without a trained model says how to get one', async () => {
    const empty = new MemoryStore({ 'config.json': await store.read('config.json') })
    await expect(loadRun(empty, 'my run')).rejects.toThrow(UsageError)
    await expect(loadRun(empty, 'my run')).rejects.toThrow(
      'my run has no trained model yet; finish it with `galvani train --out my run --resume`',
    )
    await expect(loadRun(new MemoryStore())).rejects.toThrow('the run holds no run')
  })
})

describe('predictions', () => {
  it('are the mean over the models, for what they can read, with all that was left out on the way', async () => {
    const found = await predict(gpu, run, elsewhere)
    const readable = others.trials.filter(({ music }) => music)
    expect(readable).toHaveLength(23)
    expect(found.name).toBe('elsewhere')
    expect(found.predictions.map(({ trial, subject, stimulus }) => [trial, subject, stimulus])).toEqual(
      readable.map(({ id, subject, stimulus }) => [id, subject, stimulus]),
    )
    expect(sourcesOf(found.skipped)).toEqual([TOO_SHORT.source, 'trial u2'])
    const alone: number[][] = []
    for (const name of run.folds)
      alone.push((await predict(gpu, only(name), elsewhere)).predictions.map(({ probability }) => probability))
    for (const [i, { probability, predicted }] of found.predictions.entries()) {
      const [a, b, c] = alone.map((of) => of[i]!) as [number, number, number]
      expect(new Set([a, b, c]).size).toBe(3)
      expect(probability).toBeCloseTo((a + b + c) / 3, 12)
      expect(predicted).toBe(probability > 0.5 ? 'high' : 'low')
    }
    expect(new Set(found.predictions.map(({ predicted }) => predicted))).toEqual(new Set(['low', 'high']))
  })

  it('of one half are low', async () => {
    const { predictions } = await predict(gpu, { ...undecided(), models: undecided().models.slice(1) }, elsewhere)
    expect(new Set(predictions.map(({ probability, predicted }) => `${probability} ${predicted}`))).toEqual(
      new Set(['0.5 low']),
    )
  })

  it('count the people whom some model knows, by the trials that are read', async () => {
    const seen = async (of: TrainedRun): Promise<number[]> => {
      const { seenSubjects, seenTrials } = await predict(gpu, of, elsewhere)
      return [seenSubjects, seenTrials]
    }
    // s0 and s1 are the test people of fold 2; a trial of s0 has no music.
    expect(await seen(run)).toEqual([2, 7])
    expect(await seen(only('2'))).toEqual([0, 0])
    expect(await seen(only('2', '10'))).toEqual([2, 7])
    const models = [{ ...run.models[0]!, subjects: ['s1', 'nobody'] }]
    expect(await seen({ ...run, folds: ['x'], models })).toEqual([1, 4])
  })

  it('of recordings are prepared as the run’s, and tell how far they are', async () => {
    const { signals: _, status: _s, filled: _f, constant: _c, ...first } = others.trials[0]!
    const random = new Random(4)
    const trials = ['a', 'b', 'c'].map((id): Trial => ({
      ...first,
      id,
      eda: Float64Array.from({ length: 40 }, (_v, i) => Math.sin(i / 3) + 0.1 * random.normal()),
    }))
    trials[1]!.eda = new Float64Array(6)
    const dataset: Dataset = { kind: 'table', set: { ...others, trials } }
    const onProgress = vi.fn<(done: number, total: number) => void>()
    const found = await predict(gpu, run, dataset, { onProgress })
    expect(found.predictions.map(({ trial }) => trial)).toEqual(['a', 'c'])
    expect(sourcesOf(found.skipped)).toEqual([TOO_SHORT.source, 'trial b'])
    expect(onProgress).toHaveBeenLastCalledWith(3, 3)
    // Stopped before it has begun, nothing is prepared.
    const untold = vi.fn()
    await expect(predict(gpu, run, dataset, { ...stopped, onProgress: untold })).rejects.toBe(STOPPED)
    expect(untold).not.toHaveBeenCalled()
  })
})

/** What is told of doubts while a run works on a set of other solvers, in a folder of other kernels. */
async function warningsOf(work: (run: TrainedRun, onWarning: (message: string) => void) => Promise<unknown>) {
  const kernels = (await store.readText('kernels.json')).replace(/"kernel_set": "[^"]*"/, '"kernel_set": "others"')
  const changed = new MemoryStore({ 'kernels.json': kernels })
  for (const fold of run.folds)
    await changed.write(`folds/fold-${fold}/result.json`, await store.read(`folds/fold-${fold}/result.json`))
  const onWarning = vi.fn<(message: string) => void>()
  await work({ ...run, store: changed }, onWarning)
  return onWarning.mock.calls.map(([message]) => message.split(';')[0])
}
const KERNELS = 'the kernels have changed since this run was begun'
const solvers = (name: string): string => `${name} was decomposed by another version of the solvers`
const doubtful = (of: PreparedSet): Dataset => ({ kind: 'prepared', set: { ...of, decomposition: 'unknown' } })

it.each<[string, (of: TrainedRun, onWarning: (message: string) => void) => Promise<unknown>, string[]]>([
  ['predict', (of, onWarning) => predict(gpu, of, doubtful(others), { onWarning }), [solvers('elsewhere'), KERNELS]],
  ['evaluateRun', (of, onWarning) => evaluateRun(gpu, of, doubtful(set), { onWarning }), [solvers('lab'), KERNELS]],
  [
    'evaluateElsewhere',
    (of, onWarning) => evaluateElsewhere(gpu, of, doubtful(others), async () => doubtful(set), { onWarning }),
    [solvers('elsewhere'), KERNELS, solvers('lab'), KERNELS],
  ],
])('%s tells what is to be doubted', async (_, work, warnings) => {
  expect(await warningsOf(work)).toEqual(warnings)
})

it('what is stopped ends with the reason', async () => {
  await expect(predict(gpu, run, elsewhere, stopped)).rejects.toBe(STOPPED)
  await expect(evaluateRun(gpu, run, await ownData(), stopped)).rejects.toBe(STOPPED)
  await expect(evaluateElsewhere(gpu, run, elsewhere, ownData, stopped)).rejects.toBe(STOPPED)
})

it('what a model cannot read is refused before any work', async () => {
  const unused = { limits: {}, pipeline: () => {} } as unknown as Gpu
  const dataset = (change: Partial<PreparedSet>): Dataset => ({ kind: 'prepared', set: { ...others, ...change } })
  const short = 'elsewhere has music vectors of length 5, the model reads 4'
  const refused = [
    predict,
    evaluateRun,
    (...args: Parameters<typeof predict>) => evaluateElsewhere(args[0], args[1], args[2], ownData),
  ]
  for (const work of refused) await expect(work(unused, run, dataset({ musicDim: 5 }))).rejects.toThrow(short)
  const unrated = dataset({ trials: others.trials.map(({ ratings: _, ...rest }) => rest) })
  for (const work of refused.slice(1))
    await expect(work(unused, run, unrated)).rejects.toThrow('no trial has a usable arousal label')
})

/** Both are the same numbers but for the order of sums. */
const rounded = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value, (_, v: unknown) => (typeof v === 'number' ? Number(v.toPrecision(12)) : v))) as T

/** Scores of predicted classes, counted a second time. */
function judgedBy<T extends Omit<Prediction, 'baselines'>>(of: readonly T[], predicted: (p: T) => number) {
  const scores = metrics(of.map((p) => ({ ...p, predicted: predicted(p) })))
  const { balanced_accuracy: balancedAccuracy, ...rest } = scores
  return rounded({ ...rest, balancedAccuracy })
}
const called = ({ probability }: Pick<Prediction, 'probability'>): number => (probability > 0.5 ? 1 : 0)

describe('on its own people a run', () => {
  it('has each fold judged by its own model, with the numbers that it was trained to', async () => {
    const { dataset, dimension, folds, results, pooled } = await evaluateRun(gpu, run, await ownData())
    expect(trained.results.map(({ name }) => name)).toEqual(['1', '2', '10'])
    expect({ dataset, dimension, folds }).toEqual({
      dataset: { name: 'lab', synthetic: false },
      dimension: 'arousal',
      folds: { scheme: 'column:group', count: 3, subjectIndependent: true, unit: 'subject', validation: 0.25 },
    })
    expect(rounded({ results, pooled })).toMatchObject(rounded({ results: trained.results, pooled: trained.pooled }))
    const made: Dataset = { kind: 'prepared', set: { ...set, name: 'made', synthetic: true } }
    expect((await evaluateRun(gpu, run, made)).dataset).toEqual({ name: 'made', synthetic: true })
  })

  it('is scored again by what its models say now; baselines stay', async () => {
    const { results, pooled } = await evaluateRun(gpu, undecided(), await ownData())
    for (const [i, { predictions, model, baselines }] of results.entries()) {
      const before = trained.results[i]!
      expect(predictions).toEqual(before.predictions.map((of) => ({ ...of, probability: 0.5 })))
      expect(rounded(model)).toEqual(judgedBy(predictions, () => 0))
      expect(rounded(baselines.svm)).toEqual(rounded(before.baselines.svm))
    }
    expect(pooled.model.confusion).toEqual([
      [9, 0],
      [15, 0],
    ])
  })
})

describe('on other people a run', () => {
  const dataset = { name: 'elsewhere', synthetic: true }
  /** Those that are rated and can be heard, with labels: high is above 5, but of one who was turned. */
  const judged = others.trials.filter(({ music, ratings }) => music && ratings)
  const labelOf = ({ ratings }: (typeof judged)[number]): number => (ratings!.arousal > 5 ? 1 : 0)
  const notRead = [TOO_SHORT.source, 'trials.csv:11', 'trial u2']

  const headOf = ({ dimension, dataset: of, models, seenSubjects, seenTrials, skipped }: OtherEvaluation) => ({
    dimension,
    dataset: of,
    models,
    seen: [seenSubjects, seenTrials],
    skipped: sourcesOf(skipped),
  })

  async function expectTogether({ predictions, pooled }: OtherEvaluation, of: TrainedRun): Promise<void> {
    expect(predictions.map(({ trial, subject, stimulus, label }) => [trial, subject, stimulus, label])).toEqual(
      judged.map((trial) => [trial.id, trial.subject, trial.stimulus, labelOf(trial)]),
    )
    const said = await predict(gpu, of, elsewhere)
    const probability = new Map(said.predictions.map((p) => [p.trial, p.probability]))
    for (const { trial, probability: own } of predictions) expect(own).toBeCloseTo(probability.get(trial)!, 12)
    const all = predictions.map((p) => ({ ...p, predicted: called(p) }))
    expect(rounded(pooled.model)).toEqual(judgedBy(predictions, called))
    expect(rounded(pooled.interval)).toEqual(rounded(interval(all, config.seed)))
    expect(pooled.permutation).toBeCloseTo(permutationValue(all), 12)
  }

  it.each([
    ['all folds', ['2', '10', '1'], [2, 7]],
    ['two folds', ['1', '10'], [2, 7]],
    ['one fold', ['2'], [0, 0]],
  ])('of %s stands beside what its models learned from', async (_name, names, seen) => {
    const of = only(...names)
    const found = await evaluateElsewhere(gpu, of, elsewhere, ownData)
    expect(headOf(found)).toEqual({ dimension: 'arousal', dataset, models: names, seen, skipped: notRead })
    expect(found).not.toHaveProperty('missing')
    await expectTogether(found, of)

    const learned = set.trials.filter((trial) => !(names.length === 1 && trial.columns['group'] === names[0]))
    const feature = (f: number): number[] => learned.map(({ music }) => music![f]!)
    const scales = [0, 1, 2, 3].map((f) => {
      const mean = feature(f).reduce((sum, v) => sum + v, 0) / learned.length
      const square = feature(f).reduce((sum, v) => sum + (v - mean) ** 2, 0) / learned.length
      return { mean, deviation: Math.sqrt(square) }
    })
    const example = (trial: (typeof judged)[number]): Example => ({
      subject: trial.subject,
      stimulus: trial.stimulus,
      label: labelOf(trial),
      vector: Float64Array.from([
        ...trial.signals,
        ...Array.from(trial.music!, (value, f) => (value - scales[f]!.mean) / scales[f]!.deviation),
      ]),
    })
    const known = learned.map(example)
    const svm = linearSvm(known)
    const predictions = found.predictions as Prediction[]
    let near = 0
    for (const [i, { baselines, trial }] of predictions.entries()) {
      const tested = example(judged[i]!)
      expect([baselines.majority, baselines.song ?? null], trial).toEqual([majority(known), songLabel(known, tested)])
      const decision = svm(tested.vector)
      if (Math.abs(decision) < 0.05) near++
      else expect(baselines.svm, trial).toBe(decision > 0 ? 1 : 0)
    }
    expect(near).toBeLessThan(predictions.length / 4)
    const { baselines } = found.pooled as RunSummary['pooled']
    expect(rounded(baselines.majority)).toEqual(judgedBy(predictions, (p) => p.baselines.majority))
    expect(rounded(baselines.svm)).toEqual(judgedBy(predictions, (p) => p.baselines.svm!))
    const heard = predictions.filter((p) => p.baselines.song !== undefined)
    expect(rounded(baselines.song)).toEqual({
      baseline: judgedBy(heard, (p) => p.baselines.song!),
      model: judgedBy(heard, called),
    })
  })

  it.each<[string, () => Promise<Dataset>, string]>([
    ['are gone', () => Promise.reject(new FormatError('lab: no such folder')), 'lab: no such folder'],
    ['are asked for wrongly', () => Promise.reject(new UsageError('--data: which?')), '--data: which?'],
    [
      'were prepared otherwise',
      async () => ({ kind: 'prepared', set: { ...set, dropSeconds: 1 } }),
      'lab was prepared with --length 320 --drop 1, but 320 points after 3 s are needed; prepare it again',
    ],
    [
      'have changed',
      async () => ({ kind: 'prepared', set: { ...set, trials: set.trials.slice(0, 23) } }),
      'its trials, labels, folds or recordings are not those of lab now; the data have changed since',
    ],
  ])('stands alone where its own data %s, and says so', async (_name, own, says) => {
    const found = await evaluateElsewhere(gpu, only('2'), elsewhere, own)
    if (!('missing' in found)) throw new Error('there are baselines')
    expect(headOf(found)).toEqual({
      dimension: 'arousal',
      dataset,
      models: ['2'],
      seen: [0, 0],
      skipped: notRead,
    })
    expect(found.missing).toMatch(/^no baselines, since the run's own data cannot be read: /)
    expect(found.missing).toContain(says)
    await expectTogether(found, only('2'))
    expect(Object.keys(found.pooled).sort()).toEqual(['interval', 'model', 'permutation'])
    for (const prediction of found.predictions) expect(prediction).not.toHaveProperty('baselines')
    // More of these are high.
    const high = judged.filter((trial) => labelOf(trial) === 1).length
    expect(2 * high).toBeGreaterThan(judged.length)
    expect(found.majorityOfTheseTrials.confusion).toEqual([
      [0, judged.length - high],
      [0, high],
    ])
  })

  it('does not take a fault of the program for missing data', async () => {
    const fault = new TypeError('of the program')
    await expect(evaluateElsewhere(gpu, run, elsewhere, () => Promise.reject(fault))).rejects.toBe(fault)
  })
})
