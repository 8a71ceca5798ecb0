// The device of a decomposition on the command line: the one that was asked for, or the one that the work suits.
import { chooseDevice, suitsWorkers, type AdapterClass, type Work } from '../../src/cvxeda/choose_device.ts'
import type { Form, SolverName } from '../../src/cvxeda/solver.ts'
import type { Device } from '../../src/runtime/device.ts'
import { DeviceError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu, type OpenOptions } from '../../src/runtime/node.ts'
import { openCpu } from '../../src/runtime/node_cpu.ts'

export interface DeviceOptions extends OpenOptions {
  device: 'auto' | 'gpu' | 'cpu'
  solver?: SolverName
  form?: Form
}

/** An open device, and how to let go of it. */
export interface Opened {
  device: Device
  close: () => Promise<void>
}

/**
 * With `auto`, options that only a GPU has are an answer already, and so is what earlier recordings of the batch were solved by.
 * @throws DeviceError where a GPU is asked for and is none
 */
export async function openDevice(options: DeviceOptions, work: Work, earlier?: 'gpu' | 'cpu'): Promise<Opened> {
  const { adapter, form, solver = 'interior-point' } = options
  const needsGpu = adapter !== undefined || form !== undefined || solver !== 'interior-point'
  const asked = options.device === 'auto' ? earlier : options.device
  if (asked === 'cpu' && !needsGpu) return onCpu(work)
  if (asked === 'gpu' || needsGpu) return onGpu(await openGpu(adapter === undefined ? {} : { adapter }))
  if (chooseDevice('gpu', work) === 'cpu') return onCpu(work)
  const gpu = await openGpu().catch(nullWithoutAdapter)
  if (gpu && chooseDevice(classOf(gpu), work) === 'gpu') return onGpu(gpu)
  await gpu?.close()
  return onCpu(work)
}

const classOf = ({ info }: Gpu): AdapterClass => (info.isFallbackAdapter ? 'software' : 'gpu')

function nullWithoutAdapter(error: unknown): null {
  if (error instanceof DeviceError) return null
  throw error
}

const onGpu = (gpu: Gpu): Opened => ({ device: gpu, close: () => gpu.close() })

function onCpu(work: Work): Opened {
  if (!suitsWorkers(work)) return { device: 'cpu', close: async () => undefined }
  const cpu = openCpu()
  return { device: cpu, close: async () => cpu.close() }
}
