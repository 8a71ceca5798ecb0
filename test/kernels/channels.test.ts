// The network's input on the device is the host's, also of recordings longer than float32 counts exactly in halves; and its wrong calls.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { channels, type ChannelSettings } from '../../src/kernels/channels.ts'
import { FormatError, ShapeError, UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Plan } from '../../src/runtime/plan.ts'
import { Random } from '../../src/runtime/random.ts'
import { CHANNELS, toChannels } from '../../src/signal/channels.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

/** Both ways for one recording; `x` is each of its parts in turn. */
async function bothWays(parts: Record<(typeof CHANNELS)[number], Float32Array>, settings: ChannelSettings) {
  const plan = new Plan(gpu)
  const inputs = CHANNELS.map((name) => plan.input(name, [1, parts[name].length]))
  const [origin, phasic, tonic] = inputs as [never, never, never]
  plan.output('y', channels(plan, { origin, phasic, tonic }, settings))
  await plan.compile()
  for (const name of CHANNELS) plan.write(name, parts[name])
  plan.run()
  const found = await plan.readFloat('y')
  plan.destroy()
  return { found, expected: toChannels(parts, { ...settings, source: 'it' }).data }
}

it('follows a steep recording of five million samples to the sample', async () => {
  const random = new Random(1)
  const noise = Float32Array.from({ length: 5_000_000 }, () => random.normal())
  const { found, expected } = await bothWays({ origin: noise, phasic: noise, tonic: noise }, { sampleRate: 1000 })
  const worst = expected.reduce((most, v, i) => Math.max(most, Math.abs(v - found[i]!)), 0)
  expect(worst).toBeLessThan(1e-3) // white noise: a position wrong by a thousandth of a sample shows
})

it('has zeros for what does not vary, and only for that', async () => {
  const flat = new Float32Array(40).fill(1e6)
  const nearly = flat.map((v, i) => v + (i % 2)) // one part in a million, which float32 still tells
  const rising = flat.map((_, i) => i)
  const { found, expected } = await bothWays(
    { origin: rising, phasic: flat, tonic: nearly },
    { sampleRate: 4, length: 50 },
  )
  expect([...found.slice(50, 100)]).toEqual(Array(50).fill(0))
  expect(found.slice(100).some((v) => Math.abs(v) > 0.5)).toBe(true)
  expect(expected.reduce((most, v, i) => Math.max(most, Math.abs(v - found[i]!)), 0)).toBeLessThan(1e-3)
})

it('refuses what cannot be', () => {
  const plan = new Plan(gpu)
  const rows = (...shape: number[]) => gpu.tensor(shape, 'f32', 'eda')
  const of = (shape: number[], settings: Partial<ChannelSettings>, tonic = rows(...shape)) =>
    channels(plan, { origin: rows(...shape), phasic: rows(...shape), tonic }, { sampleRate: 4, ...settings })
  expect(() => of([1, 90], {}, rows(1, 91))).toThrow(ShapeError)
  expect(() => of([90], {})).toThrow(/eda is \[90\], expected \[B, n\]/)
  expect(() => of([2, 13], {})).toThrow(FormatError)
  expect(() => of([2, 13], {})).toThrow(/13 samples at 4 Hz are too short; 3 s are dropped .* at least 14 are needed/)
  for (const wrong of [{ sampleRate: 0 }, { dropSeconds: -1 }, { length: 0 }, { length: 2.5 }, { length: 2 ** 17 }])
    expect(() => of([1, 90], wrong)).toThrow(UsageError)
  expect(of([2, 14], { length: 5 }).shape).toEqual([2, 3, 5])
})
