// Whatever fails half-way leaves nothing on the device: a caller tries again with less, on memory that is all there.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { admm } from '../../src/cvxeda/admm.ts'
import { decompose } from '../../src/cvxeda/decompose.ts'
import { relu } from '../../src/kernels/elementwise.ts'
import { presets } from '../../src/model/config.ts'
import { initialise } from '../../src/model/init.ts'
import { Rtcan1d } from '../../src/model/rtcan1d.ts'
import { solveQp } from '../../src/qp/dense.ts'
import { DeviceError, LimitError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { usage } from '../../src/runtime/gpu_base.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Plan } from '../../src/runtime/plan.ts'
import { ReadbackRing } from '../../src/runtime/readback.ts'
import { Storage, Tensor } from '../../src/runtime/tensor.ts'
import { Predictor } from '../../src/train/predictor.ts'
import { TrainingStep } from '../../src/train/training_step.ts'
import { randomSignal } from '../cvxeda/support.ts'

let gpu: Gpu
/** Of somebody else, who must never notice. */
let other: Tensor
beforeAll(async () => {
  gpu = await openGpu()
  other = gpu.tensor([4], 'f32', 'other')
  gpu.write(other, [1, 2, 3, 4])
})
afterEach(async () => {
  vi.restoreAllMocks()
  expect(await gpu.readFloat(other)).toEqual(Float32Array.of(1, 2, 3, 4))
})
afterAll(() => gpu.close())

/** Buffers and bytes of all roles. */
const taken = (): number[] =>
  Object.values(gpu.memory()).reduce(([buffers, bytes], role) => [buffers! + role.buffers, bytes! + role.bytes], [0, 0])

/** Buffers that WebGPU itself has created and not yet destroyed, from now on. */
function watched(): Set<GPUBuffer> {
  const living = new Set<GPUBuffer>()
  const create = gpu.device.createBuffer.bind(gpu.device)
  vi.spyOn(gpu.device, 'createBuffer').mockImplementation((descriptor) => {
    const buffer = create(descriptor)
    const destroy = buffer.destroy.bind(buffer)
    buffer.destroy = () => {
      living.delete(buffer)
      return destroy()
    }
    living.add(buffer)
    return buffer
  })
  return living
}

/** Lets `count` more buffers be created; the next one does not fit. */
function failAfter(count: number): void {
  const create = gpu.createBuffer.bind(gpu)
  let made = 0
  vi.spyOn(gpu, 'createBuffer').mockImplementation((...args) => {
    if (made++ === count) throw new LimitError(`${args[0]} does not fit`)
    return create(...args)
  })
}

const full = { bytes: 64, flags: usage.storage | usage.copyDst }

describe('allocate', () => {
  const three = (last: () => unknown) => () => [
    gpu.tensor([4]),
    gpu.createBuffer('b', full.bytes, full.flags, 'tensor'),
    last(),
  ]

  it('keeps what it made where all goes well', async () => {
    const before = taken()
    const tensors = await gpu.allocate('both', () => [gpu.tensor([4]), gpu.tensor([8])])
    expect(taken()).toEqual([before[0]! + 2, before[1]! + 48])
    for (const tensor of tensors) gpu.free(tensor)
    expect(taken()).toEqual(before)
  })

  it.each([
    [
      'what it runs throws',
      () => {
        throw new Error('enough')
      },
      'enough',
    ],
    [
      'a buffer is too large',
      () => gpu.createBuffer('giant', gpu.bindingLimit + 4, full.flags, 'tensor'),
      'giant needs',
    ],
    ['the device refuses one', () => gpu.createBuffer('odd', 16, usage.mapRead | usage.storage, 'tensor'), 'three'],
  ])('gives everything back when %s', async (_, last, message) => {
    const before = taken()
    const living = watched()
    await expect(gpu.allocate('three', three(last))).rejects.toThrow(message)
    expect(taken()).toEqual(before)
    expect(living.size).toBe(0)
    gpu.check() // and the device goes on
  })

  it('leaves alone what others make while the device is asked', async () => {
    const before = taken()
    const failing = gpu.allocate(
      'three',
      three(() => gpu.createBuffer('odd', 16, usage.mapRead | usage.storage, 'tensor')),
    )
    const own = gpu.tensor([4])
    await expect(failing).rejects.toThrow(DeviceError)
    expect(taken()).toEqual([before[0]! + 1, before[1]! + 16])
    gpu.free(own)
  })
})

describe('nothing is left by', () => {
  const config = {
    ...presets.paper,
    channels: 4,
    stage_channels: [4],
    units_per_stage: 1,
    length: 40,
    clips: 2,
    sca_reduction: 2,
    final_pool: 2,
    music_dim: 0,
    hidden: [3],
  }

  it.each([0, 1, 2])('a model of which %d parts fit', (count) => {
    const before = taken()
    failAfter(count)
    expect(() => new Rtcan1d(gpu, config)).toThrow(LimitError)
    expect(taken()).toEqual(before)
  })

  it('a training step and a predictor for which there is no room', async () => {
    const model = new Rtcan1d(gpu, config)
    model.weights.load(initialise(config, model.summary, 'he', 1), 'start')
    const before = taken()
    for (const count of [0, 1, 2, 5, 8]) {
      failAfter(count)
      await expect(
        TrainingStep.create(gpu, model, 2, { name: 'sgd', momentum: 0, weightDecay: 0 }, []),
      ).rejects.toThrow(LimitError)
      expect(taken()).toEqual(before)
      vi.restoreAllMocks()
    }
    for (const count of [0, 1, 2]) {
      failAfter(count)
      await expect(Predictor.create(gpu, model, 2)).rejects.toThrow(LimitError)
      expect(taken()).toEqual(before)
      vi.restoreAllMocks()
    }
    model.destroy()
  })

  it.each([{ form: 'per-signal' }, { form: 'along-time' }, { solver: admm }] as const)(
    'a decomposition for which there is no room: %o',
    async (method) => {
      const before = taken()
      for (const count of [0, 1, 4]) {
        failAfter(count)
        await expect(decompose(gpu, [randomSignal(80, 4, 1)], { sampleRate: 4, ...method })).rejects.toThrow(
          'does not fit',
        )
        expect(taken()).toEqual(before)
        vi.restoreAllMocks()
      }
    },
  )

  it('quadratic programs for which there is no room', async () => {
    const before = taken()
    for (const count of [0, 3, 12]) {
      failAfter(count)
      await expect(solveQp(gpu, [{ P: [1], q: [1], A: [1], l: [-1], u: [1] }])).rejects.toThrow('does not fit')
      expect(taken()).toEqual(before)
      vi.restoreAllMocks()
    }
  })

  it('a plan that could not be compiled, once it is destroyed', async () => {
    const before = taken()
    const plan = new Plan(gpu)
    plan.output('y', relu(plan, relu(plan, plan.input('x', [64]))))
    failAfter(1)
    await expect(plan.compile()).rejects.toThrow('does not fit')
    expect(() => plan.run()).toThrow('compile the plan before running it')
    plan.destroy()
    expect(taken()).toEqual(before)
  })

  it('a read of a tensor without memory', async () => {
    const before = taken()
    await expect(gpu.read(new Tensor(new Storage(16, 'transient'), [4], 'f32', 'lost'))).rejects.toThrow(
      'tensor lost has no memory',
    )
    expect(taken()).toEqual(before)
  })
})

it('a ring hands out each value once, oldest first, and refuses more than it holds', async () => {
  const plan = new Plan(gpu)
  plan.output('y', relu(plan, plan.input('x', [3])))
  await plan.compile()
  const ring = new ReadbackRing(gpu, plan.outputTensor('y'), 3)
  const run = (value: number): void => {
    plan.write('x', [value, 2 * value, 3 * value])
    plan.run(ring.record)
  }
  expect(await ring.drain()).toEqual([])
  for (const value of [1, 2, 3]) run(value)
  expect(ring.full).toBe(true)
  expect(() => plan.run(ring.record)).toThrow('drain it first')
  expect((await ring.drain()).map((values) => [...values])).toEqual([
    [1, 2, 3],
    [2, 4, 6],
    [3, 6, 9],
  ])
  run(4)
  expect(ring.full).toBe(false)
  expect((await ring.drain()).map((values) => [...values])).toEqual([[4, 8, 12]])
  expect(await ring.drain()).toEqual([])
  ring.destroy()
  plan.destroy()
})
