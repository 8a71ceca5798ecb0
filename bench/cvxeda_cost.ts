// What the cvxEDA solvers must compute and move, counted from their recursions; with the probes it gives the floor.
import type { Form } from '../src/cvxeda/solver.ts'

/** Flops, and bytes of storage buffers that are read or written. */
export interface Cost {
  flops: number
  bytes: number
}

/**
 * Per sample and iteration at the default knots, counted from the shaders: 9 tonic columns are summed in form along-time, 7 in form per-signal;
 * bytes are the fields of the samples that each sweep reads and writes. Tables shared by all recordings are left out, and
 * for ADMM what it does every 25th iteration and its polish on the CPU.
 */
const COSTS: Readonly<Record<Form | 'admm', Cost>> = {
  'per-signal': { flops: 390, bytes: 104 },
  'along-time': { flops: 600, bytes: 116 },
  admm: { flops: 90, bytes: 60 },
}

/** @param form of the interior point; null for ADMM @param n samples of a signal @param iterations of each signal */
export function workOf(form: Form | null, n: number, iterations: readonly number[]): Cost {
  const { flops, bytes } = COSTS[form ?? 'admm']
  const samples = n * iterations.reduce((sum, count) => sum + count, 0)
  return { flops: flops * samples, bytes: bytes * samples }
}
