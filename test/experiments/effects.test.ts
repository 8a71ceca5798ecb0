// Experiments show what they must: an effect that is there, chance where there is none, and what a leak makes of people.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Cell } from '../../src/experiments/collected.ts'
import { chanceVerdict } from '../../src/evaluation/correction.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import type { RunSettings } from '../../src/train/defaults.ts'
import { beside, chanceOf, inputs, plainStudy, ran, row, studyMade, type Ran } from './effect_study.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

/** A network that trains in seconds; nobody is held out, and the last epoch counts. */
const shared: RunSettings = {
  ...{ folds: 'subject:2', validation: 0, width: 1 / 8, model: { final_pool: 2 }, seed: 4 },
  ...{ epochs: 8, batch: 32, learningRate: 0.01 },
}

const balanced = ({ judgement }: Cell): number => judgement!.scores.balancedAccuracy

describe('an effect in skin and music', () => {
  let found: Ran
  beforeAll(async () => {
    const study = await plainStudy({ subjects: 32, skin: 1, music: 1, seed: 4 })
    found = await ran(gpu, study, inputs, { shared, control: true })
  })

  it('is found better in both than in either, by more than chance', async () => {
    const both = await found.trialsOf(0)
    for (const alone of [1, 2]) {
      const { balancedAccuracy } = await beside(both, await found.trialsOf(alone))
      expect(balancedAccuracy.low, inputs[alone]!.cells[0]).toBeGreaterThan(0)
    }
    // Each alone tells 84 of 100 at most, the two 92.
    for (const cell of found.table.cells.filter(({ control }) => !control)) {
      expect(balanced(cell)).toBeGreaterThan(0.65)
      expect(cell.judgement!.permutation).toBeLessThan(0.001)
    }
  })

  it('is gone where labels are shuffled within subjects', () => {
    const cells = found.table.cells.filter(({ control }) => control)
    expect(cells).toHaveLength(3)
    expect(chanceOf(cells)).toMatchObject({ cells: 3, chance: true })
  })
})

it('no effect is found where there is none', async () => {
  const study = await plainStudy({ subjects: 16, skin: 0, music: 0, seed: 11 })
  const rows = [...inputs, row('linear', { method: 'svm' }), row('linear, skin', { method: 'svm', music: false })]
  const { table } = await ran(gpu, study, rows, { shared, repeats: 2 }, ['arousal', 'valence'])
  const verdict = chanceOf(table.cells)
  expect(verdict).toMatchObject({ cells: 10, chance: true })
  const mean = table.cells.reduce((sum, cell) => sum + balanced(cell), 0) / table.cells.length
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.04)
  // The same judgement of cells that are not at chance.
  expect(chanceVerdict([{ interval: { low: 0.6, high: 0.7 }, p: 0.001 }]).chance).toBe(false)
})

it('people are found by trials that leak, and by nothing else', async () => {
  const study = await studyMade(gpu, { subjects: 12, seconds: 20, effect: 0, individuality: 1, seed: 1 })
  const people: RunSettings = { ...shared, labels: 'fixed:5', epochs: 15, batch: 12, learningRate: 0.02 }
  const optimizer = { name: 'adam', weightDecay: 0 } as const
  const { table } = await ran(gpu, study, [row('skin', { music: false })], {
    ...{ protocols: ['honest', 'released'], shared: { ...people, optimizer } },
  })
  const [honest, released] = table.cells as [Cell, Cell]
  expect([honest.protocol, released.protocol]).toEqual(['honest', 'released'])
  expect(honest.judgement!.intervals!.balancedAccuracy!.low).toBeLessThan(0.5)
  expect(released.judgement!.intervals!.balancedAccuracy!.low).toBeGreaterThan(0.55)
  // What learns at once shows the same: a forest knows people by their course, and nobody it has not seen.
  const forest = ({ judgement }: Cell): number =>
    judgement!.baselines.find(({ name }) => name === 'forest')!.scores.balancedAccuracy
  expect(forest(honest)).toBeLessThan(0.6)
  expect(forest(released)).toBeGreaterThan(0.8)
  expect(table.protocols.map(({ leaks }) => leaks)).toEqual([false, true])
})
