// What can decompose and solve, and how a caller who hands over something else is told.

import type { Cpu } from './cpu.ts'
import type { Gpu } from './gpu.ts'
import { isGpu, noDevice } from './gpu_base.ts'

/** A GPU, workers on the CPU, or `'cpu'`: the thread that asks. */
export type Device = Gpu | Cpu | 'cpu'

/** @throws UsageError for what is no `Device` */
export function requireDevice(where: string, device: unknown): asserts device is Device {
  if (device === 'cpu' || isPool(device) || isGpu(device)) return
  throw noDevice(where, "a Gpu (from openGpu), workers (from openCpu) or 'cpu'", device)
}

export const isCpu = (device: Device): device is Cpu | 'cpu' => device === 'cpu' || isPool(device)

/** Workers, by what they can do: a solver that is handed none carries nothing of them. */
export const isPool = (device: unknown): device is Cpu =>
  typeof device === 'object' && device !== null && 'workers' in device && 'run' in device
