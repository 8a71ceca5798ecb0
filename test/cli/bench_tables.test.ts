// What `galvani bench` prints for a person: every figure under its own name, in its unit. Figures are made up, all different.
import { describe, expect, it } from 'vitest'
import type { CvxedaFigures } from '../../bench/cvxeda_bench.ts'
import type { KernelResult, TrafficResult } from '../../bench/kernels.ts'
import type { Probes } from '../../bench/probes.ts'
import type { BenchResult } from '../../bench/result.ts'
import type { Group, Rates } from '../../bench/roofline.ts'
import type { StepResult } from '../../bench/step.ts'
import { cvxedaFacts } from '../../cli/bench/cvxeda_facts.ts'
import { kernelTable, ratioRow, rejectedLines, targetRow, trafficTable } from '../../cli/bench/kernel_tables.ts'
import { pageOf } from '../../cli/bench/page.ts'
import { coldTable, dispatchTable, groupTable, stepFacts } from '../../cli/bench/step_tables.ts'

/** The cells of each line; empty ones are none. */
const cellsOf = (text: string): string[][] => text.split('\n').map((line) => line.trim().split(/ {2,}/))

const CPU = { cores: 4, fma_peak_gflops: 200, copy_gbps: 20 }
const GPU_PROBES: Probes = { fma_peak_gflops: 123.4, copy_gbps: 45.67, cpu: null, dispatch_us: 1.26, submit_us: 33.44 }
const PROBES: Probes = { ...GPU_PROBES, cpu: CPU }
const PROBE_FACTS = [
  ['Multiply-add peak', '123 GFLOP/s'],
  ['Copy bandwidth', '45.7 GB/s'],
  ['Dispatch, submit', '1.3 us, 33.4 us'],
]
const ratesOf = (gflops: number): Rates => ({
  ...{ gflops, gbps: gflops / 2, of_fma_peak: gflops / 100, of_copy: gflops / 200, of_roofline: gflops / 50 },
})
const WALL = { wall: ratesOf(10), cpu: null }
const BOTH = { wall: ratesOf(10), cpu: ratesOf(20) }

describe('a step', () => {
  const step = {
    ...PROBES,
    ...{ adapter: 'X 9000', preset: 'paper', batch: 16, rounds: 5 },
    ...{ ms_median: 80, ms_min: 72.34, spread: 0.125, cpu_ms: 250, floor_ms: 8, floor_ms_cpu: 25, rates: BOTH },
    ...{ flops: 1.25e9, bytes: 4.5e8, dispatches: 145, submits: 1, pipelines: 40 },
    ...{ js_ms: 0.9, js_alone_ms: 1.1, upload_ms: 0.12, first_step_ms: 1500, first_step_cpu_s: 3.456 },
    ...{ gpu_bytes: 3 * 2 ** 20, layers: [], kernels: [] },
  } as unknown as Omit<StepResult, 'profile'>

  it('has its facts, by CPU time on a software adapter', () => {
    expect(stepFacts(step, { first_step_ms: 2600, first_step_cpu_s: 7.89 })).toEqual([
      ['Adapter', 'X 9000'],
      ['Step', 'preset paper, batch 16, 5 rounds'],
      ['Median', '80 ms (least 72.3 ms, spread 12.5 %), 250 ms of CPU time'],
      ['Floor', '8 ms, 20.0 % of the median by the clock; 25 ms, 40.0 % by CPU time'],
      ['Arithmetic', '1.25 GFLOP, 0.450 GB; 20.0 GFLOP/s, 20.0 % of the peak, by CPU time on 4 cores'],
      ['Launches', '145 dispatches, 1 submit, 40 pipelines'],
      ['JavaScript', '0.9 ms to encode and submit (1.1 ms after a wait), 0.12 ms to hand over a batch'],
      ['First step', '1500 ms with compilation, 3.46 s of CPU time'],
      ['Cold start', '2600 ms, 7.89 s of CPU time'],
      ['GPU memory', '3.0 MiB'],
      ...PROBE_FACTS,
    ])
  })

  it('is by the clock on a GPU, and without a cold start where none was asked for', () => {
    const facts = new Map(stepFacts({ ...step, cpu: null, floor_ms_cpu: null, rates: WALL }, null))
    expect(facts.get('Floor')).toBe('8 ms, 20.0 % of the median by the clock')
    expect(facts.get('Arithmetic')).toContain('10.0 GFLOP/s, 10.0 % of the peak, by the clock')
    expect(facts.has('Cold start')).toBe(false)
  })

  const group = (name: string, ms: number, rates: Group['rates']): Group => ({
    ...{
      name,
      dispatches: 3,
      flops: 1e9,
      bytes: 1e6,
      floor_ms: ms / 8,
      floor_ms_cpu: ms / 5,
      ms,
      cpu_ms: 3 * ms,
      rates,
    },
  })

  it('has its parts longest first, with their shares of the whole', () => {
    expect(cellsOf(groupTable('Part', [group('short', 4, BOTH), group('long', 12, BOTH)]))).toEqual([
      ['Part', 'dispatches', 'ms', 'share', 'floor ms', 'of floor', 'CPU ms', 'of floor, by CPU'],
      ['long', '3', '12.0', '75.0 %', '1.50', '20.0 %', '36.0', '40.0 %'],
      ['short', '3', '4.00', '25.0 %', '0.50', '20.0 %', '12.0', '40.0 %'],
    ])
    expect(cellsOf(groupTable('Kernel', [group('tiny', 0.004, WALL)]))).toEqual([
      ['Kernel', 'dispatches', 'ms', 'share', 'floor ms', 'of floor'],
      ['tiny', '3', '4e-3', '100.0 %', '5e-4', '20.0 %'],
    ])
  })

  it('has its dispatches as they run, and its kernels as long as they compile', () => {
    const dispatch = {
      ...{ label: 'head conv', shader: 's', kernel: 'conv1d/reg', constants: {}, groups: [2, 3, 1] as const },
      ...{ flops: 1.234e9, bytes: 4.567e6, ms: 20, cpu_ms: 60, spread: 0.1 },
    }
    const probes = { ...GPU_PROBES, fma_peak_gflops: 123.4, copy_gbps: 45.67 }
    const [heads, row] = cellsOf(dispatchTable([dispatch], probes))
    // 1.234 GFLOP at 123.4 GFLOP/s are 10 ms, 4.567 MB at 45.67 GB/s 0.1 ms.
    expect(row).toEqual([
      'head conv',
      'conv1d/reg',
      '2×3×1',
      '20.0',
      '10.0',
      '60.0',
      '10.0 %',
      '61.7',
      '0.23',
      '50.0 %',
    ])
    expect(heads!.slice(3)).toEqual(['ms', 'floor ms', 'CPU ms', 'spread', 'GFLOP/s', 'GB/s', 'of floor, by the clock'])
    const kernels = Array.from({ length: 14 }, (_, i) => ({
      kernel: `k${i}`,
      constants: { A: i, B: 2 },
      cpu_s: 14 - i,
    }))
    const cold = cellsOf(coldTable({ first_step_ms: 1, first_step_cpu_s: 1, kernels }))
    expect(cold).toHaveLength(1 + 12)
    expect([cold[1], cold[12]]).toEqual([
      ['k0', 'A=0 B=2', '14.00'],
      ['k11', 'A=11 B=2', '3.00'],
    ])
  })

  const convolution = (of: 'output' | 'weight') =>
    ({ op: 'convolution', of, batch: 2, rows: 8, inChannels: 4, outChannels: 4, kernel: 3 }) as const
  const kernel = (more: Partial<KernelResult>): KernelResult => ({
    ...{
      op: 'conv1d',
      shape: '2x8',
      kind: convolution('output'),
      variant: 'reg',
      chosen: true,
      uses: 6,
      ms: 1.234,
      cpu_ms: 5.678,
    },
    ...{ spread: 0.25, flops: 1e6, bytes: 1e6, floor_ms: 1, floor_ms_cpu: 1, rates: BOTH },
    ...more,
  })
  const traffic = (name: string, ms: number): TrafficResult => ({
    ...{ ...group(name, ms, BOTH), label: 'first', shader: 's', bytes: 6e6 },
  })

  it('has its kernels with their rates, the ones in use marked', () => {
    expect(cellsOf(kernelTable([kernel({}), kernel({ variant: 'lane', chosen: false, rates: BOTH })], PROBES))).toEqual(
      [
        ...[['Op', '* in use', 'uses', 'ms', 'CPU ms', 'spread', 'GFLOP/s', 'GB/s', 'of FMA peak']].map((heads) => [
          ...heads,
          'of roofline, by CPU time on 4 cores',
        ]),
        ['conv1d 2x8', 'reg *', '6', '1.23', '5.68', '25.0 %', '20.0', '10.0', '20.0 %', '40.0 %'],
        ['conv1d 2x8', 'lane', '6', '1.23', '5.68', '25.0 %', '20.0', '10.0', '20.0 %', '40.0 %'],
      ],
    )
    const byClock = cellsOf(kernelTable([kernel({ rates: WALL, cpu_ms: null })], GPU_PROBES))
    expect(byClock[1]).toEqual(['conv1d 2x8', 'reg *', '6', '1.23', '25.0 %', '10.0', '5.00', '10.0 %', '20.0 %'])
    const rejected = { op: 'conv1d', shape: '2x8', kind: { op: 'other' }, variant: 'lane', chosen: false } as const
    expect(rejectedLines([{ ...rejected, error: 'off by 3' }])).toEqual(['rejected: conv1d 2x8, lane: off by 3'])
    expect(rejectedLines([])).toEqual([])
  })

  it('has the rest of its dispatches each, longest first', () => {
    expect(cellsOf(trafficTable([traffic('a', 3), traffic('b', 6)], PROBES))).toEqual([
      ['Kernel', 'first', 'dispatches', 'MB each', 'ms each', 'GB/s', 'of copy probe, by CPU time on 4 cores'],
      ['b', 'first', '3', '2.00', '2.00', '10.0', '10.0 %'],
      ['a', 'first', '3', '2.00', '1.00', '10.0', '10.0 %'],
    ])
  })

  it('is judged by what is required, and by an earlier run', () => {
    const target = {
      row: 'convolutions',
      unit: 'of FMA peak',
      required: 0.5,
      bound: 'least',
      worst: 'a',
      of: 3,
    } as const
    expect([
      targetRow({ ...target, measured: 0.4567, met: false }),
      targetRow({ ...target, unit: 'ms', bound: 'most', measured: 0.45678, met: true, of: 1 }),
      targetRow({ ...target, measured: null, worst: null, met: null, of: 0 }),
    ]).toEqual([
      ['convolutions', '>= 50.0 % of FMA peak', '45.7 % of FMA peak', 'NO', '3: a'],
      ['convolutions', '<= 0.5 ms', '0.457 ms', 'yes', 'a'],
      ['convolutions', '>= 50.0 % of FMA peak', '-', '-', ''],
    ])
    expect(ratioRow({ name: 'step', before: 12.34, after: 6.17, ratio: 2 })).toEqual(['step', '12.3', '6.17', '2.00'])
  })

  it('becomes a page: kernels in use by their roofline, parts by CPU time over the cores, the longest first', () => {
    const { profile: _, ...bare } = { ...step, profile: [] }
    const result = {
      ...{ galvani: '1.2.3', date: '2030-01-02', rejected: [], targets: [], traffic: [] },
      step: { ...bare, kernels: [group('short', 4, BOTH), group('long', 12, BOTH)] },
      kernels: [
        kernel({}),
        kernel({ op: 'attention', shape: '5', kind: { op: 'attention', of: 'output' }, chosen: false }),
        kernel({ op: 'conv1d backward weight', shape: '7', kind: convolution('weight') }),
      ],
    } as unknown as BenchResult
    const page = pageOf(result, null).replace(/<style>[^<]*<\/style>/, '')
    // 36 ms of CPU time on 4 cores; 2.4 ms of floor. A kernel that is not in use has a dot, and no bar.
    for (const text of ['9 ms, 26.7 %', '3 ms, 26.7 %', '40.0 %, 20.0 GFLOP/s']) expect(page).toContain(text)
    expect(page.indexOf('9 ms, 26.7 %')).toBeLessThan(page.indexOf('3 ms, 26.7 %'))
    expect(page).toMatch(/conv1d 2x8(?!, reg)/)
    expect(page).not.toMatch(/attention 5(?!, reg)/)
    for (const family of ['attention', 'gradient of a weight', 'convolution, gradient of its input'])
      expect(page, family).toMatch(new RegExp(`>${family}<`))
  })
})

describe('a decomposition', () => {
  const figures = {
    ...PROBES,
    ...{ adapter: 'X 9000', solver: 'interior-point', form: 'along-time', signals: 64, n: 1500, rate: 50, rounds: 7 },
    ...{
      ms_per_signal_median: 4.5678,
      ms_per_signal_min: 3.2,
      spread: 0.111,
      first_call_ms: 512,
      signals_from: 'seed 1',
    },
    ...{ iterations: 21, iterations_max: 40, converged: false, statuses: { solved: 63, 'max-iterations': 1 } },
    ...{ flops: 12.34e6, bytes: 5.67e6, floor_ms: 0.5, gpu_peak_bytes: 2 ** 20, rss_peak_bytes: 5 * 2 ** 20 },
    ...{ speedup: 7.6543, reference: 'figures of another machine', reference_ms_per_signal: 35 },
  } as const
  const facts = (more: Partial<CvxedaFigures> = {}): string[][] => cvxedaFacts({ ...figures, ...more } as CvxedaFigures)

  it('has its facts', () => {
    expect(facts()).toEqual([
      ['Adapter', 'X 9000'],
      ['Signals', '64 of 1500 samples at 50 Hz (seed 1)'],
      ['Solver', 'interior-point, form along-time: 63 solved, 1 max-iterations'],
      ['Iterations', 'median 21, most 40'],
      ['A signal', '4.57 ms (least 3.2 ms, spread 11.1 % of 7 rounds)'],
      ['First call', '512 ms with compilation, all signals'],
      ['Floor', '0.5 ms a signal (12.3 MFLOP, 5.7 MB); it takes 9.1 times as long'],
      ...PROBE_FACTS,
      ['Memory', '1.0 MiB of the GPU, 5.0 MiB of the process, at most'],
      ['Python reference', '35 ms a signal (figures of another machine, not run here)'],
      ['Speed-up', '7.65 times'],
    ])
  })

  it('has the CPU beside an adapter, or alone', () => {
    const on_cpu = {
      ...{ workers: 2, ms_per_signal_median: 1.3, ms_per_signal_min: 1.25, spread: 0.05, first_call_ms: 700 },
      ...{ iterations: 22, iterations_max: 30, converged: true, speedup: 38.3 },
      agreement: { phasic_nrmse: 1e-4, tonic_nrmse: 2e-4, agrees: true },
    }
    const both = facts({ on_cpu })
    const cpu = [
      ['CPU', 'float64 on 2 threads: all solved, iterations median 22, most 30'],
      ['A signal on the CPU', '1.3 ms (least 1.25 ms, spread 5.0 % of 7 rounds)'],
      ['First call on the CPU', '700 ms with the start of the threads, all signals'],
      ['Agreement of the CPU', 'yes: nrmse of r 1.0e-4, of t 2.0e-4'],
      ['Python reference', '35 ms a signal (figures of another machine, not run here)'],
    ]
    expect(both.slice(-7)).toEqual([...cpu, ['Speed-up', '7.65 times'], ['Speed-up of the CPU', '38.3 times']])
    expect(both[0]).toEqual(['Adapter', 'X 9000'])
    const { signals, n, rate, rounds, rss_peak_bytes, reference, reference_ms_per_signal, signals_from } = figures
    const common = { signals, n, rate, rounds, rss_peak_bytes, reference, reference_ms_per_signal, signals_from }
    expect(cvxedaFacts({ ...common, on_cpu: { ...on_cpu, converged: false } } as CvxedaFigures)).toEqual([
      ['Signals', '64 of 1500 samples at 50 Hz (seed 1)'],
      ['Memory', '5.0 MiB of the process, at most'],
      ['CPU', 'float64 on 2 threads: NOT all solved, iterations median 22, most 30'],
      ...cpu.slice(1),
      ['Speed-up of the CPU', '38.3 times'],
    ])
  })

  it('has the reference that was run beside it, and its growth', () => {
    const reference = { signals: 32, ms_per_signal_min: 1, versions: {}, phasic_nrmse: 1.26e-3, tonic_nrmse: 4.5e-2 }
    const scaling = { over_n: [], over_signals: [], slope_n: 1.234, slope_signals: 0.876 }
    expect(facts({ form: null, scaling, reference_run: { ...reference, agrees: false } }).slice(-4)).toEqual([
      ['Python reference', '35 ms a signal (measured in turn with ours, on 32 of the signals)'],
      ['Agreement', 'NO: nrmse of r 1.3e-3, of t 4.5e-2'],
      ['Speed-up', '7.65 times'],
      ['Growth', 'n^1.23, signals^0.88'],
    ])
    const agreeing = new Map(facts({ form: null, reference_run: { ...reference, agrees: true } }) as [string, string][])
    expect(agreeing.get('Agreement')).toMatch(/^yes: /)
    expect(agreeing.get('Solver')).toBe('interior-point: 63 solved, 1 max-iterations')
  })
})
