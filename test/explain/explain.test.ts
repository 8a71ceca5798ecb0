// A run's trials explained: by the model that was tested on them, one by one and in groups.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { explain } from '../../src/explain/explain.ts'
import type { MapArray } from '../../src/explain/map_array.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Dataset } from '../../src/train/dataset.ts'
import { makeTask } from '../../src/train/task.ts'
import { trainRun } from '../../src/train/run.ts'
import type { RunSummary } from '../../src/train/run_summary.ts'
import { loadRun, type TrainedRun } from '../../src/train/trained_run.ts'
import { smallConfig, smallStudy } from '../train/small_task.ts'

const set = smallStudy()
const dataset: Dataset = { kind: 'prepared', set }
const config = { ...smallConfig, epochs: 1 }

let gpu: Gpu
let run: TrainedRun
let trained: RunSummary
beforeAll(async () => {
  gpu = await openGpu()
  const store = new MemoryStore()
  trained = await trainRun(gpu, store, makeTask(set, config), { name: 'run', adapter: 'any', versions: {} })
  run = await loadRun(store)
})
afterAll(() => gpu.close())

const sum = ({ data }: MapArray) => data.reduce((total, v) => total + v, 0)

describe('trials', () => {
  it('are explained by the model that was tested on them, as it predicted', async () => {
    const warnings: string[] = []
    const options = { steps: 16, onWarning: (message: string) => warnings.push(message) }
    const { explanations, modules, classes } = await explain(gpu, run, { dataset, trials: ['t20', 't1'] }, options)
    expect(explanations.map(({ trial }) => trial)).toEqual(['t20', 't1'])
    expect(modules).toEqual(['sca', 'rnta'])
    expect(warnings).toEqual([])
    for (const { trial, fold, label, probability, class: winner, predicted, seen, logit, maps } of explanations) {
      const { name, predictions } = trained.results.find(({ predictions }) =>
        predictions.some((of) => of.trial === trial),
      )!
      const tested = predictions.find((of) => of.trial === trial)!
      expect([fold, label, seen]).toEqual([name, tested.label, false])
      expect(winner).toBe(tested.probability > 0.5 ? 1 : 0)
      expect(predicted).toBe(classes[winner])
      expect(probability).toBeCloseTo(winner === 1 ? tested.probability : 1 - tested.probability, 5)
      const logits = maps.logits!.data
      expect(logit).toBe(Math.max(...logits))
      expect(Math.exp(logit) / logits.reduce((total, v) => total + Math.exp(v), 0)).toBeCloseTo(probability, 5)
    }
  })

  it('have maps of every kind, of the signals and of the modules', async () => {
    const { explanations } = await explain(gpu, run, { dataset, trials: ['t3'] }, { steps: 32 })
    const { maps, integrated, logit } = explanations[0]!
    const shapes = Object.fromEntries(Object.entries(maps).map(([name, { shape }]) => [name, shape]))
    const [signals, rows] = [[3, 320], 160]
    expect(shapes).toEqual({
      ...{ signals, gradient: signals, guided_gradient: signals, integrated_gradients: signals, logits: [2] },
      ...{ sca_alpha: [8], sca_map: [rows], sca_grad_cam: [320], sca_guided_grad_cam: signals, sca_gates: [3, 8] },
      ...{ rnta_alpha: [8], rnta_map: [rows], rnta_grad_cam: [320], rnta_guided_grad_cam: signals },
      ...{ rnta_attention_0: [53, 53], rnta_attention_1: [53, 53], rnta_attention_2: [54, 54] },
    })
    const index = set.trials.findIndex(({ id }) => id === 't3')
    expect(maps.signals!.data).toEqual(set.trials[index]!.signals)
    // A query's weights add up to 1, a gate lies between 0 and 1, and a guided map is the product of its parts.
    for (let row = 0; row < 54; row++)
      expect(maps.rnta_attention_2!.data.slice(row * 54, (row + 1) * 54).reduce((a, b) => a + b)).toBeCloseTo(1, 5)
    expect(maps.sca_gates!.data.every((gate) => gate > 0 && gate < 1)).toBe(true)
    const product = maps.guided_gradient!.data.map((v, i) => v * maps.rnta_grad_cam!.data[i % 320]!)
    maps.rnta_guided_grad_cam!.data.forEach((v, i) => expect(v).toBeCloseTo(product[i]!, 6))
    expect(sum(maps.integrated_gradients!)).toBeCloseTo(logit - integrated!.baselineLogit + integrated!.gap, 4)
  })

  it('have integrated gradients whose gap closes with more steps', async () => {
    const gap = async (steps: number) => {
      const { explanations } = await explain(gpu, run, { dataset, trials: ['t3', 't7'] }, { steps })
      return Math.max(...explanations.map(({ integrated }) => Math.abs(integrated!.gap)))
    }
    const [coarse, fine] = [await gap(4), await gap(256)]
    expect(fine).toBeLessThan(coarse / 20)
  })

  it('that a model knows are told', async () => {
    const warnings: string[] = []
    const onWarning = (message: string) => warnings.push(message)
    const { explanations } = await explain(gpu, run, { dataset, trials: ['t20'] }, { fold: '0', steps: 0, onWarning })
    expect(explanations[0]).toMatchObject({ fold: '0', seen: true })
    expect(explanations[0]).not.toHaveProperty('label')
    expect(warnings).toEqual([expect.stringContaining('fold 0 was trained on s5')])
  })

  it('of data that have changed since are told', async () => {
    const changed = smallStudy((trial) => (trial.signals = trial.signals.map((v) => 2 - v)))
    const warnings: string[] = []
    const onWarning = (message: string) => warnings.push(message)
    await explain(gpu, run, { dataset: { kind: 'prepared', set: changed }, trials: ['t20'] }, { steps: 0, onWarning })
    expect(warnings).toEqual([expect.stringContaining('not the data that the run was made from')])
  })
})

describe('groups', () => {
  it.each(['class', 'subject', 'fold'] as const)('by %s are the means of their trials', async (by) => {
    const { explanations: single } = await explain(gpu, run, { dataset }, { steps: 4 })
    const { explanations, groups } = await explain(gpu, run, { dataset }, { steps: 4, by })
    expect(explanations.map(({ maps }) => maps)).toEqual(single.map(() => ({})))
    expect(groups.flatMap(({ trials }) => trials).sort()).toEqual(set.trials.map(({ id }) => id).sort())
    for (const { name, trials, maps } of groups) {
      const own = single.filter(({ trial }) => trials.includes(trial))
      expect(new Set(own.map((of) => ({ class: of.predicted, subject: of.subject, fold: of.fold })[by]))).toEqual(
        new Set([name]),
      )
      const mean = own.reduce((total, of) => total + of.maps.rnta_grad_cam!.data[100]!, 0) / own.length
      expect(maps.rnta_grad_cam!.data[100]).toBeCloseTo(mean, 6)
    }
  })
})

it('tells how far it is, hands each explanation over, and stops at once', async () => {
  const seen: [number, number][] = []
  const trials: string[] = []
  const abort = new AbortController()
  const work = explain(
    gpu,
    run,
    { dataset },
    {
      steps: 0,
      signal: abort.signal,
      visit: ({ trial, maps }) => void trials.push(`${trial} ${Object.keys(maps).length}`),
      onExplained: (done, total) => {
        seen.push([done, total])
        if (done === 7) abort.abort(new Error('enough'))
      },
    },
  )
  await expect(work).rejects.toThrow('enough')
  expect(seen.slice(0, 2)).toEqual([
    [1, 24],
    [2, 24],
  ])
  expect(seen.length).toBeLessThan(24)
  expect(trials[0]).toMatch(/^t\d+ 1\d$/)
})

describe('what cannot be explained is refused in a sentence', () => {
  const asked = (trials: string[], options: Parameters<typeof explain>[3] = {}) =>
    explain(gpu, run, { dataset, trials }, options)
  const refused = (work: Promise<unknown>, message: string) => expect(work).rejects.toThrow(new UsageError(message))

  it('an unknown trial', () =>
    refused(asked(['t99']), "lab has no trial 't99' that the run's models read; it has 24, such as 't0'"))
  it('a trial whose recording cannot be used', async () => {
    const trial = { ...set.trials[0]!, eda: Float64Array.of(1, 2, 3) }
    const fine = {
      ...set.trials[1]!,
      eda: Float64Array.from({ length: 200 }, (_, i) => 2 + Math.sin(i / 3) + 0.1 * Math.cos(i)),
    }
    const table: Dataset = { kind: 'table', set: { ...set, trials: [trial, fine] } }
    await expect(explain(gpu, run, { dataset: table, trials: ['t0', 't1'] }, { steps: 0 })).rejects.toThrow(
      /^trial 't0' cannot be explained: .*too short/,
    )
  })
  it('a trial twice', () => refused(asked(['t1', 't1']), "trial 't1' is asked for twice"))
  it('a fold without a model', () =>
    refused(asked(['t1'], { fold: '7' }), "fold '7' has no trained model; the run has those of 0, 1, 2"))
  it('a trial of no trained fold’s test part', async () => {
    const [first] = trained.results
    const [own, other] = [first!.predictions[0]!.trial, trained.results[1]!.predictions[0]!.trial]
    const store = new MemoryStore()
    for (const file of ['config.json', 'folds/fold-0/result.json', 'folds/fold-0/model.safetensors'])
      await store.write(file, await run.store.read(file))
    const part = await loadRun(store)
    const { explanations } = await explain(gpu, part, { dataset, trials: [own] }, { steps: 0 })
    expect(explanations[0]!.fold).toBe('0')
    await refused(
      explain(gpu, part, { dataset, trials: [other] }),
      `trial '${other}' is in the test part of no trained fold (0); name the fold whose model is to explain it`,
    )
  })
  it('a module that the network lacks', () =>
    refused(
      explain(
        gpu,
        { ...run, config: { ...run.config, model: { ...run.config.model, attention: 'rnta' } } },
        { dataset },
        { modules: ['sca'] },
      ),
      "this run's network has no SCA in front of its residual part, so there is no map of it",
    ))
  it('settings out of range', async () => {
    await refused(asked(['t1'], { steps: 1.5 }), 'explain: steps is 1.5, expected a whole number of at least 0')
    await refused(asked(['t1'], { by: 'song' as 'class' }), "explain: by is 'song', expected class, subject, fold")
    await refused(asked(['t1'], { modules: ['cbam' as 'sca'] }), "explain: module is 'cbam', expected sca, rnta")
  })
})
