// The settings of a decomposition, what can be wrong with them, and the solver that they name.

import { checkNames, requireArray, shown, type Known } from '../runtime/arguments.ts'
import { UsageError } from '../runtime/errors.ts'
import { isCpu, requireDevice, type Device } from '../runtime/device.ts'
import type { Start } from './decomposition.ts'
import { interiorPoint } from './interior_point.ts'
import { checkParams, type BaselineCorrection } from './params.ts'
import type { Form, Solver } from './solver.ts'
import { knotsOf } from './splines.ts'
import { windowOf } from './tonic_grid.ts'

/** Settings of a decomposition; all but the sampling rate have a default. */
export interface DecomposeOptions {
  /** Samples per second: of every signal, or a list with one rate for each. */
  sampleRate: number | readonly number[]
  /** Slow and fast time constant of the Bateman function, seconds (2 and 0.7). */
  tau0?: number
  tau1?: number
  /**
   * Seconds between two knots of the tonic spline (10; rounded to samples, halves to even), or the knots themselves: at
   * least two sample indices in equal steps, the same for every signal of the call.
   */
  deltaKnot?: number | readonly number[]
  /** Weight of the driver's sparsity (8e-4), meant for z-scored input. */
  alpha?: number
  /** Weight of the spline coefficients' energy (1e-2). */
  gamma?: number
  /** Drift columns: 0 none, 1 constant, 2 constant and line (default), 'spline_offset' the sum of all splines. */
  baselineCorrection?: BaselineCorrection
  /** On the GPU: one of galvani/solvers; by default `interiorPoint`, the accurate one. */
  solver?: Solver
  /** Interior point on the GPU: `per-signal`, one invocation each, or `along-time`, many each; chosen by batch and length. */
  form?: Form
  /** ADMM: where to start, one for each signal: decompositions of similar signals with the same options. */
  starts?: readonly Start[]
  /**
   * Called with signals done and signals in total. A signal at work counts by the share of its work that is done, so that `done`
   * moves within a long one; what ADMM is at does not count.
   */
  onProgress?: (done: number, total: number) => void
  /** Stops the work, at once or after at most 25 more iterations; the promise rejects with the signal's reason. */
  signal?: AbortSignal
}

export const DECOMPOSE_OPTIONS: Known<DecomposeOptions> = {
  sampleRate: true,
  tau0: true,
  tau1: true,
  deltaKnot: true,
  alpha: true,
  gamma: true,
  baselineCorrection: true,
  solver: true,
  form: true,
  starts: true,
  onProgress: true,
  signal: true,
}

/** @throws UsageError for a list of another length than the signals' */
export function requireEach(option: string, list: readonly unknown[], signals: number): void {
  if (list.length !== signals)
    throw new UsageError(`cvxEDA: ${option} lists ${list.length} for ${signals} signals, expected one for each.`)
}

/** What can be wrong with a call whatever its options are worth. @throws UsageError */
export function checkCall(device: Device, signals: unknown, options: DecomposeOptions): void {
  requireDevice('decompose', device)
  requireArray('decompose', 'signals', signals)
  checkNames('decompose', options, DECOMPOSE_OPTIONS)
}

/** The solver, which on the CPU stands for the one in float64. @throws UsageError */
export function solverOf(
  device: Device,
  { solver = interiorPoint, form, starts }: Pick<DecomposeOptions, 'solver' | 'form' | 'starts'>,
): Solver {
  if (typeof (solver as Partial<Solver> | null)?.solve !== 'function') {
    throw new UsageError(
      `cvxEDA: solver is ${shown(solver)}, expected one of galvani/solvers: import { admm } from 'galvani/solvers'.`,
    )
  }
  const { name } = solver
  if (form !== undefined && !['per-signal', 'along-time'].includes(form))
    throw new UsageError(`cvxEDA: form is '${String(form)}', expected per-signal or along-time.`)
  if (isCpu(device) && name !== 'interior-point') {
    throw new UsageError(`cvxEDA: the solver '${name}' runs on a GPU only; the CPU has the interior point.`)
  }
  const owned = [
    ['form', form, 'interior-point'],
    ['starts', starts, 'admm'],
  ] as const
  for (const [option, value, owner] of owned) {
    if (value === undefined || (name === owner && !isCpu(device))) continue
    throw new UsageError(`cvxEDA: ${option} is for the solver '${owner}' on a GPU; leave it out.`)
  }
  return solver
}

/**
 * What can be wrong with options before any signal is seen.
 * @throws UsageError
 */
export function checkOptions(
  device: Device,
  rates: Iterable<number>,
  options: Omit<DecomposeOptions, 'sampleRate'>,
): void {
  const { name } = solverOf(device, options)
  for (const sampleRate of new Set(rates)) {
    const params = checkParams(sampleRate, options)
    const { spacing } = knotsOf(params.deltaKnot, 1, sampleRate)
    if (!isCpu(device) && name === 'interior-point') windowOf({ sampleRate, spacing, params })
  }
}
