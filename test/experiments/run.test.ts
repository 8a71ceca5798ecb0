import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collect, resultsFound } from '../../src/experiments/collect.ts'
import { runExperiment } from '../../src/experiments/experiment.ts'
import { filesOf } from '../../src/experiments/files.ts'
import { finishedFolders, HOST, jobResults, jobStore, saveJobResult } from '../../src/experiments/job.ts'
import type { Grid } from '../../src/experiments/grid.ts'
import { replacedTables, savePlan } from '../../src/experiments/plan_file.ts'
import { runJobs } from '../../src/experiments/runner.ts'
import { jobsOfShard } from '../../src/experiments/shard.ts'
import { DeviceLostError, StorageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import type { Holder } from '../../src/store/lock.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { NodeStore } from '../../src/store/node.ts'
import { smallGrid, smallPlan } from './small_experiment.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const chain: Grid = {
  ...{ name: 'chain', title: 'chain', heads: ['row'], scores: ['accuracy'], dimensions: ['arousal'] },
  rows: [{ cells: ['from'] }, { cells: ['to'], from: 'from' }],
}

const output = (store: MemoryStore) => ({ store, name: 'out' })
const tablesOf = async (...stores: MemoryStore[]) => filesOf(await collect(stores.map(output)))

describe('an experiment', () => {
  it('that is stopped goes on, runs nothing twice, and comes to what two parts come to together', async () => {
    const { plan, study } = await smallPlan()
    const whole = new MemoryStore()
    const finished: string[] = []
    const stop = new AbortController()
    const onFinished = ({ hash }: { hash: string }): void => {
      finished.push(hash)
      if (finished.length === 4) stop.abort(new Error('stopped'))
    }
    await expect(runExperiment(gpu, whole, plan, [study], { onFinished, signal: stop.signal })).rejects.toThrow(
      'stopped',
    )
    const open = (await collect([output(whole)])).tables[0]!
    expect(open).toMatchObject({ done: 4, jobs: 12 })
    expect(open.cells.every(({ judgement }) => judgement === undefined)).toBe(true)
    expect(await runExperiment(gpu, whole, plan, [study], { onFinished })).toEqual([])
    expect([...finished].sort()).toEqual(plan.jobs.map(({ hash }) => hash).sort())

    const parts = [new MemoryStore(), new MemoryStore()]
    for (const [i, store] of parts.entries())
      await runExperiment(gpu, store, plan, [study], { only: jobsOfShard(plan.jobs, { index: i + 1, count: 2 }) })
    expect(await tablesOf(...parts)).toEqual(await tablesOf(whole))
    const { cells } = (await collect([output(whole)])).tables[0]!
    expect(cells[0]).toMatchObject({ reported: { accuracy: 0.75 }, judgement: { trials: 24, subjects: 6, folds: 3 } })
    expect(cells[0]!.judgement).toMatchObject({
      baselines: expect.arrayContaining([
        expect.objectContaining({ name: 'cnn' }),
        expect.objectContaining({ name: 'mlp' }),
      ]) as object[],
    })
    expect(cells[0]!.holm).toBeGreaterThan(0)
  })

  it('keeps what another adapter finished apart', async () => {
    const { plan, study } = await smallPlan()
    const out = new MemoryStore()
    const [first] = plan.jobs as [(typeof plan.jobs)[number]]
    const other = { hash: first.hash, adapter: 'gpu of another kind', seconds: 1, trials: [] }
    await saveJobResult(await jobStore(out, first.hash, other.adapter), other)
    await runExperiment(gpu, out, plan, [study], { only: [first] })
    expect(await jobResults(out, first.hash)).toHaveLength(2)
    const { notes, tables } = await collect([output(out)])
    expect(notes.join()).toMatch(/were kept apart/)
    expect(tables[0]!.done).toBe(1)
  })
})

describe('a job', () => {
  it('that another start of its experiment is at is run by that one alone', async () => {
    const { plan, study } = await smallPlan()
    const folder = await mkdtemp(join(tmpdir(), 'galvani-two-starts-'))
    const finished: string[] = []
    const started = new Set<string>()
    const start = async (): Promise<void> => {
      // A result is written once, by whoever ran the job.
      const store = new NodeStore(folder)
      const write = store.write.bind(store)
      store.write = (path, content) => {
        if (path.endsWith('/job.json')) finished.push(path)
        return write(path, content)
      }
      const failed = await runExperiment(gpu, store, plan, [study], { onStarted: ({ hash }) => started.add(hash) })
      expect(failed).toEqual([])
    }
    await Promise.all([start(), start()])
    expect(finished).toHaveLength(plan.jobs.length)
    expect(new Set(finished).size).toBe(plan.jobs.length)
    expect(started.size).toBe(plan.jobs.length)
    const files = await readdir(folder, { recursive: true })
    expect(files.filter((file) => file.includes('lock'))).toEqual([])
    await rm(folder, { recursive: true })
  })
})

describe('results', () => {
  it('that are damaged are refused before anything runs, with what to do', async () => {
    const { plan, study } = await smallPlan()
    const out = new MemoryStore()
    const [{ hash }] = plan.jobs as [(typeof plan.jobs)[number]]
    await saveJobResult(await jobStore(out, hash, HOST), { hash, adapter: HOST, seconds: 1, trials: [] })
    const [folder] = await finishedFolders(out, hash)
    await out.write(`${folder!}/job.json`, '{"schema"')
    const wanted = { ...plan, jobs: [{ ...plan.jobs[0]!, method: 'svm' as const }] }
    const says = new RegExp(`jobs/${hash}/.*/job.json.*; delete the file, and the same command runs its job again`)
    await expect(runExperiment(gpu, out, wanted, [study])).rejects.toThrow(says)
    await expect(collect([output(out)])).rejects.toThrow(says)
  })

  it('of a plan whose place another one took are collected all the same', async () => {
    const { plan } = await smallPlan()
    const other = await smallPlan({}, { ...smallGrid, name: 'other' })
    const out = new MemoryStore()
    expect(await replacedTables(out, plan)).toEqual([])
    await savePlan(out, plan)
    expect(await replacedTables(out, plan)).toEqual([])
    expect(await replacedTables(out, other.plan)).toEqual(['small'])
    await savePlan(out, other.plan)
    const named = async (hooks = {}) => (await collect([output(out)], hooks)).tables.map(({ grid }) => grid.name)
    expect([await named(), await named({ plan })]).toEqual([['other'], ['small']])
    const [{ hash }] = plan.jobs as [(typeof plan.jobs)[number]]
    await saveJobResult(await jobStore(out, hash, 'a'), { hash, adapter: 'a', seconds: 1, trials: [] })
    expect([await resultsFound([output(out)], plan), (await collect([output(out)])).found]).toEqual([1, 1])
  })
})

const ELSEWHERE: Holder = { host: 'elsewhere', pid: 7, isSeen: false, silence: 1 }

describe('runJobs', () => {
  it('leaves a job to the process that is at it, goes on, and comes back until it is done', async () => {
    const { plan } = await smallPlan({}, chain)
    const [first] = plan.jobs as [(typeof plan.jobs)[number]]
    const order: string[] = []
    let asked = 0
    const run = ({ hash }: { hash: string }): Promise<Holder | undefined> =>
      Promise.resolve(hash === first.hash && asked++ < 2 ? ELSEWHERE : undefined)
    const failed = await runJobs(plan.jobs, [run, run], {
      onHeld: ({ hash }, holder) => order.push(`${hash} ${holder.host!}`),
      onFinished: ({ hash }) => order.push(hash),
    })
    const behind = plan.jobs.filter(({ from }) => from === first.hash).map(({ hash }) => hash)
    expect(failed).toEqual([])
    expect(order.filter((of) => of.endsWith('elsewhere'))).toHaveLength(2)
    expect(order.slice(-2)).toEqual([first.hash, ...behind])
    expect(order).toHaveLength(plan.jobs.length + 2)
  })

  it('does not wait for another process when it is told to stop', async () => {
    const { plan } = await smallPlan()
    const stop = new AbortController()
    const reason = new Error('enough')
    let asked = 0
    const run = (): Promise<Holder> => {
      if (++asked === plan.jobs.length) queueMicrotask(() => stop.abort(reason))
      return Promise.resolve(ELSEWHERE)
    }
    await expect(runJobs(plan.jobs, [run], { signal: stop.signal })).rejects.toBe(reason)
    expect(asked).toBe(plan.jobs.length)
  })

  it.each([
    new StorageError('out/config.json: cannot be written (ENOSPC)'),
    new DeviceLostError('the device was lost'),
  ])('ends with what would befall every job: %s', async (error) => {
    const { plan } = await smallPlan()
    const started: string[] = []
    const run = () => Promise.reject(error)
    await expect(runJobs(plan.jobs, [run], { onStarted: ({ hash }) => started.push(hash) })).rejects.toBe(error)
    expect(started).toEqual([plan.jobs[0]!.hash])
  })

  it('loses a job that fails, and what starts from it, but no other', async () => {
    const { plan } = await smallPlan({}, chain)
    const [first] = plan.jobs as [(typeof plan.jobs)[number]]
    const ran: string[] = []
    const run = ({ hash }: { hash: string }): Promise<undefined> => {
      if (hash === first.hash) return Promise.reject(new Error('broken'))
      ran.push(hash)
      return Promise.resolve(undefined)
    }
    const failed = await runJobs(plan.jobs, [run, run])
    const behind = plan.jobs.filter(({ from }) => from === first.hash).map(({ hash }) => hash)
    expect(behind).toHaveLength(1)
    expect(failed.map(({ hash }) => hash)).toEqual([first.hash, ...behind])
    expect(failed[1]!.reason).toBe('the job that it starts from failed: broken')
    expect(ran).toHaveLength(plan.jobs.length - 2)
  })
})
