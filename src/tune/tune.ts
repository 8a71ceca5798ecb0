// Finds the fastest kernels for the ops of a plan, one op at one shape after the other.
import { checkNames, requireArray, type Known } from '../runtime/arguments.ts'
import { GalvaniError, LimitError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Plan, type Choice } from '../runtime/plan.ts'
import type { Tried, TunedEntry } from './cache.ts'
import { measureCandidates, type Measured } from './measure.ts'
import { winner } from './race.ts'
import type { Clock } from './timer.ts'
import { kernelChoices } from '../kernels/choices.ts'
import { planCost } from '../runtime/plan_report.ts'

/** What is measured, for how long, and who hears of it. */
export interface TuneOptions {
  /** Milliseconds; see `measureCandidates`. Default: wall time. */
  clock?: Clock
  /** What need not be measured again, by op and shape. */
  known?: Readonly<Record<string, TunedEntry>>
  /** Seconds of wall time after which no further op is begun. Default: 5 on a GPU, 60 on a software adapter. */
  budget?: number
  /** What was measured, by op and shape, as soon as it is; null where no kernel was right. */
  onEntry?: (key: string, entry: TunedEntry | null) => void | Promise<void>
  /** Before each op, and once at the end with `done` equal to `total`. */
  onProgress?: (done: number, total: number, next: string) => void
  signal?: AbortSignal
}

const TUNE_OPTIONS: Known<TuneOptions> = {
  ...{ clock: true, known: true, budget: true, onEntry: true, onProgress: true, signal: true },
}

/** Ops and shapes that were not tuned. */
export interface Untuned {
  /** There was no time left for them, or no memory. */
  left: string[]
  /** No kernel was right, or the one to compare with did not run. */
  wrong: string[]
}

const BUDGET_SECONDS = 5
const BUDGET_SECONDS_SOFTWARE = 60

/**
 * Measures the candidates of every op and shape of the plans, those with the most work first, and has `kernelChoices(gpu).tuned` name the best, for
 * plans that are recorded from then on; where no kernel is right it names none. Uses scratch memory only; the plans need not be
 * compiled, and may be destroyed afterwards.
 * @throws UsageError for plans that are no array, or an unknown option
 */
export async function tune(gpu: Gpu, plans: readonly Plan[], options: TuneOptions = {}): Promise<Untuned> {
  requireArray('tune', 'plans', plans)
  checkNames('tune', options, TUNE_OPTIONS)
  const { clock = () => performance.now(), known = {}, onEntry, onProgress, signal: abort } = options
  const { budget = gpu.info.isFallbackAdapter ? BUDGET_SECONDS_SOFTWARE : BUDGET_SECONDS } = options
  const choices = [...openChoices(gpu, plans)].filter(([key]) => !(key in known))
  const until = performance.now() + 1000 * budget
  const untuned: Untuned = { left: [], wrong: [] }
  for (const [at, [key, choice]] of choices.entries()) {
    abort?.throwIfAborted()
    onProgress?.(at, choices.length, key)
    const entry = performance.now() < until ? await tuneOne(gpu, choice, clock, abort) : 'left'
    if (entry === 'left') {
      untuned.left.push(key)
      continue
    }
    if (entry) kernelChoices(gpu).tuned.set(key, entry.variant)
    else {
      kernelChoices(gpu).tuned.delete(key)
      untuned.wrong.push(key)
    }
    await onEntry?.(key, entry)
  }
  onProgress?.(choices.length, choices.length, '')
  return untuned
}

/** Ops that have more than one candidate, each once, by the work in all their places; most first. */
function openChoices(gpu: Gpu, plans: readonly Plan[]): Map<string, Choice> {
  const places = new Map<string, Choice[]>()
  const promising = (choice: Choice): Choice => ({ ...choice, candidates: choice.promising })
  for (const choice of plans
    .flatMap((plan) => plan.choices)
    .map(promising)
    .filter(({ candidates }) => candidates.length > 1)) {
    const key = `${choice.op} ${choice.shape}`
    places.set(key, [...(places.get(key) ?? []), choice])
  }
  const open = [...places].map(([key, all]) => ({
    key,
    choice: all[0]!,
    work: all.length * workOf(gpu, all[0]!),
  }))
  return new Map(open.sort((a, b) => b.work - a.work).map(({ key, choice }) => [key, choice]))
}

/** Operations, and bytes moved, of the variant that was recorded. */
function workOf(gpu: Gpu, choice: Choice): number {
  const plan = new Plan(gpu)
  choice.record(plan, choice.variant, (tensor) => tensor)
  const { flops, bytes } = planCost(plan)
  plan.destroy()
  return flops + bytes
}

/** Null when no candidate was right, or not even the reference runs; `left` when there is no memory for it. */
async function tuneOne(
  gpu: Gpu,
  choice: Choice,
  clock: Clock,
  abort?: AbortSignal,
): Promise<TunedEntry | null | 'left'> {
  try {
    return entryOf(choice, await measureCandidates(gpu, choice, clock, { ...(abort && { signal: abort }) }))
  } catch (error) {
    gpu.check() // a lost device ends it all
    if (error instanceof LimitError) return 'left'
    if (error instanceof GalvaniError) return null
    throw error
  }
}

/** Null when no candidate was right. */
function entryOf({ candidates }: Choice, measured: readonly Measured[]): TunedEntry | null {
  const times = new Map(measured.flatMap(({ variant, ms }) => (ms === null ? [] : [[variant, ms] as const])))
  const byDefault = candidates[0]!
  const variant = winner(times, byDefault)
  if (variant === null) return null
  const tried = measured.map(({ variant: name, ms, error }): Tried =>
    ms === null ? { variant: name, rejected: error ?? '' } : { variant: name, ms },
  )
  return {
    variant,
    ms: times.get(variant)!,
    defaultMs: times.get(byDefault) ?? null,
    tried,
    at: new Date().toISOString(),
  }
}
