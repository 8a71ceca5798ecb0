// A device that goes away, or reports an error, while it is in use. A lost device lets WebGPU calls succeed in silence.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { relu } from '../../src/kernels/elementwise.ts'
import { DeviceError, DeviceLostError } from '../../src/runtime/errors.ts'
import { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Plan } from '../../src/runtime/plan.ts'
import { ReadbackRing } from '../../src/runtime/readback.ts'
import type { Shader } from '../../src/runtime/shader.ts'

const lost = /^the device was lost \(reason: destroyed\)/

let gpu: Gpu
let plan: Plan
beforeEach(async () => {
  gpu = await openGpu()
  plan = new Plan(gpu)
  plan.output('y', relu(plan, plan.input('x', [100, 64])))
  await plan.compile()
  plan.run()
})
afterEach(() => gpu.close())

/** Both the class and the sentence; a promise that hangs fails by the time limit. */
async function expectLoss(promise: Promise<unknown>): Promise<void> {
  const error: unknown = await promise.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(DeviceLostError)
  expect((error as Error).message).toMatch(lost)
}

describe('a device destroyed behind the engine’s back', () => {
  it('rejects the read that is under way', async () => {
    const reading = plan.read('y')
    gpu.device.destroy()
    await expectLoss(reading)
  })

  it('rejects the next read', async () => {
    gpu.device.destroy()
    await expectLoss(plan.read('y'))
  })

  it('rejects waiting for work', async () => {
    gpu.device.destroy()
    plan.run()
    await expectLoss(gpu.idle())
  })

  it('rejects draining a ring', async () => {
    const ring = new ReadbackRing(gpu, plan.outputTensor('y'), 4)
    plan.run(ring.record)
    gpu.device.destroy()
    await expectLoss(ring.drain())
  })

  it('rejects compiling', async () => {
    gpu.device.destroy()
    const next = new Plan(gpu)
    relu(next, next.input('x', [4]))
    await expectLoss(next.compile())
  })

  it('throws from then on, whatever is called', async () => {
    gpu.device.destroy()
    await expectLoss(plan.read('y'))
    for (const call of [() => plan.run(), () => plan.write('x', new Float32Array(6400)), () => gpu.tensor([4])]) {
      expect(call).toThrow(DeviceLostError)
      expect(call).toThrow(lost)
    }
    await expectLoss(plan.read('y'))
    expect(new DeviceLostError('').exitCode).toBe(4)
  })
})

describe('a device that refuses to be read before it says that it is lost', () => {
  it('is a lost one all the same', async () => {
    const late = new Proxy(gpu.device, {
      get(device, key) {
        if (key === 'lost') return device.lost.then((info) => new Promise((say) => setTimeout(() => say(info), 20)))
        const value: unknown = Reflect.get(device, key, device)
        return typeof value === 'function' ? (value.bind(device) as unknown) : value
      },
    })
    const guest = Gpu.fromDevice(late)
    const reading = guest.read(guest.tensor([4]))
    gpu.device.destroy()
    await expectLoss(reading)
  })
})

describe('an error that nobody captured', () => {
  it('is thrown by the next await, and by everything after', async () => {
    gpu.device.createBuffer({ size: 16, usage: 1 | 2 }) // one buffer cannot be mapped both for reading and for writing
    const error: unknown = await plan.read('y').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(DeviceError)
    expect(error).not.toBeInstanceOf(DeviceLostError)
    expect((error as Error).message).toMatch(/^the device reported an error: .*[Uu]sage/)
    expect((error as Error).message).not.toContain('\n')
    expect(() => plan.run()).toThrow(error)
  })

  it('in a shader names the shader’s line, and leaves the device usable', async () => {
    const source = '@compute @workgroup_size(1) fn main() { let x = nothing; }'
    const broken: Shader = {
      name: 'broken',
      source,
      entries: { main: { bindings: {}, usesParams: false } },
      params: null,
      constants: {},
      values: {},
    }
    await expect(gpu.pipeline(broken, 'main', {})).rejects.toThrow(
      /^broken\.wgsl: .*:1:\d+ error: unresolved value 'nothing'/s,
    )
    plan.run()
    expect(await plan.read('y')).toHaveLength(6400)
  })
})

describe('a closed Gpu', () => {
  it('says so, and closes only once', async () => {
    await gpu.close()
    await gpu.close()
    const closed = new DeviceError('this Gpu is closed')
    expect(() => plan.run()).toThrow(closed)
    await expect(plan.read('y')).rejects.toThrow(closed)
  })
})
