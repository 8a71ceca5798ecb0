// galvani inside a program that has a device, buffers and passes of its own.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { create } from 'webgpu'
import {
  DeviceError,
  Gpu,
  initialise,
  LimitError,
  Plan,
  presets,
  relu,
  Rtcan1d,
  UsageError,
  type Tensor,
} from '../../src/index.ts'
import { add, gradients } from '../../src/kernels.ts'
import type { Shader } from '../../src/runtime/shader.ts'
import { openGpu } from '../../src/runtime/node.ts'

const STORAGE = 0x80
const COPY = 4 | 8

/** Kept for the life of its devices. */
let instance: GPU | undefined
const dawn = (): Promise<GPU> => Promise.resolve((instance ??= create([])))

let host: Gpu
let device: GPUDevice
let guest: Gpu
beforeEach(async () => {
  host = await openGpu()
  device = host.device
  guest = Gpu.fromDevice(device)
})
afterEach(() => host.close())

function bufferOf(values: Float32Array<ArrayBuffer>): GPUBuffer {
  const buffer = device.createBuffer({ label: 'from the host', size: values.byteLength, usage: STORAGE | COPY })
  device.queue.writeBuffer(buffer, 0, values)
  return buffer
}

/** Reads a buffer with the host's own commands. */
const contents = (buffer: GPUBuffer) => host.readFloat(host.wrap(buffer, [buffer.size / 4]))

describe('a buffer of the host', () => {
  it('is a tensor without a copy, and outlives the plan and the guest', async () => {
    const buffer = bufferOf(Float32Array.of(-1, 2, -3, 4))
    const x = guest.wrap(buffer, [4])
    expect(x.buffer).toBe(buffer)
    expect(x.label).toBe('from the host')
    expect(guest.memory()).toEqual({})

    const plan = new Plan(guest)
    plan.output('y', relu(plan, x))
    await plan.compile()
    plan.run()
    expect(await plan.read('y')).toEqual(Float32Array.of(0, 2, 0, 4))
    device.queue.writeBuffer(buffer, 0, Float32Array.of(5, -6, 7, -8))
    plan.run()
    expect(await plan.read('y')).toEqual(Float32Array.of(5, 0, 7, 0))
    plan.destroy()
    guest.free(x)
    await guest.close()
    expect(await contents(buffer)).toEqual(Float32Array.of(5, -6, 7, -8))
  })

  it('has rows padded to quads', async () => {
    const buffer = bufferOf(Float32Array.of(1, 2, 3, 0, 4, 5, 6, 0))
    expect(await guest.read(guest.wrap(buffer, [2, 3]))).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6))
  })

  it('is refused when it is too small for the shape', () => {
    const buffer = bufferOf(new Float32Array(4))
    expect(() => guest.wrap(buffer, [2, 3], 'f32', 'signals')).toThrow(
      new LimitError('signals: shape [2,3] needs 32 bytes, the buffer has 16'),
    )
  })
})

describe('a compute pass of the host', () => {
  it('runs the plan between the host’s own commands, on the host’s submit', async () => {
    const from = bufferOf(Float32Array.of(1, -2, 3, -4))
    const to = bufferOf(new Float32Array(4))
    const plan = new Plan(guest)
    const x = plan.input('x', [4])
    const positive = relu(plan, x)
    const y = plan.output('y', add(plan, positive, positive))
    await plan.compile()

    const encoder = device.createCommandEncoder()
    encoder.copyBufferToBuffer(from, 0, x.buffer, 0, 16)
    const pass = encoder.beginComputePass()
    plan.encode(pass)
    pass.end()
    encoder.copyBufferToBuffer(y.buffer, 0, to, 0, 16)
    const commands = encoder.finish()
    expect(await contents(to)).toEqual(new Float32Array(4)) // encoding alone runs nothing
    device.queue.submit([commands])
    expect(await contents(to)).toEqual(Float32Array.of(2, 0, 6, 0))
  })
})

describe('a borrowed device', () => {
  it('survives its guest, whose buffers are gone', async () => {
    const x = guest.tensor([4])
    const { buffer } = x
    await guest.close()
    expect(() => guest.tensor([4])).toThrow('this Gpu is closed')

    device.pushErrorScope('validation')
    const encoder = device.createCommandEncoder()
    encoder.copyBufferToBuffer(buffer, 0, bufferOf(new Float32Array(4)), 0, 16)
    device.queue.submit([encoder.finish()])
    expect((await host.wait(device.popErrorScope()))?.message).toMatch(/destroyed/i)
    expect(await contents(bufferOf(Float32Array.of(9, 8, 7, 6)))).toEqual(Float32Array.of(9, 8, 7, 6))
  })

  it('serves several guests, each with an account of its own', async () => {
    const other = Gpu.fromDevice(device)
    const x = guest.tensor([4], 'f32', 'x')
    expect(guest.memory()).toEqual({ tensor: { bytes: 16, buffers: 1 } })
    expect(other.memory()).toEqual({})
    guest.write(x, [1, 2, 3, 4])
    await other.close()
    expect(await guest.read(x)).toEqual(Float32Array.of(1, 2, 3, 4))
  })
})

/** A relu of a wrapped buffer, compiled. */
async function reluOf(buffer: GPUBuffer): Promise<Plan> {
  const plan = new Plan(guest)
  plan.output('y', relu(plan, guest.wrap(buffer, [4])))
  await plan.compile()
  return plan
}

describe('wrong work on a borrowed device', () => {
  const bare = (flags: number): GPUBuffer => device.createBuffer({ label: 'bare', size: 16, usage: flags })

  it('is refused at once where a buffer lacks a usage', async () => {
    expect(() => guest.wrap(bare(COPY), [4])).toThrow(
      new UsageError('bare: its buffer was created without usage STORAGE, which a kernel needs'),
    )
    const x = guest.wrap(bare(STORAGE), [4])
    await expect(guest.read(x)).rejects.toThrow(
      new UsageError('bare: its buffer was created without usage COPY_SRC, which reading it needs'),
    )
    expect(() => guest.write(x, [1, 2, 3, 4])).toThrow(
      new UsageError('bare: its buffer was created without usage COPY_DST, which an upload needs'),
    )
    expect(() => guest.wrap({} as GPUBuffer, [4])).toThrow(UsageError)
    expect(() => guest.check()).not.toThrow()
  })

  it('of a plan whose input is destroyed is thrown by the next read, not answered with zeros', async () => {
    const buffer = bufferOf(Float32Array.of(1, 2, 3, 4))
    const plan = await reluOf(buffer)
    plan.run()
    expect(await plan.read('y')).toEqual(Float32Array.of(1, 2, 3, 4))
    buffer.destroy()
    plan.run()
    await expect(plan.read('y')).rejects.toThrow(/^running a plan reported an error: .*destroyed/)
  })

  it.each([
    ['reading', (x: Tensor) => guest.read(x), /^reading x reported an error: .*destroyed/],
    [
      'writing',
      (x: Tensor) => (guest.write(x, [1, 2, 3, 4]), guest.idle()),
      /^writing x reported an error: .*destroyed/,
    ],
  ] as const)('of %s a destroyed buffer is thrown', async (_, use, expected) => {
    const buffer = bufferOf(new Float32Array(4))
    const x = guest.wrap(buffer, [4], 'f32', 'x')
    buffer.destroy()
    await expect(use(x)).rejects.toThrow(expected)
  })

  it('never reaches the handler of the host, whose device and other guests go on', async () => {
    const reported: string[] = []
    device.addEventListener('uncapturederror', ({ error }) => void reported.push(error.message))
    const buffer = bufferOf(new Float32Array(4))
    const plan = await reluOf(buffer)
    buffer.destroy()
    plan.run()
    await expect(guest.idle()).rejects.toThrow(DeviceError)
    expect(reported).toEqual([])
    const other = Gpu.fromDevice(device)
    expect(await other.read(other.wrap(bufferOf(Float32Array.of(9, 8, 7, 6)), [4]))).toEqual(
      Float32Array.of(9, 8, 7, 6),
    )
  })
})

describe('kernels of one name', () => {
  const bindings = {
    a: { binding: 0, access: 'read', element: 'f32' },
    y: { binding: 1, access: 'read_write', element: 'f32' },
  } as const
  const kernel = (expression: string): Shader => ({
    name: 'op',
    source: `@group(0) @binding(0) var<storage, read> a: array<f32>;
      @group(0) @binding(1) var<storage, read_write> y: array<f32>;
      @compute @workgroup_size(4) fn main(@builtin(global_invocation_id) i: vec3u) { y[i.x] = ${expression}; }`,
    entries: { main: { bindings, usesParams: false } },
    params: null,
    constants: {},
    values: {},
  })
  const computed = async (shader: Shader): Promise<number[]> => {
    const plan = new Plan(guest)
    const y = plan.tensor([4])
    plan.dispatch(shader, 'main', { a: plan.input('a', [4]), y }, { groups: 1 })
    plan.output('y', y)
    await plan.compile()
    plan.write('a', [1, 2, 3, 4])
    plan.run()
    return [...(await plan.read('y'))]
  }

  it('run each its own source, and equal ones are compiled once', async () => {
    expect(await computed(kernel('a[i.x] * a[i.x]'))).toEqual([1, 4, 9, 16])
    expect(await computed(kernel('-a[i.x]'))).toEqual([-1, -2, -3, -4])
    expect(await computed(kernel('-a[i.x]'))).toEqual([-1, -2, -3, -4])
    expect(guest.pipelineCount).toBe(2)
  })
})

describe('a plan of a closed guest', () => {
  it('refuses to be encoded into a pass of the host, which stays whole', async () => {
    const plan = await reluOf(bufferOf(new Float32Array(4)))
    await guest.close()
    device.pushErrorScope('validation')
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    expect(() => plan.encode(pass)).toThrow(new DeviceError('this Gpu is closed'))
    pass.end()
    device.queue.submit([encoder.finish()])
    expect(await host.wait(device.popErrorScope())).toBeNull()
  })
})

describe('what the adapter says of itself', () => {
  it('is known of a borrowed device too', () => {
    expect(guest.info).toEqual(host.info)
  })
})

describe('a device of the host', () => {
  it('may report errors of the host’s own without harm to the guest', async () => {
    const plan = new Plan(guest)
    plan.output('y', relu(plan, plan.input('x', [4])))
    await plan.compile()
    device.createBuffer({ size: 16, usage: 1 | 2 }) // invalid: no buffer is mapped both for reading and for writing
    await device.queue.onSubmittedWorkDone()
    plan.write('x', [-1, 2, -3, 4])
    plan.run()
    expect(await plan.read('y')).toEqual(Float32Array.of(0, 2, 0, 4))
  })

  it('needs no more than the default limits to train every kind of layer', async () => {
    const adapter = await (await dawn()).requestAdapter()
    const plain = await adapter?.requestDevice()
    if (!plain) throw new Error('no adapter')
    expect(plain.limits.maxStorageBuffersPerShaderStage).toBeLessThan(host.limits.maxStorageBuffersPerShaderStage + 1)
    const gpu = Gpu.fromDevice(plain)
    const config = {
      ...presets.paper,
      channels: 8,
      stage_channels: [8],
      length: 120,
      final_pool: 2,
      music_dim: 2,
      hidden: [4],
    }
    const model = new Rtcan1d(gpu, config)
    model.weights.load(initialise(config, model.summary, 'he', 1), 'initial weights')
    const step = new Plan(gpu)
    const inputs = { eda: step.input('eda', [2, 3, 120]), music: step.input('music', [2, 2]) }
    const forward = model.forward(step, inputs, { training: true, gradients })
    const { loss, dlogits } = forward.loss(step.input('targets', [2, 2]))
    forward.backward(dlogits)
    step.output('loss', loss)
    await step.compile()
    step.write(
      'eda',
      Float32Array.from({ length: 720 }, (_, i) => Math.sin(i)),
    )
    step.write('targets', [1, 0, 0, 1])
    step.run()
    expect((await step.readFloat('loss'))[0]).toBeGreaterThan(0)
    await gpu.close()
    plain.destroy()
    await plain.lost
  })
})
