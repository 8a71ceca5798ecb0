// What `galvani verify` checks of a machine when it is given nothing else.
import type { Gpu } from '../runtime/gpu.ts'
import type { CaseResult } from './case.ts'
import type { VerifyHooks } from './fixtures.ts'
import { verifyKernels } from './kernels.ts'
import { verifyQp } from './qp.ts'

/** Random quadratic programs. */
const PROGRAMS = 500

/** Every kernel, then random quadratic programs. */
export async function verifyMachine(gpu: Gpu, hooks: VerifyHooks): Promise<CaseResult[]> {
  const kernels = await verifyKernels(gpu, hooks)
  return [...kernels, ...(await verifyQp(gpu, PROGRAMS, 1))]
}
