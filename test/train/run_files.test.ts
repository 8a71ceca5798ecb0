import { expect, it } from 'vitest'
import { toDocument } from '../../src/formats/documents.ts'
import { writeJson } from '../../src/store/json.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { loadRunSummary, RESULT_FILE } from '../../src/train/run_files.ts'
import type { RunSummary } from '../../src/train/run_summary.ts'
import { sampleRun } from '../report/summary.ts'

/** A run whose result was written before its judgement knew folds, read again. */
async function readAgain(run: RunSummary): Promise<RunSummary> {
  const { byFold: _, ...judgement } = run.pooled.judgement
  const store = new MemoryStore()
  await writeJson(
    store,
    RESULT_FILE,
    toDocument('run-result', { ...run, pooled: { ...run.pooled, judgement } } as RunSummary),
  )
  return (await loadRunSummary(store))!
}

it('judges a result again whose judgement has no folds', async () => {
  const { pooled } = await readAgain(sampleRun())
  expect(pooled.judgement.byFold.map(({ fold, trials, scores }) => [fold, trials, scores.accuracy])).toEqual([
    ['0', 8, 0.75],
    ['1', 8, 0.75],
  ])
})

it('judges it by as many classes as the run has', async () => {
  const run = sampleRun()
  const config = { ...run.config, model: { ...run.config.model, classes: 3 } }
  const results = run.results.map((fold) => ({
    ...fold,
    predictions: fold.predictions.map((of) => ({ ...of, predicted: of.label, baselines: { majority: 1 } })),
  }))
  const { judgement } = (await readAgain({ ...run, config, results })).pooled
  expect(judgement.scores).toMatchObject({ accuracy: 1, f1: NaN })
  expect(judgement.byFold).toHaveLength(2)
})
