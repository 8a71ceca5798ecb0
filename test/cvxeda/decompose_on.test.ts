// Decomposition from tensor to tensor: as near to the float64 solver as the one through the host, and nothing else comes back.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { decompose } from '../../src/cvxeda/decompose.ts'
import { decomposeOn, type DecomposeOnOptions } from '../../src/cvxeda/decompose_on.ts'
import { ENDS, PARTS, type Part } from '../../src/cvxeda/device_ends.ts'
import { channels } from '../../src/kernels/channels.ts'
import { presets } from '../../src/model/config.ts'
import { initialise } from '../../src/model/init.ts'
import { Rtcan1d } from '../../src/model/rtcan1d.ts'
import { FormatError, NumericError, ShapeError, UsageError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Plan } from '../../src/runtime/plan.ts'
import type { Tensor } from '../../src/runtime/tensor.ts'
import { toChannels } from '../../src/signal/channels.ts'
import { randomSignal } from './support.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterEach(() => {
  vi.restoreAllMocks()
})
afterAll(() => gpu.close())

const onDevice = (rows: readonly ArrayLike<number>[]): Tensor => {
  const tensor = gpu.tensor([rows.length, rows[0]!.length])
  gpu.write(
    tensor,
    rows.flatMap((row) => Array.from(row)),
  )
  return tensor
}

/** Parts by recording, and how each went. */
async function decomposed(rows: readonly ArrayLike<number>[], options: DecomposeOnOptions) {
  const signals = onDevice(rows)
  const found = await decomposeOn(gpu, signals, options)
  const n = rows[0]!.length
  const parts = {} as Record<Part, Float32Array[]>
  for (const part of PARTS) {
    const values = await gpu.readFloat(found[part])
    parts[part] = rows.map((_, at) => values.slice(at * n, (at + 1) * n))
  }
  found.destroy()
  gpu.free(signals)
  return { parts, reports: found.reports }
}

const largest = (a: ArrayLike<number>): number => Array.from(a).reduce((most, v) => Math.max(most, Math.abs(v)), 0)
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => largest(Array.from(a, (v, i) => v - b[i]!))

const cases: [n: number, options: Omit<DecomposeOnOptions, 'form'>][] = [
  [251, { sampleRate: 25 }],
  [30, { sampleRate: 25 }],
  [2, { sampleRate: 4 }],
  [997, { sampleRate: 25, deltaKnot: 10.12 }],
  [300, { sampleRate: 25, deltaKnot: 2 }],
  [480, { sampleRate: 4, alpha: 8e-3, gamma: 1 }],
  [4100, { sampleRate: 1000 }],
  [700, { sampleRate: 25, deltaKnot: [-130, 120, 370, 620, 870] }],
  [402, { sampleRate: 25, baselineCorrection: 0 }],
  [403, { sampleRate: 25, baselineCorrection: 1 }],
  [404, { sampleRate: 25, baselineCorrection: 'spline_offset' }],
]

describe.each(['per-signal', 'along-time'] as const)('form %s', (form) => {
  it.each(cases)('%i samples, %o, is as near to float64 as through the host', async (n, options) => {
    // In units and about levels of their own, where the drift can take a level.
    const levels = options.baselineCorrection === undefined || options.baselineCorrection === 1 ? [0, 4, -2] : [0, 0, 0]
    const rows = [1, 2, 3].map((seed, s) =>
      randomSignal(n, options.sampleRate, seed).map((v) => levels[s]! + v * (s + 1)),
    )
    const exact = await decompose('cpu', rows, options)
    const host = await decompose(gpu, rows, { ...options, form })
    const { parts, reports } = await decomposed(rows, { ...options, form })
    rows.forEach((row, s) => {
      for (const part of ['phasic', 'tonic', 'residual'] as const) {
        const distance = apart(parts[part][s]!, exact[s]![part])
        const through = apart(host[s]![part], exact[s]![part])
        expect(distance, `${part} of ${s}`).toBeLessThan(3 * through + 2e-4 * (s + 1))
      }
      expect(apart(parts.driver[s]!, host[s]!.driver)).toBeLessThan(0.05 * largest(host[s]!.driver) + 1e-4)
      const sum = row.map((_, i) => parts.phasic[s]![i]! + parts.tonic[s]![i]! + parts.residual[s]![i]!)
      expect(apart(sum, row)).toBeLessThan(1e-5 * largest(row))
      expect([reports[s]!.status, host[s]!.status]).toEqual(['solved', 'solved'])
      expect(Math.abs(reports[s]!.iterations - host[s]!.iterations)).toBeLessThanOrEqual(2)
      if (n > 2) expect(reports[s]!.objective / exact[s]!.objective).toBeCloseTo(1, 3)
    })
  })

  it('gives a recording the same bits in any company, in one batch or several', async () => {
    const rows = [1, 2, 3, 4, 5].map((seed) => randomSignal(400, 4, seed))
    const together = await decomposed(rows, { sampleRate: 4, form })
    const alone = await decomposed([rows[3]!], { sampleRate: 4, form })
    // So low a limit that no more than two fit.
    const limit = vi.spyOn(gpu, 'bindingLimit', 'get').mockReturnValue(14_000)
    const batches = vi.spyOn(Plan.prototype, 'compile')
    const apart = await decomposed(rows, { sampleRate: 4, form })
    expect(batches.mock.calls.length).toBeGreaterThanOrEqual(9) // three plans a batch
    limit.mockRestore()
    batches.mockRestore()
    for (const part of PARTS) {
      expect(together.parts[part][3]).toEqual(alone.parts[part][0])
      expect(apart.parts[part]).toEqual(together.parts[part])
    }
    expect(apart.reports).toEqual(together.reports)
  })

  it('leaves what is constant as it is', async () => {
    for (const baselineCorrection of [0, 1, 2, 'spline_offset'] as const) {
      const constants = [
        Array<number>(90).fill(0),
        Array<number>(90).fill(Math.fround(2.3)),
        Array<number>(90).fill(-1e6),
      ]
      const rows = baselineCorrection === 1 || baselineCorrection === 2 ? constants : constants.slice(0, 1)
      const options = { sampleRate: 4, baselineCorrection, form }
      const { parts, reports } = await decomposed([...rows, randomSignal(90, 4, 1)], options)
      const host = await decompose(gpu, rows, options)
      rows.forEach((row, s) => {
        expect(reports[s]).toEqual({ status: 'trivial', iterations: 0, objective: 0 })
        expect(host[s]!.status).toBe('trivial')
        expect(largest(parts.driver[s]!) + largest(parts.phasic[s]!)).toBe(0)
        expect(apart(parts.tonic[s]!, row)).toBe(0)
      })
      expect(reports.at(-1)!.status).toBe('solved')
    }
  })
})

it('takes one sample for the constant that it is', async () => {
  const { parts, reports } = await decomposed([[3], [4]], { sampleRate: 4 })
  expect(reports.map(({ status }) => status)).toEqual(['trivial', 'trivial'])
  expect([parts.tonic[1]![0], parts.phasic[1]![0], parts.residual[1]![0]]).toEqual([4, 0, 0])
})

it('writes to buffers of the caller, whole rows of them, and frees only its own', async () => {
  const rows = [1, 2, 3].map((seed) => randomSignal(77, 4, seed))
  const bytes = 3 * 80 * 4
  const own = [1, 2].map(() => gpu.device.createBuffer({ size: bytes, usage: 0x80 | 0x04 | 0x08 }))
  const [phasic, driver] = own.map((buffer) => gpu.wrap(buffer, [3, 77])) as [Tensor, Tensor]
  for (const buffer of own) gpu.device.queue.writeBuffer(buffer, 0, new Float32Array(bytes / 4).fill(Number.NaN))
  const before = JSON.stringify(gpu.memory().tensor)
  const signals = onDevice(rows)
  const found = await decomposeOn(gpu, signals, { sampleRate: 4, into: { phasic, driver }, form: 'along-time' })
  expect([found.phasic, found.driver]).toEqual([phasic, driver])
  const { parts } = await decomposed(rows, { sampleRate: 4, form: 'along-time' })
  for (const part of ['phasic', 'driver'] as const) {
    const padded = await gpu.readFloat(gpu.wrap(found[part].buffer, [3, 80]))
    for (const [s, row] of parts[part].entries())
      expect([...padded.slice(s * 80, (s + 1) * 80)]).toEqual([...row, 0, 0, 0])
  }
  found.destroy()
  gpu.free(signals)
  expect(JSON.stringify(gpu.memory().tensor)).toBe(before)
  expect((await gpu.readFloat(phasic)).length).toBe(3 * 77) // still there
  own.forEach((buffer) => buffer.destroy())
})

it('reads back its report and nothing else', async () => {
  const signals = onDevice([1, 2, 3].map((seed) => randomSignal(500, 4, seed)))
  const map = vi.spyOn(gpu, 'map')
  const found = await decomposeOn(gpu, signals, { sampleRate: 4 })
  expect(map.mock.calls.map(([, size]) => size)).toEqual([Math.ceil((13 * 3) / 4) * 16])
  map.mockRestore()
  found.destroy()
  gpu.free(signals)
})

it('refuses samples that are not finite, by their place, and gives back what it has taken', async () => {
  const rows = [1, 2, 3].map((seed) => randomSignal(300, 4, seed))
  rows[1]![40] = Number.NaN
  rows[1]![41] = -Infinity
  rows[1]![299] = Infinity
  const signals = onDevice(rows)
  const before = JSON.stringify(gpu.memory())
  for (const form of ['per-signal', 'along-time'] as const) {
    const call = decomposeOn(gpu, signals, { sampleRate: 4, form })
    await expect(call).rejects.toThrow(FormatError)
    await expect(call).rejects.toThrow(
      'cvxEDA: signal 1 has 3 of 300 samples missing or not finite, the first at index 40; interpolate or cut them first.',
    )
  }
  gpu.write(signals, new Float32Array(900).fill(Number.NaN))
  await expect(decomposeOn(gpu, signals, { sampleRate: 4 })).rejects.toThrow(/signal 0 has 300 of 300/)
  expect(JSON.stringify(gpu.memory())).toBe(before)
  gpu.free(signals)
})

it('takes recordings in any unit, and says which it cannot take', async () => {
  const unit = randomSignal(300, 4, 1)
  for (const scale of [1e-25, 1e6, 1e25]) {
    const rows = [unit.map((v) => v * scale)]
    const { parts, reports } = await decomposed(rows, { sampleRate: 4 })
    const [host] = await decompose(gpu, rows, { sampleRate: 4 })
    expect(reports[0]!.status).toBe(host!.status)
    // Where it is badly scaled, nothing but the fit is determined.
    const determined = reports[0]!.status === 'solved' ? (['phasic', 'tonic', 'residual'] as const) : []
    for (const part of determined) expect(apart(parts[part][0]!, host![part]) / scale, part).toBeLessThan(1e-2)
    const sum = rows[0]!.map((_, i) => parts.phasic[0]![i]! + parts.tonic[0]![i]! + parts.residual[0]![i]!)
    expect(apart(sum, rows[0]!) / scale).toBeLessThan(1e-3)
  }
  await expect(decomposed([unit.map((v) => v * 1e37)], { sampleRate: 4 })).rejects.toThrow(NumericError)
})

it('stops when it is told to, before and during, with nothing left behind', async () => {
  const signals = onDevice([randomSignal(20_000, 4, 1)])
  const before = JSON.stringify(gpu.memory())
  const reason = new Error('enough')
  await expect(decomposeOn(gpu, signals, { sampleRate: 4, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  const stop = new AbortController()
  const rounds = vi.spyOn(gpu, 'throttle').mockImplementation(async () => {
    if (rounds.mock.calls.length === 3) stop.abort(reason)
    return Promise.resolve()
  })
  await expect(decomposeOn(gpu, signals, { sampleRate: 4, signal: stop.signal })).rejects.toBe(reason)
  expect(rounds.mock.calls.length).toBe(3)
  rounds.mockRestore()
  await gpu.idle()
  expect(JSON.stringify(gpu.memory())).toBe(before)
  gpu.free(signals)
})

describe('wrong calls', () => {
  const call = (...args: unknown[]) => (decomposeOn as (...args: unknown[]) => Promise<unknown>)(...args)
  const tensor = (shape: number[], dtype: 'f32' | 'u32' = 'f32') => gpu.tensor(shape, dtype, 'eda')
  it.each<[string, () => Promise<unknown>, abstract new (...args: never[]) => Error, RegExp]>([
    ['no Gpu', () => call('cpu', tensor([1, 90]), { sampleRate: 4 }), UsageError, /first argument must be a Gpu/],
    [
      'an array',
      () => call(gpu, [[1, 2]], { sampleRate: 4 }),
      UsageError,
      /an array, expected a Tensor \[B, n\]; gpu.wrap/,
    ],
    [
      'three axes',
      () => call(gpu, tensor([1, 2, 90]), { sampleRate: 4 }),
      ShapeError,
      /eda is f32 \[1,2,90\], expected f32/,
    ],
    ['integers', () => call(gpu, tensor([1, 90], 'u32'), { sampleRate: 4 }), ShapeError, /eda is u32/],
    ['no options', () => call(gpu, tensor([1, 90])), UsageError, /the options are undefined/],
    ['a misspelt option', () => call(gpu, tensor([1, 90]), { samplerate: 4 }), UsageError, /did you mean 'sampleRate'/],
    ['a solver', () => call(gpu, tensor([1, 90]), { sampleRate: 4, solver: 'admm' }), UsageError, /no option 'solver'/],
    ['no rate', () => call(gpu, tensor([1, 90]), {}), UsageError, /sampleRate is undefined/],
    ['a form', () => call(gpu, tensor([1, 90]), { sampleRate: 4, form: 'both' }), UsageError, /form is 'both'/],
    [
      'a part of another shape',
      () => call(gpu, tensor([1, 90]), { sampleRate: 4, into: { phasic: tensor([1, 91]) } }),
      ShapeError,
      /into.phasic is f32 \[1,91\], expected a Tensor f32 \[1,90\]/,
    ],
    [
      'a buffer for a part',
      () => call(gpu, tensor([1, 90]), { sampleRate: 4, into: { tonic: tensor([1, 90]).buffer } }),
      ShapeError,
      /into.tonic is a GPUBuffer/,
    ],
    [
      'a part that is none',
      () => call(gpu, tensor([1, 90]), { sampleRate: 4, into: { scr: tensor([1, 90]) } }),
      UsageError,
      /into has 'scr', expected phasic, tonic, driver, residual/,
    ],
  ])('%s', async (_, wrong, kind, sentence) => {
    const promise = wrong()
    await expect(promise).rejects.toThrow(kind)
    await expect(promise).rejects.toThrow(sentence)
  })
})

it('may write a part over the recordings', async () => {
  const rows = [randomSignal(90, 4, 1), randomSignal(90, 4, 2)]
  const { parts } = await decomposed(rows, { sampleRate: 4, form: 'along-time' })
  const signals = onDevice(rows)
  const { phasic, destroy } = await decomposeOn(gpu, signals, {
    sampleRate: 4,
    into: { phasic: signals },
    form: 'along-time',
  })
  expect([...(await gpu.readFloat(phasic))]).toEqual(parts.phasic.flatMap((row) => [...row]))
  destroy()
  gpu.free(signals)
})

it('takes what lay in the buffer when it began, whatever is written there meanwhile', async () => {
  const rows = [randomSignal(4000, 4, 1)]
  const { parts } = await decomposed(rows, { sampleRate: 4, form: 'along-time' })
  const signals = onDevice(rows)
  const submit = gpu.submit.bind(gpu)
  let runs = 0
  vi.spyOn(gpu, 'submit').mockImplementation((what, encode) => {
    submit(what, encode)
    if (++runs === 3) gpu.write(signals, new Float32Array(4000).fill(7)) // after the first rounds
  })
  const found = await decomposeOn(gpu, signals, { sampleRate: 4, form: 'along-time' })
  for (const part of PARTS) expect([...(await gpu.readFloat(found[part]))]).toEqual([...parts[part][0]!])
  found.destroy()
  gpu.free(signals)
})

it('goes on, on the device, to what the network makes of it', async () => {
  const [rate, n, length] = [4, 190, 250]
  const rows = [1, 2, 3].map((seed) => randomSignal(n, rate, seed).map((v) => 3 + v))
  const config = {
    ...presets.paper,
    length,
    channels: 8,
    stage_channels: [8, 12],
    hidden: [6],
    final_pool: 3,
    music_dim: 0,
  }
  const model = new Rtcan1d(gpu, config)
  model.weights.load(initialise(config, model.summary, 'he', 1), 'initial weights')

  const host = await decompose(gpu, rows, { sampleRate: rate })
  const batch = host.flatMap(({ phasic, tonic }, s) => [
    ...toChannels({ origin: rows[s]!, phasic, tonic }, { sampleRate: rate, length, source: 'row' }).data,
  ])
  const plan = new Plan(gpu)
  const eda = plan.input('eda', [3, 3, length])
  plan.output('probabilities', model.forward(plan, { eda }, { training: false }).probabilities)
  await plan.compile()
  plan.write('eda', batch)
  plan.run()
  const expected = await plan.readFloat('probabilities')

  const origin = onDevice(rows)
  const read = vi.spyOn(gpu, 'map')
  const { phasic, tonic, destroy } = await decomposeOn(gpu, origin, { sampleRate: rate })
  const chained = new Plan(gpu)
  const input = channels(chained, { origin, phasic, tonic }, { sampleRate: rate, length })
  chained.output('input', input)
  chained.output('probabilities', model.forward(chained, { eda: input }, { training: false }).probabilities)
  await chained.compile()
  chained.run()
  expect(read).toHaveBeenCalledTimes(1) // the report
  read.mockRestore()
  expect(apart(await chained.readFloat('input'), batch)).toBeLessThan(1e-3)
  const found = await chained.readFloat('probabilities')
  expect(apart(found, expected)).toBeLessThan(1e-4)
  expect(new Set(found).size).toBeGreaterThan(3)
  for (const of of [plan, chained, model]) of.destroy()
  destroy()
  gpu.free(origin)
})

it('starts where the solver on the host starts', () => {
  expect([ENDS.DRIVER, ENDS.MULTIPLIER, ENDS.CONSTANT]).toEqual([10, 1e-3, 1e-6])
})
