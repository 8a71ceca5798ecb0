// What a run writes, tells and returns: every field of its summary, every event, and what is left alone when it goes on.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initialise } from '../../src/model/init.ts'
import { summarise } from '../../src/model/summary.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { KERNEL_SET } from '../../src/tune/kernel_set.ts'
import { VERSION } from '../../src/version.ts'
import { makeTask } from '../../src/train/task.ts'
import { trainRun, type RunOptions } from '../../src/train/run.ts'
import { loadRunSummary } from '../../src/train/run_files.ts'
import type { RunSummary } from '../../src/train/run_summary.ts'
import { fileBits, bitsOf, smallConfig, smallStudy } from './small_task.ts'

const config = { ...smallConfig, epochs: 2 }
const TOO_SHORT = { source: 'trials.csv:90', reason: 'too short' }
const GROUPS = ['2', '10', '1']
/** The first trial has no music, so that fewer are used than there are. */
const study = () => {
  const set = smallStudy((trial, i) => {
    trial.columns = { group: GROUPS[Math.floor(i / 8)]! }
    if (i === 0) delete trial.music
  })
  return { ...set, synthetic: true, skipped: [TOO_SHORT] }
}
const task = makeTask(study(), config)
const { trials } = task.set
const fold = (name: string) => task.plan.folds.find((of) => of.name === name)!
const IDENTITY = { name: 'mine', adapter: 'my device', versions: { node: '0.0' } }
const file = (name: string, of: string): string => `folds/fold-${name}/${of}`

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

type Told = [hook: string, fold: string, ...numbers: (number | undefined)[]]

/** Hooks that write down what they are told. */
function listening(): { told: Told[]; hooks: RunOptions } {
  const told: Told[] = []
  return {
    told,
    hooks: {
      onBegin: (folds) => told.push(['begin', folds.map(({ name }) => name).join()]),
      onStep: ({ name }, done, total) => told.push(['step', name, done, total]),
      onEpoch: ({ name }, { epoch, validationLoss }) => told.push(['epoch', name, epoch, validationLoss]),
    },
  }
}

type Event = Record<string, unknown>
const eventsOf = async (store: MemoryStore): Promise<Event[]> =>
  (await store.readText('events.jsonl'))
    .trim()
    .split('\n')
    .map((line) => {
      const { time, schema: _, ...event } = JSON.parse(line) as Event
      expect(Number.isNaN(Date.parse(time as string))).toBe(false)
      return event
    })

describe('a run', () => {
  const store = new MemoryStore()
  const first = listening()
  let one: RunSummary
  let all: RunSummary
  let stored: Uint8Array
  beforeAll(async () => {
    one = await trainRun(gpu, store, task, IDENTITY, { onlyFold: '10', ...first.hooks })
    stored = await store.read(file('10', 'model.safetensors'))
    // As after a crash between the result and the removal.
    await store.write(file('10', 'checkpoint.safetensors'), 'left behind')
    all = await trainRun(gpu, store, task, IDENTITY)
  })

  it('of one fold tells of that fold, step by step and epoch by epoch', () => {
    const perEpoch = Math.ceil(fold('10').train.length / config.batch)
    const [{ epochs }] = one.results as [RunSummary['results'][number]]
    const steps = (epoch: number): Told[] =>
      Array.from({ length: perEpoch }, (_, i) => ['step', '10', epoch * perEpoch + i + 1, 2 * perEpoch])
    expect(first.told).toEqual([
      ['begin', '10'],
      ...steps(0),
      ['epoch', '10', 1, epochs[0]!.validationLoss],
      ...steps(1),
      ['epoch', '10', 2, epochs[1]!.validationLoss],
    ])
    expect(one.results.map(({ name }) => name)).toEqual(['10'])
    expect(one.folds.count).toBe(3)
    for (const beside of one.pooled.judgement.baselines) expect(beside).not.toHaveProperty('wilcoxon')
  })

  it('that goes on leaves finished folds alone, and puts all in the order of the plan', async () => {
    expect(all.results.map(({ name }) => name)).toEqual(['1', '2', '10'])
    expect(all.results[2]).toEqual(one.results[0])
    expect(await store.read(file('10', 'model.safetensors'))).toEqual(stored)
    for (const name of ['1', '2', '10']) expect(await store.exists(file(name, 'checkpoint.safetensors'))).toBe(false)
  })

  it('sums up what was used, with what, and what was left out', () => {
    const { results, pooled, date, seconds, subjects, ...said } = all
    expect(subjects).toEqual(task.labelled.subjects)
    expect(subjects![0]).toMatchObject({ subject: 's0', trials: 4, high: 3, threshold: expect.any(Number) as number })
    expect(said).toEqual({
      name: 'mine',
      adapter: 'my device',
      versions: { galvani: VERSION, node: '0.0', kernels: KERNEL_SET },
      dataset: {
        name: 'lab',
        synthetic: true,
        trials: 23,
        subjects: 6,
        stimuli: new Set(trials.map(({ stimulus }) => stimulus)).size,
        channels: ['origin', 'phasic', 'tonic'],
        musicDim: 4,
      },
      dimension: 'arousal',
      labels: 'two-means',
      preset: 'paper',
      parameters: summarise(config.model).parameterCount,
      folds: { scheme: 'column:group', count: 3, subjectIndependent: true, unit: 'subject', validation: 0.25 },
      seed: 3,
      config,
      skipped: [
        TOO_SHORT,
        { source: 'trial t0', reason: expect.stringContaining('has no row in music.csv') as string },
      ],
    })
    expect(seconds).toBeGreaterThanOrEqual(0)
    expect(new Date(date).toISOString()).toBe(date)
    expect(pooled.model.count).toBe(23)
    expect(results.reduce((sum, { predictions }) => sum + predictions.length, 0)).toBe(23)
  })

  it('has in each fold its own parts, people and trials', () => {
    const peopleOf = (of: readonly number[]): string[] => [...new Set(of.map((i) => trials[i]!.subject))]
    for (const { name, trainTrials, validationTrials, predictions, epochs, data, ...people } of all.results) {
      const { train, validation, test } = fold(name)
      expect([trainTrials, validationTrials, epochs.length]).toEqual([train.length, validation.length, 2])
      expect(people).toMatchObject({
        trainSubjects: peopleOf(train),
        validationSubjects: peopleOf(validation),
        testSubjects: peopleOf(test),
      })
      expect(predictions.map(({ trial, label }) => [trial, label])).toEqual(
        test.map((i) => [trials[i]!.id, task.labelled.labels[i]]),
      )
      expect(data).toBe(all.results[0]!.data)
    }
  })

  it('is in its folder what was returned', async () => {
    expect(await loadRunSummary(store)).toMatchObject(structuredClone(all))
    expect(await loadRunSummary(new MemoryStore())).toBeNull()
  })

  it('writes an event for each thing that happened', async () => {
    const ofFold = (name: string): Event[] => {
      const { train, validation, test } = fold(name)
      const { epochs, model } = all.results.find((result) => result.name === name)!
      return [
        { event: 'fold-started', fold: name, train: train.length, validation: validation.length, test: test.length },
        ...epochs.map(({ epoch, trainLoss, validationLoss, validationAccuracy }) => ({
          event: 'epoch',
          fold: name,
          epoch,
          train_loss: trainLoss,
          validation_loss: validationLoss,
          validation_accuracy: validationAccuracy,
        })),
        { event: 'fold-finished', fold: name, accuracy: model.accuracy },
      ]
    }
    const finished = (folds: number, { pooled }: RunSummary): Event => ({
      event: 'finished',
      folds,
      accuracy: pooled.model.accuracy,
    })
    expect(await eventsOf(store)).toEqual([
      ...ofFold('10'),
      finished(1, one),
      ...ofFold('1'),
      ...ofFold('2'),
      finished(3, all),
    ])
  })

  it('is not mixed with other data, and then keeps its configuration', async () => {
    const before = await store.readText('config.json')
    const other = makeTask(study(), { ...config, seed: 4, patience: 7 })
    await expect(trainRun(gpu, store, other, IDENTITY)).rejects.toThrow(
      /^folds\/fold-\d+\/result.json: its trials, labels, folds or recordings are not those of lab now; the data have changed/,
    )
    expect(await store.readText('config.json')).toBe(before)
  })

  it('has no fold that is not in the plan', async () => {
    await expect(trainRun(gpu, store, task, IDENTITY, { onlyFold: '3' })).rejects.toThrow(
      "fold '3' has no subjects; the folds are 1, 2, 10",
    )
  })
})

it('a run that was stopped says that it goes on, from the step where it was', async () => {
  const store = new MemoryStore()
  const stop = new AbortController()
  const reason = new Error('enough')
  const onlyFold = '1'
  const stopped = trainRun(gpu, store, task, IDENTITY, {
    onlyFold,
    signal: stop.signal,
    onEpoch: () => stop.abort(reason),
  })
  await expect(stopped).rejects.toBe(reason)
  expect(await store.exists(file('1', 'checkpoint.safetensors'))).toBe(true)
  // Nothing is begun once it is stopped.
  await expect(trainRun(gpu, store, task, IDENTITY, { onlyFold: '2', signal: stop.signal })).rejects.toBe(reason)
  const { told, hooks } = listening()
  await trainRun(gpu, store, task, { name: 'mine' }, { onlyFold, ...hooks })
  const perEpoch = Math.ceil(fold('1').train.length / config.batch)
  expect(told[1]).toEqual(['step', '1', perEpoch + 1, 2 * perEpoch])
  expect((await eventsOf(store)).map(({ event, fold: of }) => `${String(event)} ${String(of)}`)).toEqual([
    'fold-started 1',
    'epoch 1',
    'fold-resumed 1',
    'epoch 1',
    'fold-finished 1',
    'finished undefined',
  ])
  // Who gives no name of the device gets its own.
  expect((await loadRunSummary(store))!.adapter).toBe(gpu.info.description || gpu.info.device)
})

it('a fold that was stopped after its last epoch has no result yet, and then needs no more steps', async () => {
  const store = new MemoryStore()
  const stop = new AbortController()
  const reason = new Error('enough')
  const stopped = trainRun(gpu, store, task, IDENTITY, {
    onlyFold: '1',
    signal: stop.signal,
    onEpoch: (_, { epoch }) => (epoch === config.epochs ? stop.abort(reason) : undefined),
  })
  await expect(stopped).rejects.toBe(reason)
  expect(await store.exists(file('1', 'result.json'))).toBe(false)
  const { told, hooks } = listening()
  const { results } = await trainRun(gpu, store, task, IDENTITY, { onlyFold: '1', ...hooks })
  expect(told).toEqual([['begin', '1']])
  expect(results.map(({ name, epochs }) => [name, epochs.length])).toEqual([['1', 2]])
})

it('every fold starts from the weights that are given', async () => {
  const store = new MemoryStore()
  const initial = initialise(config.model, summarise(config.model), 'he', 99)
  const still = makeTask(study(), {
    ...config,
    epochs: 1,
    optimizer: { name: 'sgd', momentum: 0, weightDecay: 0 },
    learningRate: 1e-30,
  })
  await trainRun(gpu, store, still, IDENTITY, { initial })
  const given = [...bitsOf(initial)].filter(([name]) => name.endsWith('.weight'))
  expect(given.length).toBeGreaterThan(10)
  for (const name of ['1', '2', '10'])
    expect([...fileBits(await store.read(file(name, 'model.safetensors')))]).toEqual(expect.arrayContaining(given))
})
