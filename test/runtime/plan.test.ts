import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import shader from '../../shaders/elementwise.wgsl'
import { batchNorm } from '../../src/kernels/batchnorm.ts'
import { add, relu } from '../../src/kernels/elementwise.ts'
import { linear } from '../../src/kernels/linear.ts'
import { presets } from '../../src/model/config.ts'
import { initialise } from '../../src/model/init.ts'
import { Rtcan1d } from '../../src/model/rtcan1d.ts'
import { DeviceError, LimitError, ShapeError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { usage } from '../../src/runtime/gpu_base.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { foldGroups, Plan } from '../../src/runtime/plan.ts'
import { Random } from '../../src/runtime/random.ts'
import { ReadbackRing } from '../../src/runtime/readback.ts'
import { Slab } from '../../src/runtime/slab.ts'
import type { Tensor } from '../../src/runtime/tensor.ts'
import { TrainingStep } from '../../src/train/training_step.ts'
import { describePlan } from '../../src/runtime/plan_report.ts'
import { poison } from '../../src/runtime/poison.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const count = (n: number) => Float32Array.from({ length: n }, (_, i) => i - n / 2)
const doubled = (values: Float32Array) => values.map((v) => 2 * v)

/** y = x + x + x + x through intermediate tensors, compiled. */
async function quadruple(shape: number[]) {
  const plan = new Plan(gpu)
  const x = plan.input('x', shape)
  const twice = add(plan, x, x)
  plan.output('y', add(plan, twice, twice))
  return await plan.compile()
}

describe('a plan', () => {
  it('computes what was recorded, from the inputs of each run', async () => {
    const plan = await quadruple([3, 5])
    plan.write('x', count(15))
    plan.run()
    expect(await plan.read('y')).toEqual(count(15).map((v) => 4 * v))
    plan.write(
      'x',
      count(15).map((v) => v + 1),
    )
    plan.run()
    expect(await plan.readFloat('y')).toEqual(count(15).map((v) => 4 * (v + 1)))
    plan.destroy()
  })

  it('describes itself, one line per dispatch', () => {
    const plan = new Plan(gpu)
    add(plan, relu(plan, plan.input('x', [2, 70])), plan.input('z', [2, 70]))
    expect(describePlan(plan)).toBe(
      'elementwise.relu  elementwise.relu  1×1×1  a:[2,70] y:[2,70]\n' +
        'elementwise.add  elementwise.add  1×1×1  a:[2,70] b:[2,70] y:[2,70]',
    )
    expect(plan.dispatches.length).toBe(2)
    plan.destroy()
  })

  it('gives the same bits when it runs twice', async () => {
    const random = new Random(11)
    const values = Float32Array.from({ length: 6 * 33 }, () => random.normal())
    const plan = new Plan(gpu)
    plan.output('y', linear(plan, plan.input('x', [6, 33]), plan.input('w', [1, 36, 20]), plan.input('bias', [20])))
    await plan.compile()
    plan.write('x', values)
    plan.write(
      'w',
      Float32Array.from({ length: 36 * 20 }, () => random.normal()),
    )
    plan.write('bias', values.subarray(0, 20))
    plan.run()
    const first = await plan.read('y')
    poison(plan)
    plan.run()
    expect(await plan.read('y')).toEqual(first)
    expect(first.some((v) => v !== 0)).toBe(true)
    plan.destroy()
  })

  it('takes the same memory however often it runs, and none once destroyed', async () => {
    const before = gpu.memory()
    const plan = await quadruple([40, 8])
    const ring = new ReadbackRing(gpu, plan.outputTensor('y'), 2)
    for (let i = 0; i < 2; i++) plan.run(ring.record)
    await ring.drain()
    const after = gpu.memory()
    expect(after).not.toEqual(before)
    for (let i = 0; i < 50; i++) {
      plan.write('x', count(320))
      plan.run(ring.record)
      if (ring.full) await ring.drain()
    }
    await plan.read('y')
    expect(gpu.memory()).toEqual(after)
    ring.destroy()
    plan.destroy()
    const used = (memory: ReturnType<Gpu['memory']>) =>
      Object.values(memory).map(({ bytes, buffers }) => [bytes, buffers])
    expect(
      used(gpu.memory())
        .flat()
        .reduce((a, b) => a + b, 0),
    ).toBe(
      used(before)
        .flat()
        .reduce((a, b) => a + b, 0),
    )
  })

  it('shares the memory of tensors that are not alive together, and keeps outputs', async () => {
    const plan = new Plan(gpu)
    const x = plan.input('x', [64])
    const chain = [relu(plan, x)]
    for (let i = 0; i < 6; i++) chain.push(add(plan, chain[i]!, chain[i]!))
    plan.output('second', chain[1]!)
    plan.output('last', chain[6]!)
    await plan.compile()
    expect(new Set(chain.map(({ buffer }) => buffer)).size).toBe(3) // one for 'second', two for the others in turns
    plan.write('x', count(64))
    plan.run()
    const positive = count(64).map((v) => Math.max(0, v))
    expect(await plan.read('second')).toEqual(doubled(positive))
    expect(await plan.read('last')).toEqual(positive.map((v) => 64 * v))
    plan.destroy()
  })

  it('keeps every tensor apart on request', async () => {
    const plan = new Plan(gpu)
    const first = relu(plan, plan.input('x', [8]))
    const third = add(plan, add(plan, first, first), first)
    await plan.compile({ keepAll: true })
    plan.write('x', count(8))
    plan.run()
    expect(await gpu.read(first)).toEqual(count(8).map((v) => Math.max(0, v)))
    expect(await gpu.read(third)).toEqual(count(8).map((v) => 3 * Math.max(0, v)))
    plan.destroy()
  })

  it('uploads equal tables once', async () => {
    const plan = new Plan(gpu)
    const table = plan.constant('bounds', 'u32', [0, 3, 7])
    expect(plan.constant('bounds of another', 'u32', [0, 3, 7])).toBe(table)
    expect(plan.constant('bounds', 'u32', [0, 3, 8])).not.toBe(table)
    expect(plan.constant('numbers', 'f32', [0, 3, 7])).not.toBe(table)
    expect(await gpu.read(table)).toEqual(Uint32Array.of(0, 3, 7))
    plan.destroy()
  })
})

describe('a large dispatch', () => {
  it('is folded into as few rows as there must be', () => {
    expect(foldGroups(1)).toEqual([1, 1, 1])
    expect(foldGroups(65_535)).toEqual([65_535, 1, 1])
    expect(foldGroups(65_536)).toEqual([32_768, 2, 1])
    for (const n of [65_537, 131_071, 1_000_003]) {
      const [x, y, z] = foldGroups(n)
      expect(z).toBe(1)
      expect(Math.max(x, y)).toBeLessThanOrEqual(65_535)
      expect(x * y).toBeGreaterThanOrEqual(n)
      expect(x * y - n).toBeLessThan(y)
    }
  })

  it('computes every element', async () => {
    const quads = 65_535 + 4_466
    const plan = new Plan(gpu)
    const [a, y] = [plan.input('a', [quads * 4]), plan.output('y', plan.tensor([quads * 4]))]
    const params = { quads, inner: quads * 4, inner_quads: quads }
    plan.dispatch(shader, 'add', { a, b: a, y, params }, { groups: quads, constants: { WORKGROUP: 1 } })
    await plan.compile()
    poison(plan)
    plan.write('a', count(quads * 4))
    plan.run()
    const wrong = (await plan.readFloat('y')).findIndex((v, i) => v !== 2 * (i - quads * 2))
    expect(wrong).toBe(-1)
    plan.destroy()
  })
})

describe('poison', () => {
  it('shows as NaN what a kernel did not write, and spares the inputs', async () => {
    const plan = new Plan(gpu)
    const [a, y] = [plan.input('a', [64 * 4 * 2]), plan.output('y', plan.tensor([64 * 4 * 2]))]
    const params = { quads: 128, inner: 512, inner_quads: 128 }
    plan.dispatch(shader, 'relu', { a, y, params }, { groups: 1 }) // half of what it takes
    await plan.compile()
    plan.write('a', new Float32Array(512).fill(3))
    poison(plan)
    plan.run()
    const values = await plan.readFloat('y')
    expect(values.subarray(0, 256).every((v) => v === 3)).toBe(true)
    expect(values.subarray(256).every(Number.isNaN)).toBe(true)
    plan.destroy()
  })
})

describe('recording refuses', () => {
  const refusal = (record: (plan: Plan) => unknown) => {
    const plan = new Plan(gpu)
    try {
      record(plan)
    } catch (error) {
      return error
    } finally {
      plan.destroy()
    }
    return null
  }

  it('a tensor of the wrong dtype', () => {
    expect(refusal((p) => relu(p, p.input('labels', [4], 'u32')))).toEqual(
      new ShapeError("elementwise.relu: 'a' is u32, the kernel expects f32"),
    )
  })

  it('memory that is read and written at once', () => {
    const refused = refusal((p) => {
      const a = p.input('a', [4])
      p.dispatch(shader, 'relu', { a, y: a, params: { quads: 1, inner: 4, inner_quads: 1 } }, { groups: 1 })
    })
    expect(refused).toEqual(new ShapeError("elementwise.relu: 'y' is written while memory of 'a' shares its buffer"))
  })

  const relus = (p: Plan, a: Tensor, y: Tensor): void =>
    p.dispatch(shader, 'relu', { a, y, params: { quads: 1, inner: 4, inner_quads: 1 } }, { groups: 1 })
  const shared = new ShapeError("elementwise.relu: 'y' is written while memory of 'a' shares its buffer")

  it('one buffer that is read and written, at whatever offsets', () => {
    expect(
      refusal((p) => {
        const storage = p.storage()
        relus(p, storage.append([4], 'f32', 'a'), storage.append([4], 'f32', 'y'))
      }),
    ).toEqual(shared)
    const slab = new Slab(
      gpu,
      'slab',
      new Map([
        ['first', [4]],
        ['second', [4]],
      ]),
    )
    expect(refusal((p) => relus(p, slab.tensors.get('second')!, slab.tensors.get('first')!))).toEqual(shared)
    expect(refusal((p) => relus(p, slab.flat, slab.tensors.get('first')!))).toEqual(shared)
    slab.destroy()
  })

  it("a caller's buffer that is read and written under two names", () => {
    const buffer = gpu.device.createBuffer({ size: 64, usage: usage.storage | usage.copySrc | usage.copyDst })
    expect(refusal((p) => relus(p, gpu.wrap(buffer, [4], 'f32', 'in'), gpu.wrap(buffer, [4], 'f32', 'out')))).toEqual(
      shared,
    )
    buffer.destroy()
  })

  it('memory that is written twice at once, but not neighbours in one buffer', () => {
    const normalise = (p: Plan, runningMean: Tensor, runningVar: Tensor): unknown =>
      batchNorm(
        p,
        p.input('x', [2, 8, 4]),
        { gamma: p.input('g', [4]), beta: p.input('b', [4]), runningMean, runningVar },
        { training: true },
      )
    const slab = new Slab(
      gpu,
      'statistics',
      new Map([
        ['mean', [4]],
        ['var', [4]],
      ]),
    )
    const [mean, variance] = [slab.tensors.get('mean')!, slab.tensors.get('var')!]
    expect(refusal((p) => normalise(p, mean, mean))).toMatchObject({
      message: expect.stringContaining("is written while memory of 'running_") as string,
    })
    expect(refusal((p) => normalise(p, mean, variance))).toBeNull()
    slab.destroy()
  })

  it('a missing binding', () => {
    const record = (p: Plan) => {
      const args = { a: p.input('a', [4]), y: p.tensor([4]), params: { quads: 1, inner: 4, inner_quads: 1 } }
      // @ts-expect-error the compiler sees it too
      p.dispatch(shader, 'add', args, { groups: 1, label: 'sum' })
    }
    expect(refusal(record)).toEqual(new ShapeError("sum: binding 'b' is missing"))
  })

  it('tensors whose shapes do not fit', () => {
    expect(refusal((p) => add(p, p.input('a', [2, 3]), p.input('b', [3, 2])))).toEqual(
      new ShapeError('add: a is [2,3] but b is [3,2]'),
    )
    expect(refusal((p) => p.tensor([2, 0], 'f32', 'empty'))).toEqual(
      new ShapeError('empty: shape [2,0] must be one or more positive integers'),
    )
  })

  it('two inputs of one name', () => {
    expect(refusal((p) => [p.input('x', [1]), p.input('x', [1])])).toEqual(
      new ShapeError("plan has two inputs named 'x'"),
    )
  })

  it('a tensor larger than the device binds, by name', () => {
    const n = gpu.bindingLimit / 4 + 4
    const write = (p: Plan) => {
      const args = {
        a: p.input('a', [4]),
        y: p.tensor([n], 'f32', 'giant'),
        params: { quads: 1, inner: 4, inner_quads: 1 },
      }
      p.dispatch(shader, 'relu', args, { groups: 1 })
    }
    for (const record of [write, (p: Plan) => p.input('giant', [n])]) {
      const error = refusal(record)
      expect(error).toBeInstanceOf(LimitError)
      expect(String(error)).toContain(
        `giant [${n}] needs ${4 * n} bytes; this device binds at most ${gpu.bindingLimit}.`,
      )
    }
  })

  it('two outputs of one name', () => {
    expect(refusal((p) => p.output('y', p.output('y', p.input('x', [4]))))).toEqual(
      new ShapeError("plan has two outputs named 'y'"),
    )
  })

  it('more of anything once compiled', async () => {
    const plan = await quadruple([4])
    const compiled = (what: string) => new DeviceError(`a compiled plan cannot take more ${what}`)
    expect(() => plan.output('z', plan.outputTensor('y'))).toThrow(compiled('outputs'))
    await expect(plan.compile()).rejects.toThrow(new DeviceError('the plan is compiled already'))
    expect(() => relu(plan, plan.outputTensor('y'))).toThrow(
      new DeviceError('a compiled plan cannot take more dispatches'),
    )
    plan.destroy()
  })
})

describe('using a plan wrongly', () => {
  it('names the inputs and outputs that it has', async () => {
    const plan = await quadruple([2, 3])
    expect(() => plan.write('z', [1])).toThrow(new ShapeError("plan has no input 'z' (it has x)"))
    await expect(plan.read('z')).rejects.toThrow(new ShapeError("plan has no output 'z' (it has y)"))
    expect(() => plan.write('x', [1])).toThrow(new ShapeError('x: got 1 values, expected 6 numbers for shape [2,3]'))
    plan.destroy()
  })

  it('says that it is destroyed, and harms nobody', async () => {
    const plan = await quadruple([4])
    const tensor = plan.outputTensor('y')
    plan.destroy()
    expect(() => plan.run()).toThrow(new DeviceError('compile the plan before running it; it is destroyed'))
    await expect(gpu.read(tensor)).rejects.toThrow(/^tensor add has no memory/)
    expect(() => plan.write('x', [1, 2, 3, 4])).toThrow(/^tensor x has no memory/)
    gpu.check()
  })

  it('asks for compilation first', () => {
    const plan = new Plan(gpu)
    plan.output('y', relu(plan, plan.input('x', [4])))
    expect(() => plan.run()).toThrow(new DeviceError('compile the plan before running it; it is recording'))
    plan.destroy()
  })
})

describe('training', () => {
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

  /** Two steps from seeded weights on seeded signals; everything learnt. */
  async function trained(seed: number): Promise<Float32Array[]> {
    const model = new Rtcan1d(gpu, config)
    model.weights.load(initialise(config, model.summary, 'he', seed), 'start')
    const shapes = new Map([...model.weights.parameters.tensors].map(([name, { shape }]) => [name, shape]))
    const momentum = new Slab(gpu, 'momentum', shapes)
    const step = await TrainingStep.create(gpu, model, 3, { name: 'sgd', momentum: 0.9, weightDecay: 0.01 }, [momentum])
    const random = new Random(seed, 1000)
    for (let t = 1; t <= 2; t++) {
      const eda = Float32Array.from({ length: 3 * 3 * 40 }, () => random.normal())
      await step.run({ eda, music: null }, [0, 1, 1], 0.1, t)
    }
    const losses = await step.losses()
    const saved = await model.weights.save()
    for (const used of [step, momentum, model]) used.destroy()
    return [Float32Array.from(losses), ...[...saved.values()].map(({ data }) => data)]
  }

  it('from the same seed gives the same bits, from another seed others', async () => {
    const [first, second, other] = [await trained(5), await trained(5), await trained(6)]
    expect(first[0]!.every(Number.isFinite)).toBe(true)
    expect(second).toEqual(first)
    expect(other).not.toEqual(first)
  })
})

describe('tensors of plans', () => {
  const double = (plan: Plan, x: Tensor): Tensor => add(plan, x, x)

  it('an output of one is an input of another', async () => {
    const first = new Plan(gpu)
    const x = first.input('x', [4])
    first.output('y', double(first, x))
    await first.compile()
    const second = new Plan(gpu)
    second.output('z', double(second, first.outputTensor('y')))
    await second.compile()
    first.write('x', [1, 2, 3, 4])
    first.run()
    second.run()
    expect([...(await second.readFloat('z'))]).toEqual([4, 8, 12, 16])
    expect([...(await first.readFloat('y'))]).toEqual([2, 4, 6, 8])
    second.destroy()
    expect([...(await first.readFloat('y'))]).toEqual([2, 4, 6, 8])
    first.destroy()
  })

  it('is also where the other was recorded first, but not where it was compiled first', async () => {
    for (const order of ['as made', 'the other way'] as const) {
      const first = new Plan(gpu)
      const x = first.input('x', [4])
      first.output('y', double(first, x))
      const second = new Plan(gpu)
      second.output('z', double(second, first.outputTensor('y')))
      if (order === 'the other way') {
        await second.compile()
        await expect(first.compile()).rejects.toThrow(/has its memory from another plan, which was compiled first/)
      } else {
        await first.compile()
        await second.compile()
        first.write('x', [1, 2, 3, 4])
        first.run()
        second.run()
        expect([...(await second.readFloat('z'))]).toEqual([4, 8, 12, 16])
      }
      second.destroy()
      first.destroy()
    }
  })

  it('an intermediate is of its own plan alone', async () => {
    const first = new Plan(gpu)
    const between = double(first, first.input('x', [4]))
    first.output('y', double(first, between))
    await first.compile()
    const second = new Plan(gpu)
    second.output('z', double(second, between))
    await expect(second.compile()).rejects.toThrow(
      /is an intermediate of another plan, whose memory others write again/,
    )
    await expect(gpu.read(between)).rejects.toThrow(/is an intermediate of a plan, whose memory others write again/)
    expect(() => gpu.free(first.outputTensor('y'))).toThrow(/is memory of a plan, which plan.destroy\(\) frees/)
    expect(() => first.input('late', [4])).toThrow(/a compiled plan cannot take more inputs/)
    second.destroy()
    first.destroy()
  })

  it('beyond a dimension of workgroups need an entry that finds its place', () => {
    const plan = new Plan(gpu)
    const args = { a: gpu.tensor([4]), y: gpu.tensor([4]), params: { quads: 1, inner: 4, inner_quads: 1 } }
    const simple = {
      ...shader,
      name: 'simple',
      source: shader.source
        .replaceAll('@builtin(num_workgroups)', '@builtin(workgroup_id)')
        .replaceAll('num_workgroups', 'other'),
    }
    expect(() => plan.dispatch(simple as never, 'relu', args as never, { groups: 65_535 })).not.toThrow(/more than/)
    expect(() => plan.dispatch(simple as never, 'relu', args as never, { groups: 65_536 })).toThrow(
      /more than 65535 workgroups are launched in rows, and the entry does not ask for num_workgroups/,
    )
    plan.destroy()
  })
})
