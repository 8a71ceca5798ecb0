// `eval` and `predict` as processes: what a run's models are worth on their own people and on others.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import type { RunSummary } from '../../src/train/run_summary.ts'
import { json, refuses, SMALL_TRAINING, succeeds, workFolder, writeFiles, writeStudy } from './support.ts'

const INTERRUPTED = 130

const folder = workFolder()
const path = (...names: string[]): string => join(folder, ...names)
const study = path('a study')
const run = path('a run')

beforeAll(async () => {
  writeStudy(study)
  await succeeds(['train', '--data', study, '--folds', 'subject:3', ...SMALL_TRAINING, '--epochs', '1', '--out', run])
})

/** A copy of the run with one file replaced. */
function changedRun(name: string, file: string, content: string): string {
  cpSync(run, path(name), { recursive: true })
  writeFiles(path(name), { [file]: content })
  return path(name)
}

it('evaluates a run again with the same numbers', async () => {
  const stored = JSON.parse(readFileSync(join(run, 'result.json'), 'utf8')) as { pooled: unknown; results: { name: string; predictions: unknown[] }[] }
  const again = await json<typeof stored>(['eval', '--run', run])
  expect(again.pooled).toEqual(stored.pooled)
  expect(again.results.map(({ predictions }) => predictions)).toEqual(stored.results.map(({ predictions }) => predictions))
  const { report } = await json<{ report: string }>(['report', '--run', run])
  expect(readFileSync(report, 'utf8')).toMatch(/^<!doctype html>/i)
})

it('keeps the baselines that the run learned', async () => {
  const result = JSON.parse(readFileSync(join(run, 'folds/fold-0/result.json'), 'utf8')) as { predictions: { label: number; baselines: { svm: number } }[] }
  for (const { label, baselines } of result.predictions) baselines.svm = 1 - label
  const told = changedRun('told', 'folds/fold-0/result.json', JSON.stringify(result))
  const { results } = await json<RunSummary>(['eval', '--run', told])
  expect(results[0]?.baselines.svm.accuracy).toBe(0)
})

describe('on other data', () => {
  const unseen = path('unseen')
  interface Evaluated { seenSubjects: number; seenTrials: number; pooled: RunSummary['pooled']; majorityOfTheseTrials?: { count: number } }
  beforeAll(() => {
    writeStudy(unseen, 7)
    // Other people, who heard the songs of the run's study.
    for (const name of ['trials.csv', 'music.csv'].map((file) => join(unseen, file))) {
      writeFileSync(name, readFileSync(name, 'utf8').replaceAll('synthetic7_song', 'synthetic1_song'))
    }
  })

  it('the models stand beside baselines that learned from the run', async () => {
    const { pooled, ...rest } = await json<Evaluated>(['eval', '--run', run, '--data', unseen])
    expect(rest).toMatchObject({ seenSubjects: 0, seenTrials: 0 })
    const { model, baselines: { majority, svm, song } } = pooled
    expect([model.count, majority.count, svm.count]).toEqual([36, 36, 36])
    expect(song?.baseline.count).toBeGreaterThan(0)
    expect(pooled.interval?.low).toBeLessThanOrEqual(model.accuracy)
    const { stdout } = await succeeds(['eval', '--run', run, '--data', unseen])
    expect(stdout).toMatch(/^arousal, unseen \(synthetic\): 3 models, people never seen in training\n/)
    for (const name of ['majority class', 'linear SVM', 'song-only label', '95 % interval']) expect(stdout).toContain(name)
  })

  it('people whom the models know are counted', async () => {
    const { seenSubjects, seenTrials, pooled } = await json<Evaluated>(['eval', '--run', run, '--data', study])
    expect({ seenSubjects, seenTrials, trials: pooled.model.count }).toEqual({ seenSubjects: 6, seenTrials: 36, trials: 36 })
    const says = '36 of 36 trials are of 6 people seen in training'
    expect((await succeeds(['eval', '--run', run, '--data', study])).stdout).toContain(`3 models, ${says}\n`)
    expect((await succeeds(['predict', '--run', run, '--data', study])).stdout).toMatch(`a study: ${says}\n`)
    expect(await json(['predict', '--run', run, '--data', unseen])).toMatchObject({ seenSubjects: 0, seenTrials: 0 })
  })

  it('what is missing is said when the data of the run have gone', async () => {
    const moved = changedRun('gone', 'source.json', JSON.stringify({ data: path('no such study') }))
    const { stdout } = await succeeds(['eval', '--run', moved, '--data', unseen])
    expect(stdout).toContain('majority class of these trials')
    expect(stdout).toMatch(/no baselines, since the run's own data cannot be read: .*no such study: no such folder/)
    const result = await json<Evaluated>(['eval', '--run', moved, '--data', unseen])
    expect(result.majorityOfTheseTrials?.count).toBe(36)
    expect(result.pooled.model.count).toBe(36)
  })
})

it('is interrupted while it predicts', async () => {
  await succeeds(['prepare', '--data', study, '--out', path('ready to predict'), '--length', '320'])
  // Sends the signal as soon as the program listens for it.
  const impatient = "const { once } = process; process.once = (event, f) => { once.call(process, event, f); if (event === 'SIGINT') process.kill(process.pid, event); return process }"
  writeFiles(folder, { 'impatient.mjs': impatient })
  const options = { node: ['--import', pathToFileURL(path('impatient.mjs')).href] }
  await refuses(['predict', '--run', run, '--data', path('ready to predict')], INTERRUPTED, 'galvani: interrupted', options)
  await refuses(['eval', '--run', run, '--data', path('ready to predict')], INTERRUPTED, 'galvani: interrupted', options)
})
