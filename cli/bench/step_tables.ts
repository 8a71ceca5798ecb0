// What the benchmarks print of a step for a person: its figures, its parts, its dispatches.
import type { DispatchTime } from '../../bench/profile.ts'
import type { Probes } from '../../bench/probes.ts'
import { judged, rate, workOf, type Group } from '../../bench/roofline.ts'
import type { ColdStart, FirstStep, StepResult } from '../../bench/step.ts'
import { mebibytes, milliseconds, probeFacts } from './options.ts'
import { percent, table } from '../shared/output.ts'

type Row = [string, string]

/** Whose time the fractions are of. */
export const clockOf = ({ cpu }: Probes): string => (cpu ? `by CPU time on ${cpu.cores} cores` : 'by the clock')

export function stepFacts(result: Omit<StepResult, 'profile'>, cold: FirstStep | null): Row[] {
  const { gflops, of_fma_peak } = judged(result)
  const seconds = result.first_step_cpu_s.toPrecision(3)
  return [
    ['Adapter', result.adapter],
    ['Step', `preset ${result.preset}, batch ${result.batch}, ${result.rounds} rounds`],
    [
      'Median',
      `${milliseconds(result.ms_median)} (least ${milliseconds(result.ms_min)}, spread ${percent(result.spread)}), ` +
        `${milliseconds(result.cpu_ms)} of CPU time`,
    ],
    [
      'Floor',
      `${milliseconds(result.floor_ms)}, ${percent(result.rates.wall.of_roofline)} of the median by the clock` +
        cpuFloor(result),
    ],
    [
      'Arithmetic',
      `${(result.flops / 1e9).toPrecision(3)} GFLOP, ${(result.bytes / 1e9).toPrecision(3)} GB; ${gflops.toPrecision(3)} GFLOP/s, ` +
        `${percent(of_fma_peak)} of the peak, ${clockOf(result)}`,
    ],
    ['Launches', `${result.dispatches} dispatches, ${result.submits} submit, ${result.pipelines} pipelines`],
    [
      'JavaScript',
      `${milliseconds(result.js_ms)} to encode and submit (${milliseconds(result.js_alone_ms)} after a wait), ` +
        `${milliseconds(result.upload_ms)} to hand over a batch`,
    ],
    ['First step', `${milliseconds(result.first_step_ms)} with compilation, ${seconds} s of CPU time`],
    ...(cold
      ? [
          [
            'Cold start',
            `${milliseconds(cold.first_step_ms)}, ${cold.first_step_cpu_s.toPrecision(3)} s of CPU time`,
          ] as Row,
        ]
      : []),
    ['GPU memory', mebibytes(result.gpu_bytes)],
    ...probeFacts(result),
  ]
}

function cpuFloor({ floor_ms_cpu, rates: { cpu } }: Omit<StepResult, 'profile'>): string {
  return cpu && floor_ms_cpu !== null ? `; ${milliseconds(floor_ms_cpu)}, ${percent(cpu.of_roofline)} by CPU time` : ''
}

/** A figure in few digits. */
export const fixed = (value: number): string =>
  value < 0.01 ? value.toExponential(0) : value.toFixed(value < 10 ? 2 : 1)

/** Longest first. */
export function groupTable(title: string, groups: readonly Group[]): string {
  const software = groups.some(({ rates }) => rates.cpu !== null)
  const total = groups.reduce((sum, { ms }) => sum + ms, 0)
  const rows = [...groups]
    .sort((a, b) => b.ms - a.ms)
    .map((group) => [
      group.name,
      String(group.dispatches),
      fixed(group.ms),
      percent(group.ms / total),
      fixed(group.floor_ms),
      percent(group.rates.wall.of_roofline),
      ...(group.rates.cpu ? [fixed(group.cpu_ms), percent(group.rates.cpu.of_roofline)] : []),
    ])
  const header = [
    title,
    'dispatches',
    'ms',
    'share',
    'floor ms',
    'of floor',
    ...(software ? ['CPU ms', 'of floor, by CPU'] : []),
  ]
  return table(header, rows)
}

/** Kernels shown of those that take longest to compile. */
const SLOWEST = 12

export function coldTable({ kernels }: ColdStart): string {
  const rows = kernels.slice(0, SLOWEST).map(({ kernel, constants, cpu_s }) => {
    const values = Object.entries(constants).map(([name, value]) => `${name}=${value}`)
    return [kernel, values.join(' '), cpu_s.toFixed(2)]
  })
  return table(['Longest to compile', '', 's of CPU time'], rows)
}

/** In the order in which they run. */
export function dispatchTable(profile: readonly DispatchTime[], probes: Probes): string {
  const rows = profile.map((dispatch) => {
    const work = workOf([dispatch], probes)
    const rates = judged(rate(work, dispatch, probes))
    const { label, kernel, groups, ms, cpu_ms, spread } = dispatch
    const [times, speeds] = [[ms, work.floor_ms, cpu_ms].map(fixed), [rates.gflops, rates.gbps].map(fixed)]
    return [label, kernel, groups.join('×'), ...times, percent(spread), ...speeds, percent(rates.of_roofline)]
  })
  return table(
    [
      'Dispatch',
      'kernel',
      'workgroups',
      'ms',
      'floor ms',
      'CPU ms',
      'spread',
      'GFLOP/s',
      'GB/s',
      `of floor, ${clockOf(probes)}`,
    ],
    rows,
  )
}
