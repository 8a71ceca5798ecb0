// Every candidate for one op at one shape: is it correct here, and how long does it take?
import { GalvaniError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Plan, type Choice, type Dispatch } from '../runtime/plan.ts'
import { innerOf } from '../runtime/shape.ts'
import type { Storage, Tensor } from '../runtime/tensor.ts'
import { race } from './race.ts'
import { Scratch } from './scratch.ts'
import { passTimer, type Clock, type PassTimer } from './timer.ts'
import { planCost } from '../runtime/plan_report.ts'

/** One candidate, measured or rejected. */
export interface Measured {
  variant: string
  /** Least of the rounds, ms of one run; null where it was rejected. */
  ms: number | null
  /** Time of each round, ms; fewer rounds for a candidate that fell far behind. */
  samples: number[]
  /** Why it was rejected: it does not compile, its values are not those of `reg`, or there is no usable `reg` to compare with. */
  error: string | null
  /** What it needs at least, as its plan counts. */
  flops: number
  bytes: number
}

/** How a measurement is stopped. */
export interface MeasureOptions {
  /** Checked between two runs. */
  signal?: AbortSignal
}

/** The kernel of every op that all others are judged by: plain, and it runs on any adapter. */
export const REFERENCE = 'reg'

/** Memory that some dispatch writes. */
function written({ dispatches }: Plan): Set<Storage> {
  const writes = ({ shader, entry, tensors }: Dispatch): Storage[] =>
    Object.entries(shader.entries[entry]?.bindings ?? {})
      .filter(([, { access }]) => access === 'read_write')
      .map(([name]) => tensors[name]!.storage)
  return new Set(dispatches.flatMap(writes))
}

/** A candidate other than the default that takes this many times as long as another one when first timed is not timed again. */
const TOO_SLOW = 4

/** A sample repeats a run until it takes this long, ms: timestamps may come in steps of 0.1 ms, CPU time in steps of several. */
const LONG_ENOUGH = 5
const LONG_ENOUGH_SOFTWARE = 30
const MAX_REPEATS = 1000

const EPSILON = 2 ** -23
const SHORT = 16

/**
 * Runs every candidate of `choice`, `reg` among them, on scratch memory. Each is checked against `reg` on random numbers, then timed:
 * a warm-up is discarded, rounds are interleaved. Without `reg` all are rejected. Timed by timestamps on GPUs that have them, else by
 * `clock` (milliseconds), which on a software adapter should be CPU time of the process. The plan of the choice must be alive; it need
 * not be compiled.
 * @throws DeviceError when the reference itself does not run
 */
export async function measureCandidates(
  gpu: Gpu,
  choice: Choice,
  clock: Clock,
  options: MeasureOptions = {},
): Promise<Measured[]> {
  const scratch = await Scratch.create(gpu, choice)
  let bench: Bench | null = null
  try {
    bench = new Bench(gpu, choice, scratch, passTimer(gpu, clock))
    return await bench.measure(options.signal)
  } finally {
    bench?.destroy()
    scratch.free()
  }
}

/** The plans of all candidates on the same scratch memory. */
class Bench {
  private readonly plans = new Map<string, Plan>()
  private readonly repeats = new Map<string, number>()

  constructor(
    private readonly gpu: Gpu,
    private readonly choice: Choice,
    private readonly scratch: Scratch,
    private readonly timer: PassTimer,
  ) {}

  async measure(abort?: AbortSignal): Promise<Measured[]> {
    const { candidates } = this.choice
    const errors = await this.check(abort)
    const samples = await this.time(
      candidates.filter((name) => errors.get(name) === undefined),
      abort,
    )
    return candidates.map((variant) => {
      const own = samples.get(variant) ?? []
      const plan = this.plans.get(variant)
      const { flops, bytes } = plan ? planCost(plan) : { flops: 0, bytes: 0 }
      return {
        variant,
        ms: own.length > 0 ? Math.min(...own) : null,
        samples: own,
        error: errors.get(variant) ?? null,
        flops,
        bytes,
      }
    })
  }

  /** Why candidates cannot be used here; those that can are absent. */
  private async check(abort?: AbortSignal): Promise<Map<string, string>> {
    const { candidates, tensors } = this.choice
    const rejectAll = (why: string): Map<string, string> =>
      new Map(candidates.map((name) => [name, `nothing to compare with: ${why}`]))
    if (!candidates.includes(REFERENCE)) return rejectAll(`${this.choice.op} has no kernel '${REFERENCE}'`)
    const plan = await this.compile(REFERENCE)
    const results = this.scratch.results(written(plan))
    // What is still NaN after a run that found NaN there is updated, as running statistics are: it needs numbers to start from.
    const first = await this.run(plan, results)
    const updated = results.filter((tensor, i) => notFinite(tensor, first[i] ?? []))
    const fresh = results.filter((tensor) => !updated.includes(tensor))
    const wanted = updated.length > 0 ? await this.run(plan, fresh, updated) : first
    const all = [...fresh, ...updated]
    const unusable = all.map((tensor, i) => notFinite(tensor, wanted[i] ?? [])).find((text) => text !== null)
    if (unusable) return rejectAll(`${REFERENCE}: ${unusable}`)
    const tolerance = toleranceOf(plan, tensors)
    const errors = new Map<string, string>()
    for (const name of candidates.filter((other) => other !== REFERENCE)) {
      abort?.throwIfAborted()
      const found = await this.attempt(name, fresh, updated)
      const wrong =
        typeof found === 'string'
          ? found
          : all.map((of, i) => difference(of, found[i] ?? [], wanted[i] ?? [], tolerance(of))).find((text) => text)
      if (wrong) errors.set(name, wrong)
    }
    return errors
  }

  /** What a candidate computes, or why it does not run. */
  private async attempt(
    name: string,
    fresh: readonly Tensor[],
    updated: readonly Tensor[],
  ): Promise<ArrayLike<number>[] | string> {
    try {
      return await this.run(await this.compile(name), fresh, updated)
    } catch (error) {
      this.gpu.check() // a lost device is no fault of the candidate
      if (error instanceof GalvaniError) return error.message
      throw error
    }
  }

  private async compile(name: string): Promise<Plan> {
    const plan = new Plan(this.gpu)
    this.plans.set(name, plan)
    this.choice.record(plan, name, this.scratch.substitute)
    return plan.compile()
  }

  /** What one run makes of `fresh` memory, filled with NaN, and of tensors that it updates, filled with numbers. */
  private async run(
    plan: Plan,
    fresh: readonly Tensor[],
    updated: readonly Tensor[] = [],
  ): Promise<ArrayLike<number>[]> {
    this.scratch.poison(fresh)
    this.scratch.fill(updated)
    await this.gpu.guard(`${this.choice.op} ${this.choice.shape}`, () => plan.run())
    await this.gpu.idle()
    return this.scratch.read([...fresh, ...updated])
  }

  /** Times those that are worth it. A run has gone before, which compiled; a second one tells how often a sample must repeat it. */
  private async time(names: readonly string[], abort?: AbortSignal): Promise<Map<string, number[]>> {
    const wanted = this.gpu.info.isFallbackAdapter ? LONG_ENOUGH_SOFTWARE : LONG_ENOUGH
    const once = new Map<string, number>()
    for (const name of names) {
      abort?.throwIfAborted()
      const ms = await this.sample(name)
      once.set(name, ms)
      this.repeats.set(name, Math.min(MAX_REPEATS, Math.max(1, Math.ceil(wanted / Math.max(ms, wanted / MAX_REPEATS)))))
    }
    const best = Math.min(...once.values())
    const byDefault = this.choice.candidates[0]!
    const hopeless = [...once].filter(([name, ms]) => name !== byDefault && ms >= wanted && ms > TOO_SLOW * best)
    const tooSlow = new Map(hopeless.map(([name, ms]) => [name, [ms]]))
    const raced = await race(
      names.filter((name) => !tooSlow.has(name)),
      byDefault,
      (name) => {
        abort?.throwIfAborted()
        return this.sample(name)
      },
    )
    return new Map([...raced, ...tooSlow])
  }

  /** Milliseconds of one run. */
  private async sample(name: string): Promise<number> {
    const repeats = this.repeats.get(name) ?? 1
    const ms = await this.timer.time((pass) => {
      for (let i = 0; i < repeats; i++) this.plans.get(name)?.encode(pass)
    })
    return ms / repeats
  }

  destroy(): void {
    for (const plan of this.plans.values()) plan.destroy()
    this.timer.destroy()
  }
}

/**
 * Two sums of n terms in different orders differ by about sqrt(n) roundings of their largest partial sum; a factor of 8 is left
 * for the unlucky. An element of a result has no more terms than the reference's arithmetic comes to, two operations each, or,
 * where that is not counted, than the largest tensor has elements; and never fewer than the roundings of a short formula.
 */
function toleranceOf(reference: Plan, tensors: readonly Tensor[]): (result: Tensor) => number {
  const { flops } = planCost(reference)
  const largest = Math.max(...tensors.map(({ size }) => size))
  return ({ size }) => 8 * EPSILON * Math.sqrt(Math.max(SHORT, flops > 0 ? flops / 2 / size : largest))
}

const isPadding = ({ shape, rowStride }: Tensor, i: number): boolean => i % rowStride >= innerOf(shape)

/** Where a result proper has no number; null if nowhere. */
function notFinite(tensor: Tensor, values: ArrayLike<number>): string | null {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]) && !isPadding(tensor, i)) return `${tensor.label} has ${values[i]} at ${i}`
  }
  return null
}

/** What is wrong with a result; null if nothing is. Padding of rows counts where the reference writes it. */
function difference(
  tensor: Tensor,
  found: ArrayLike<number>,
  wanted: ArrayLike<number>,
  tolerance: number,
): string | null {
  let [largest, error] = [0, 0]
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [found[i]!, wanted[i]!]
    if (!Number.isFinite(b)) continue
    if (!Number.isFinite(a)) return `${tensor.label} has ${a} at ${i}`
    largest = Math.max(largest, Math.abs(b))
    error = Math.max(error, Math.abs(a - b))
  }
  if (error <= tolerance * largest) return null
  const [part, allowed] = [error / largest, tolerance].map((value) => value.toExponential(1))
  return `${tensor.label} differs from ${REFERENCE} by ${part} of its largest value, ${allowed} is allowed`
}
