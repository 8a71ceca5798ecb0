// Recordings of people, where a checkout has them: every one decomposes, and a fold of 24 listeners trains to its report.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decompose } from '../src/cvxeda/decompose.ts'
import type { Decomposition } from '../src/cvxeda/decomposition.ts'
import { loadTrialTable, memorySource, MemoryStore, readRecording } from '../src/files.ts'
import { presets } from '../src/model/config.ts'
import type { Gpu } from '../src/runtime/gpu.ts'
import { openGpu } from '../src/runtime/node.ts'
import { fillGaps } from '../src/signal/gaps.ts'
import { zscore } from '../src/signal/normalize.ts'
import { NodeStore } from '../src/store/node.ts'
import { makeTask, prepareTrials, runReport, trainRun, type RunConfig } from '../src/training.ts'
import { needs, NO_SHARED } from './support/needs.ts'

const folderOf = (name: string) => fileURLToPath(new URL(`../../shared/data/${name}/`, import.meta.url))
const [recordings, study] = [folderOf('eda'), folderOf('hku956')]
const filesOf = (folder: string) =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.csv'))
        .sort()
    : []

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const finite = (values: ArrayLike<number>) => Array.from(values).every(Number.isFinite)

/** Largest |eda - (phasic + tonic + residual)| as a share of the largest value of a part; the parts are float32. */
function unexplained(eda: Float64Array, { phasic, tonic, residual }: Decomposition): number {
  const largest = (values: Float64Array | Float32Array) =>
    Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const rest = eda.map((value, i) => value - (phasic[i]! + tonic[i]! + residual[i]!))
  return largest(rest) / Math.max(...[phasic, tonic, residual].map(largest))
}

describe('a recording', needs(existsSync(recordings), NO_SHARED), () => {
  it.each(filesOf(recordings))('%s decomposes into parts that add up to it', async (file) => {
    const { eda, sampleRate } = await readRecording(memorySource(file, readFileSync(join(recordings, file))))
    const { z } = zscore(fillGaps(eda, sampleRate, file).samples)
    const [found] = (await decompose(gpu, [z], { sampleRate })) as [Decomposition]
    expect(found.status).toBe('solved')
    const { phasic, tonic, driver, residual, splineCoefficients, driftCoefficients, objective } = found
    for (const part of [phasic, tonic, driver, residual]) expect(part).toHaveLength(z.length)
    for (const part of [phasic, tonic, driver, residual, splineCoefficients, driftCoefficients, [objective]]) {
      expect(finite(part)).toBe(true)
    }
    expect(driver.every((value) => value >= 0)).toBe(true)
    expect(unexplained(z, found)).toBeLessThan(3e-7)
  })
})

const config: RunConfig = {
  dimension: 'arousal',
  labels: 'two-means',
  folds: 'column:fold',
  validation: 0.15,
  seed: 1,
  signals: ['origin', 'phasic', 'tonic'],
  drop: 3,
  model: {
    ...presets.paper,
    channels: 8,
    stage_channels: [8, 8, 8, 8],
    length: 320,
    final_pool: 2,
    music_dim: 0,
    hidden: [16, 8],
  },
  init: 'he',
  optimizer: { name: 'adam', weightDecay: 0 },
  learningRate: 0.001,
  decay: 0.9,
  decayEpochs: 15,
  epochs: 1,
  batch: 32,
  patience: 10,
}

describe('a study of 24 listeners', needs(existsSync(study), NO_SHARED), () => {
  it('trains a fold that no test listener is part of, and reports the baselines beside it', async () => {
    const table = await loadTrialTable(new NodeStore(study), { name: 'hku956' })
    const set = await prepareTrials(gpu, table, { length: config.model.length, dropSeconds: config.drop })
    const task = makeTask(set, config)
    const { plan, labelled } = task
    expect(plan.folds).toHaveLength(10)
    expect(plan.subjectIndependent).toBe(true)
    for (const fold of plan.folds) {
      const [train, test] = [[...fold.train, ...fold.validation], fold.test].map((trials) => {
        return new Set(trials.map((i) => labelled.trials[i]?.subject))
      }) as [Set<string>, Set<string>]
      expect([train.size + test.size, [...train].filter((subject) => test.has(subject))]).toEqual([24, []])
    }

    const identity = { name: 'real', adapter: gpu.info.description, versions: {} }
    const summary = await trainRun(gpu, new MemoryStore(), task, identity, { onlyFold: '0' })
    expect(summary.dataset).toMatchObject({ synthetic: false, subjects: 24, trials: labelled.trials.length })
    expect(summary.folds.subjectIndependent).toBe(true)
    const { model, judgement } = summary.pooled
    expect(model.count).toBe(plan.folds.find(({ name }) => name === '0')?.test.length)
    expect(summary.results[0]?.epochs[0]?.trainLoss).toBeGreaterThan(0.3)
    expect(summary.results[0]?.epochs[0]?.trainLoss).toBeLessThan(2)
    for (const { trials, scores } of [judgement, ...judgement.baselines.filter(({ name }) => name !== 'song')]) {
      const { accuracy } = scores
      expect(trials).toBe(model.count)
      expect(accuracy).toBeGreaterThan(0)
      expect(accuracy).toBeLessThan(1)
    }
    const page = runReport(summary)
    for (const name of [/majority/i, /SVM/, /song/i]) expect(page).toMatch(name)
  })
})
