// A Gpu for Node: loads Dawn (the `webgpu` package), keeps it alive while the device lives, and lets go of it at close.
import { adapterInfo, requestDevice } from './adapter.ts'
import { withoutLimitWarnings } from './dawn_stderr.ts'
import { checkNames, type Known } from './arguments.ts'
import { DeviceError } from './errors.ts'
import { Gpu } from './gpu.ts'
import { hasVulkanLoader, useSwiftShader } from './swiftshader.ts'

/** Which adapter to open. */
export interface OpenOptions {
  /** Part of the name of the adapter to use, e.g. `llvmpipe` or `NVIDIA`; default: the fastest one. */
  adapter?: string
}

const OPEN_OPTIONS: Known<OpenOptions> = { adapter: true }

type Create = (flags: string[]) => GPU

/**
 * Dawn dies in native code when the object of `create()` is collected before its device is lost, and now and then shortly
 * after, while its own threads still wind up: 4 of 30 short programs did, none with this delay.
 */
const instances = new Set<GPU>()
const WIND_UP_MS = 100

/**
 * Opens a device on this machine's fastest adapter with the adapter's own limits. Without any adapter it falls back to
 * a SwiftShader that came with an installed package; that sets `process.env.VK_DRIVER_FILES` and maps the Vulkan loader
 * into the process, for good. Apart from this nothing global is touched.
 *
 * @throws DeviceError when there is no adapter, or none of the name asked for.
 */
export async function openGpu(options: OpenOptions = {}): Promise<Gpu> {
  checkNames('openGpu', options, OPEN_OPTIONS)
  const create = await loadDawn()
  const flags = options.adapter === undefined ? [] : [`adapter=${options.adapter}`]
  let found = hasVulkanLoader() ? await request(create, flags) : { names: [] }
  if (isNone(found) && useSwiftShader()) found = await request(create, flags)
  if ('names' in found) throw new DeviceError(noAdapter(options.adapter, found.names))
  const { instance, adapter } = found
  const device = await openDevice(instance, adapter)
  const info = adapterInfo(adapter)
  return Gpu.fromDevice(device, {
    info,
    ...(info.isFallbackAdapter && { wait: settle }),
    onClose: async () => {
      device.destroy()
      await device.lost
    },
  })
}

async function openDevice(instance: GPU, adapter: GPUAdapter): Promise<GPUDevice> {
  instances.add(instance)
  const release = () => void instances.delete(instance)
  try {
    const device = await requestDevice(adapter)
    void device.lost.then(() => setTimeout(release, WIND_UP_MS))
    return device
  } catch (error) {
    release()
    throw error
  }
}

async function loadDawn(): Promise<Create> {
  try {
    return ((await import('webgpu')) as unknown as { create: Create }).create
  } catch (cause) {
    throw new DeviceError(
      `the package webgpu did not load (${firstLine(cause)}); run \`npm install webgpu\` on a platform it supports`,
    )
  }
}

/** An adapter with the instance it belongs to, or the names of those that Dawn sees instead. */
type Found = { instance: GPU; adapter: GPUAdapter } | { names: string[] }

const isNone = (found: Found) => 'names' in found && found.names.length === 0

async function request(create: Create, flags: string[]): Promise<Found> {
  try {
    const instance = create(flags)
    const adapter = await withoutLimitWarnings(() => instance.requestAdapter({ powerPreference: 'high-performance' }))
    return adapter ? { instance, adapter } : { names: [] }
  } catch (error) {
    // Dawn throws where no adapter is, or none of the name asked for, and lists the others.
    return { names: [...String(error).matchAll(/name: '([^']*)'/g)].map((match) => match[1] ?? '') }
  }
}

function noAdapter(wanted: string | undefined, names: string[]): string {
  if (wanted === undefined || names.length === 0) {
    return 'no WebGPU adapter: this machine has no GPU driver; run `npm run setup`, or `galvani doctor` for details'
  }
  return `no adapter has '${wanted}' in its name; this machine has: ${names.join(', ')}`
}

const firstLine = (error: unknown) => String(error instanceof Error ? error.message : error).split('\n')[0]

/** Milliseconds: a short wait has short naps; a long one has naps of this part of it, as each poll takes a core from the kernels. */
const SHORTEST_NAP = 0.3
const LONGEST_NAP = 4
const NAP_SHARE = 1 / 50
const nap = new Int32Array(new SharedArrayBuffer(4))

/**
 * Dawn finds completed work by polling in `setImmediate`. On a software adapter that loop takes a core from the kernels
 * themselves; a nap between polls gives it back and costs at most one nap of latency.
 */
function settle<T>(promise: Promise<T>): Promise<T> {
  let pending = true
  const start = performance.now()
  const poll = () => {
    if (!pending) return
    const waited = performance.now() - start
    Atomics.wait(nap, 0, 0, Math.min(LONGEST_NAP, Math.max(SHORTEST_NAP, NAP_SHARE * waited)))
    setImmediate(poll)
  }
  setImmediate(poll)
  return promise.finally(() => {
    pending = false
  })
}
