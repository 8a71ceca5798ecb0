// The nested choice: the least validation loss alone decides, a stopped run goes on to the same bits, and the test part has no say.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NumericError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Alternative } from '../../src/train/alternatives.ts'
import { leastLoss } from '../../src/train/choose_settings.ts'
import { trainRun, type RunOptions } from '../../src/train/run.ts'
import type { FoldResult } from '../../src/train/run_summary.ts'
import { makeTask } from '../../src/train/task.ts'
import { fileBits, smallConfig, smallStudy, trainSmall } from './small_task.ts'

describe('the choice', () => {
  const rates = (...values: number[]): Alternative[] => values.map((learningRate) => ({ learningRate }))
  /** Trains to these losses, by learning rate; the kept epoch is the second. */
  const to =
    (losses: Readonly<Record<number, number | Error>>) =>
    async ({ learningRate }: Alternative) => {
      const loss = losses[learningRate!]!
      if (typeof loss !== 'number') throw loss
      const epochs = [9, loss, 8].map((validationLoss, i) => ({ epoch: i + 1, trainLoss: 0, validationLoss }))
      return { progress: { epochs, bestEpoch: 2 }, rate: learningRate }
    }

  it('is the one with the least loss in its kept epoch, of equal ones the first', async () => {
    const { settings, learnt, tried } = await leastLoss(rates(1, 2, 3), to({ 1: 0.5, 2: 0.25, 3: 0.25 }))
    expect(settings).toEqual({ learningRate: 2 })
    expect(learnt.rate).toBe(2)
    expect(tried.map(({ validationLoss, bestEpoch, epochs }) => [validationLoss, bestEpoch, epochs.length])).toEqual([
      [0.5, 2, 3],
      [0.25, 2, 3],
      [0.25, 2, 3],
    ])
  })

  it('leaves out what has no loss, and says why', async () => {
    const heard: unknown[] = []
    const choice = await leastLoss(rates(1, 2), to({ 1: new NumericError('too fast'), 2: 5 }), async (tried) => {
      heard.push(tried)
    })
    expect(choice.settings).toEqual({ learningRate: 2 })
    expect(choice.tried[0]).toEqual({ settings: { learningRate: 1 }, epochs: [], failure: 'too fast' })
    expect(heard).toEqual(choice.tried)
  })

  it('is none where all fail, or where one was stopped', async () => {
    const both = to({ 1: new NumericError('first'), 2: new NumericError('second') })
    await expect(leastLoss(rates(1, 2), both)).rejects.toThrow('first')
    await expect(leastLoss(rates(1, 2), to({ 1: 1, 2: new Error('stopped') }))).rejects.toThrow('stopped')
  })
})

describe('a run with alternatives', () => {
  const config = { ...smallConfig, epochs: 2, learningRate: 1e-6, alternatives: { learningRate: [1e-6, 0.01] } }
  const task = makeTask(smallStudy(), config)
  const MODEL = 'folds/fold-0/model.safetensors'
  const run = (store: MemoryStore, options: RunOptions = {}, of = task) =>
    trainRun(gpu, store, of, { name: 'run', adapter: 'any', versions: {} }, { onlyFold: '0', ...options })

  let gpu: Gpu
  const store = new MemoryStore()
  const steps: [number, number, number][] = []
  let result: FoldResult
  beforeAll(async () => {
    gpu = await openGpu()
    const onStep = (_: unknown, done: number, total: number, settings?: Alternative): void =>
      void steps.push([done, total, settings!.learningRate!])
    ;[result] = (await run(store, { onStep })).results as [FoldResult]
  })
  afterAll(() => gpu.close())

  it('takes the least validation loss, and is then what a run of these settings alone is', async () => {
    const { settings, tried, ...own } = result
    const losses = tried!.map(({ validationLoss }) => validationLoss!)
    expect(losses[1]).toBeLessThan(losses[0]!)
    expect(settings).toEqual({ learningRate: 0.01 })
    for (const [i, { settings: of, epochs, bestEpoch }] of tried!.entries()) {
      const alone = await trainSmall(gpu, smallStudy(), { epochs: 2, ...of })
      expect([epochs, bestEpoch]).toEqual([alone.result.epochs, alone.result.bestEpoch])
      expect(losses[i]).toBe(epochs[bestEpoch! - 1]!.validationLoss)
      if (i !== 1) continue
      expect(own).toEqual(alone.result)
      expect(fileBits(await store.read(MODEL))).toEqual(fileBits(alone.model))
    }
  })

  it('tells of the steps of all alternatives together', () => {
    expect(steps).toEqual(Array.from({ length: 12 }, (_, i) => [i + 1, 12, i < 6 ? 1e-6 : 0.01]))
  })

  it('writes which alternative each event is of, and leaves no checkpoint', async () => {
    const events = (await store.readText('events.jsonl'))
      .trim()
      .split('\n')
      .map(
        (line) => JSON.parse(line) as { event: string; settings?: { learning_rate: number }; validation_loss: number },
      )
    const of = (rate: number): [string, number][] =>
      ['alternative-started', 'epoch', 'epoch', 'alternative-finished'].map((event) => [event, rate])
    expect(events.map(({ event, settings }) => [event, settings?.learning_rate])).toEqual([
      ['fold-started', undefined],
      ...of(1e-6),
      ...of(0.01),
      ['fold-finished', 0.01],
      ['finished', undefined],
    ])
    const finished = events.filter(({ event }) => event === 'alternative-finished')
    expect(finished.map(({ validation_loss: loss }) => loss)).toEqual(result.tried!.map((of) => of.validationLoss))
    expect((await store.list('folds/fold-0')).sort()).toEqual(['model.safetensors', 'result.json'])
  })

  it('goes on within the alternative in which it was stopped, to the same bits', async () => {
    const stopped = new MemoryStore()
    const stop = new AbortController()
    const reason = new Error('enough')
    const onEpoch: RunOptions['onEpoch'] = (_, { epoch }, settings) =>
      epoch === 1 && settings!.learningRate === 0.01 ? stop.abort(reason) : undefined
    await expect(run(stopped, { signal: stop.signal, onEpoch })).rejects.toBe(reason)
    const after: number[] = []
    const { results } = await run(stopped, { onStep: (_, done) => after.push(done) })
    expect(after).toEqual([10, 11, 12])
    expect(results[0]).toEqual(result)
    expect(fileBits(await stopped.read(MODEL))).toEqual(fileBits(await store.read(MODEL)))
  })

  it('does not look at the test part: with its labels turned round the choice is the same', async () => {
    const turned = makeTask(smallStudy(), config)
    for (const i of turned.plan.folds[0]!.test) turned.labelled.labels[i] = 1 - turned.labelled.labels[i]!
    const { results } = await run(new MemoryStore(), {}, turned)
    expect(results[0]!.tried).toEqual(result.tried)
    expect(results[0]!.settings).toEqual(result.settings)
    expect(results[0]!.model.accuracy).toBeCloseTo(1 - result.model.accuracy, 10)
  })
})
