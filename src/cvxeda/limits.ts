// What solvers that walk whole recordings in one dispatch may ask of a device.

import type { Gpu } from '../runtime/gpu.ts'

/** Samples that one invocation walks in a dispatch; beyond this it would run into the time limit of a desktop's GPU. */
export const LONGEST_WALK = 1 << 20

/** Samples of a batch; on a software adapter few enough that no sweep takes much of a second. */
export const maxSamples = ({ info }: Gpu): number => (info.isFallbackAdapter ? 1 << 21 : 1 << 24)
