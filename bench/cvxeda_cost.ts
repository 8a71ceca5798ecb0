// What the cvxEDA solvers must compute and move, counted from their recursions; with the probes it gives the floor.
import type { Form } from '../src/cvxeda/solver.ts'

/** Flops, and bytes of storage buffers that are read or written. */
export interface Cost {
  flops: number
  bytes: number
}

/**
 * Per sample and iteration, with about six tonic columns alive at a sample (four splines, the drift).
 * The interior point keeps 32 bytes a sample (p, lambda, residual, H dp; two gains, 1/den, dp) and reads and writes each
 * once; the time-parallel form B also carries each chunk's response to what its neighbours will hand it.
 */
const COSTS: Readonly<Record<Form | 'admm', Cost>> = {
  A: { flops: 375, bytes: 64 },
  B: { flops: 650, bytes: 64 },
  admm: { flops: 80, bytes: 36 },
}

/** @param form of the interior point; null for ADMM @param n samples of a signal @param iterations of each signal */
export function workOf(form: Form | null, n: number, iterations: readonly number[]): Cost {
  const { flops, bytes } = COSTS[form ?? 'admm']
  const samples = n * iterations.reduce((sum, count) => sum + count, 0)
  return { flops: flops * samples, bytes: bytes * samples }
}
