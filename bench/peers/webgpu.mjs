// WebGPU in Node for libraries that look for it in a page: the Dawn that galvani runs on becomes `navigator.gpu`.
import { create, globals } from 'webgpu'

/** Milliseconds of a nap between two looks at what the device has finished. */
const NAP_MS = 0.3
const nap = new Int32Array(new SharedArrayBuffer(4))

/** Returns the adapter's name, and `patient`, through which steps wait without taking a core from a software adapter. */
export async function provideWebGpu(adapterName) {
  const gpu = create(adapterName === undefined ? [] : [`adapter=${adapterName}`])
  Object.assign(globalThis, globals)
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'Node.js' }, configurable: true })
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) throw new Error('no WebGPU adapter')
  const { description, device, vendor, isFallbackAdapter } = adapter.info
  return { adapter: description || device || vendor, patient: isFallbackAdapter ? patient : (work) => work() }
}

/** Dawn polls in `setImmediate` while a promise is pending; galvani naps between those polls too (src/runtime/node.ts). */
async function patient(work) {
  let pending = true
  const poll = () => {
    if (!pending) return
    Atomics.wait(nap, 0, 0, NAP_MS)
    setImmediate(poll)
  }
  setImmediate(poll)
  try {
    return await work()
  } finally {
    pending = false
  }
}
