// A study whose effect lies in known seconds: the trained model's maps lie there, those of a model with nothing learned do not.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { explain, type Explanations } from '../../src/explain/explain.ts'
import { randomisedFromTop } from '../../src/explain/randomised.ts'
import { presets } from '../../src/model/config.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Random } from '../../src/runtime/random.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { RunConfig } from '../../src/train/config.ts'
import type { Dataset } from '../../src/train/dataset.ts'
import { makeTask } from '../../src/train/task.ts'
import type { PreparedSet, PreparedTrial } from '../../src/train/prepare.ts'
import { trainRun } from '../../src/train/run.ts'
import { loadRun, type TrainedRun } from '../../src/train/trained_run.ts'
import { smallConfig } from '../train/small_task.ts'

const [PEOPLE, TRIALS] = [12, 16]
const RATE = 4
/** 80 s after the 3 s that are dropped; the effect lies in 20 of them, a quarter. */
const LENGTH = 80 * RATE
const [FROM, TO] = [30 * RATE, 50 * RATE]
const SIGNALS = 3

/**
 * In the known seconds every signal lies higher in one class and lower in the other, and is quiet; elsewhere it is noise as strong. All
 * kinds of maps that only show where there is much signal are at chance.
 */
function study(): PreparedSet {
  const random = new Random(4)
  const noise = (): Float64Array => {
    const white = Float64Array.from({ length: LENGTH + 1 }, () => random.normal())
    return Float64Array.from({ length: LENGTH }, (_, t) => (white[t + 1]! - white[t]!) / Math.SQRT2)
  }
  const trials = Array.from({ length: PEOPLE * TRIALS }, (_, i): PreparedTrial => {
    const high = Math.floor(i / PEOPLE) % 2 === 1 ? 1 : -1
    const signals = Float32Array.from(
      Array.from({ length: SIGNALS }, () =>
        Array.from(noise(), (v, t) => (t >= FROM && t < TO ? high + 0.2 * v : v)),
      ).flat(),
    )
    return {
      ...{ id: `t${i}`, subject: `s${i % PEOPLE}`, stimulus: `t${i}`, sampleRate: RATE, unit: 'uS' },
      ...{ source: `trials.csv:${i + 2}`, columns: {}, ratings: { valence: 5, arousal: 5 + 2 * high }, signals },
      ...{ status: 'solved', filled: 0, constant: [] },
    }
  })
  const facts = { name: 'known seconds', synthetic: true, musicDim: 0, skipped: [], length: LENGTH, dropSeconds: 3 }
  return { ...facts, trials }
}

const small = {
  channels: 8,
  stage_channels: [8, 8, 8, 8],
  length: LENGTH,
  final_pool: 2,
  hidden: [16, 8],
  music_dim: 0,
}
/** From the paper's small weights: what is learned is not drowned in what the network began with. */
const config: RunConfig = {
  ...smallConfig,
  ...{ labels: 'fixed:5', folds: 'subject:3', init: 'paper', epochs: 10, batch: 16, patience: 50 },
  model: { ...presets.paper, ...small, unit_sca: false },
}

const KINDS = ['sca_grad_cam', 'sca_guided_grad_cam', 'rnta_grad_cam', 'rnta_guided_grad_cam', 'integrated_gradients']

/** How much of a map's weight, all its values' sizes, lies in the known seconds; the mean over the trials. */
function shares({ explanations }: Explanations): Record<string, number> {
  const shareOf = (data: Float32Array): number => {
    const weight = (from: number, to: number): number =>
      data.reduce((sum, v, i) => (i % LENGTH >= from && i % LENGTH < to ? sum + Math.abs(v) : sum), 0)
    return weight(FROM, TO) / weight(0, LENGTH)
  }
  const mean = (kind: string): number =>
    explanations.reduce((sum, { maps }) => sum + shareOf(maps[kind]!.data), 0) / explanations.length
  return Object.fromEntries(KINDS.map((kind) => [kind, mean(kind)]))
}

let gpu: Gpu
let run: TrainedRun
const set = study()
const dataset: Dataset = { kind: 'prepared', set }
beforeAll(async () => {
  gpu = await openGpu()
  const store = new MemoryStore()
  const task = makeTask(set, config)
  await trainRun(gpu, store, task, { name: 'run', adapter: 'any', versions: {} }, { onlyFold: '0' })
  run = await loadRun(store)
})
afterAll(() => gpu.close())

it('the trained model’s maps have at least 70 % of their weight in the seconds of the effect', async () => {
  const explained = await explain(gpu, run, { dataset }, { steps: 16 })
  expect(explained.explanations).toHaveLength((PEOPLE / 3) * TRIALS)
  expect(explained.explanations.every(({ label, class: predicted }) => label === predicted)).toBe(true)
  for (const [kind, share] of Object.entries(shares(explained))) expect(share, kind).toBeGreaterThanOrEqual(0.7)
})

it('those of random weights have no more there than elsewhere', async () => {
  const [model] = run.models
  const { weights } = randomisedFromTop(run.config.model, model!.weights, 4).at(-1)!
  const unlearned = { ...run, models: [{ ...model!, weights }] }
  const found = shares(await explain(gpu, unlearned, { dataset }, { steps: 16 }))
  for (const [kind, share] of Object.entries(found)) expect(share, kind).toBeLessThanOrEqual(0.3)
})
