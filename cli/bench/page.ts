// A run of the benchmark as a page.
import type { Comparison } from '../../bench/compare.ts'
import type { KernelResult } from '../../bench/kernels.ts'
import type { BenchResult } from '../../bench/result.ts'
import { judged, type Group } from '../../bench/roofline.ts'
import { benchPage } from '../../bench/pages/bench.ts'
import type { Bar } from '../../bench/pages/roofline.ts'
import { ratioRow, targetRow } from './kernel_tables.ts'
import { clockOf, stepFacts } from './step_tables.ts'
import { milliseconds } from './options.ts'
import { percent } from '../shared/output.ts'

export function pageOf(result: BenchResult, comparison: Comparison | null): string {
  const { step, cold, kernels, traffic, targets, date, galvani } = result
  const clock = clockOf(step)
  const peaks = step.cpu ?? step
  const used = kernels.filter(({ chosen }) => chosen)
  const points = [
    ...kernels.map((kernel) => ({ ...work(kernel), name: nameOf(kernel), family: familyOf(kernel) })),
    ...traffic.map((group) => ({ ...work(group), name: `${group.name} ${group.label}`, family: OTHER })),
  ]
  const compared = comparison
    ? [
        {
          caption: 'Compared with an earlier run',
          heads: ['', 'ms before', 'ms now', 'times as fast'],
          rows: comparison.ratios.map(ratioRow),
        },
      ]
    : []
  return benchPage({
    title: 'galvani bench',
    facts: [['Date', date], ['galvani', galvani], ...stepFacts(step, cold ?? null)],
    warnings: comparison?.warnings ?? [],
    roofline: {
      peaks: { gflops: peaks.fma_peak_gflops, gbps: peaks.copy_gbps },
      points,
      note: `Rates ${clock}; each dot says its name when pointed at.`,
    },
    charts: [
      {
        caption: 'Kernels in use',
        note: `Part of their own roofline, ${clock}.`,
        bars: used.map(rooflineBar),
        most: 1,
      },
      {
        caption: 'The step, part by part',
        note: `Milliseconds; the filled part is the floor. Time ${clock}.`,
        bars: step.layers.map((group) => timeBar(group, step)),
      },
      {
        caption: 'The step, kernel by kernel',
        note: 'The same by kernel.',
        bars: longestFirst(step.kernels.map((group) => timeBar(group, step))),
      },
    ],
    tables: [
      { caption: 'Required', heads: ['', 'required', 'measured', 'met', 'worst of'], rows: targets.map(targetRow) },
      ...compared,
    ],
  })
}

const OTHER = 'other'

/** What the dots of an op's kernels have their colour by. */
function familyOf({ kind }: KernelResult): string {
  if (kind.op === 'convolution')
    return kind.of === 'weight' ? 'gradient of a weight' : 'convolution, gradient of its input'
  return kind.op === 'attention' ? 'attention' : OTHER
}

const work = (rated: KernelResult | Group) => ({ flops: rated.flops, bytes: rated.bytes, gflops: judged(rated).gflops })

const nameOf = ({ op, shape, variant }: KernelResult): string => `${op} ${shape}, ${variant}`

function rooflineBar(kernel: KernelResult): Bar {
  const { of_roofline, gflops } = judged(kernel)
  return {
    name: `${kernel.op} ${kernel.shape}`,
    value: of_roofline,
    text: `${percent(of_roofline)}, ${gflops.toPrecision(3)} GFLOP/s`,
  }
}

function timeBar({ name, ms, cpu_ms, floor_ms, floor_ms_cpu }: Group, { cpu }: BenchResult['step']): Bar {
  const [value, part] = cpu ? [cpu_ms / cpu.cores, floor_ms_cpu ?? 0] : [ms, floor_ms]
  return { name, value, part, text: `${milliseconds(value)}, ${percent(part / value)}` }
}

const longestFirst = (bars: readonly Bar[]): Bar[] => [...bars].sort((a, b) => b.value - a.value)
