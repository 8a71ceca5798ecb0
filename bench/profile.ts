// What each dispatch of a plan takes, run alone and as often as makes it measurable.
import type { Gpu } from '../src/runtime/gpu.ts'
import type { Plan } from '../src/runtime/plan.ts'
import { passTimer, type PassTimer } from '../src/tune/timer.ts'
import type { TimedDispatch } from './roofline.ts'
import { median, timePass, timingOf, wallClock, type Spent } from './timing.ts'
import { planCost, type DispatchCost } from '../src/runtime/plan_report.ts'

/** Milliseconds of a sample: timestamps come in steps of 0.07 ms, a software adapter's CPU time is coarser still. */
const ENOUGH = 2
const ENOUGH_SOFTWARE = 12
/** Most repeats of a dispatch in one pass. */
const MOST_REPEATS = 400

export interface DispatchTime extends TimedDispatch {
  /** (largest - least) / median of the rounds. */
  spread: number
}

/**
 * One entry per dispatch, in order; times are medians of `rounds`. The plan must have been run once, so that everything is
 * compiled. Dispatches that change their own operands (an optimizer's) do so: what the plan computes afterwards means nothing.
 */
export async function profilePlan(
  gpu: Gpu,
  plan: Plan,
  rounds: number,
  onRound: (round: number) => void = () => undefined,
): Promise<DispatchTime[]> {
  const { dispatches } = planCost(plan)
  const timer = passTimer(gpu, wallClock)
  try {
    const repeats: number[] = []
    for (let i = 0; i < dispatches.length; i++) repeats.push(await repeatsOf(gpu, timer, plan, i))
    const samples: Spent[][] = dispatches.map(() => [])
    for (let round = 1; round <= rounds; round++) {
      for (let i = 0; i < dispatches.length; i++) samples[i]!.push(await sample(timer, plan, i, repeats[i]!))
      onRound(round)
    }
    return dispatches.map((cost, i) => summed(cost, samples[i]!))
  } finally {
    timer.destroy()
  }
}

async function repeatsOf(gpu: Gpu, timer: PassTimer, plan: Plan, i: number): Promise<number> {
  const enough = gpu.info.isFallbackAdapter ? ENOUGH_SOFTWARE : ENOUGH
  let repeats = 1
  for (;;) {
    const { ms } = await sample(timer, plan, i, repeats)
    if (ms * repeats >= enough || repeats >= MOST_REPEATS) return repeats
    repeats = Math.min(
      MOST_REPEATS,
      Math.max(2 * repeats, Math.ceil((1.2 * enough) / Math.max(ms, enough / MOST_REPEATS))),
    )
  }
}

/** Time of one dispatch among `repeats` in a pass. */
async function sample(timer: PassTimer, plan: Plan, i: number, repeats: number): Promise<Spent> {
  const { ms, cpu_ms } = await timePass(timer, (pass) => {
    for (let k = 0; k < repeats; k++) plan.encode(pass, i, i + 1)
  })
  return { ms: ms / repeats, cpu_ms: cpu_ms / repeats }
}

function summed(cost: DispatchCost, samples: readonly Spent[]): DispatchTime {
  const { median: ms, spread } = timingOf(samples.map((one) => one.ms))
  return { ...cost, ms, cpu_ms: median(samples.map((one) => one.cpu_ms)), spread }
}
