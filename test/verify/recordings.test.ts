// `verify --recordings`: random windows of made and, where a checkout has them, real recordings, against float64.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRecording } from '../../src/reading/read.ts'
import { memorySource } from '../../src/store/source.ts'
import type { Recording } from '../../src/reading/recording.ts'
import { FormatError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { drawWindows, judgeWindows, verifyRecordings, windowErrors } from '../../src/verify/recordings.ts'
import { json, galvani, refuses, workFolder, writeFiles } from '../cli/support.ts'
import { oracle, randomSignal, rms } from '../cvxeda/support.ts'
import { needs, NO_SHARED } from '../support/needs.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const made = (sampleRate: number, seconds: number, seed: number): Recording => ({
  sampleRate,
  eda: Float64Array.from(randomSignal(seconds * sampleRate, sampleRate, seed), (v) => 5 + v),
  source: `made ${seed}`,
  firstLine: 2,
})
const recordings = [made(4, 400, 1), made(12.5, 48, 2), made(50, 90, 3)]

describe('windows', () => {
  const windows = drawWindows(recordings, 60, 7)

  it('are z-scored, at 4 to 128 Hz, of every recording and every disturbance equally often', () => {
    expect(windows.every(({ y }) => Math.abs(rms(y) - 1) < 1e-9)).toBe(true)
    expect(Math.min(...windows.map((w) => w.sampleRate))).toBe(4)
    expect(Math.max(...windows.map((w) => w.sampleRate))).toBe(128)
    expect(new Set(windows.map((w) => w.source)).size).toBe(3)
    const kinds = windows.map((w) => w.disturbance)
    expect([...new Set(kinds)].map((kind) => kinds.filter((k) => k === kind).length)).toEqual([12, 12, 12, 12, 12])
  })

  it('hold what the recording has there', () => {
    const ramp = {
      sampleRate: 4,
      eda: Float64Array.from({ length: 400 }, (_, i) => i / 4),
      source: 'ramp',
      firstLine: 2,
    }
    for (const { y, sampleRate, disturbance, start } of drawWindows([ramp], 20, 1)) {
      expect(start).toBeGreaterThanOrEqual(0)
      expect(start + y.length / sampleRate).toBeLessThanOrEqual(100)
      const n = y.length
      const straight = Array.from(y, (_, i) => (i - (n - 1) / 2) / Math.sqrt((n * n - 1) / 12))
      // Noise of a share s of the deviation, scaled to a deviation of 1 again, is s / sqrt(1 + s^2) away, and the line itself a little.
      const away: Record<string, readonly [number, number]> = {
        clean: [0, 1e-9],
        'noise 5 %': [0.035, 0.065],
        'noise 50 %': [0.33, 0.59],
      }
      const [least, most] = away[disturbance] ?? [1e-3, 1]
      expect(rms(y, straight), disturbance).toBeGreaterThanOrEqual(least)
      expect(rms(y, straight), disturbance).toBeLessThanOrEqual(most)
    }
  })

  it('are disturbed as they say', () => {
    const levels = (kind: string) => windows.filter((w) => w.disturbance === kind).map((w) => new Set(w.y).size)
    expect(Math.max(...levels('quantised'))).toBeLessThan(60)
    const clipped = windows.filter((w) => w.disturbance === 'clipped')
    for (const { y } of clipped) {
      const [least, most] = [Math.min(...y), Math.max(...y)]
      expect(y.filter((v) => v === least || v === most).length).toBeGreaterThan(y.length / 20)
    }
  })

  it('depend on the seed and their place alone', () => {
    expect(drawWindows(recordings, 10, 7)).toEqual(windows.slice(0, 10))
    expect(drawWindows(recordings, 10, 8)).not.toEqual(windows.slice(0, 10))
  })

  it('avoid missing samples, and are refused where there are too many', () => {
    const gap = { ...recordings[0]!, eda: recordings[0]!.eda.map((v, i) => (i === 800 ? NaN : v)) }
    for (const { y } of drawWindows([gap], 40, 1)) expect(y.every(Number.isFinite)).toBe(true)
    const holes = { ...gap, eda: gap.eda.map((v, i) => (i % 30 === 0 ? NaN : v)) }
    expect(() => drawWindows([holes], 1, 1)).toThrow(FormatError)
    expect(() => drawWindows([{ ...gap, eda: new Float64Array(400).fill(2) }], 1, 1)).toThrow('that vary')
    expect(() => drawWindows([], 1, 1)).toThrow(FormatError)
  })
})

describe('a window', () => {
  it('fails when a part is off, or no number', async () => {
    const y = Float64Array.from(randomSignal(120, 4, 5))
    const exact = await oracle(y, { sampleRate: 4 })
    expect(windowErrors(y, exact, exact)).toEqual({ gap: 0, phasic: 0, tonic: 0 })
    const off = windowErrors(y, { ...exact, tonic: exact.tonic.map((v) => v + 0.01) }, exact)
    expect(off.tonic).toBeCloseTo(0.01 / Math.max(1, rms(exact.phasic)), 6)
    const broken = { ...exact, phasic: exact.phasic.map((v, i) => (i === 3 ? NaN : v)) }
    expect(windowErrors(y, broken, exact).phasic).toBeNaN()
  })

  it('that misses its bars, or is not solved, is listed', async () => {
    const windows = drawWindows(recordings, 6, 3)
    const exact = await Promise.all(windows.map(({ y, sampleRate }) => oracle(y, { sampleRate })))
    const found = exact.slice()
    found[1] = { ...exact[1]!, tonic: exact[1]!.tonic.map((v) => v + 5) }
    found[2] = { ...exact[2]!, status: 'max-iterations' }
    found[3] = { ...exact[3]!, phasic: exact[3]!.phasic.map(() => NaN) }
    found[5] = { ...exact[5]!, objective: 1.001 * exact[5]!.objective + 1, iterations: 99 }
    const { summaries, failures } = judgeWindows(windows, found, exact, 'made', {
      gap: 1e-5,
      nrmse: 1e-3,
      iterations: 35,
      edge: 1,
    })
    expect(failures.map((f) => f.disturbance)).toEqual([1, 2, 3, 5].map((i) => windows[i]!.disturbance))
    expect(failures.map((f) => f.status)).toEqual(['solved', 'max-iterations', 'solved', 'solved'])
    expect(summaries.map((s) => [s.windows, s.failed])).toEqual([
      [2, 1],
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 0],
    ])
    expect(summaries[0]).toMatchObject({
      method: 'made',
      disturbance: 'clean',
      iterations: 99,
      statuses: { solved: 2 },
    })
  })
})

describe('the solvers on windows', async () => {
  const folder = new URL('../../../shared/data/eda/', import.meta.url)
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.csv'))
        .sort()
    : []
  const real = await Promise.all(
    files.map((file) => readRecording(memorySource(file, readFileSync(new URL(file, folder))))),
  )

  async function agree(source: Recording[]): Promise<void> {
    const progress: [number, number][] = []
    const { summaries, failures } = await verifyRecordings(gpu, source, {
      windows: 20,
      seed: 5,
      solver: 'interior-point',
      onProgress: (done, total) => progress.push([done, total]),
    })
    expect(failures).toEqual([])
    expect(summaries.map((s) => [s.method, s.windows, s.failed, s.statuses])).toEqual(
      ['per-signal', 'along-time'].flatMap((form) =>
        Array.from({ length: 5 }, () => [`interior-point ${form}`, 4, 0, { solved: 4 }]),
      ),
    )
    expect(progress.at(-1)).toEqual([60, 60])
  }

  it('of made recordings agree with float64', () => agree(recordings))
  it('of real recordings agree with float64', needs(real.length > 0, NO_SHARED), () => agree(real))
})

describe('galvani verify --recordings', () => {
  const folder = workFolder()
  const csv = ({ eda, sampleRate }: Recording) =>
    `time_s,eda_uS\n${Array.from(eda, (v, i) => `${i / sampleRate},${v}`).join('\n')}\n`
  writeFiles(folder, {
    'a.csv': csv(recordings[0]!),
    'b.CSV': csv(recordings[2]!),
    'notes.csv': 'who,when\nme,now\n',
    'c.txt': 'no',
  })
  const verify = ['verify', '--recordings', folder, '--windows', '10']

  it('sums up each solver and form by kind of window', async () => {
    const result = await json<{ failed: number; recordings: number; summaries: { method: string; windows: number }[] }>(
      verify,
    )
    expect(result).toMatchObject({ windows: 10, seed: 1, recordings: 2, failed: 0, failures: [] })
    const methods = ['interior-point per-signal', 'interior-point along-time', 'admm']
    expect(result.summaries.map((s) => [s.method, s.windows])).toEqual(
      methods.flatMap((name) => Array.from({ length: 5 }, () => [name, 2])),
    )
  })

  it('prints a table, and what it left out', async () => {
    const { code, stdout, lines } = await galvani([...verify, '--form', 'per-signal'])
    expect(code).toBe(0)
    expect(lines.join('\n')).toMatch(/^left out: notes.csv:/)
    expect(stdout).toMatch(/^solver +windows +failed +gap +nrmse\(r\) +nrmse\(t\) +iterations +statuses\n/)
    expect(stdout).toMatch(/interior-point per-signal, clipped +2 +0 .* 2 solved\n10 of 10 windows passed\n$/)
  })

  it.each([
    [['--windows', '3'], 2, '--windows and --seed belong to --recordings'],
    [['--form', 'per-signal'], 2, '--solver and --form belong to --fixtures or --recordings'],
    [['--recordings', folder, '--fixtures', folder], 2, 'three checks'],
    [['--recordings', folder, '--windows', '0'], 2, '--windows is 0'],
    [['--recordings', folder, '--device', 'cpu'], 2, 'leave --device out'],
    [['--fixtures', folder, '--device', 'cpu', '--solver', 'admm'], 2, 'one solver and no forms'],
    [['--fixtures', folder, '--solver', 'admm', '--form', 'per-signal'], 2, '--solver admm has no forms'],
    [['--recordings', `${folder}/none`], 3, 'no such folder'],
  ])('refuses %o', async (args, code, says) => refuses(['verify', ...args], code, says))
})
