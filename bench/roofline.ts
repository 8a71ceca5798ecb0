// How near measured work comes to what the adapter can do at most.
import type { DispatchCost } from '../src/runtime/plan_report.ts'
import { floorMilliseconds, type Peaks, type Probes } from './probes.ts'
import type { Spent } from './timing.ts'

/** Rates of some work, and what part of the adapter's limits they are. */
export interface Rates {
  gflops: number
  gbps: number
  of_fma_peak: number
  of_copy: number
  /** Floor over time. */
  of_roofline: number
}

export interface Rated {
  rates: {
    /** By the clock. */
    wall: Rates
    /** By CPU time on all cores of a software adapter, against probes taken alike. Null on a GPU. */
    cpu: Rates | null
  }
}

/** Counted work; its floors are sums over its dispatches. */
export interface Work {
  flops: number
  bytes: number
  /** By the clock's probes. */
  floor_ms: number
  /** By the CPU time's probes; null on a GPU. */
  floor_ms_cpu: number | null
}

type Cost = Pick<DispatchCost, 'flops' | 'bytes'>

/** One dispatch after the other, each as long as its arithmetic or its traffic takes, whichever is longer. */
export function workOf(costs: readonly Cost[], probes: Probes): Work {
  const sum = (of: (cost: Cost) => number): number => costs.reduce((total, cost) => total + of(cost), 0)
  const floor = (peaks: Peaks): number => sum(({ flops, bytes }) => floorMilliseconds(peaks, flops, bytes))
  return {
    flops: sum(({ flops }) => flops),
    bytes: sum(({ bytes }) => bytes),
    floor_ms: floor(probes),
    floor_ms_cpu: probes.cpu && floor(probes.cpu),
  }
}

export function rate(work: Work, { ms, cpu_ms }: Spent, probes: Probes): Rated {
  const { cpu } = probes
  const wall = ratesOf(work, work.floor_ms, ms, probes)
  return { rates: { wall, cpu: cpu && ratesOf(work, work.floor_ms_cpu ?? 0, cpu_ms / cpu.cores, cpu) } }
}

function ratesOf({ flops, bytes }: Work, floor: number, ms: number, peaks: Peaks): Rates {
  const [gflops, gbps] = [flops / (1e6 * ms), bytes / (1e6 * ms)]
  return {
    gflops,
    gbps,
    of_fma_peak: gflops / peaks.fma_peak_gflops,
    of_copy: gbps / peaks.copy_gbps,
    of_roofline: floor / ms,
  }
}

/** The rates that are judged: a software adapter shares its cores with whatever else runs, so there those of CPU time. */
export const judged = ({ rates: { wall, cpu } }: Rated): Rates => cpu ?? wall

/** A dispatch with what it took. */
export interface TimedDispatch extends DispatchCost, Spent {}

/** Dispatches that belong together. */
export interface Group extends Work, Rated {
  name: string
  dispatches: number
  ms: number
  cpu_ms: number
}

/** Sums by name, in the order in which names first occur. */
export function groupBy(
  timed: readonly TimedDispatch[],
  nameOf: (cost: DispatchCost) => string,
  probes: Probes,
): Group[] {
  const members = new Map<string, TimedDispatch[]>()
  for (const dispatch of timed) {
    const name = nameOf(dispatch)
    members.set(name, [...(members.get(name) ?? []), dispatch])
  }
  return [...members].map(([name, group]) => groupOf(name, group, probes))
}

export function groupOf(name: string, group: readonly TimedDispatch[], probes: Probes): Group {
  const work = workOf(group, probes)
  const ms = group.reduce((sum, dispatch) => sum + dispatch.ms, 0)
  const cpu_ms = group.reduce((sum, dispatch) => sum + dispatch.cpu_ms, 0)
  return { name, dispatches: group.length, ...work, ms, cpu_ms, ...rate(work, { ms, cpu_ms }, probes) }
}

/** The part of the network that a label names: `residual.stages.0` of `residual.stages.0.units.1.sca squeeze`. */
export function layerOf({ label }: DispatchCost): string {
  const [path = ''] = label.split(' ')
  const parts = path.split('.')
  if (parts.length === 1) return label.replace(/ backward\b.*/, '')
  return parts.slice(0, /^\d+$/.test(parts[2] ?? '') ? 3 : 2).join('.')
}

export const kernelOf = ({ kernel }: DispatchCost): string => kernel
