// What can decompose and solve, and how a caller who hands over something else is told.

import { nameOf } from './arguments.ts'
import { Cpu } from './cpu.ts'
import { UsageError } from './errors.ts'
import type { Gpu } from './gpu.ts'

/** A GPU, workers on the CPU, or `'cpu'`: the thread that asks. */
export type Device = Gpu | Cpu | 'cpu'

/** By what it can do, so that a page which bundles this library twice works. */
const isGpu = (device: unknown): device is Gpu =>
  typeof device === 'object' && device !== null && 'limits' in device && 'pipeline' in device

function found(device: unknown): string {
  if (device instanceof Promise) return 'a promise, which wants an await'
  const isDevice = typeof device === 'object' && device !== null && 'queue' in device
  return isDevice ? 'a GPUDevice, which Gpu.fromDevice(device) makes one of' : nameOf(device)
}

/** @throws UsageError for what is no Gpu */
export function requireGpu(where: string, gpu: unknown): asserts gpu is Gpu {
  if (!isGpu(gpu)) throw new UsageError(`${where}: the first argument must be a Gpu (from openGpu), got ${found(gpu)}`)
}

/** @throws UsageError for what is no `Device` */
export function requireDevice(where: string, device: unknown): asserts device is Device {
  if (device === 'cpu' || device instanceof Cpu || isGpu(device)) return
  const got = typeof device === 'string' ? `'${device}'` : found(device)
  throw new UsageError(
    `${where}: the first argument must be a Gpu (from openGpu), workers (from openCpu) or 'cpu', got ${got}`,
  )
}

export const isCpu = (device: Device): device is Cpu | 'cpu' => device === 'cpu' || device instanceof Cpu
