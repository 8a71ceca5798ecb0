// Recordings that are still being made: against the whole recording, against other portions of it, and in trouble.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Smoother, type StreamPart, type StreamScale, type StreamUpdate } from '../../src/cvxeda/smoother.ts'
import { decomposeStream } from '../../src/cvxeda/stream.ts'
import type { StreamOptions } from '../../src/cvxeda/stream_settings.ts'
import { DeviceLostError, FormatError, UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { randomSignal, rms } from './support.ts'
import { deviation, errors, feed, join, offline, settledBeforeEnd, settledOf, TOLERANCE } from './stream_comparison.ts'

/** As a wrist sensor would give it: level 3, deviation 0.5. */
const recording = (seconds: number, sampleRate: number, seed: number) =>
  randomSignal(seconds * sampleRate, sampleRate, seed).map((v) => 3 + v / 2)

const scale: StreamScale = { mean: 3, std: 0.5 }

describe('settled results', () => {
  it.each([
    [4, 600],
    [10, 300],
    [32, 200],
  ])('are offline ones to 1e-2: %d Hz, %d s', async (sampleRate, seconds) => {
    const eda = recording(seconds, sampleRate, 3)
    const updates = await feed(decomposeStream('cpu', { sampleRate, scale, hopSeconds: 10 }), eda, sampleRate)
    const whole = await offline(eda, sampleRate, scale)
    const found = errors(settledOf(updates), whole, eda, settledBeforeEnd(updates))
    expect(settledBeforeEnd(updates)).toBe((seconds - 40) * sampleRate)
    expect(found.phasic).toBeLessThan(TOLERANCE)
    expect(found.tonic).toBeLessThan(TOLERANCE)
  })

  it('come nearer to them the longer one waits', async () => {
    const eda = recording(300, 8, 4)
    const whole = await offline(eda, 8, scale)
    const [soon, late] = await Promise.all(
      [5, 60].map(async (settleSeconds) => {
        const stream = decomposeStream('cpu', { sampleRate: 8, scale, settleSeconds, hopSeconds: 10 })
        const updates = await feed(stream, eda, 80)
        return errors(settledOf(updates), whole, eda, 230 * 8).phasic
      }),
    )
    expect(late!).toBeLessThan(soon! / 5)
  })

  it.each([3, 4])(
    'miss the past before their window by less than 2.5e-3, where waiting costs nothing (seed %d)',
    async (seed) => {
      const eda = recording(400, 4, seed)
      const updates = await feed(
        decomposeStream('cpu', { sampleRate: 4, scale, settleSeconds: 120, hopSeconds: 100 }),
        eda,
        400,
      )
      const found = errors(settledOf(updates), await offline(eda, 4, scale), eda, settledBeforeEnd(updates))
      expect(settledBeforeEnd(updates)).toBe(280 * 4)
      expect(Math.max(found.phasic, found.tonic)).toBeLessThan(2.5e-3)
    },
  )

  it('are so with other parameters: knots every 6.3 s, other time constants, a lag between knots', async () => {
    const eda = recording(240, 10, 5)
    const options = { deltaKnot: 6.3, tau0: 3, tau1: 0.5, alpha: 2e-3, gamma: 2e-2 }
    const stream = decomposeStream('cpu', { ...options, sampleRate: 10, scale, settleSeconds: 37.7, hopSeconds: 3.1 })
    const updates = await feed(stream, eda, 11)
    const found = errors(settledOf(updates), await offline(eda, 10, scale, options), eda, settledBeforeEnd(updates))
    expect(Math.max(found.phasic, found.tonic)).toBeLessThan(TOLERANCE)
  })

  it('cover every sample once, in order, and add up to the recording', async () => {
    const eda = recording(150, 10, 6)
    const parts = settledOf(await feed(decomposeStream('cpu', { sampleRate: 10, scale }), eda, 7))
    expect(parts.map((p) => p.from)).toEqual(parts.map((_, i) => join(parts.slice(0, i), 'phasic').length))
    expect(new Set(parts.map((p) => p.status))).toEqual(new Set(['solved']))
    const sum = join(parts, 'phasic').map((v, i) => v + join(parts, 'tonic')[i]! + join(parts, 'residual')[i]!)
    expect(sum.length).toBe(eda.length)
    expect(rms(sum, eda)).toBeLessThan(1e-6)
  })

  it('are final when 40 to 50 s old; the rest is in `newest`, at most one hop behind', async () => {
    const eda = recording(150, 4, 7)
    const stream = decomposeStream('cpu', { sampleRate: 4, scale, hopSeconds: 2 })
    let settledTo = 0
    for (let now = 1; now <= eda.length; now++) {
      const update = await stream.push([eda[now - 1]!])
      for (const part of update?.settled ?? []) settledTo = part.from + part.phasic.length
      expect(settledTo).toBeLessThanOrEqual(Math.max(0, now - 40 * 4))
      expect(settledTo).toBeGreaterThan(now - 50 * 4)
      if (now % 8 === 0) expect(update!.newest).toMatchObject({ from: settledTo, phasic: { length: now - settledTo } })
      else if (now % 40 !== 0) expect(update).toBeNull()
    }
  })

  it('come after a hop of whole samples, to the nearest one', async () => {
    const stream = decomposeStream('cpu', { sampleRate: 100, scale, hopSeconds: 0.29 }) // 28.999999999999996 samples
    const eda = recording(1, 100, 16)
    expect(await stream.push(eda.subarray(0, 28))).toBeNull()
    expect((await stream.push(eda.subarray(28, 29)))?.newest).toMatchObject({ from: 0, phasic: { length: 29 } })
  })

  it.each([70, 74, 77])('of a recording shorter than a window are those of `decompose`: %d s', async (seconds) => {
    const eda = recording(seconds, 5, 8)
    const whole = await offline(eda, 5, scale)
    const stream = decomposeStream('cpu', { sampleRate: 5, scale, settleSeconds: 100 })
    const { settled, newest } = (await feed(stream, eda, 50)).at(-1)!
    expect(newest).toBeNull()
    expect(settled).toHaveLength(1)
    for (const signal of ['phasic', 'tonic', 'driver'] as const) {
      expect(rms(settled[0]![signal], whole[signal])).toBeLessThan(1e-6)
    }
  })

  it('exist for a single sample, and are none for none', async () => {
    const stream = decomposeStream('cpu', { sampleRate: 4, scale })
    expect(await stream.push([3.25])).toBeNull()
    expect((await stream.end()).settled).toMatchObject([{ from: 0, phasic: { length: 1 } }])
    const silent = decomposeStream('cpu', { sampleRate: 4 })
    expect(await silent.push([])).toBeNull()
    expect(await silent.end()).toEqual({ settled: [], newest: null })
  })
})

describe('the newest results', () => {
  it.each([4, 10])('come near the offline ones with age, at any phase of the knots: %d Hz', async (sampleRate) => {
    const eda = recording(240, sampleRate, 3)
    const { phasic } = await offline(eda, sampleRate, scale)
    const updates = await feed(decomposeStream('cpu', { sampleRate, scale, hopSeconds: 3 }), eda, 3 * sampleRate)
    const looks = updates.flatMap(({ newest }) => (newest && newest.from > 0 ? [newest] : []))
    const error = (youngest: number, oldest: number) => {
      const wrong = looks.flatMap((look) => {
        const { length } = look.phasic
        const start = length - oldest * sampleRate
        const part = look.phasic.subarray(start, length - youngest * sampleRate)
        return [...part].map((r, i) => r - phasic[look.from + start + i]!)
      })
      return rms(wrong) / Math.max(deviation(eda), rms(phasic))
    }
    expect(error(0, 10)).toBeLessThan(0.1)
    expect(error(10, 20)).toBeLessThan(0.035)
    expect(error(20, 30)).toBeLessThan(0.015)
    expect(error(30, 40)).toBeLessThan(0.01)
  })
})

describe('the same bits', () => {
  const eda = recording(160, 5, 9)
  const newestByEnd = (updates: StreamUpdate[]) =>
    new Map(updates.flatMap(({ newest }) => (newest ? [[newest.from + newest.phasic.length, newest]] : [])))

  it('however the samples are portioned', async () => {
    const run = (portion: number) => feed(decomposeStream('cpu', { sampleRate: 5 }), eda, portion)
    const runs = await Promise.all([1, 7, 1000].map(run))
    const [single, few, all] = runs as [StreamUpdate[], StreamUpdate[], StreamUpdate[]]
    expect(all).toHaveLength(2)
    expect(settledOf(few)).toEqual(settledOf(single))
    expect(settledOf(all)).toEqual(settledOf(single))
    const looks = newestByEnd(single)
    expect(looks.size).toBe(131)
    for (const run of [few, all]) for (const [end, newest] of newestByEnd(run)) expect(newest).toEqual(looks.get(end))
  })

  it('when pushes are not awaited: one does the work of all that waited', async () => {
    const awaited = settledOf(await feed(decomposeStream('cpu', { sampleRate: 5, scale }), eda, 5))
    const stream = decomposeStream('cpu', { sampleRate: 5, scale })
    const pushes = Array.from({ length: 160 }, (_, i) => stream.push(eda.subarray(5 * i, 5 * i + 5)))
    const end = stream.end()
    const updates = await Promise.all(pushes)
    expect(updates.every((update) => update === null)).toBe(true)
    expect((await end).settled).toEqual(awaited)
  })
})

describe('what was returned', () => {
  const eda = recording(130, 4, 15)
  const options = { sampleRate: 4, scale, hopSeconds: 5 }

  it('and what was pushed belongs to the caller, who may write over it', async () => {
    const settledParts = settledOf(await feed(decomposeStream('cpu', options), eda, 20))
    const stream = decomposeStream('cpu', options)
    const buffer = new Float32Array(20)
    const kept: StreamPart[] = []
    const take = (update: StreamUpdate | null): void => {
      for (const part of update?.settled ?? []) kept.push(structuredClone(part))
      for (const part of [...(update?.settled ?? []), ...(update?.newest ? [update.newest] : [])]) {
        for (const signal of ['phasic', 'tonic', 'driver', 'residual'] as const) part[signal].fill(1e9)
      }
    }
    for (let i = 0; i < eda.length; i += 20) {
      buffer.set(eda.subarray(i, i + 20))
      const update = stream.push(buffer.subarray(0, Math.min(20, eda.length - i)))
      buffer.fill(-1e9) // before its turn has come
      take(await update)
    }
    take(await stream.end())
    expect(kept).toEqual(settledParts)
  })

  it('has the status of its window', async () => {
    const statuses = async (more: Partial<StreamOptions>) => {
      const updates = await feed(decomposeStream('cpu', { ...options, ...more }), eda, 20)
      return [settledOf(updates), updates.flatMap(({ newest }) => newest ?? [])].map((parts) => [
        ...new Set(parts.map(({ status }) => status)),
      ])
    }
    expect(await statuses({})).toEqual([['solved'], ['solved']])
    expect(await statuses({ alpha: 1e-6 })).toEqual([['badly-scaled'], ['badly-scaled']])
    const constant = await feed(
      decomposeStream('cpu', { ...options, scale: { mean: 2, std: 1 } }),
      new Float32Array(240).fill(2),
      20,
    )
    expect(new Set(settledOf(constant).map(({ status }) => status))).toEqual(new Set(['trivial']))
  })

  it('adds up to the recording where it is not settled yet too', async () => {
    const updates = await feed(decomposeStream('cpu', options), eda, 20)
    for (const { newest } of updates) {
      if (!newest) continue
      const sum = newest.phasic.map((v, i) => v + newest.tonic[i]! + newest.residual[i]!)
      expect(rms(sum, eda.subarray(newest.from, newest.from + sum.length))).toBeLessThan(1e-6)
    }
  })
})

describe('scale', () => {
  it('is that of the first seconds, before which nothing comes', async () => {
    const eda = recording(100, 4, 10)
    const stream = decomposeStream('cpu', { sampleRate: 4, calibrationSeconds: 20 })
    expect(await stream.push(eda.subarray(0, 79))).toBeNull()
    expect(stream.scale).toBeNull()
    expect((await stream.push(eda.subarray(79)))?.settled).not.toHaveLength(0)
    const first = eda.subarray(0, 80)
    expect(stream.scale!.std).toBeCloseTo(deviation(first), 6)
    const given = decomposeStream('cpu', { sampleRate: 4, scale: stream.scale! })
    expect((await feed(given, eda, 400)).at(-1)).toEqual(await stream.end())
  })

  it('of a stream that ends during its calibration is that of all samples', async () => {
    const eda = recording(10, 4, 11)
    const stream = decomposeStream('cpu', { sampleRate: 4 })
    const [part] = (await feed(stream, eda, 10)).at(-1)!.settled
    expect(stream.scale!.std).toBeCloseTo(deviation(eda), 6)
    expect(part!.phasic).toHaveLength(40)
  })

  it('cannot come from a sensor that lies on the table', async () => {
    const stream = decomposeStream('cpu', { sampleRate: 4 })
    const push = stream.push(new Float32Array(120).fill(0.2))
    await expect(push).rejects.toThrow(FormatError)
    await expect(push).rejects.toThrow('the first 120 samples of the stream, which set its scale, are all 0.2')
  })
})

describe('gaps', () => {
  const eda = recording(120, 4, 12)
  const options = { sampleRate: 4, scale }

  it('of up to 1 s are bridged by a line, also across pushes', async () => {
    const line = eda.slice()
    const holes = eda.slice()
    for (let m = 1; m <= 4; m++) {
      line[200 + m] = eda[200]! + ((eda[205]! - eda[200]!) * m) / 5
      holes[200 + m] = NaN
    }
    const bridged = settledOf(await feed(decomposeStream('cpu', options), holes, 3))
    const whole = settledOf(await feed(decomposeStream('cpu', options), line, 3))
    expect(bridged.map((p) => p.from)).toEqual(whole.map((p) => p.from))
    expect(rms(join(bridged, 'phasic'), join(whole, 'phasic'))).toBeLessThan(1e-5)
    expect(rms(join(bridged, 'tonic'), join(whole, 'tonic'))).toBeLessThan(1e-5)
  })

  it('of more end one recording and begin another', async () => {
    const holes = eda.slice().fill(NaN, 300, 305)
    const parts = settledOf(await feed(decomposeStream('cpu', options), holes, 9))
    const before = settledOf(await feed(decomposeStream('cpu', options), eda.subarray(0, 300), 9))
    const after = settledOf(await feed(decomposeStream('cpu', options), eda.subarray(305), 9))
    expect(parts).toEqual([...before, ...after.map((p) => ({ ...p, from: p.from + 305 }))])
  })

  it('settle what came before as soon as they are too long', async () => {
    const stream = decomposeStream('cpu', options)
    await stream.push(eda.subarray(0, 90))
    expect(await stream.push(new Float32Array(4).fill(NaN))).toBeNull()
    const update = await stream.push([NaN])
    expect(update).toMatchObject({ settled: [{ from: 0, phasic: { length: 90 } }], newest: null })
    expect(await stream.push([NaN, NaN])).toBeNull()
    expect((await stream.end()).settled).toEqual([])
  })

  it('at the beginning and at the end are left out', async () => {
    const holes = eda.slice(0, 100).fill(NaN, 0, 2).fill(NaN, 97)
    const [part, ...rest] = (await feed(decomposeStream('cpu', options), holes, 100)).at(-1)!.settled
    expect(rest).toEqual([])
    expect(part).toMatchObject({ from: 2, phasic: { length: 95 } })
  })

  it('several in one push part it into as many recordings, of which the last goes on', async () => {
    const holes = eda.slice().fill(NaN, 100, 106).fill(NaN, 200, 230)
    const stream = decomposeStream('cpu', options)
    const update = await stream.push(holes)
    const came = settledOf([update!]).flatMap(({ from, phasic }) => Array.from(phasic, (_, i) => from + i))
    const closed = Array.from({ length: 200 }, (_, i) => i).filter((i) => i < 100 || i >= 106)
    expect(came.slice(0, closed.length)).toEqual(closed)
    const { from, phasic } = update!.newest!
    expect([...came.slice(closed.length), from]).toEqual(Array.from({ length: from - 230 + 1 }, (_, i) => 230 + i))
    expect(from + phasic.length).toBe(478) // the last whole hop of the recording that began at 230
  })

  it('while the scale is measured count for nothing: it is that of as many samples as came', async () => {
    const holes = eda.slice().fill(NaN, 10, 13).fill(NaN, 40, 60)
    const kept = [...holes].filter((v) => !Number.isNaN(v))
    const stream = decomposeStream('cpu', { sampleRate: 4, calibrationSeconds: 25 })
    const came = 100 + 23
    expect(await stream.push(holes.subarray(0, came - 1))).toBeNull()
    expect(stream.scale).toBeNull()
    const update = await stream.push(holes.subarray(came - 1, came))
    const mean = kept.slice(0, 100).reduce((sum, v) => sum + v, 0) / 100
    const std = Math.sqrt(kept.slice(0, 100).reduce((sum, v) => sum + (v - mean) ** 2, 0) / 100)
    expect(stream.scale!.mean).toBeCloseTo(mean, 12)
    expect(stream.scale!.std).toBeCloseTo(std, 12)
    expect(update!.settled.map(({ from, phasic }) => [from, from + phasic.length])).toEqual([[0, 40]])
    expect(update!.newest).toMatchObject({ from: 60, phasic: { length: 60 } }) // whole hops of a second
  })
})

describe('memory', () => {
  it('does not grow with the recording', async () => {
    const stream = decomposeStream('cpu', { sampleRate: 4, scale, hopSeconds: 10 })
    const sizes: number[] = []
    for (let minutes = 0; minutes < 20; minutes += 5) {
      for (const start of [0, 1, 2, 3, 4]) await stream.push(recording(60, 4, start))
      const numbers = JSON.stringify(stream).match(/[-+.\de]+/g)!
      sizes.push(numbers.length)
    }
    expect(sizes[0]).toBeGreaterThan(4 * 90)
    expect(sizes).toEqual(sizes.map(() => sizes[0]))
  })
})

describe('trouble', () => {
  const eda = recording(60, 4, 13)
  const open = (options: Partial<StreamOptions> = {}) => decomposeStream('cpu', { sampleRate: 4, scale, ...options })

  it('with a sample is told by its index in the stream, and ends the stream', async () => {
    const stream = open()
    await stream.push(eda.subarray(0, 50))
    const bad = stream.push([1, Infinity])
    await expect(bad).rejects.toThrow(FormatError)
    await expect(bad).rejects.toThrow(
      'sample 51 of the stream is Infinity, expected a finite number or, where one is missing, NaN.',
    )
    await expect(stream.push(eda)).rejects.toThrow('sample 51')
    await expect(stream.end()).rejects.toThrow('sample 51')
    const strings = open().push(['1.5'] as unknown as number[])
    await expect(strings).rejects.toThrow('sample 0 of the stream is of type string')
  })

  it('with the caller: no array, or more after the end', async () => {
    const number = open().push(1.5 as unknown as number[])
    await expect(number).rejects.toThrow(UsageError)
    await expect(number).rejects.toThrow('what was pushed is of type number, expected an array of samples')
    await expect(open().push(null as unknown as number[])).rejects.toThrow('pushed is null')
    const stream = open()
    await feed(stream, eda, 240)
    await expect(stream.push(eda)).rejects.toThrow('the stream has ended')
    await expect(stream.end()).rejects.toThrow(UsageError)
  })

  const wrong: [object, string][] = [
    [{ sampleRate: 0 }, 'sampleRate is 0'],
    [{ settleSeconds: -1 }, 'settleSeconds is -1'],
    [{ hopSeconds: 0 }, 'hopSeconds is 0'],
    [{ tau0: 1, tau1: 1 }, 'two different time constants'],
    [{ calibrationSeconds: NaN }, 'calibrationSeconds is NaN'],
    [{ scale: { mean: 1, std: 0 } }, 'std 0, expected'],
    [{ deltaKnot: [0, 40] }, 'deltaKnot of a stream is a list'],
    [{ baselineCorrection: 2 }, 'expected 0; drift columns span'],
  ]
  it.each(wrong)('with options: %o', (options, message) => {
    expect(() => open(options)).toThrow(UsageError)
    expect(() => open(options)).toThrow(message)
  })

  it('on purpose: an abort ends the stream with its reason', async () => {
    const stop = new AbortController()
    const stream = open({ signal: stop.signal })
    await stream.push(eda.subarray(0, 100))
    stop.abort(new Error('enough'))
    await expect(stream.push(eda.subarray(100))).rejects.toThrow('enough')
    await expect(stream.end()).rejects.toThrow('enough')
  })

  it('while others wait: none of them goes on in silence', async () => {
    const stop = new AbortController()
    const stream = open({ signal: stop.signal })
    const pushes = [stream.push(eda), stream.push(eda), stream.push(eda)]
    stop.abort(new Error('enough'))
    const [first, second, third] = await Promise.allSettled(pushes)
    expect(first).toEqual({ status: 'fulfilled', value: null })
    expect(second).toEqual({ status: 'fulfilled', value: null })
    expect(third).toMatchObject({ status: 'rejected', reason: { message: 'enough' } })
  })
})

describe('on a GPU', () => {
  let gpu: Gpu
  beforeAll(async () => {
    gpu = await openGpu()
  })
  afterAll(() => gpu.close())
  const eda = recording(150, 4, 14)
  const options = { sampleRate: 4, scale, hopSeconds: 10 }

  it('gives what the CPU gives, the same bits however portioned and beside other streams', async () => {
    const portions = [1, 7, 1000]
    const runs = await Promise.all(portions.map((portion) => feed(decomposeStream(gpu, options), eda, portion)))
    const parts = runs.map(settledOf)
    expect(parts[1]).toEqual(parts[0])
    expect(parts[2]).toEqual(parts[0])
    const twin = settledOf(await feed(decomposeStream('cpu', options), eda, 100))
    expect(rms(join(parts[0]!, 'phasic'), join(twin, 'phasic'))).toBeLessThan(1e-3)
    expect(rms(join(parts[0]!, 'tonic'), join(twin, 'tonic'))).toBeLessThan(1e-3)
  })

  it('takes no more memory the longer it goes on, and none once ended', async () => {
    const before = gpu.memory()
    const stream = decomposeStream(gpu, options)
    const held: string[] = []
    for (let i = 0; i < eda.length; i += 100) {
      await stream.push(eda.subarray(i, i + 100))
      held.push(JSON.stringify(gpu.memory()))
    }
    await stream.end()
    expect(new Set(held).size).toBe(1)
    expect(Object.values(gpu.memory()).map(({ bytes }) => bytes)).toEqual(
      Object.values(before).map(({ bytes }) => bytes),
    )
  })

  it('that goes away, says so', async () => {
    const fragile = await openGpu()
    const stream = decomposeStream(fragile, options)
    await stream.push(eda.subarray(0, 200))
    fragile.device.destroy()
    await expect(stream.push(eda.subarray(200))).rejects.toThrow(DeviceLostError)
    await expect(stream.end()).rejects.toThrow(/^the device was lost/)
    await fragile.close()
  })
})

describe('what is settled, and when', () => {
  it.each([5, 20])('is what is older than four knots of %i s, and no more than a fifth', async (deltaKnot) => {
    const seconds = 12 * deltaKnot
    const stream = decomposeStream('cpu', { sampleRate: 4, deltaKnot, scale })
    const settled = settledBeforeEnd(await feed(stream, recording(seconds, 4, 5), 4)) / 4
    expect(settled).toBeLessThanOrEqual(seconds - 4 * deltaKnot)
    expect(settled).toBeGreaterThanOrEqual(seconds - 5 * deltaKnot)
  })

  it('is all of it, also where the end comes while a window is being solved', async () => {
    const eda = recording(60, 4, 6)
    const stream = decomposeStream('cpu', { sampleRate: 4, scale })
    let end: Promise<StreamUpdate> | null = null
    const advance = Reflect.get(Smoother.prototype, 'advance')
    const spy = vi.spyOn(Smoother.prototype, 'advance').mockImplementationOnce(async function (this: Smoother, known) {
      const result = await advance.call(this, known)
      end = stream.end()
      return result
    })
    const pushed = await stream.push(eda)
    const last = await end!
    spy.mockRestore()
    const parts = [...(pushed?.settled ?? []), ...last.settled]
    expect(join(parts, 'phasic')).toHaveLength(eda.length)
  })
})
