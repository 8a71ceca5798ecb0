import { describe, expect, it } from 'vitest'
import { planExperiment, type PlannedCell } from '../../src/experiments/plan.ts'
import { jobsOfShard, parseShard } from '../../src/experiments/shard.ts'
import { studyOf } from '../../src/experiments/study.ts'
import type { RunSettings } from '../../src/train/defaults.ts'
import { smallStudy } from '../train/small_task.ts'
import { options, smallGrid, smallPlan } from './small_experiment.ts'

const hashes = (jobs: readonly { hash: string }[]) => jobs.map(({ hash }) => hash)

describe('planExperiment', () => {
  it('is the same for the same data and settings, and another for others', async () => {
    const [{ plan }, again, seeded] = await Promise.all([
      smallPlan(),
      smallPlan(),
      smallPlan({ shared: { ...options.shared, seed: 4 } }),
    ])
    // Three folds of the model, the two networks beside it, and the SVM.
    expect(plan.jobs).toHaveLength(12)
    expect(hashes(again.plan.jobs)).toEqual(hashes(plan.jobs))
    expect(hashes(seeded.plan.jobs).filter((hash) => hashes(plan.jobs).includes(hash))).toEqual([])
    const other = await studyOf(smallStudy((trial, i) => i === 0 && (trial.signals[0]! += 1)))
    const changed = await planExperiment([smallGrid], [other], options)
    expect(hashes(changed.jobs)).not.toContain(plan.jobs[0]!.hash)
  })

  it('has equal jobs of two tables once, and repeats on the same folds', async () => {
    const study = await studyOf(smallStudy())
    const grids = [smallGrid, { ...smallGrid, name: 'again' }]
    const { jobs, grids: planned } = await planExperiment(grids, [study], { ...options, repeats: 2 })
    expect(planned[0]!.cells.map((cell) => cell.jobs)).toEqual(planned[1]!.cells.map((cell) => cell.jobs))
    // Nothing of an SVM depends on the seed.
    expect(jobs).toHaveLength(2 * 9 + 3)
    expect(new Set(jobs.map(({ config }) => config.foldSeed))).toEqual(new Set([3]))
  })

  it('refuses a setting for all that rows vary', async () => {
    const shared = { ...options.shared, model: { ...options.shared.model, attention: 'sca' as const } }
    await expect(smallPlan({ shared })).rejects.toThrow('small varies attention from row to row')
  })

  it('keeps people apart under a protocol without a leak, whatever sets the folds', async () => {
    const never = (folds: string) =>
      `folds ${folds} test people who were trained on, which protocol honest never does; use subject:N, or --protocol released`
    const byOption = { ...options, shared: { ...options.shared, folds: 'random:3' } }
    await expect(smallPlan(byOption)).rejects.toThrow(never('random:3'))
    const row = (settings: RunSettings) => ({ ...smallGrid, rows: [{ cells: ['own'], settings }] })
    const { folds: _, ...others } = options.shared
    const own = row({ folds: 'within-subject:2' })
    await expect(smallPlan({ shared: others }, own)).rejects.toThrow(never('within-subject:2'))
    await expect(smallPlan({}, row({ choice: 'test', validation: 0 }))).rejects.toThrow(
      'choice test chooses the epoch on the test part, which protocol honest never does',
    )
    const mixed = await studyOf(smallStudy((trial, i) => (trial.columns = { ...trial.columns, half: String(i % 2) })))
    const halves = planExperiment([row({ folds: 'column:half' })], [mixed], { ...options, shared: others })
    await expect(halves).rejects.toThrow(never('column:half'))
  })

  it('refuses repeats that nobody trains, and hears that nobody waits any more', async () => {
    for (const repeats of [0, 1.5, 1001])
      await expect(smallPlan({ repeats }), String(repeats)).rejects.toThrow('expected a whole number from 1 to 1000')
    await expect(smallPlan({ signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped')
  })

  it('refuses a preset that there is not', async () => {
    const named = { ...options.shared, preset: 'foo' as 'paper' }
    await expect(smallPlan({ shared: named })).rejects.toThrow("preset is 'foo', expected paper, released")
  })

  it('refuses seconds that the data were not prepared with', async () => {
    const shared = { ...options.shared, drop: 5 }
    await expect(smallPlan({ shared })).rejects.toThrow('drops 5 s of each trial')
  })

  it('leaves a reason where there is no model', async () => {
    const rows = [
      { cells: ['a'], dataset: 'deap' as const },
      { cells: ['b'], method: 'quoted' as const },
    ]
    const { plan } = await smallPlan({}, { ...smallGrid, rows })
    expect(plan.grids[0]!.cells.map(({ missing }) => missing)).toEqual([
      'no DEAP was given',
      'quoted; nothing is computed',
    ])
    expect(plan.jobs).toEqual([])
  })

  it.each<[string, string, number | undefined, RegExp]>([
    ['for its folds', 'subject:3', 0.2, /^lab: .*a fold would have no subjects, there are 1; at least 2/],
    ['for two folds with the default validation part', 'subject:2', 0.34, /1 training group cannot be split/],
    ['as all rows have', 'subject:9', undefined, /^lab: folds subject:9: .*there are 6; use at most subject:6/],
  ])('leaves its reason in the cell of a row that has too few people %s', async (_, folds, share, reason) => {
    const rows = [{ cells: ['all'] }, { cells: ['few'], settings: share === undefined ? {} : { share } }]
    const { plan } = await smallPlan({ shared: { ...options.shared, folds } }, { ...smallGrid, rows })
    const [first, few] = plan.grids[0]!.cells as [PlannedCell, PlannedCell]
    expect(few).toMatchObject({ jobs: [], beside: { mlp: [], cnn: [] } })
    expect(few.missing).toMatch(reason)
    if (share === undefined) expect([first.missing, plan.jobs]).toEqual([few.missing, []])
    else expect([first.missing, first.jobs.length]).toEqual([undefined, Number(folds.split(':')[1])])
  })

  it('is stopped at once', async () => {
    const study = await studyOf(smallStudy())
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await expect(planExperiment([smallGrid], [study], { ...options, signal })).rejects.toBe(reason)
  })

  it('starts rows from the jobs of another row, which come first', async () => {
    const rows = [
      { cells: ['from'] },
      { cells: ['to'], from: 'from', settings: { model: { attention: 'none' as const } } },
    ]
    const { plan } = await smallPlan({}, { ...smallGrid, rows })
    const [from, to] = plan.grids[0]!.cells.map(({ jobs }) => jobs) as [string[], string[]]
    expect(to.map((hash) => plan.jobs.find((job) => job.hash === hash)!.from)).toEqual(from)
    const parts = [1, 2].map((index) => hashes(jobsOfShard(plan.jobs, { index, count: 2 })))
    for (const part of parts)
      for (const hash of part.filter((one) => to.includes(one))) expect(part).toContain(from[to.indexOf(hash)])
    expect(parts.flat().sort()).toEqual(hashes(plan.jobs).sort())
    const lost = [{ cells: ['to'], from: 'nowhere' }]
    await expect(smallPlan({}, { ...smallGrid, rows: lost })).rejects.toThrow("starts from 'nowhere'")
  })
})

it('parseShard takes a part of some parts', () => {
  expect(parseShard('2/3')).toEqual({ index: 2, count: 3 })
  for (const wrong of ['0/2', '3/2', '1', 'x/y']) expect(() => parseShard(wrong), wrong).toThrow('--shard is')
})
