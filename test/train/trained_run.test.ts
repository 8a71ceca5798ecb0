// A run that is loaded from its folder, where folds lie in another order than the plan has them.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { evaluateRun } from '../../src/train/evaluate_run.ts'
import { makeExperiment } from '../../src/train/experiment.ts'
import { trainRun } from '../../src/train/run.ts'
import type { RunSummary } from '../../src/train/run_summary.ts'
import { loadRun, predict, type TrainedRun } from '../../src/train/trained_run.ts'
import { smallConfig, smallStudy } from './small_experiment.ts'

const GROUPS = ['2', '10', '1']
const set = smallStudy((trial, i) => (trial.columns = { group: GROUPS[Math.floor(i / 8)]! }))
const experiment = makeExperiment(set, { ...smallConfig, epochs: 1 })
const planned = experiment.plan.folds.map(({ name }) => name)

let gpu: Gpu
let run: TrainedRun
let trained: RunSummary
beforeAll(async () => {
  gpu = await openGpu()
  const store = new MemoryStore()
  trained = await trainRun(gpu, store, experiment, { name: 'run', adapter: 'any', versions: {} })
  run = await loadRun(store)
})
afterAll(() => gpu.close())

const answersOf = ({ results }: Pick<RunSummary, 'results'>) =>
  results.map(({ name, predictions }) => [name, predictions.map(({ trial, probability }) => [trial, probability])])

it('has each fold judged by its own model, in the order of the plan', async () => {
  expect(new Set(run.folds)).toEqual(new Set(planned))
  expect(run.folds).not.toEqual(planned)
  expect(trained.results.map(({ name }) => name)).toEqual(planned)
  const found = await evaluateRun(gpu, run, { kind: 'prepared', set })
  expect(answersOf(found)).toEqual(answersOf(trained))
})

it('predicts what it can read, and names all that was left out on the way', async () => {
  const tooShort = { source: 'trials.csv:90', reason: 'too short' }
  const [silent, ...others] = set.trials
  const { music: _, ...rest } = silent!
  const trials = [{ ...rest }, ...others]
  const found = await predict(gpu, run, { kind: 'prepared', set: { ...set, trials, skipped: [tooShort] } })
  expect(found.predictions.map(({ trial }) => trial)).toEqual(others.map(({ id }) => id))
  expect(found.skipped.map(({ source }) => source)).toEqual([tooShort.source, `trial ${silent!.id}`])
})
