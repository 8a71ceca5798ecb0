// Rows that predict ratings: an effect that is there is found, none where there is none, and they stand apart from classes in every file.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderExperiment } from '../../src/experiments/pages/render.ts'
import { parseGrid } from '../../src/experiments/grid_file.ts'
import type { Grid } from '../../src/experiments/grid.ts'
import { planExperiment } from '../../src/experiments/plan.ts'
import type { RunSettings } from '../../src/train/defaults.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { plainStudy, ran, row, type Ran } from './effect_study.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const shared: RunSettings = {
  ...{ folds: 'subject:2', validation: 0, width: 1 / 8, model: { final_pool: 2 }, seed: 4 },
  ...{ epochs: 8, batch: 32, learningRate: 0.01 },
}
const rated = row('ratings', { music: true, settings: { target: 'rating' } })

describe('an effect in skin and music', () => {
  let found: Ran
  beforeAll(async () => {
    const study = await plainStudy({ subjects: 16, skin: 1, music: 1, seed: 4 })
    const classes = row('classes', { music: false })
    found = await ran(gpu, study, [classes, rated], { shared, control: true })
  })

  it('is found in predicted ratings, and not in those that were shuffled', () => {
    const [cell, control] = found.table.ratings!
    expect([cell!.control, control!.control]).toEqual([false, true])
    const { scores, intervals, permutation, baselines } = cell!.judgement!
    expect(scores.r).toBeGreaterThan(0.4)
    expect(intervals!.r!.low).toBeGreaterThan(0)
    expect(permutation).toBe(1 / 2001)
    const mean = baselines.find(({ name }) => name === 'mean')!
    expect(mean.difference.rmse.high).toBeLessThan(0)
    expect(control!.judgement!.intervals!.r!.low).toBeLessThan(0)
    expect(control!.judgement!.intervals!.r!.high).toBeGreaterThan(-0.2)
    expect(control!.judgement!.permutation).toBeGreaterThan(0.01)
  })

  it('stands in files of its own beside classes', () => {
    expect(found.table.cells).toHaveLength(2)
    const files = new Map(renderExperiment(found.table).map(({ path, content }) => [path, content]))
    const { r, rmse } = found.table.ratings![0]!.judgement!.scores
    const [head, first] = files
      .get('effects_ratings.csv')!
      .split(/\r?\n/)
      .map((line) => line.split(','))
    expect(first![head!.indexOf('r_ours')]).toBe(String(r))
    expect(first![head!.indexOf('cell_1')]).toBe('ratings')
    expect(head).not.toContain('accuracy_ours')
    expect(files.get('effects.csv')).not.toContain('ratings')
    const json = JSON.parse(files.get('effects.json')!) as { rows: object[]; ratings: { rmse_ours: number }[] }
    expect(json.rows).toHaveLength(2)
    expect(json.ratings.map((line) => line.rmse_ours)[0]).toBe(rmse)
    for (const file of ['effects.html', 'effects.md', 'effects.tex']) {
      expect(files.get(file), file).toContain('RMSE')
      expect(files.get(file), file).toContain(rmse.toFixed(2))
      expect(files.get(file), file).not.toMatch(/NaN|undefined/)
    }
  })
})

it('no effect is found where there is none', async () => {
  const study = await plainStudy({ subjects: 16, skin: 0, music: 0, seed: 11 })
  const { table } = await ran(gpu, study, [rated], { shared }, ['arousal', 'valence'])
  expect(table.cells).toEqual([])
  for (const { judgement } of table.ratings!) {
    const { low, high } = judgement!.intervals!.r!
    expect(low).toBeLessThan(0.05)
    expect(high).toBeGreaterThan(-0.05)
    expect(judgement!.permutation).toBeGreaterThan(0.01)
  }
})

describe('a grid of ratings', () => {
  const grid = {
    name: 'g',
    title: 'G',
    heads: ['Model'],
    scores: [],
    dimensions: ['arousal'],
    rows: [{ cells: ['a'] }],
  }
  const parse = (change: object) => parseGrid(JSON.stringify({ schema: 1, ...grid, ...change }), 'grid.json')

  it('is one by its own target, or by that of its rows', () => {
    expect(parse({ target: 'rating' }).target).toBe('rating')
    expect(parse({ rows: [{ cells: ['a'], settings: { target: 'rating' } }] }).rows).toHaveLength(1)
    expect(() => parse({})).toThrow('grid.json: scores is')
    expect(() => parse({ target: 'ratings' })).toThrow("grid.json: target has 'ratings', expected rating")
    expect(() => parse({ target: 'rating', rows: [{ cells: ['a'], method: 'svm' }] })).toThrow(
      'grid.json: row 1: method is svm, which predicts classes; leave it out where the target is rating',
    )
  })

  it('trains the networks beside it on ratings, and nothing under the released protocol', async () => {
    const study = await plainStudy({ subjects: 4, skin: 0, music: 0, seed: 1 })
    const ratings = { ...(grid as unknown as Grid), target: 'rating' as const }
    const options = { protocols: ['honest', 'released'] as const, repeats: 1, control: false, shared }
    const { grids, jobs } = await planExperiment([ratings], [study], options)
    expect(jobs).toHaveLength(6)
    for (const { config } of jobs) expect(config).toMatchObject({ target: 'rating', model: { classes: 1 } })
    expect(grids[0]!.cells[1]).toMatchObject({ missing: 'the released code predicts classes alone', jobs: [] })
    await expect(
      planExperiment([ratings], [study], { ...options, shared: { ...shared, target: 'rating' } }),
    ).rejects.toThrow('target is set by a grid or by its rows')
  })
})
