import { describe, expect, it, vi } from 'vitest'
import { openGpu } from '../../src/runtime/node.ts'
import { DeviceError } from '../../src/runtime/errors.ts'
import { needs } from '../support/needs.ts'
import { program } from '../support/programs.ts'

const linux = process.platform === 'linux'

/** Writes a tensor and reads it back: the shortest round trip through the device. */
const roundTrip = `
import { openGpu } from '../src/runtime/node.ts'
export async function roundTrip(gpu) {
  const x = gpu.tensor([3], 'f32', 'x')
  gpu.write(x, [1, 2, 3])
  return Array.from(await gpu.read(x))
}
`

describe('a device in Node', () => {
  it('has the adapter’s own limits and a plain description, and leaves the globals alone', async () => {
    const before = Object.getOwnPropertyNames(globalThis)
    const gpu = await openGpu()
    try {
      expect(gpu.limits.maxBufferSize).toBeGreaterThan(256 * 2 ** 20)
      const info = JSON.parse(JSON.stringify(gpu.info)) as Record<string, unknown>
      expect(Object.keys(info)).toEqual(['vendor', 'architecture', 'device', 'description', 'isFallbackAdapter'])
      expect(`${String(info['vendor'])}${String(info['description'])}`).not.toBe('')
      expect(Object.getOwnPropertyNames(globalThis)).toEqual(before)
    } finally {
      await gpu.close()
    }
  })

  it('is chosen by part of the adapter’s name', async () => {
    const first = await openGpu()
    const name = (first.info.description || first.info.device).split(/\W/)[0] ?? ''
    await first.close()
    const second = await openGpu({ adapter: name })
    expect(second.info).toEqual(first.info)
    await second.close()
  })

  it('of a name that no adapter has is an error that lists the adapters', async () => {
    const refused = openGpu({ adapter: 'no such adapter' })
    await expect(refused).rejects.toBeInstanceOf(DeviceError)
    await expect(refused).rejects.toThrow(/^no adapter has 'no such adapter' in its name; this machine has: \w/)
  })

  it('outlives garbage collection, and lets Node exit by itself once closed', async () => {
    const source = `${roundTrip}
      const gpu = await openGpu()
      for (let i = 0; i < 20; i++) {
        globalThis.gc()
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      const read = await roundTrip(gpu)
      await gpu.close()
      console.log(JSON.stringify(read))`
    const { code, value, stderr } = await program(source, { args: ['--expose-gc'] })
    expect(value, stderr).toEqual([1, 2, 3])
    expect(code).toBe(0)
  })

  it('waits with a nap in every turn of the loop on a software adapter, and without on a real one', async () => {
    const gpu = await openGpu()
    const naps = vi.spyOn(Atomics, 'wait')
    const turns = async (count: number) => {
      for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
      return 'done'
    }
    try {
      expect(await gpu.wait(turns(20))).toBe('done')
      const whileWaiting = naps.mock.calls.length
      await turns(20)
      expect(whileWaiting >= 19).toBe(gpu.info.isFallbackAdapter)
      expect(whileWaiting === 0).toBe(!gpu.info.isFallbackAdapter)
      expect(naps.mock.calls.length - whileWaiting).toBeLessThanOrEqual(1) // the poll that was already due
    } finally {
      naps.mockRestore()
      await gpu.close()
    }
  })
})

describe('without a driver of the system', needs(linux, 'only Linux has a software adapter to hide'), () => {
  const hidden = { VK_DRIVER_FILES: '/nonexistent/icd.json' }

  it(
    'the SwiftShader of an installed package takes its place',
    needs(process.arch === 'x64', 'SwiftShader is packed for x64 alone'),
    async () => {
      const source = `${roundTrip}
      const gpus = await Promise.all([openGpu(), openGpu()])
      const reads = await Promise.all(gpus.map(roundTrip))
      for (const gpu of gpus) await gpu.close()
      console.log(JSON.stringify({ reads, architecture: gpus[0].info.architecture }))`
      const { code, value, stderr } = await program(source, { env: hidden })
      expect(value, stderr).toEqual({
        reads: [
          [1, 2, 3],
          [1, 2, 3],
        ],
        architecture: 'swiftshader',
      })
      expect(code).toBe(0)
    },
  )

  it('and without that, the error says what to run', async () => {
    // On a platform other than Linux no SwiftShader is looked for.
    const source = `${roundTrip}
      await import('webgpu')
      Object.defineProperty(process, 'platform', { value: 'elsewhere' })
      const error = await openGpu().catch((error) => error)
      console.log(JSON.stringify([error.constructor.name, error.exitCode, error.message]))`
    const { code, value, stderr } = await program(source, { env: hidden })
    const advice =
      'no WebGPU adapter: this machine has no GPU driver; run `npm run setup`, or `galvani doctor` for details'
    expect(value, stderr).toEqual(['DeviceError', 4, advice])
    expect(code).toBe(0)
  })
})
