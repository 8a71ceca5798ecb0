// The pool of workers: by workers that this test plays itself, and by real threads of Node.
import { describe, expect, it } from 'vitest'
import { decompose } from '../../src/cvxeda/decompose.ts'
import { analyse } from '../../src/recording/analyse.ts'
import { Cpu, type Task } from '../../src/runtime/cpu.ts'
import { DeviceError, NumericError, UsageError } from '../../src/runtime/errors.ts'
import { openCpu } from '../../src/runtime/node_cpu.ts'
import type { Answer } from '../../src/runtime/worker_answer.ts'
import { randomSignal } from '../cvxeda/support.ts'

/** A pool whose workers do nothing but note what happens to them; the test answers for them. */
function played(workers: number) {
  const started: {
    sent: unknown[]
    held: boolean[]
    ended: boolean
    answer: (answer: Answer) => void
    fail: (e: Error) => void
  }[] = []
  const cpu = new Cpu((answer, fail) => {
    const one = { sent: [] as unknown[], held: [] as boolean[], ended: false, answer, fail }
    started.push(one)
    return {
      send: (message) => void one.sent.push(message),
      hold: (isBusy) => void one.held.push(isBusy),
      end: () => void (one.ended = true),
    }
  }, workers)
  return { cpu, started }
}

const tasks = (...messages: unknown[]): Task[] => messages.map((message) => () => ({ message, transfer: [] }))
const quiet = { signal: undefined, onAnswer: () => undefined }

describe('the pool', () => {
  it('starts no more workers than there is work for, and gives the answers in the order of the tasks', async () => {
    const { cpu, started } = played(2)
    const heard: unknown[] = []
    const all = cpu.run(tasks('a', 'b', 'c'), { signal: undefined, onAnswer: (value) => heard.push(value) })
    expect(started.map(({ sent }) => sent)).toEqual([['a'], ['b']])
    started[1]!.answer({ value: 'B' })
    expect(started[1]!.sent).toEqual(['b', 'c'])
    started[1]!.answer({ value: 'C' })
    started[0]!.answer({ value: 'A' })
    expect(await all).toEqual(['A', 'B', 'C'])
    expect(heard).toEqual(['B', 'C', 'A'])
    // What waits for nothing holds no process.
    expect(started.map(({ held }) => held.at(-1))).toEqual([false, false])
    const one = cpu.run(tasks('d'), quiet)
    expect(started).toHaveLength(2)
    started.find(({ sent }) => sent.includes('d'))!.answer({ value: 'D' })
    expect(await one).toEqual(['D'])
  })

  it('ends the workers of a call that fails or is stopped, and leaves the others alone', async () => {
    const { cpu, started } = played(2)
    const stop = new AbortController()
    const stopped = cpu.run(tasks('a', 'never'), { signal: stop.signal, onAnswer: () => undefined })
    started[0]!.answer({ value: 'A' })
    const other = cpu.run(tasks('b'), quiet)
    expect(started.map(({ sent }) => sent)).toEqual([['a', 'b'], ['never']])
    stop.abort(new Error('enough'))
    await expect(stopped).rejects.toThrow('enough')
    expect(started.map(({ ended }) => ended)).toEqual([false, true])
    started[0]!.answer({ error: { name: 'NumericError', message: 'too large', stack: '', facts: { scale: 3 } } })
    await expect(other).rejects.toThrow(NumericError)
    await expect(other).rejects.toMatchObject({ message: 'too large', facts: { scale: 3 } })
    const next = cpu.run(tasks('c', 'd'), quiet)
    expect(started).toHaveLength(3) // in place of the one that was ended
    started[2]!.fail(new Error('out of memory'))
    await expect(next).rejects.toThrow('out of memory')
    expect(started.map(({ ended }) => ended)).toEqual([true, true, true])
  })

  it('hears how far each task is, and takes a failure of that hook as the failure of the call', async () => {
    const { cpu, started } = played(2)
    const heard: [number, number][] = []
    const onProgress = (task: number, progress: number): void => {
      if (progress > 1) throw new Error('of the hook')
      heard.push([task, progress])
    }
    const call = cpu.run(tasks('a', 'b'), { ...quiet, onProgress })
    started[1]!.answer({ progress: 0.5 })
    started[0]!.answer({ progress: 0.25 })
    expect(heard).toEqual([
      [1, 0.5],
      [0, 0.25],
    ])
    started[1]!.answer({ value: 'B' })
    started[0]!.answer({ progress: 2 })
    await expect(call).rejects.toThrow('of the hook')
    expect(started.map(({ ended }) => ended)).toEqual([true, false])
  })

  it('takes a failure of the caller’s own hook as the failure of the call', async () => {
    const { cpu, started } = played(1)
    const call = cpu.run(tasks('a', 'b'), {
      signal: undefined,
      onAnswer: () => {
        throw new Error('of the hook')
      },
    })
    started[0]!.answer({ value: 'A' })
    await expect(call).rejects.toThrow('of the hook')
    expect(started[0]!.ended).toBe(true)
  })

  it('ends everything when it is closed', async () => {
    const { cpu, started } = played(1)
    const call = cpu.run(tasks('a', 'b'), quiet)
    cpu.close()
    await expect(call).rejects.toThrow(DeviceError)
    expect(started.map(({ ended }) => ended)).toEqual([true])
    await expect(cpu.run(tasks('c'), quiet)).rejects.toThrow('openCpu() opens others')
  })

  it.each([0, 1.5, NaN])('has %s workers nowhere', (workers) => expect(() => openCpu({ workers })).toThrow(UsageError))
})

describe('threads', () => {
  const signals = [200, 80, 200, 120, 200, 80].map((n, seed) => randomSignal(n, 8, seed))

  it.each([1, 2, 3])('%d give the bits of this thread, and count the signals', async (workers) => {
    const cpu = openCpu({ workers })
    const done: number[] = []
    const options = { sampleRate: 8, alpha: 2e-3 }
    const found = await decompose(cpu, signals, { ...options, onProgress: (count) => done.push(count) })
    expect(found).toEqual(await decompose('cpu', signals, options))
    expect(done.at(-1)).toBe(6)
    expect(done).toEqual([...done].sort())
    expect(signals[0]).toHaveLength(200) // the caller's own arrays stay where they are
    cpu.close()
  })

  it('tell how far they are within a signal', async () => {
    const cpu = openCpu({ workers: 1 })
    const done: number[] = []
    const long = randomSignal(400_000, 100, 1)
    await decompose(cpu, [long], { sampleRate: 100, onProgress: (count) => done.push(count) })
    expect(done.filter((count) => count > 0 && count < 1).length).toBeGreaterThan(0)
    expect(done.at(-1)).toBe(1)
    cpu.close()
  })

  it('stop at once, and go on with the next call', async () => {
    const cpu = openCpu({ workers: 1 })
    const stop = new AbortController()
    const long = randomSignal(20_000, 100, 1)
    const stopped = decompose(cpu, Array<Float32Array>(1000).fill(long), { sampleRate: 100, signal: stop.signal })
    setTimeout(() => stop.abort(new Error('enough')), 50)
    await expect(stopped).rejects.toThrow('enough')
    expect((await decompose(cpu, [signals[0]!], { sampleRate: 8 }))[0]!.status).toBe('solved')
    cpu.close()
  })

  it('hand their errors on in their own classes', async () => {
    const cpu = openCpu({ workers: 1 })
    const large = randomSignal(100, 4, 1).map((v) => 1e38 * v)
    await expect(decompose(cpu, [large.map((v) => 100 * v)], { sampleRate: 4 })).rejects.toThrow('not finite')
    await expect(decompose(cpu, [Float64Array.from(large, (v) => 1e5 * v)], { sampleRate: 4 })).rejects.toThrow(
      NumericError,
    )
    await expect(decompose(cpu, [[1, 2]], { sampleRate: 4, form: 'along-time' })).rejects.toThrow(UsageError)
    cpu.close()
  })

  it('are the CPU in an analysis', async () => {
    const cpu = openCpu({ workers: 2 })
    const recording = { eda: Float64Array.from(randomSignal(200, 8, 1)), sampleRate: 8, source: 'a' }
    expect(await analyse(cpu, [recording])).toEqual(await analyse('cpu', [recording]))
    cpu.close()
  })
})
