// What can decompose.

import { Cpu } from './cpu.ts'
import type { Gpu } from './gpu.ts'

/** A GPU, workers on the CPU, or `'cpu'`: the thread that asks. */
export type Device = Gpu | Cpu | 'cpu'

export const isCpu = (device: Device): device is Cpu | 'cpu' => device === 'cpu' || device instanceof Cpu
