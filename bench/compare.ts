// Two runs of `galvani bench` beside each other.
import type { KernelResult } from './kernels.ts'
import type { BenchResult } from './result.ts'
import type { Spent } from './timing.ts'

export interface Ratio {
  name: string
  /** Milliseconds: on a software adapter of CPU time over its cores, else by the clock. */
  before: number
  after: number
  /** Above 1 is faster now. */
  ratio: number
}

export interface Comparison {
  ratios: Ratio[]
  /** Why the ratios may say little. */
  warnings: string[]
}

/** What both runs measured, in the order of the later one. */
export function compareResults(before: BenchResult, after: BenchResult): Comparison {
  const old = timesOf(before)
  const ratios = [...timesOf(after)].flatMap(([name, ms]) => {
    const earlier = old.get(name)
    return earlier === undefined ? [] : [{ name, before: earlier, after: ms, ratio: earlier / ms }]
  })
  const warnings = differences(before, after)
  if (ratios.length === 0) warnings.push('the two runs have nothing in common')
  return { ratios, warnings }
}

function timesOf({ step, kernels, traffic }: BenchResult): Map<string, number> {
  const time = ({ ms, cpu_ms }: { ms: number; cpu_ms: number | null }): number =>
    step.cpu && cpu_ms !== null ? cpu_ms / step.cpu.cores : ms
  const whole: Spent = { ms: step.ms_median, cpu_ms: step.cpu_ms }
  const nameOf = ({ op, shape, variant, chosen }: KernelResult): string =>
    chosen ? `${op} ${shape}` : `${op} ${shape}, ${variant}`
  return new Map([
    [`step, preset ${step.preset}, batch ${step.batch}`, time(whole)],
    ...kernels.map((kernel): [string, number] => [nameOf(kernel), time(kernel)]),
    ...traffic.map((group): [string, number] => [
      `${group.name}, ${group.bytes / group.dispatches} bytes`,
      time(group) / group.dispatches,
    ]),
  ])
}

/** Rates of the probes further apart than this are those of another machine, or of a busy one. */
const SAME_PROBES = 1.25

function differences({ step: a }: BenchResult, { step: b }: BenchResult): string[] {
  const warnings: string[] = []
  if (a.adapter !== b.adapter) warnings.push(`the adapters differ: '${a.adapter}', now '${b.adapter}'`)
  if (a.preset !== b.preset || a.batch !== b.batch) {
    warnings.push(`the steps differ: preset ${a.preset}, batch ${a.batch}, now preset ${b.preset}, batch ${b.batch}`)
  }
  for (const [name, unit] of [
    ['fma_peak_gflops', 'GFLOP/s'],
    ['copy_gbps', 'GB/s'],
  ] as const) {
    const [before, now] = [(a.cpu ?? a)[name], (b.cpu ?? b)[name]]
    if (Math.max(before / now, now / before) > SAME_PROBES) {
      warnings.push(
        `the probes differ: ${before.toPrecision(3)} ${unit}, now ${now.toPrecision(3)}; another machine, or a busy one`,
      )
    }
  }
  return warnings
}
