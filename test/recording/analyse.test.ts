// `analyse` as a program calls it: several recordings, each with its own rate and unit, and what each is told.
import { afterEach, describe, expect, it, vi } from 'vitest'
import type * as Decompose from '../../src/cvxeda/decompose.ts'
import { decompose } from '../../src/cvxeda/decompose.ts'
import type { Recording } from '../../src/reading/recording.ts'
import { analyse, type Analysis, type AnalyseOptions } from '../../src/recording/analyse.ts'
import { DeviceError, FormatError, GalvaniError, LimitError, UsageError } from '../../src/runtime/errors.ts'

/** What a call ends with that has the recording `huge` in it. */
const device = vi.hoisted(() => ({ error: null as Error | null }))
vi.mock('../../src/cvxeda/decompose.ts', async (original) => {
  const real = await original<typeof Decompose>()
  return {
    ...real,
    decompose: async (...args: Parameters<typeof real.decompose>) => {
      if (device.error && args[1].some(({ length }) => length === huge.eda.length)) throw device.error
      return await real.decompose(...args)
    },
  }
})
afterEach(() => {
  device.error = null
})

/** Responses of known heights on a level of 5: one every 12 s, each rising for 2 s and falling for 6. */
function recording(source: string, seconds: number, sampleRate: number, heights: readonly number[]): Recording {
  const eda = Float64Array.from({ length: seconds * sampleRate }, (_, i) => {
    const [which, at] = [Math.floor(i / sampleRate / 12), (i / sampleRate) % 12]
    const height = heights[which % heights.length]!
    return 5 + (at < 2 ? (height * at) / 2 : at < 8 ? (height * (8 - at)) / 6 : 0)
  })
  return { eda, sampleRate, source, firstLine: 2 }
}

const one = recording('one.csv', 60, 4, [1, 0.5])
const slow = recording('slow.csv', 48, 8, [2, 0.3])
const huge = recording('huge.csv', 36, 8, [1])
const short = recording('short.csv', 2, 4, [1])
const fine = (found: Analysis | GalvaniError): Analysis => {
  if (found instanceof GalvaniError) throw found
  return found
}

describe('several recordings', () => {
  it('have their results in their places, each at its own rate, and what is wrong with one stands in its place', async () => {
    const steps: [number, number][] = []
    const onProgress = (done: number, total: number): void => void steps.push([done, total])
    const [first, second, third] = await analyse('cpu', [short, slow, one], { onProgress })
    expect(first).toBeInstanceOf(FormatError)
    expect((first as FormatError).message).toMatch(/^short\.csv: 8 samples \(2 s\) at 4 Hz are too short/)
    expect([fine(second!), fine(third!)].map(({ signals }) => [signals.sampleRate, signals.eda.length])).toEqual([
      [8, 384],
      [4, 240],
    ])
    expect([...fine(second!).signals.eda]).toEqual([...slow.eda])
    expect(steps.at(-1)).toEqual([2, 2])
    expect(steps.map(([done]) => done)).toEqual(steps.map(([done]) => done).toSorted((a, b) => a - b))
  })

  it('are none for none', async () => expect(await analyse('cpu', [])).toEqual([]))

  it('have the numbers that each has alone', async () => {
    const [together] = (await analyse('cpu', [one, slow])).map(fine)
    const [alone] = (await analyse('cpu', [one])).map(fine)
    expect(together).toEqual(alone)
  })

  it('that can be solved are, where another is too large for the device, and keep their places', async () => {
    const all = [one, slow, huge, slow, one]
    device.error = new LimitError('too large')
    const done: number[] = []
    const found = await analyse('cpu', all, { onProgress: (count, total) => void done.push(count / total) })
    expect(found.map((each) => (each instanceof GalvaniError ? each.message : each.signals.eda.length))).toEqual([
      240,
      384,
      'too large',
      384,
      240,
    ])
    const [alone] = await analyse('cpu', [one])
    expect([found[0], found[4]]).toEqual([alone, alone])
    expect(done.toSorted((a, b) => a - b)).toEqual(done)
    expect(done.at(-1)).toBe(1)
  })

  it('have no results at all when the device fails', async () => {
    device.error = new DeviceError('gone')
    await expect(analyse('cpu', [one, huge])).rejects.toThrow('gone')
  })
})

describe('settings', () => {
  it('of cvxEDA reach it and are told, each of them', async () => {
    const solving = { tau0: 3, tau1: 0.5, deltaKnot: 8, alpha: 2e-3, gamma: 2e-2, baselineCorrection: 1 } as const
    const [found] = (await analyse('cpu', [one], { solving })).map(fine)
    expect(found!.parameters).toEqual(solving)
    const { mean, std } = found!.zscore!
    const z = Float64Array.from(one.eda, (v) => (v - mean) / std)
    const [alone] = await decompose('cpu', [z], { ...solving, sampleRate: 4 })
    expect([...found!.signals.phasic]).toEqual([...Float64Array.from(alone!.phasic, (v) => v * std)])
    expect([found!.objective, found!.iterations, found!.status]).toEqual([
      alone!.objective,
      alone!.iterations,
      alone!.status,
    ])
    expect([found!.device, found!.solver]).toEqual(['cpu', 'interior-point'])
  })

  it('that suit no recording stand in the place of each as what is wrong', async () => {
    await expect(
      analyse('cpu', [one], { solving: { tau0: 1, tau1: 1 } }).then((all) => all[0]),
    ).resolves.toBeInstanceOf(UsageError)
  })

  it('of the least amplitude are in the unit of the recording; by default it is 0.01 µS', async () => {
    const small = recording('small.csv', 96, 4, [0.5, 0.02, 0.2, 0.012])
    const found = async (minAmplitude?: number) => {
      const [one] = (await analyse('cpu', [small], minAmplitude === undefined ? {} : { minAmplitude })).map(fine)
      expect(one!.eventThreshold).toBe(minAmplitude ?? 0.01)
      return one!.events.map(({ amplitude }) => amplitude)
    }
    const all = await found()
    expect(Math.min(...all)).toBeLessThan(0.03)
    expect(await found(0.1)).toEqual(all.filter((amplitude) => amplitude >= 0.1))
    expect((await found(0.1)).length).toBeGreaterThan(0)
    expect(await found(1)).toEqual([])
  })

  it('without a z-score leave the numbers as they are, and are told by its absence', async () => {
    const solving = { alpha: 0.01 }
    const [plain] = (await analyse('cpu', [one], { zscore: false, solving })).map(fine)
    expect(plain!.zscore).toBeUndefined()
    const [alone] = await decompose('cpu', [one.eda], { ...solving, sampleRate: 4 })
    expect([...plain!.signals.tonic]).toEqual([...alone!.tonic])
  })

  it('of the unit are told, and spare other units what is true of µS only', async () => {
    const below = { ...huge, eda: Float64Array.from(huge.eda, (v, i) => (v - 5.2 + (i % 2) * 1e-6) / 1000) }
    const warnings = async (options: AnalyseOptions) => {
      const [found] = (await analyse('cpu', [below], { minAmplitude: 1e-4, ...options })).map(fine)
      return [found!.unit, found!.warnings.map((text) => text.split(' ').slice(0, 3).join(' '))]
    }
    expect(await warnings({})).toEqual(['µS', ['values below 0', 'responses from 0.0001']])
    expect(await warnings({ unit: 'kΩ' })).toEqual(['kΩ', []])
  })

  it('stop the work', async () => {
    const abort = new AbortController()
    abort.abort(new Error('enough'))
    await expect(analyse('cpu', [one], { signal: abort.signal })).rejects.toThrow('enough')
  })
})

describe('gaps', () => {
  const holes = { ...one, eda: Float64Array.from(one.eda, (v, i) => ((i >= 60 && i < 68) || i === 20 ? NaN : v)) }

  it('are refused with their place, or part the recording, with what was filled and what is left out', async () => {
    const [refused] = await analyse('cpu', [holes])
    expect((refused as FormatError).message).toMatch(/^one\.csv:62: 2\.00 s of samples are missing/)
    const late = { ...holes, eda: holes.eda.map((v, i) => (i >= 72 && i < 80 ? NaN : v)) }
    const [found] = (await analyse('cpu', [late], { gaps: 'split' })).map(fine)
    expect(found!.filled).toBe(1)
    // 1 s between the gaps is too short to decompose.
    expect(found!.warnings).toContain('1.0 s between gaps are too short to decompose and left out')
    expect([...found!.signals.tonic].map(Number.isNaN).lastIndexOf(true)).toBe(79)
    expect(Number.isNaN(found!.signals.eda[70])).toBe(false)
    expect(found!.quality.missing).toBeCloseTo(17 / 240, 12)
  })
})
