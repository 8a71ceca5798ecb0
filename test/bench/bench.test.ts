// The benchmarks: what they compute from times, and the programs around them. No time is judged.
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agreementOf, timeDecompose } from '../../bench/cvxeda.ts'
import { workOf } from '../../bench/cvxeda_cost.ts'
import { millisecondsElsewhere, startReference } from '../../bench/cvxeda_reference.ts'
import { cvxedaResult } from '../../bench/cvxeda_result.ts'
import { floorMilliseconds, measureProbes } from '../../bench/probes.ts'
import { fitPower, measureScaling } from '../../bench/scaling.ts'
import { randomWindows, syntheticSignals } from '../../bench/signals.ts'
import { median, timingOf } from '../../bench/timing.ts'
import type { Decomposition } from '../../src/cvxeda/decomposition.ts'
import { benchReport, growthSvg, type BenchFigure } from '../../bench/pages/cvxeda.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { expectDocument } from '../cli/documents.ts'
import { documentOf, refusesHere } from '../cli/options/start.ts'
import { galvani, json, refuses, workFolder, writeFiles } from '../cli/support.ts'
import { elementNames } from '../charts/marks.ts'

const USAGE = 2
const BAD_DATA = 3
const NO_DEVICE = 4
const CHECK_FAILED = 5

const folder = workFolder()
const path = (name: string): string => join(folder, name)
const PROBES = { fma_peak_gflops: 100, copy_gbps: 5, cpu: null, dispatch_us: 20, submit_us: 50 }

describe('figures', () => {
  it('are a median, a least value and a relative spread', () => {
    expect(timingOf([4, 1, 2])).toEqual({ median: 2, min: 1, spread: 1.5 })
    expect(median([4, 1, 2, 3])).toBe(2.5)
  })

  it('count work by samples and iterations', () => {
    const one = workOf('per-signal', 100, [1])
    expect(Math.min(one.flops, one.bytes)).toBeGreaterThan(0)
    expect(workOf('per-signal', 300, [1, 4])).toEqual({ flops: 15 * one.flops, bytes: 15 * one.bytes })
    for (const form of ['along-time', null] as const)
      expect(Math.min(...Object.values(workOf(form, 1, [1])))).toBeGreaterThan(0)
  })

  it('take the floor from whichever of arithmetic and traffic needs longer', () => {
    expect(floorMilliseconds(PROBES, 3e8, 1e6)).toBeCloseTo(3, 10)
    expect(floorMilliseconds(PROBES, 1e6, 4e7)).toBeCloseTo(8, 10)
  })

  it('interpolate the cost elsewhere by a power law, also outside its range', () => {
    expect(millisecondsElsewhere(1500)).toBeCloseTo(35, 8)
    expect(millisecondsElsewhere(61_440)).toBeCloseTo(3700, 6)
    expect(millisecondsElsewhere(Math.sqrt(500 * 1500))).toBeCloseTo(Math.sqrt(12 * 35), 6)
    const grow = [100, 500, 900, 5000, 24_000, 200_000].map(millisecondsElsewhere)
    expect(grow).toEqual([...grow].sort((a, b) => a - b))
  })

  it('fit the exponent of a power law', () => {
    const { factor, exponent } = fitPower([1, 3, 10].map((x) => [x, 2 * x ** 1.5]))
    expect([factor, exponent]).toEqual([expect.closeTo(2, 10), expect.closeTo(1.5, 10)])
  })

  it('show growth around the size asked for, up to the longest signal there is', async () => {
    const scaling = await measureScaling(4, 8, 16, async (signals, n) => signals * n ** 2)
    expect(scaling.over_n.map(({ n }) => n)).toEqual([2, 4, 8, 16])
    expect(scaling.over_signals.map(({ signals }) => signals)).toEqual([1, 2, 4, 8, 16])
    expect([scaling.slope_n, scaling.slope_signals]).toEqual([expect.closeTo(2, 10), expect.closeTo(1, 10)])
  })
})

describe('signals', () => {
  const set = { signals: 3, n: 800, sampleRate: 20, seed: 7 }
  const moments = (y: Float64Array) => [
    y.reduce((sum, v) => sum + v, 0) / y.length,
    y.reduce((sum, v) => sum + v * v, 0) / y.length,
  ]

  it('are z-scored and depend on the seed and their place alone', () => {
    const signals = syntheticSignals(set)
    for (const y of signals) expect(moments(y)).toEqual([expect.closeTo(0, 10), expect.closeTo(1, 10)])
    expect(syntheticSignals({ ...set, signals: 5 }).slice(0, 3)).toEqual(signals)
    expect(syntheticSignals({ ...set, seed: 8 })[0]).not.toEqual(signals[0])
    expect(signals[1]).not.toEqual(signals[0])
  })

  it('have responses and a level, not noise alone', () => {
    const [y] = syntheticSignals(set) as [Float64Array]
    const steps = y.slice(1).map((v, i) => v - y[i]!)
    expect(moments(steps)[1]).toBeLessThan(0.05) // white noise: 2
  })

  it('can be windows of a recording', () => {
    const recording = Float64Array.from({ length: 50 }, (_, i) => i ** 2)
    const windows = randomWindows(recording, { signals: 20, n: 49, seed: 1 })
    expect(new Set(windows.map(([first]) => first)).size).toBe(2) // there are two places, and both are used
    expect(() => randomWindows(recording, { signals: 1, n: 51, seed: 1 })).toThrow('only 50 samples')
  })
})

describe('agreement with the reference', () => {
  const parts = (shift: number) => ({ phasic: Float64Array.of(0, 3, 0, shift), tonic: Float64Array.of(1, 1, 1, 1) })
  const found = [{ phasic: Float32Array.of(0, 3, 0, 0), tonic: Float32Array.of(1, 1, 1, 1) }] as Decomposition[]

  it('needs both parts within a hundredth', () => {
    expect(agreementOf(found, [parts(0)])).toEqual({ phasic_nrmse: 0, tonic_nrmse: 0, agrees: true })
    expect(agreementOf(found, [parts(0.02)]).agrees).toBe(true)
    const off = agreementOf(found, [parts(0.1)])
    expect(off).toMatchObject({
      agrees: false,
      tonic_nrmse: 0,
      phasic_nrmse: expect.closeTo(0.05 / Math.sqrt(2.2525), 6),
    })
  })

  it('does not take NaN for an answer', () => expect(agreementOf(found, [parts(NaN)]).agrees).toBe(false))
})

describe('on this adapter', () => {
  let gpu: Gpu
  beforeAll(async () => void (gpu = await openGpu()))
  afterAll(() => gpu.close())

  it('the probes find positive limits and leave nothing behind', async () => {
    const { cpu, ...probes } = await measureProbes(gpu)
    expect(cpu !== null).toBe(gpu.info.isFallbackAdapter)
    for (const value of [...Object.values(probes), ...Object.values(cpu ?? {})])
      expect(value > 0 && Number.isFinite(value)).toBe(true)
    expect(Object.values(gpu.memory()).reduce((sum, { bytes }) => sum + bytes, 0)).toBe(0)
  })

  it('rounds are timed after a call that is not, and summed up per signal', async () => {
    const signals = syntheticSignals({ signals: 2, n: 80, sampleRate: 4, seed: 1 })
    const seen: number[] = []
    const run = await timeDecompose(gpu, signals, { sampleRate: 4 }, 2, async (round) => void seen.push(round))
    expect(seen).toEqual([1, 2])
    const fixed = { ...run, rounds: [6, 10] }
    const about = {
      adapter: 'x',
      solver: 'interior-point',
      form: 'per-signal',
      n: 80,
      sampleRate: 4,
      gpuPeakBytes: 9,
      probes: PROBES,
    } as const
    const result = cvxedaResult({ ...about, run: fixed, reference: null })
    expect(result).toMatchObject({
      signals: 2,
      ms_per_signal_median: 4,
      ms_per_signal_min: 3,
      spread: 0.5,
      converged: true,
    })
    expect(result).toMatchObject({ reference: 'figures of another machine', statuses: { solved: 2 } })
    expect(result.speedup).toBeCloseTo(millisecondsElsewhere(80) / 4, 10)
    const mean = (run.results[0]!.iterations + run.results[1]!.iterations) / 2
    expect(result.flops).toBeCloseTo(mean * workOf('per-signal', 80, [1]).flops, 6)
    const stopped = { ...fixed, results: [run.results[0]!, { ...run.results[1]!, status: 'max-iterations' as const }] }
    expect(cvxedaResult({ ...about, run: stopped, reference: null }).converged).toBe(false)
  })
})

/** A program in place of Python. It answers with y and 2 y, and takes 2 ms and 4 ms; a reference without text fails it. */
const PEER = `#!/usr/bin/env node
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
const option = (name) => process.argv[process.argv.indexOf('--' + name) + 1]
if (readFileSync(option('reference'), 'utf8') === '') throw new Error('an empty reference')
const n = Number(option('n'))
const bytes = readFileSync(option('signals'))
const y = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8)
console.log(JSON.stringify({ signals: option('signals'), rate: option('rate') }))
createInterface({ input: process.stdin }).on('line', () => {
  const parts = Array.from({ length: y.length / n }, (_, s) => [1, 2].map((k) => y.slice(s * n, (s + 1) * n).map((v) => k * v)))
  writeFileSync(option('answers'), Buffer.concat(parts.flat().map((part) => Buffer.from(part.buffer))))
  console.log(JSON.stringify({ seconds: [0.002, 0.004] }))
})
`

describe('the reference beside us', () => {
  const python = path('peer.mjs')
  const reference = path('reference.py')
  const broken = path('broken.py')
  beforeAll(() => {
    writeFiles(folder, { 'peer.mjs': PEER, 'reference.py': '# some program', 'broken.py': '' })
    chmodSync(python, 0o755)
  })

  it('gets the very signals, answers by round, and leaves no file', async () => {
    const signals = syntheticSignals({ signals: 2, n: 40, sampleRate: 4, seed: 3 })
    const peer = await startReference({ path: reference, python, signals, sampleRate: 4 })
    const { signals: file, rate } = peer.versions as { signals: string; rate: string }
    expect([existsSync(file), rate]).toEqual([true, '4'])
    expect([await peer.round(), await peer.round()]).toEqual([expect.closeTo(3, 10), expect.closeTo(3, 10)])
    expect(await peer.parts()).toEqual(signals.map((y) => ({ phasic: y, tonic: y.map((v) => 2 * v) })))
    await peer.close()
    expect(existsSync(file)).toBe(false)
  })

  it('makes the run fail when it found something else', async () => {
    const sizes = ['--signals', '2', '--n', '40', '--rate', '4', '--rounds', '1']
    const { code, stdout, lines } = await galvani([
      'bench',
      'cvxeda',
      ...sizes,
      '--reference',
      reference,
      '--python',
      python,
      '--json',
    ])
    expect(lines).toEqual([
      expect.stringMatching(/^galvani: the reference found something else .*the times say nothing$/),
    ])
    expect(code).toBe(CHECK_FAILED)
    expect(JSON.parse(stdout)).toMatchObject({ reference: 'measured', reference_run: { signals: 2, agrees: false } })
    expectDocument(JSON.parse(stdout), ['statuses', 'reference_run.versions'])
  })

  const bench = (...more: string[]): string[] => [
    'bench',
    'cvxeda',
    '--signals',
    '2',
    '--n',
    '40',
    '--rounds',
    '1',
    ...more,
  ]
  it.each([
    [
      'is missing',
      bench('--reference', path('none.py')),
      USAGE,
      'none.py: no such file; a copy of cvxEDA.py is expected',
    ],
    [
      'has no interpreter',
      bench('--reference', reference, '--python', path('none')),
      USAGE,
      /--python .*none cannot be started/,
    ],
    ['fails', bench('--reference', broken, '--python', python), NO_DEVICE, 'the reference failed'],
  ])('says so when it %s', async (_, args, code, says) => await refusesHere(args, code, says))
})

describe('galvani bench cvxeda', () => {
  const bench = (...more: string[]): string[] => [
    'bench',
    'cvxeda',
    '--signals',
    '4',
    '--n',
    '120',
    '--rate',
    '4',
    '--rounds',
    '2',
    ...more,
  ]

  it('prints every figure, and draws growth', async () => {
    const page = path('a page.html')
    const result = await json(bench('--form', 'along-time', '--html', page), { progress: /how the time grows/ })
    expectDocument(result, ['statuses'])
    expect(result).toMatchObject({
      ...{ solver: 'interior-point', form: 'along-time', signals: 4, n: 120, rate: 4, rounds: 2, converged: true },
      ...{ statuses: { solved: 4 }, reference: 'figures of another machine', adapter: expect.stringMatching(/./) },
    })
    const positive = [
      'ms_per_signal_median',
      'ms_per_signal_min',
      'first_call_ms',
      'iterations',
      'floor_ms',
      'flops',
      'bytes',
      'fma_peak_gflops',
      'copy_gbps',
      'dispatch_us',
      'submit_us',
      'gpu_peak_bytes',
      'rss_peak_bytes',
      'speedup',
    ]
    for (const name of positive) expect(result[name], name).toBeGreaterThan(0)
    const scaling = result['scaling'] as { slope_n: number; slope_signals: number }
    expect([scaling.slope_n, scaling.slope_signals].every(Number.isFinite)).toBe(true)
    const html = readFileSync(page, 'utf8')
    expect(elementNames(html, ['meta']).filter((name) => name === 'circle')).toHaveLength(10)
  })

  it('measures the CPU alone, without an adapter, or in turn with one', async () => {
    const figures = ['ms_per_signal_median', 'ms_per_signal_min', 'first_call_ms', 'iterations', 'speedup', 'workers']
    for (const device of ['cpu', 'both']) {
      const result = await documentOf(bench('--device', device))
      expect(result).toMatchObject({ signals: 4, n: 120, rate: 4, rounds: 2, on_cpu: { converged: true } })
      for (const name of figures) expect((result['on_cpu'] as Record<string, number>)[name], name).toBeGreaterThan(0)
      expect('adapter' in result).toBe(device === 'both')
      expect('floor_ms' in result).toBe(device === 'both')
    }
    expect(await documentOf(bench('--device', 'cpu', '--scaling'))).toMatchObject({
      scaling: { over_n: expect.anything() as object },
    })
  })

  it('takes windows of a recording at its own rate', async () => {
    const values = Array.from({ length: 300 }, (_, i) => (2 + Math.sin(i / 9) + 0.1 * Math.sin(i)).toFixed(5))
    writeFiles(folder, { 'EDA.csv': ['1600000000.0', '4.0', ...values].join('\n') })
    const args = ['bench', 'cvxeda', '--recording', path('EDA.csv'), '--signals', '2', '--n', '100', '--rounds', '1']
    expect(await documentOf(args)).toMatchObject({
      rate: 4,
      form: expect.stringMatching(/^(per-signal|along-time)$/),
      signals_from: 'windows of EDA.csv, seed 1',
    })
    await refusesHere([...args.slice(0, -3), '400', '--rounds', '1'], USAGE, '--n 400: ')
  })

  it.each([
    [['--n', '0'], USAGE, "--n is '0', expected a positive integer"],
    [['--signals', '2.5'], USAGE, "--signals is '2.5', expected an integer"],
    [['--rounds', '-1'], USAGE, "--rounds is '-1', expected a positive integer"],
    [['--rate', '0'], USAGE, "--rate is '0', expected a positive number"],
    [['--device', 'cpu', '--form', 'along-time'], USAGE, '--form and --solver are of an adapter'],
    [['--form', 'C'], USAGE, "--form is 'C', expected per-signal, along-time"],
    [['--solver', 'simplex'], USAGE, "--solver is 'simplex', expected interior-point"],
    [['--recording', 'none.csv'], BAD_DATA, 'none.csv: no such file'],
  ] as const)('refuses %j', async (options, code, says) => await refusesHere(bench(...options), code, says))
})

describe('galvani bench step', () => {
  it('prints every figure', async () => {
    const result = await json(['bench', 'step', '--batch', '1', '--rounds', '1'])
    expectDocument(result)
    expect(result).toMatchObject({ preset: 'paper', batch: 1, rounds: 1, submits: 1 })
    const positive = [
      'ms_median',
      'ms_min',
      'first_step_ms',
      'dispatches',
      'pipelines',
      'flops',
      'gpu_bytes',
      'fma_peak_gflops',
      'copy_gbps',
    ]
    for (const name of positive) expect(result[name], name).toBeGreaterThan(0)
  })

  it('refuses an empty batch', () =>
    refuses(['bench', 'step', '--batch', '0'], USAGE, "--batch is '0', expected a positive integer"))
})

describe('the report of a benchmark', () => {
  const points = [
    [100, 2],
    [200, 4],
    [400, 8],
  ] as const
  const figure: BenchFigure = {
    caption: 'Signals <by> number',
    size: 'Signals',
    time: 'Call (ms)',
    points,
    fit: fitPower(points),
  }

  it('draws points of a power law on one straight line, and says its slope', () => {
    const chart = growthSvg(figure)
    expect(chart).toContain('slope 1.00')
    const [a, b, c] = [...chart.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ])
    expect((c![1]! - a![1]!) / (c![0]! - a![0]!)).toBeCloseTo((b![1]! - a![1]!) / (b![0]! - a![0]!), 2)
    const [line] = [...chart.matchAll(/<path d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)" fill="none"/g)]
    expect(line!.slice(1).map(Number)).toEqual([...a!, ...c!].map((v) => expect.closeTo(v, 1)))
  })

  it('is well-formed, escapes its texts and shows facts and points', () => {
    const page = benchReport({ title: 'a & b', facts: [['Adapter', '<gpu>']], figures: [figure] })
    expect(elementNames(page, ['meta']).filter((name) => name === 'gpu' || name === 'by')).toEqual([])
    const text = page
      .replace(/<style>[^<]*<\/style>/, '')
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ')
    for (const shown of ['a &#38; b', 'Adapter &#60;gpu&#62;', '200 4.000', 'Signals &#60;by&#62; number'])
      expect(text).toContain(shown)
  })
})
