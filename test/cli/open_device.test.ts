// Which device `decompose` opens, on machines that have a GPU, a software adapter, or none.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openDevice, type DeviceOptions } from '../../cli/shared/open_device.ts'
import { Cpu } from '../../src/runtime/cpu.ts'
import { DeviceError } from '../../src/runtime/errors.ts'
import * as node from '../../src/runtime/node.ts'

vi.mock(import('../../src/runtime/node.ts'))
afterEach(() => void vi.resetAllMocks())

/** A machine with this adapter; what becomes of it. */
function machine(adapter: 'gpu' | 'software' | 'none') {
  const close = vi.fn(async () => undefined)
  vi.mocked(node.openGpu).mockImplementation(async () => {
    if (adapter === 'none') throw new DeviceError('no WebGPU adapter')
    return { info: { isFallbackAdapter: adapter === 'software' }, close } as unknown as Awaited<
      ReturnType<typeof node.openGpu>
    >
  })
  return close
}

const FEW = { signals: 1, samples: 9_900 }
const SOME = { signals: 20, samples: 198_000 }
const MANY = { signals: 1000, samples: 1_500_000 }

async function opened(options: DeviceOptions, work = FEW): Promise<'gpu' | 'workers' | 'cpu'> {
  const { device, close } = await openDevice(options, work)
  await close()
  return device === 'cpu' ? 'cpu' : device instanceof Cpu ? 'workers' : 'gpu'
}

describe('auto', () => {
  it.each([
    ['gpu', 'cpu', 'gpu', 'gpu'],
    ['software', 'cpu', 'workers', 'gpu'],
    ['none', 'cpu', 'workers', 'workers'],
  ] as const)('with the adapter %s: few samples on %s, some on %s, many on %s', async (adapter, few, some, many) => {
    machine(adapter)
    expect(await opened({ device: 'auto' }, FEW)).toBe(few)
    expect(node.openGpu).not.toHaveBeenCalled() // it takes longer than the work
    expect(await opened({ device: 'auto' }, SOME)).toBe(some)
    expect(await opened({ device: 'auto' }, MANY)).toBe(many)
  })

  it('lets go of an adapter that it does not use', async () => {
    const close = machine('software')
    const { close: closeWorkers } = await openDevice({ device: 'auto' }, SOME)
    expect(close).toHaveBeenCalledOnce()
    await closeWorkers()
  })

  it.each([{ adapter: 'llvmpipe' }, { form: 'along-time' }, { solver: 'admm' }] as const)(
    'is the GPU where that alone has %o',
    async (option) => {
      machine('software')
      expect(await opened({ device: 'auto', ...option })).toBe('gpu')
      machine('none')
      await expect(openDevice({ device: 'auto', ...option }, FEW)).rejects.toThrow(DeviceError)
    },
  )

  it('passes on what is no lack of an adapter', async () => {
    vi.mocked(node.openGpu).mockRejectedValue(new TypeError('broken'))
    await expect(openDevice({ device: 'auto' }, SOME)).rejects.toThrow('broken')
  })
})

it('gpu and cpu are what they say', async () => {
  const close = machine('software')
  expect([await opened({ device: 'gpu' }, FEW), await opened({ device: 'gpu' }, SOME)]).toEqual(['gpu', 'gpu'])
  expect(close).toHaveBeenCalledTimes(2)
  expect([await opened({ device: 'cpu' }, FEW), await opened({ device: 'cpu' }, MANY)]).toEqual(['cpu', 'workers'])
  machine('none')
  await expect(openDevice({ device: 'gpu' }, FEW)).rejects.toThrow(DeviceError)
})
