// Maps are checked against models with nothing learned, and by what deleting their segments does.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkMaps } from '../../src/explain/sanity.ts'
import type { Sanity } from '../../src/explain/sanity_tally.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { RunConfig } from '../../src/train/config.ts'
import type { Dataset } from '../../src/train/dataset.ts'
import { makeTask } from '../../src/train/task.ts'
import { trainRun } from '../../src/train/run.ts'
import { loadRun, type TrainedRun } from '../../src/train/trained_run.ts'
import { smallConfig, smallStudy } from '../train/small_task.ts'

const set = smallStudy()
const dataset: Dataset = { kind: 'prepared', set }
const LAYERS = [
  ...['classifier.2', 'classifier.1', 'classifier.0', 'residual.final'],
  ...[3, 2, 1, 0].map((s) => `residual.stages.${s}`),
  ...['residual.stem', 'attention.rnta', 'attention.sca', 'shallow'],
]

let gpu: Gpu
let run: TrainedRun
let control: TrainedRun
let sanity: Sanity
const trainFold = async (change: Partial<RunConfig>) => {
  const store = new MemoryStore()
  const task = makeTask(set, { ...smallConfig, epochs: 1, ...change })
  await trainRun(gpu, store, task, { name: 'run', adapter: 'any', versions: {} }, { onlyFold: '0' })
  return loadRun(store)
}
const checked: [number, number][] = []
beforeAll(async () => {
  gpu = await openGpu()
  run = await trainFold({})
  control = await trainFold({ control: true })
  const onChecked = (done: number, total: number) => checked.push([done, total])
  sanity = await checkMaps(gpu, run, { dataset, trials: ['t0', 't5'] }, { steps: 8, permuted: control, onChecked })
})
afterAll(() => gpu.close())

it('says of every kind of map how like it is under random layers, one more each time', () => {
  expect(sanity.trials).toEqual(['t0', 't5'])
  expect(sanity.checks).toEqual(['randomised', 'permuted', 'deletion', 'insertion'])
  expect(sanity.maps.map(({ map }) => map).sort()).toEqual(
    [
      ...['gradient', 'guided_gradient', 'integrated_gradients'],
      ...['sca', 'rnta'].flatMap((module) => [`${module}_grad_cam`, `${module}_guided_grad_cam`]),
    ].sort(),
  )
  for (const { randomised, permuted } of sanity.maps) {
    expect(randomised.map(({ layer }) => layer)).toEqual(LAYERS)
    for (const { correlation } of [...randomised, permuted!])
      if (correlation !== null) expect(Math.abs(correlation)).toBeLessThanOrEqual(1)
  }
  // The control learned other labels, and so other weights.
  expect(sanity.maps.find(({ map }) => map === 'gradient')!.permuted!.correlation).toBeLessThan(0.999)
  expect(checked.at(-1)).toEqual([LAYERS.length + 2, LAYERS.length + 2])
})

it('has curves from the whole trial to nothing of it, against nineteen random orders', () => {
  const all = new Set<number>()
  for (const { deletion, insertion } of sanity.maps) {
    for (const { curve, area, randomCurve, randomAreas } of [deletion, insertion]) {
      expect([curve.length, randomCurve.length, randomAreas.length]).toEqual([21, 21, 19])
      const inner = curve.slice(1, -1).reduce((a, b) => a + b, 0)
      expect(area).toBeCloseTo((inner + (curve[0]! + curve[20]!) / 2) / 20, 12)
    }
    // Insertion ends where deletion begins: with the trial as it is.
    expect(insertion.curve[20]).toBeCloseTo(deletion.curve[0]!, 6)
    expect(insertion.curve[0]).toBeCloseTo(deletion.curve[20]!, 6)
    expect(insertion.randomCurve[20]).toBeCloseTo(deletion.curve[0]!, 6)
    all.add(deletion.curve[0]!)
  }
  expect(all.size).toBe(1)
})

it('passes what its numbers say, and names the maps that pass none', () => {
  for (const { randomised, permuted, deletion, insertion, passes } of sanity.maps) {
    const unlike = (correlation: number | null) => correlation === null || Math.abs(correlation) <= 0.5
    expect(passes).toEqual([
      ...(unlike(randomised.at(-1)!.correlation) ? ['randomised'] : []),
      ...(unlike(permuted!.correlation) ? ['permuted'] : []),
      ...(deletion.randomAreas.every((area) => deletion.area < area) ? ['deletion'] : []),
      ...(insertion.randomAreas.every((area) => insertion.area > area) ? ['insertion'] : []),
    ])
  }
  expect(sanity.doubted).toEqual(sanity.maps.filter(({ passes }) => passes.length === 0).map(({ map }) => map))
})

it('is the same again, bit by bit', async () => {
  const again = await checkMaps(gpu, run, { dataset, trials: ['t0', 't5'] }, { steps: 8, permuted: control })
  expect(again).toEqual(sanity)
})

describe('a run that is no control of this one is refused', () => {
  const refused = (permuted: TrainedRun, message: string) =>
    expect(checkMaps(gpu, run, { dataset, trials: ['t0'] }, { permuted })).rejects.toThrow(new UsageError(message))

  it('for it learned the labels', () =>
    refused(run, 'the run for the check with permuted labels was not trained with --control, which shuffles them'))
  it('for its settings', () =>
    refused(
      { ...control, config: { ...control.config, drop: 9 } },
      'the run for the check with permuted labels has another drop; train it with the settings of this one and --control',
    ))
  it('for it lacks the fold', () =>
    refused(
      { ...control, folds: ['2'] },
      "the run for the check with permuted labels has no trained fold '0'; it has 2",
    ))
})
