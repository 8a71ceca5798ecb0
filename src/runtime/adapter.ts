// What every adapter is asked for, in Node and in a browser alike.
import { DeviceError } from './errors.ts'
import type { AdapterInfo } from './gpu_base.ts'

/** Limits that bound what a plan may allocate and launch; unless asked for more, a device has the small defaults. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies readonly (keyof GPUSupportedLimits)[]

const FEATURES: readonly GPUFeatureName[] = ['subgroups', 'timestamp-query']

/**
 * Opens a device with the adapter's own limits and the optional features galvani can use.
 *
 * @throws DeviceError when the adapter refuses, e.g. because it has given its one device already.
 */
export async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const descriptor: GPUDeviceDescriptor = {
    requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]])),
  }
  try {
    return await adapter.requestDevice(descriptor)
  } catch (cause) {
    throw new DeviceError(`adapter '${adapter.info.description}' did not open a device: ${String(cause)}`)
  }
}

/** The adapter's description as plain data. */
export function adapterInfo({ info }: GPUAdapter): AdapterInfo {
  const { vendor, architecture, device, description, isFallbackAdapter } = info
  return { vendor, architecture, device, description, isFallbackAdapter }
}
