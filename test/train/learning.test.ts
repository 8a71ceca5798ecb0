// What a fold starts from, what of it learns, what its classes count, and what of these settings is refused.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { initialise } from '../../src/model/init.ts'
import { summarise } from '../../src/model/summary.ts'
import type { HostTensors } from '../../src/model/weights.ts'
import { FormatError, UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import type { FoldState } from '../../src/train/checkpoint.ts'
import { checkRunConfig, type RunConfig } from '../../src/train/config.ts'
import { inputsOf } from '../../src/train/inputs.ts'
import {
  balancedWeights,
  checkLearning,
  frozenParameters,
  startingWeights,
  weightsDigest,
  withInitial,
} from '../../src/train/learning.ts'
import { outputsOf, Predictor } from '../../src/train/predictor.ts'
import { makeTask } from '../../src/train/task.ts'
import { Trainer } from '../../src/train/trainer.ts'
import { trainRun } from '../../src/train/run.ts'
import { bitsOf, RememberingStore, smallConfig, smallStudy } from './small_task.ts'

const summary = summarise(smallConfig.model)
const weights = (seed = 9) => initialise(smallConfig.model, summary, 'he', seed)

describe('patterns of what is frozen', () => {
  it.each([
    [['classifier.2.bias'], ['classifier.2.bias']],
    [['attention.sca.*.bias'], ['attention.sca.reduce.bias', 'attention.sca.expand.bias']],
    [
      ['classifier.1.*', '*.2.bias'],
      ['classifier.1.weight', 'classifier.1.bias', 'classifier.2.bias'],
    ],
    // A dot is a dot.
    [['shallow.b*.weight'], ['shallow.bn.weight']],
    [[], []],
  ])('%j', (patterns, names) => expect([...frozenParameters(summary, patterns)]).toEqual(names))

  it('that name nothing are refused with the names that there are', () => {
    for (const pattern of ['classifier', 'classifier,0*', '', 'shallow.bn.running_mean'])
      expect(() => frozenParameters(summary, ['shallow.*', pattern])).toThrow(
        new UsageError(
          `freeze '${pattern}' names no parameter of this network; it has ${summary.parameters.map(({ name }) => name).join(', ')}`,
        ),
      )
  })

  it('that leave nothing to learn are refused', () =>
    expect(() => frozenParameters(summary, ['classifier.*', '*'])).toThrow(
      new UsageError("freeze 'classifier.*', '*': nothing is left to learn"),
    ))
})

describe('settings', () => {
  it.each([
    { freeze: ['shallow.*'], initial: 'a'.repeat(64) },
    { choice: 'test', validation: 0 },
    { classWeights: 'balanced' },
  ] as Partial<RunConfig>[])('may be %o', (change) =>
    expect(checkRunConfig({ ...smallConfig, ...change })).toEqual({ ...smallConfig, ...change }),
  )

  it.each([
    [{ choice: 'validation' }, "choice is 'validation', expected test"],
    [
      { choice: 'test' },
      'choice is test, so nobody can be held out to choose the epoch: validation is 0.25, expected 0',
    ],
    [{ classWeights: true }, "classWeights is 'true', expected balanced"],
    [{ freeze: ['nothing'] }, "freeze 'nothing' names no parameter"],
    [{ initial: 'w.safetensors' }, "initial is 'w.safetensors', expected the SHA-256 of weights"],
  ])('%o are refused', (change, says) => {
    const config = { ...smallConfig, ...change } as RunConfig
    expect(() => checkLearning(config)).toThrow(says)
    expect(() => checkRunConfig(config)).toThrow(UsageError)
  })
})

describe('class weights', () => {
  it('let all classes count as much, and a trial 1 on average', () => {
    const labels = [0, 1, 1, 2, 1, 1, 0, 2, 2, 2]
    const train = [0, 1, 2, 4, 5, 7]
    expect(balancedWeights(labels, train, 3)).toEqual([6 / 3, 6 / (3 * 4), 6 / 3])
    expect(balancedWeights([0, 1], [0, 1], 2)).toEqual([1, 1])
  })

  it('are refused where a class has no trial', () =>
    expect(() => balancedWeights([0, 1, 0], [0, 2], 2)).toThrow(
      new FormatError(
        'no trial of a training part has the class 1, so that its weight is not defined; train without class weights, or with fewer folds',
      ),
    ))
})

describe('weights to start from', () => {
  it('have a digest of names, shapes and values in any order', async () => {
    const [own, other] = [weights(), weights(8)]
    const digest = await weightsDigest(own)
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    expect(await weightsDigest(new Map([...weights()].reverse()))).toBe(digest)
    expect(await weightsDigest(other)).not.toBe(digest)
    const [name, { data }] = [...own].find(([, { shape }]) => shape.length === 2)!
    expect(await weightsDigest(new Map([...own, [name, { shape: [data.length], data }]]))).not.toBe(digest)
  })

  it('are written into the settings, and are those that the run has', async () => {
    const initial = await weightsDigest(weights())
    expect(await withInitial(smallConfig)).toBe(smallConfig)
    const config = await withInitial(smallConfig, weights())
    expect(config).toEqual({ ...smallConfig, initial })
    expect(await withInitial(config, weights())).toEqual(config)
    await expect(withInitial(config, weights(8))).rejects.toThrow(
      /^the weights to start from have the SHA-256 .* changed/,
    )
    await expect(withInitial(config)).rejects.toThrow(`the run starts from weights (SHA-256 ${initial}), and none were`)
  })

  it('are random where none are given', () => {
    const { weights: random, transfer } = startingWeights(smallConfig)
    expect(transfer).toBeUndefined()
    expect(bitsOf(random)).toEqual(bitsOf(initialise(smallConfig.model, summary, 'he', smallConfig.seed)))
  })
})

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const { set, labelled, plan } = makeTask(smallStudy(), smallConfig)
const fold = plan.folds[0]!

/** Two epochs of the first fold; the state after each. */
async function train(change: Partial<RunConfig>, initial?: HostTensors, labels = labelled.labels) {
  const config = { ...smallConfig, epochs: 2, batch: 6, ...change }
  const own = config.choice === 'test' ? { ...fold, validation: [] } : fold
  const trainer = new Trainer(gpu, config, own, inputsOf(set, config, fold.train), labels, initial)
  const states: FoldState[] = []
  const { progress } = await trainer.run({
    onCheckpoint: async (state) => void states.push({ ...state, progress: structuredClone(state.progress) }),
  })
  trainer.destroy()
  return { states, progress }
}

describe('a fold', () => {
  it.each([
    ['sgd', { optimizer: { name: 'sgd', momentum: 0.9, weightDecay: 0.1 } }],
    ['adamw', { optimizer: { name: 'adamw', weightDecay: 0.1 } }],
  ] as const)('keeps what is frozen under %s, and its statistics go on', async (_, change) => {
    const initial = weights()
    const freeze = ['shallow.*', 'residual.stages.1.*', 'classifier.0.bias']
    const { states } = await train({ ...change, freeze }, initial)
    const [before, after] = [bitsOf(initial), bitsOf(states[1]!.weights)]
    const frozen = frozenParameters(summary, freeze)
    const zeros = (name: string) =>
      states[1]!.optimizer.every((slab) => Array.from(slab.get(name)!.data).every((v) => v === 0))
    for (const { name } of summary.parameters) {
      expect(after.get(name) === before.get(name), name).toBe(frozen.has(name))
      expect(zeros(name), name).toBe(frozen.has(name))
    }
    for (const { name } of summary.buffers) expect(after.get(name), name).not.toBe(before.get(name))
  })

  it('has the same first step in what is not frozen', async () => {
    const one = { epochs: 1, batch: 20 }
    const [free, half] = [await train(one), await train({ ...one, freeze: ['attention.*', 'classifier.1.weight'] })]
    const [all, some] = [free, half].map(({ states }) => bitsOf(states[0]!.weights)) as [
      Map<string, string>,
      Map<string, string>,
    ]
    const frozen = frozenParameters(summary, ['attention.*', 'classifier.1.weight'])
    for (const { name } of summary.parameters) expect(all.get(name) === some.get(name), name).toBe(!frozen.has(name))
  })

  it('may be of classes that count differently: a loss of weighted trials', async () => {
    const still = { learningRate: 1e-30, epochs: 1, batch: 5 }
    const spy = vi.spyOn(Predictor.prototype, 'predict')
    const losses = async (change: Partial<RunConfig>) => (await train({ ...still, ...change })).progress.epochs[0]!
    const [plain, balanced] = [await losses({}), await losses({ classWeights: 'balanced' })]
    const rows = (await (spy.mock.results.at(-1)!.value as Promise<Float32Array[]>)).map((row) => [...row])
    spy.mockRestore()
    const counts = balancedWeights(labelled.labels, fold.train, 2)
    expect(new Set(counts).size).toBe(2)
    const loss = (weighs: readonly number[]) =>
      fold.validation.reduce((sum, trial, i) => {
        const label = labelled.labels[trial]!
        return sum - (weighs[label]! * Math.log(rows[i]![label]!)) / fold.validation.length
      }, 0)
    expect(plain.validationLoss).toBeCloseTo(loss([1, 1]), 6)
    expect(balanced.validationLoss).toBeCloseTo(loss(counts), 6)
    expect(balanced.trainLoss).not.toBeCloseTo(plain.trainLoss, 4)
  })

  it('may choose its epoch on the test part, and stops by it', async () => {
    const spy = vi.spyOn(Predictor.prototype, 'predict')
    const { progress } = await train({ choice: 'test', validation: 0, epochs: 6, patience: 1, learningRate: 0.03 })
    for (const [, trials] of spy.mock.calls) expect(trials).toEqual(fold.test)
    spy.mockRestore()
    const losses = progress.epochs.map(({ validationLoss }) => validationLoss!)
    expect(progress.bestEpoch).toBe(losses.indexOf(Math.min(...losses)) + 1)
    expect(losses).toHaveLength(Math.min(6, progress.bestEpoch + 1))
  })

  it('may have four classes', async () => {
    const model = { ...smallConfig.model, classes: 4 }
    const labels = Uint8Array.from(labelled.labels, (label, i) => 2 * label + (i % 2))
    const { progress, states } = await train(
      { model, epochs: 20, learningRate: 0.02, validation: 0 },
      undefined,
      labels,
    )
    const losses = progress.epochs.map(({ trainLoss }) => trainLoss)
    expect(Math.abs(losses[0]! - Math.log(4))).toBeLessThan(1.5)
    expect(losses.at(-1)).toBeLessThan(losses[0]!)
    const config = { ...smallConfig, model }
    const trained = {
      weights: states.at(-1)!.weights,
      scaling: inputsOf(set, config, fold.train).scaling,
      subjects: [],
    }
    const rows = await outputsOf(gpu, config, trained, set, fold.train)
    for (const row of rows) expect([row.length, row.reduce((a, b) => a + b)]).toEqual([4, expect.closeTo(1, 5)])
    const hits = rows.filter((row, i) => row.indexOf(Math.max(...row)) === labels[fold.train[i]!]).length
    // Of classes drawn at random a quarter would be.
    expect(hits / rows.length).toBeGreaterThan(0.6)
  })
})

it('a run tells what it took, and goes on from the same weights alone', async () => {
  const store = new RememberingStore()
  const config: RunConfig = { ...smallConfig, epochs: 1, freeze: ['shallow.*'] }
  const task = makeTask(smallStudy(), config)
  const other = { ...smallConfig.model, music_dim: 0 }
  const initial = initialise(other, summarise(other), 'he', 4)
  const identity = { name: 'run' }
  const { config: ran } = await trainRun(gpu, store, task, identity, { onlyFold: '0', initial })
  const read = async (file: string) => JSON.parse(new TextDecoder().decode(await store.read(file))) as object
  expect(ran.initial).toBe(await weightsDigest(initial))
  expect(await read('config.json')).toMatchObject({ initial: ran.initial, freeze: ['shallow.*'] })
  expect(await read('transfer.json')).toMatchObject({
    schema: 1,
    cut: [{ name: 'classifier.0.weight', columns: summary.features }],
    left: [],
    unused: [],
  })
  const goesOn = (from?: HostTensors) =>
    trainRun(gpu, store, { ...task, config: ran }, identity, { onlyFold: '1', ...(from && { initial: from }) })
  await expect(goesOn()).rejects.toThrow(/^the run starts from weights/)
  await expect(goesOn(weights())).rejects.toThrow(/have changed since$/)
})
