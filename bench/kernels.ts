// Every op of a training step at its own shapes: its kernels beside each other and beside the limits of the adapter.
import type { Gpu } from '../src/runtime/gpu.ts'
import { Plan, type Choice, type OpKind } from '../src/runtime/plan.ts'
import { measureCandidates, REFERENCE, type Measured } from '../src/tune/measure.ts'
import type { Probes } from './probes.ts'
import { groupOf, rate, workOf, type Group, type Rated, type TimedDispatch, type Work } from './roofline.ts'
import { kernelClock, timingOf, wallClock } from './timing.ts'
import { planCost } from '../src/runtime/plan_report.ts'

/** One kernel of one op at one shape, with whatever else it needs (the reduction of its partial sums). */
export interface KernelResult extends Work, Rated {
  op: string
  shape: string
  kind: OpKind
  variant: string
  /** Whether it is the one that the step uses. */
  chosen: boolean
  /** How often the step has this op at this shape. */
  uses: number
  /** Least of the rounds. */
  ms: number
  /** The same of all threads of the process; null on a GPU. */
  cpu_ms: number | null
  /** (largest - least) / median of the rounds by the clock that is judged. */
  spread: number
}

/** A kernel that gives other values than `reg`, or does not run here. */
export interface RejectedKernel {
  op: string
  shape: string
  kind: OpKind
  variant: string
  chosen: boolean
  error: string
}

export interface KernelOptions {
  /** Names of ops; all if absent. */
  ops?: readonly string[]
  /** Every candidate, not only the one that the step uses. */
  allVariants?: boolean
  signal?: AbortSignal
  onOp?: (done: number, total: number) => void
}

export interface KernelResults {
  kernels: KernelResult[]
  rejected: RejectedKernel[]
}

/** Times the kernels of a plan's ops, each on memory of its own, checked against `reg`. The plan must be alive. */
export async function benchKernels(
  gpu: Gpu,
  plan: Plan,
  probes: Probes,
  options: KernelOptions = {},
): Promise<KernelResults> {
  const { ops, onOp } = options
  const results: KernelResults = { kernels: [], rejected: [] }
  const distinct = distinctChoices(plan.choices).filter(({ choice }) => ops?.includes(choice.op) ?? true)
  for (const [done, { choice, uses }] of distinct.entries()) {
    onOp?.(done, distinct.length)
    const { op, shape, kind } = choice
    for (const { variant, judged, wall, error } of await measureChoice(gpu, choice, options)) {
      const named = { op, shape, kind, variant, chosen: variant === choice.variant }
      if (judged && wall) results.kernels.push({ ...named, uses, ...timesOf(judged, wall, probes) })
      else results.rejected.push({ ...named, error: error ?? 'it was not measured' })
    }
  }
  return results
}

/** Each op at each shape once, with how often it occurs. */
function distinctChoices(choices: readonly Choice[]): { choice: Choice; uses: number }[] {
  const found = new Map<string, { choice: Choice; uses: number }>()
  for (const choice of choices) {
    const key = `${choice.op} ${choice.shape}`
    found.set(key, { choice, uses: (found.get(key)?.uses ?? 0) + 1 })
  }
  return [...found.values()]
}

interface MeasuredTwice {
  variant: string
  /** By the clock that decides: CPU time on a software adapter, on a GPU its timestamps or, without these, the wall's. */
  judged: Measured | null
  wall: Measured | null
  error: string | null
}

/** The kernel that the step uses, or all; `reg` takes part in any case, since the others are checked against it. */
async function measureChoice(
  gpu: Gpu,
  choice: Choice,
  { allVariants, signal: abort }: KernelOptions,
): Promise<MeasuredTwice[]> {
  const shown = allVariants ? choice.candidates : [choice.variant]
  const checked = choice.candidates.filter((name) => name === REFERENCE || shown.includes(name))
  const settings = abort ? { signal: abort } : {}
  const first = await measureCandidates(gpu, { ...choice, candidates: checked }, kernelClock(gpu), settings)
  const correct = first.filter(({ ms }) => ms !== null).map(({ variant }) => variant)
  const again =
    gpu.info.isFallbackAdapter && correct.some((name) => shown.includes(name))
      ? await measureCandidates(gpu, { ...choice, candidates: correct }, wallClock, settings)
      : first
  const of = (list: readonly Measured[], name: string): Measured | null =>
    list.find(({ variant, ms }) => variant === name && ms !== null) ?? null
  return shown.map((variant) => ({
    variant,
    judged: of(first, variant),
    wall: of(again, variant),
    error: first.find((one) => one.variant === variant)?.error ?? null,
  }))
}

function timesOf(judged: Measured, wall: Measured, probes: Probes) {
  const work = workOf([judged], probes)
  const ms = wall.ms ?? 0
  const cpu_ms = probes.cpu ? judged.ms : null
  return {
    ...work,
    ms,
    cpu_ms,
    spread: timingOf(judged.samples).spread,
    ...rate(work, { ms, cpu_ms: cpu_ms ?? 0 }, probes),
  }
}

/** Dispatches of one kernel that move as many bytes: elementwise work, statistics, pooling, the optimizer. */
export interface TrafficResult extends Group {
  /** Label of the first of them. */
  label: string
  /** Name of their shader. */
  shader: string
}

/** What the profile has besides the ops of `benchKernels`. */
export function trafficOf(gpu: Gpu, plan: Plan, profile: readonly TimedDispatch[], probes: Probes): TrafficResult[] {
  const owned = kernelsOfChoices(gpu, plan.choices)
  const groups = new Map<string, TimedDispatch[]>()
  for (const dispatch of profile.filter(({ kernel }) => !owned.has(kernel))) {
    const key = `${dispatch.kernel} ${dispatch.bytes}`
    groups.set(key, [...(groups.get(key) ?? []), dispatch])
  }
  return [...groups.values()].map((group) => ({
    label: group[0]!.label,
    shader: group[0]!.shader,
    ...groupOf(group[0]!.kernel, group, probes),
  }))
}

/** Recorded once more, on the tensors they have; nothing is run. */
function kernelsOfChoices(gpu: Gpu, choices: readonly Choice[]): Set<string> {
  const plan = new Plan(gpu)
  for (const choice of choices) choice.record(plan, choice.variant, (tensor) => tensor)
  const kernels = new Set(planCost(plan).dispatches.map(({ kernel }) => kernel))
  plan.destroy()
  return kernels
}
