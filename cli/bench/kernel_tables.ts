// What the benchmarks print of kernels for a person: their times, what is required of them, and an earlier run beside them.
import type { Comparison } from '../../bench/compare.ts'
import type { KernelResult, RejectedKernel, TrafficResult } from '../../bench/kernels.ts'
import type { Probes } from '../../bench/probes.ts'
import { judged } from '../../bench/roofline.ts'
import type { Target } from '../../bench/targets.ts'
import { clockOf, fixed } from './step_tables.ts'
import { percent, table } from '../shared/output.ts'

export function kernelTable(kernels: readonly KernelResult[], probes: Probes): string {
  const rows = kernels.map((kernel) => {
    const { op, shape, variant, chosen, uses, ms, cpu_ms, spread } = kernel
    const rates = judged(kernel)
    return [
      `${op} ${shape}`,
      `${variant}${chosen ? ' *' : ''}`,
      String(uses),
      fixed(ms),
      ...(probes.cpu ? [fixed(cpu_ms ?? NaN)] : []),
      percent(spread),
      fixed(rates.gflops),
      fixed(rates.gbps),
      percent(rates.of_fma_peak),
      percent(rates.of_roofline),
    ]
  })
  const cpu = probes.cpu ? ['CPU ms'] : []
  return table(
    [
      'Op',
      '* in use',
      'uses',
      'ms',
      ...cpu,
      'spread',
      'GFLOP/s',
      'GB/s',
      'of FMA peak',
      `of roofline, ${clockOf(probes)}`,
    ],
    rows,
  )
}

export const rejectedLines = (rejected: readonly RejectedKernel[]): string[] =>
  rejected.length === 0
    ? []
    : [rejected.map(({ op, shape, variant, error }) => `rejected: ${op} ${shape}, ${variant}: ${error}`).join('\n')]

/** Longest first. */
export function trafficTable(traffic: readonly TrafficResult[], probes: Probes): string {
  const rows = [...traffic]
    .sort((a, b) => b.ms - a.ms)
    .map((group) => [
      group.name,
      group.label,
      String(group.dispatches),
      (group.bytes / group.dispatches / 1e6).toPrecision(3),
      fixed(group.ms / group.dispatches),
      fixed(judged(group).gbps),
      percent(judged(group).of_copy),
    ])
  return table(
    ['Kernel', 'first', 'dispatches', 'MB each', 'ms each', 'GB/s', `of copy probe, ${clockOf(probes)}`],
    rows,
  )
}

export function targetTable(targets: readonly Target[]): string {
  return table(['Required', '', 'measured', 'met', 'worst of'], targets.map(targetRow))
}

export function targetRow({ row, unit, required, bound, measured, worst, of, met }: Target): string[] {
  const write = (value: number): string =>
    unit.startsWith('of ') ? `${percent(value)} ${unit}` : `${Number(value.toPrecision(3))} ${unit}`
  const outcome = met === null ? '-' : met ? 'yes' : 'NO'
  return [
    row,
    `${bound === 'least' ? '>=' : '<='} ${write(required)}`,
    measured === null ? '-' : write(measured),
    outcome,
    of > 1 ? `${of}: ${worst}` : (worst ?? ''),
  ]
}

export const comparisonTable = ({ ratios }: Comparison): string =>
  table(['Compared', 'ms before', 'ms now', 'times as fast'], ratios.map(ratioRow))

export const ratioRow = ({ name, before, after, ratio }: Comparison['ratios'][number]): string[] => [
  name,
  fixed(before),
  fixed(after),
  ratio.toFixed(2),
]
