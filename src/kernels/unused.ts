// What is bound in the place of a tensor that a kernel is told to do without.
import type { Plan } from '../runtime/plan.ts'
import type { Tensor } from '../runtime/tensor.ts'

/** For one that the kernel then does not read. */
export const unusedInput = (p: Plan): Tensor => p.constant('unused input', 'f32', [0])

/** For one that the kernel then does not write. */
export const unusedOutput = (p: Plan): Tensor => p.tensor([1], 'f32', 'unused output')
