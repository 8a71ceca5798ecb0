// cvxEDA of any number of signals: checks, grouping by length and rate, and each group's way through its solver.

import { nameOf } from '../runtime/arguments.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import { breather, inPieces, inTurns, type Pieces } from '../runtime/breather.ts'
import { isPool, type Device } from '../runtime/device.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Decomposition, Start } from './decomposition.ts'
import { Float64Solver } from './float64.ts'
import { missingSamples } from './missing_samples.ts'
import { readOut } from './read_out.ts'
import { checkCall, checkOptions, requireEach, solverOf, type DecomposeOptions } from './options.ts'
import { createProblem, type Problem } from './problem.ts'
import { scaled, scalingOf } from './scaling.ts'
import { decomposeByWorkers } from './shares.ts'
import type { Solver, SolverHooks } from './solver.ts'

type Samples = ArrayLike<number>

function checkArray(signal: ArrayLike<number>, index: number): void {
  const name = `cvxEDA: signal ${index}`
  if (typeof (signal as Partial<ArrayLike<number>> | null | undefined)?.length !== 'number') {
    throw new UsageError(
      `${name} is ${nameOf(signal)}, expected an array of samples; a single recording goes in as [recording].`,
      { index },
    )
  }
  if (signal.length === 0) throw new FormatError(`${name} is empty, expected at least one sample.`, { index })
}

/** @throws FormatError for samples that are missing or not finite */
function* checkSamples(signals: readonly Samples[]): Pieces<void> {
  for (const [index, signal] of signals.entries()) {
    let missing = 0
    let first = 0
    yield* inPieces(signal.length, (from, to) => {
      for (let i = from; i < to; i++) if (!Number.isFinite(signal[i]) && missing++ === 0) first = i
    })
    if (missing > 0) throw missingSamples(index, missing, first, signal.length)
  }
}

function ratesOf(signals: readonly Samples[], sampleRate: number | readonly number[]): readonly number[] {
  if (typeof sampleRate === 'number') return signals.map(() => sampleRate)
  if (
    typeof (sampleRate as Partial<readonly number[]> | undefined)?.length !== 'number' ||
    typeof sampleRate === 'string'
  ) {
    throw new UsageError(
      `cvxEDA: sampleRate is ${nameOf(sampleRate)}, expected a positive number, or a list of one for each signal.`,
    )
  }
  requireEach('sampleRate', sampleRate, signals.length)
  return sampleRate
}

/** Indices of the signals that share length and rate, hence a problem. */
function groupByShape(signals: readonly Samples[], rates: readonly number[]): number[][] {
  const groups: Record<string, number[]> = {}
  signals.forEach(({ length }, index) => (groups[`${length} at ${rates[index]}`] ??= []).push(index))
  return Object.values(groups)
}

function* oneByOne<T>(items: readonly Pieces<T>[]): Pieces<T[]> {
  const results: T[] = []
  for (const item of items) results.push(yield* item)
  return results
}

/** Decomposes the signals of one problem: the trivial ones at once, the others together. */
async function decomposeGroup(
  gpu: Gpu,
  solver: Solver,
  problem: Problem,
  signals: readonly Samples[],
  { starts, ...hooks }: Omit<SolverHooks, 'starts'> & { starts?: readonly Start[] | undefined },
): Promise<Decomposition[]> {
  hooks.signal?.throwIfAborted()
  const breathe = breather(hooks.signal)
  const each = <T>(items: readonly number[], work: (at: number) => Pieces<T>): Promise<T[]> =>
    inTurns(oneByOne(items.map(work)), breathe)
  const all = [...signals.keys()]
  const scalings = await each(all, (at) => scalingOf(problem, signals[at]!))
  const solvable = all.filter((at) => scalings[at]!.scale > 0)
  const inputs = await each(solvable, (at) => scaled(problem, signals[at]!, scalings[at]!))
  const warm = starts && solvable.map((at) => ({ ...starts[at]!, ...scalings[at]! }))
  const trivial = signals.length - inputs.length
  const onProgress = (done: number): void => hooks.onProgress(trivial + done)
  onProgress(0)
  const solutions =
    inputs.length > 0 ? await solver.solve(gpu, problem, inputs, { ...hooks, onProgress, starts: warm }) : []
  const byPlace = new Map(solvable.map((at, s) => [at, solutions[s]!]))
  return each(all, (at) => readOut(problem, signals[at]!, scalings[at]!, byPlace.get(at) ?? null))
}

/** On this thread, one signal after the other: none of a group's signals needs more memory than its results. */
async function decomposeHere(
  problem: Problem,
  signals: readonly Samples[],
  { onProgress, signal: abort }: Pick<SolverHooks, 'onProgress' | 'signal'>,
): Promise<Decomposition[]> {
  const breathe = breather(abort, (share) => onProgress(results.length + share))
  const solver = new Float64Solver(problem)
  const results: Decomposition[] = []
  for (const y of signals) {
    const scaling = await inTurns(scalingOf(problem, y), breathe)
    const isTrivial = scaling.scale === 0
    const solution = isTrivial ? null : await solver.solve(await inTurns(scaled(problem, y, scaling), breathe), breathe)
    results.push(await inTurns(readOut(problem, y, scaling, solution), breathe))
    onProgress(results.length)
  }
  return results
}

/**
 * Splits skin-conductance signals into phasic, tonic and residual parts (Greco et al. 2016). Signals may differ in
 * length and rate; results keep their order and do not depend on what else is in the call (to the last bit where
 * `form` is given: the forms differ in rounding).
 *
 * @param device a GPU; or for the interior point in float64 the workers of `openCpu`, or 'cpu': this thread, one signal after
 * the other, which lets other tasks run. Both give the same bits, whatever the number of workers.
 * @throws UsageError for parameters out of range or a signal that is no array; FormatError for an empty signal or one
 * with missing samples; LimitError for a signal longer than the device has memory for.
 */
export async function decompose(
  device: Device,
  signals: readonly Samples[],
  options: DecomposeOptions,
): Promise<Decomposition[]> {
  checkCall(device, signals, options)
  const { sampleRate, solver: _, form, starts, onProgress, signal: abort, ...params } = options
  const rates = ratesOf(signals, sampleRate)
  checkOptions(device, rates, options)
  if (starts) requireEach('starts', starts, signals.length)
  const solver = solverOf(device, options)
  signals.forEach(checkArray)
  await inTurns(checkSamples(signals), breather(abort))
  const groups = groupByShape(signals, rates)
  if (isPool(device)) {
    const heard = (done: number) => onProgress?.(done, signals.length)
    return decomposeByWorkers(device, { signals, rates, params, groups, onProgress: heard, signal: abort })
  }
  let before = 0
  const results = new Array<Decomposition>(signals.length)
  for (const indices of groups) {
    const [first] = indices as [number]
    const problem = createProblem(signals[first]!.length, rates[first]!, params)
    const group = indices.map((i) => signals[i]!)
    const hooks = { onProgress: (done: number) => onProgress?.(before + done, signals.length), signal: abort }
    const found =
      device === 'cpu'
        ? await decomposeHere(problem, group, hooks)
        : await decomposeGroup(device, solver, problem, group, {
            ...hooks,
            form,
            starts: starts && indices.map((i) => starts[i]!),
          })
    indices.forEach((index, at) => {
      results[index] = found[at]!
    })
    before += indices.length
  }
  return results
}
