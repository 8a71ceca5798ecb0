// What each status of a decomposition promises, on the CPU and on the device: every one is reached, and each side of its limits is tried.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { admm } from '../../src/cvxeda/admm.ts'
import { decompose } from '../../src/cvxeda/decompose.ts'
import type { Decomposition } from '../../src/cvxeda/decomposition.ts'
import type { DecomposeOptions } from '../../src/cvxeda/options.ts'
import type * as Polish from '../../src/cvxeda/polish.ts'
import type { BaselineCorrection } from '../../src/cvxeda/params.ts'
import { optimalityGap } from '../../src/reference/cvxeda.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import type { Tensor } from '../../src/runtime/tensor.ts'
import { certified, defaults, oracle, randomSignal } from './support.ts'

/** What the polish is to claim of its point, in place of the gap that it has found. */
const claimed = vi.hoisted(() => ({ gap: null as number | null }))
vi.mock('../../src/cvxeda/polish.ts', async (original) => {
  const real = await original<typeof Polish>()
  return {
    ...real,
    polish: (...args: Parameters<typeof real.polish>) => {
      const found = real.polish(...args)
      return claimed.gap === null ? found : { ...found, gap: claimed.gap }
    },
  }
})

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
beforeEach(() => {
  claimed.gap = null
})
afterAll(() => gpu.close())

async function one(device: Gpu | 'cpu', y: ArrayLike<number>, options: DecomposeOptions): Promise<Decomposition> {
  const [found] = await decompose(device, [y], options)
  return found!
}

describe('on the CPU', () => {
  it.each([
    ['solved', 500, 200, 2e-5],
    ['solved-inaccurate', 500, 325, 1.02e-5],
    ['max-iterations', 500, 400, 1.02e-5],
    ['badly-scaled', 500, 200, 0.98e-5],
  ] as const)('%s is reached: %d samples at %d Hz, alpha %d', async (status, n, sampleRate, alpha) => {
    expect((await oracle(randomSignal(n, sampleRate, 6), { sampleRate, alpha })).status).toBe(status)
  })

  /** Status, and the gap by the plain loops, of a problem that gets the harder the smaller alpha is. */
  const at = async (alpha: number) => {
    const { solution, gap } = await certified(randomSignal(400, 160, 6), 160, { alpha })
    return { status: solution.status, gap }
  }

  it('solved-inaccurate ends where the gap is a hundred tolerances, 1e-7', async () => {
    let [hard, easy] = [3.6e-6, 3.7e-6]
    expect([(await at(hard)).status, (await at(easy)).status]).toEqual(['max-iterations', 'solved-inaccurate'])
    while (easy / hard > 1.0001) {
      const middle = Math.sqrt(hard * easy)
      if ((await at(middle)).status === 'max-iterations') hard = middle
      else easy = middle
    }
    const [inside, outside] = [await at(easy), await at(hard)]
    expect([outside.status, inside.status]).toEqual(['max-iterations', 'solved-inaccurate'])
    expect(outside.gap).toBeGreaterThan(0.95e-7)
    expect(inside.gap).toBeLessThan(1.05e-7)
    expect(outside.gap / inside.gap).toBeLessThan(1.1)
  })

  it('a gap above 1e-9 is not solved', async () => {
    for (const alpha of [1e-5, 8e-6, 6e-6, 5e-6]) expect(await at(alpha)).toMatchObject({ status: 'solved' })
    const { status, gap } = await at(3.7e-6)
    expect(status).toBe('solved-inaccurate')
    expect(gap).toBeGreaterThan(1e-9)
  })
})

describe('of the scale alone', () => {
  const y = Float64Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 1 : -1)) // deviation 1, mean 0
  const scaled = (by: number, level = 0) => y.map((v) => level + by * v)

  it.each(['cpu', 'gpu'] as const)('badly-scaled begins where alpha is 1e-5 of the deviation (%s)', async (device) => {
    const status = async (by: number) =>
      (await one(device === 'cpu' ? 'cpu' : gpu, scaled(by), { sampleRate: 4 })).status
    expect(await status(79.9)).not.toBe('badly-scaled')
    expect(await status(80.1)).toBe('badly-scaled')
  })

  it.each(['cpu', 'gpu'] as const)('trivial ends where the deviation is 1e-6 of the level (%s)', async (device) => {
    const status = async (by: number) =>
      (await one(device === 'cpu' ? 'cpu' : gpu, scaled(by, 3), { sampleRate: 4, alpha: 1e-9 })).status
    expect(await status(3 * 0.99e-6)).toBe('trivial')
    expect(await status(3 * 1.01e-6)).not.toBe('trivial')
  })
})

/** Rows of `state` in the shaders of the interior point. */
const ROW = { INFEASIBILITY: 4, DONE: 6, GAP: 7, OBJECTIVE: 8 }
const ROWS = 9
const [CONVERGED, STOPPED] = [1, 2]

/** A device whose interior point is found in another state than it is in. */
function pretending(state: Partial<Record<keyof typeof ROW, number>>): Gpu {
  const readFloat = async (tensor: Tensor): Promise<Float32Array> => {
    const values = await gpu.readFloat(tensor)
    if (tensor.label !== 'cvxeda state') return values
    expect(values).toHaveLength(ROWS) // of one signal
    for (const [name, value] of Object.entries(state)) values[ROW[name as keyof typeof ROW]] = value
    return values
  }
  return Object.create(gpu, { readFloat: { value: readFloat } }) as Gpu
}

describe.each(['per-signal', 'along-time'] as const)('on the device, interior point %s', (form) => {
  const n = 100
  const y = randomSignal(n, 4, 6)
  // The gap is judged against the objective and a millionth of the signal's energy.
  const limit = 1e-4 * (2 + 0.5e-6 * n)
  const stopped = { DONE: STOPPED, OBJECTIVE: 2, GAP: 0.999 * limit, INFEASIBILITY: 0.999e-2 }

  it.each([
    ['solved', { DONE: CONVERGED }],
    ['solved-inaccurate', stopped],
    ['max-iterations', { ...stopped, GAP: 1.001 * limit }],
    ['max-iterations', { ...stopped, INFEASIBILITY: 1.001e-2 }],
  ] as const)('%s where it stopped at %o', async (status, state) => {
    expect((await one(pretending(state), y, { sampleRate: 4, form })).status).toBe(status)
  })

  it('keeps what the status promises as problems get harder', async () => {
    const promises = {
      solved: 1e-5,
      'solved-inaccurate': 1e-4,
      'max-iterations': Infinity,
      trivial: 0,
      'badly-scaled': 0,
    }
    const seen = new Set<string>()
    for (const alpha of [1e-3, 1e-4, 3e-5, 1.02e-5]) {
      const options = { sampleRate: 128, alpha }
      const signal = Float64Array.from(randomSignal(600, 128, 6))
      const [found, best] = [await one(gpu, signal, { ...options, form }), await oracle(signal, options)]
      expect(best.status).toBe('solved')
      const energy = signal.reduce((sum, v) => sum + v * v, 0) / 2
      const excess = (found.objective - best.objective) / (best.objective + 1e-6 * energy)
      expect(excess, `${found.status} at alpha ${alpha}`).toBeLessThanOrEqual(promises[found.status])
      seen.add(found.status)
    }
    expect(seen).toContain('solved')
    expect(seen).toContain('max-iterations')
  })
})

describe('on the device, ADMM', () => {
  it.each([
    [0.999e-4, 'solved'],
    [1.001e-4, 'solved-inaccurate'],
    [0.999e-2, 'solved-inaccurate'],
    [1.001e-2, 'max-iterations'],
  ] as const)('a certified gap of %d is %s', async (gap, status) => {
    claimed.gap = gap
    expect((await one(gpu, randomSignal(40, 4, 6), { sampleRate: 4, solver: admm })).status).toBe(status)
  })
})

describe('solved', () => {
  it.each([0, 1, 2, 'spline_offset'] as BaselineCorrection[])(
    'is near the optimum of a signal far from zero too: baseline %s',
    async (baselineCorrection) => {
      const y = Float64Array.from(randomSignal(120, 4, 8), (v) => 40 + v)
      const options = { sampleRate: 4, alpha: 0.02, baselineCorrection }
      for (const found of [
        await one('cpu', y, options),
        await one(gpu, y, options),
        await one(gpu, y, { ...options, solver: admm }),
      ]) {
        expect(found.status).toBe('solved')
        expect(optimalityGap(y, found, 4, { ...defaults, ...options })).toBeLessThan(2e-3)
      }
    },
  )
})
