// What the shipped kernels are required to reach on a software adapter, and whether they do.
import type { KernelResult, KernelResults, TrafficResult } from './kernels.ts'
import { judged } from './roofline.ts'
import type { FirstStep, StepResult } from './step.ts'

/** What takes less than this many launches at the probed rate shows the cost of launching, and is not judged. */
const LAUNCHES = 10
/** Rows of the shortest signals whose convolutions are judged. */
const LONG_ROWS = 157

export interface Target {
  row: string
  /** What is compared: a part of a probe's rate or of the floor, or a plain number. */
  unit: 'of FMA peak' | 'of copy probe' | 'of floor' | 'ms' | 'dispatches' | 's of CPU time'
  required: number
  /** Whether at least or at most that much is required. */
  bound: 'least' | 'most'
  /** The worst of the row; null if nothing of it was measured. */
  measured: number | null
  /** What that is. */
  worst: string | null
  /** How many were measured. */
  of: number
  met: boolean | null
}

export interface Measurements extends KernelResults {
  step: Omit<StepResult, 'profile'>
  traffic: readonly TrafficResult[]
  cold?: FirstStep
}

type Named = Pick<KernelResult, 'op' | 'shape'>

type Kind = KernelResult['kind']

/** Linear layers are convolutions over the batch. */
function sortOf({ batch, kernel, inChannels }: Extract<Kind, { op: 'convolution' }>) {
  if (batch === 1 && kernel === 1) return 'linear'
  return inChannels <= 4 ? 'first' : kernel === 1 ? '1x1' : 'wide'
}

const isConv =
  (sort: ReturnType<typeof sortOf>, least = 1) =>
  (kind: Kind): boolean =>
    kind.op === 'convolution' && kind.of !== 'weight' && sortOf(kind) === sort && kind.rows >= least

const KERNEL_ROWS: readonly { row: string; required: number; has: (kind: Kind) => boolean }[] = [
  {
    row: `conv k3, k7, forward and gradient of the input, ${LONG_ROWS} rows or more`,
    required: 0.18,
    has: isConv('wide', LONG_ROWS),
  },
  { row: 'conv 1x1, forward and gradient of the input', required: 0.13, has: isConv('1x1') },
  { row: 'first conv', required: 0.12, has: isConv('first') },
  {
    row: 'gradient of a weight, with its reduction',
    required: 0.18,
    has: (kind) => kind.op === 'convolution' && kind.of === 'weight',
  },
  { row: 'attention forward', required: 0.2, has: (kind) => kind.op === 'attention' && kind.of === 'output' },
  {
    row: 'attention backward, 7 products',
    required: 0.18,
    has: (kind) => kind.op === 'attention' && kind.of === 'gradient',
  },
  { row: 'linear', required: 0.2, has: isConv('linear') },
]
const TRAFFIC = { row: 'elementwise, batch norm, pooling, optimizer', required: 0.8 }
/** Its two small layers between the passes over the signal wait for loads, not for bandwidth. */
const NO_TRAFFIC = 'sca'
const STEP_FLOOR = 0.2
const MOST_JS_MS = 0.8
const MOST_DISPATCHES = 160
const MOST_COLD_S = 30

/** One row each, judged by its worst member among the kernels that the step uses; one that gives wrong values reaches nothing. */
export function checkTargets({ kernels, rejected, traffic, step, cold }: Measurements): Target[] {
  const least = (LAUNCHES * step.dispatch_us) / 1000
  const computes = ({ flops }: KernelResult): boolean => flops / (1e6 * step.fma_peak_gflops) >= least
  const moves = ({ bytes, dispatches }: Pick<TrafficResult, 'bytes' | 'dispatches'>): boolean =>
    bytes / dispatches / (1e6 * step.copy_gbps) >= least
  const rows = KERNEL_ROWS.map(({ row, required, has }): Target => {
    const members = kernels.filter((kernel) => kernel.chosen && computes(kernel) && has(kernel.kind))
    const wrong = rejected
      .filter((kernel) => kernel.chosen && has(kernel.kind))
      .map((kernel): Member => [`${nameOf(kernel)}, rejected`, 0])
    return atLeast(row, 'of FMA peak', required, [
      ...members.map((kernel): Member => [nameOf(kernel), judged(kernel).of_fma_peak]),
      ...wrong,
    ])
  })
  const copies = [
    ...traffic
      .filter((group) => moves(group) && group.shader !== NO_TRAFFIC)
      .map((group): Member => [`${group.name} ${group.label}`, judged(group).of_copy]),
    ...kernels
      .filter((kernel) => kernel.chosen && kernel.kind.op === 'normalisation' && moves({ ...kernel, dispatches: 1 }))
      .map((kernel): Member => [nameOf(kernel), judged(kernel).of_copy]),
  ]
  return [
    ...rows,
    atLeast(TRAFFIC.row, 'of copy probe', TRAFFIC.required, copies),
    atLeast('whole step', 'of floor', STEP_FLOOR, [['step', step.floor_fraction]]),
    atMost('JavaScript of a step, a few queued', 'ms', MOST_JS_MS, step.js_ms),
    atMost('dispatches of a step', 'dispatches', MOST_DISPATCHES, step.dispatches),
    ...(cold ? [atMost('cold first step', 's of CPU time', MOST_COLD_S, cold.first_step_cpu_s)] : []),
  ]
}

const nameOf = ({ op, shape }: Named): string => `${op} ${shape}`

/** What was measured, and how much. */
type Member = readonly [string, number]

function atLeast(row: string, unit: Target['unit'], required: number, members: readonly Member[]): Target {
  const [worst, measured] = [...members].sort((a, b) => a[1] - b[1])[0] ?? [null, null]
  return {
    row,
    unit,
    required,
    bound: 'least',
    measured,
    worst,
    of: members.length,
    met: measured === null ? null : measured >= required,
  }
}

const atMost = (row: string, unit: Target['unit'], required: number, measured: number): Target => ({
  row,
  unit,
  required,
  bound: 'most',
  measured,
  worst: null,
  of: 1,
  met: measured <= required,
})
