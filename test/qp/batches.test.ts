// What solvers on the device share: batches, memory that is given back, rounds, and values by row and lane.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { inBatches, onDevice, repeat } from '../../src/qp/batches.ts'
import { columnOf, LaneRows } from '../../src/qp/lane_rows.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import type { Plan } from '../../src/runtime/plan.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

it('batches are no larger than they may be, follow each other, and results keep the order', async () => {
  const seen: [readonly number[], number][] = []
  let running = 0
  const found = await inBatches([1, 2, 3, 4, 5], 2, async (batch, from) => {
    expect(running++).toBe(0)
    seen.push([batch, from])
    await Promise.resolve()
    running--
    return batch.map((v) => 10 * v)
  })
  expect(found).toEqual([10, 20, 30, 40, 50])
  expect(seen).toEqual([
    [[1, 2], 0],
    [[3, 4], 2],
    [[5], 4],
  ])
  expect(await inBatches([], 2, () => Promise.reject(new Error('nothing to do')))).toEqual([])
})

describe('memory and plans of a batch', () => {
  const held = () => gpu.memory().tensor?.buffers ?? 0
  const allocate = () => ({ a: gpu.tensor([16], 'f32', 'a'), b: gpu.tensor([4], 'f32', 'b') })

  it.each([
    ['done', () => Promise.resolve('done')],
    ['failed', () => Promise.reject(new Error('failed'))],
  ])('are given back when it is %s', async (ending, work) => {
    const before = held()
    const ends: string[] = []
    const whole = onDevice(gpu, 'a test', allocate, (tensors, newPlan) => {
      const plan = newPlan()
      const destroy = plan.destroy.bind(plan)
      vi.spyOn(plan, 'destroy').mockImplementation(() => (ends.push('plan'), destroy()))
      expect(Object.keys(tensors)).toEqual(['a', 'b'])
      expect(held()).toBe(before + 2)
      return work()
    })
    expect(await whole.catch((error: unknown) => (error as Error).message)).toBe(ending)
    expect(ends).toEqual(['plan'])
    expect(held()).toBe(before)
  })
})

describe('rounds', () => {
  const counting = () => {
    const run = vi.fn()
    return { run, plan: { run } as unknown as Plan }
  }

  it('end when no problem is left, or when there have been enough', async () => {
    const { run, plan } = counting()
    await repeat(plan, (runs) => Promise.resolve(runs === 3), undefined)
    expect(run).toHaveBeenCalledTimes(3)
    await repeat(plan, () => Promise.resolve(false), undefined, 5)
    expect(run).toHaveBeenCalledTimes(8)
  })

  it('end before the next one when they are aborted', async () => {
    const { run, plan } = counting()
    const abort = new AbortController()
    const rounds = repeat(
      plan,
      (runs) => {
        if (runs === 2) abort.abort(new Error('enough'))
        return Promise.resolve(false)
      },
      abort.signal,
    )
    await expect(rounds).rejects.toThrow('enough')
    expect(run).toHaveBeenCalledTimes(2)
  })
})

it('values lie row by row, one lane beside the other', () => {
  const rows = LaneRows.zeros(3, 2)
  rows.set(1, 0, 5)
  rows.set(1, 1, 6)
  rows.row(2).fill(7)
  expect([...rows.values]).toEqual([0, 0, 5, 6, 7, 7])
  expect(rows.at(1, 1)).toBe(6)
  expect([...rows.row(1)]).toEqual([5, 6])
  expect([...columnOf(rows, 1, 2)]).toEqual([0, 6])
})
