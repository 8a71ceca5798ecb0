// A Gpu for a page or a worker.
import { adapterInfo, requestDevice } from './adapter.ts'
import { DeviceError } from './errors.ts'
import { Gpu } from './gpu.ts'

export { openCpu } from './browser_cpu.ts'

/**
 * Opens a device on the browser's fastest adapter with the adapter's own limits.
 *
 * @throws DeviceError when this browser has no WebGPU or no adapter.
 */
export async function openGpu(): Promise<Gpu> {
  if (typeof navigator === 'undefined' || !navigator.gpu) {
    throw new DeviceError(
      'no WebGPU here: galvani/browser needs a current browser and a secure page (https or localhost); in Node, import galvani/node',
    )
  }
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter)
    throw new DeviceError('this browser found no WebGPU adapter; its page chrome://gpu or about:support says why')
  const device = await requestDevice(adapter)
  return Gpu.fromDevice(device, {
    info: adapterInfo(adapter),
    onClose: async () => {
      device.destroy()
      await device.lost
    },
  })
}
