// Which kernels a device is to use, and has used, by op and shape: kept beside the device, so that the runtime knows nothing of ops.
import type { GpuBase } from '../runtime/gpu_base.ts'

/** Names of variants: of an op (`conv1d`), or of an op at one shape (`conv1d 8x1250x64 …`); see variants.ts. */
export interface KernelChoices {
  /** Asked for by name. */
  named: Map<string, string>
  /** Measured or recorded to be used; one that does not run here is passed over. */
  tuned: Map<string, string>
  /** What plans were recorded with so far. */
  chosen: Map<string, string>
}

const byDevice = new WeakMap<GpuBase, KernelChoices>()

/** The choices of a device; all empty at first. */
export function kernelChoices(gpu: GpuBase): KernelChoices {
  const known = byDevice.get(gpu) ?? { named: new Map(), tuned: new Map(), chosen: new Map() }
  byDevice.set(gpu, known)
  return known
}
