// A kernel of one's own: read from its WGSL, launched by a plan, checked against a twin. Forward and backward.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Plan, type Gpu } from '../../src/index.ts'
import { checkKernel, defineKernel } from '../../src/define.ts'
import { openGpu } from '../../src/runtime/node.ts'
import type { KernelSource } from '../../src/reflection/define_kernel.ts'

const softplus = {
  name: 'softplus',
  wgsl: `
struct Params { count: u32, sharpness: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;
const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i < params.count) { y[i] = log(1.0 + exp(params.sharpness * x[i])) / params.sharpness; }
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i < params.count) { dx[i] = dy[i] / (1.0 + exp(-params.sharpness * x[i])); }
}`,
}
type Softplus = {
  entries: { forward: 'x' | 'y'; backward: 'x' | 'dy' | 'dx' }
  params: 'count' | 'sharpness'
  constants: 'WORKGROUP'
}

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

const SHARPNESS = 3
const COUNT = 132 // two full workgroups and a part, rows of whole quads
const x = Float32Array.from({ length: COUNT }, (_, i) => Math.sin(i) * 2)
const dy = Float32Array.from({ length: COUNT }, (_, i) => Math.cos(3 * i))

const forwardTwin = ({ x }: { x: ArrayLike<number> }) => ({
  y: Float64Array.from(x, (v) => Math.log(1 + Math.exp(SHARPNESS * v)) / SHARPNESS),
})
const backwardTwin = ({ x, dy }: { x: ArrayLike<number>; dy: ArrayLike<number> }) => ({
  dx: Float64Array.from(x, (v, i) => dy[i]! / (1 + Math.exp(-SHARPNESS * v))),
})
const params = { count: COUNT, sharpness: SHARPNESS }
const input = (data: Float32Array) => ({ shape: [COUNT], data })

describe('a kernel of one’s own', () => {
  const kernel = defineKernel<Softplus>(softplus)

  it.each([64, 32])('agrees with its twin, forward and backward, at %i invocations a workgroup', async (size) => {
    const launch = { groups: Math.ceil(COUNT / size), constants: { WORKGROUP: size } }
    const forward = await checkKernel(gpu, {
      inputs: { x: input(x) },
      record: (plan, { x }) => {
        const y = plan.tensor([COUNT])
        plan.dispatch(kernel, 'forward', { x, y, params }, launch)
        return { y }
      },
      twin: forwardTwin,
    })
    const backward = await checkKernel(gpu, {
      inputs: { x: input(x), dy: input(dy) },
      record: (plan, { x, dy }) => {
        const dx = plan.tensor([COUNT])
        plan.dispatch(kernel, 'backward', { x, dy, dx, params }, launch)
        return { dx }
      },
      twin: backwardTwin,
    })
    expect(forward.y!.error).toBeLessThan(1e-6)
    expect(backward.dx!.error).toBeLessThan(1e-6)
    expect(gpu.memory().tensor?.buffers ?? 0).toBe(0)
  })

  it('that leaves values unwritten, or is off, is noticed', async () => {
    const check = (groups: number, scale: number) =>
      checkKernel(gpu, {
        inputs: { x: input(x) },
        record: (plan, { x }) => {
          const y = plan.tensor([COUNT])
          plan.dispatch(kernel, 'forward', { x, y, params }, { groups })
          return { y }
        },
        twin: (inputs) => ({ y: forwardTwin(inputs).y.map((v) => scale * v) }),
      })
    await expect(check(2, 1)).rejects.toThrow(/^y\[128\] is NaN, its twin says/)
    await expect(check(3, 1.001)).rejects.toThrow(/^y\[\d+\] is .* allowed are 0\.00001$/)
    await expect(check(3, 1)).resolves.toHaveProperty('y')
  })

  it('is launched without its types too, and checked by the plan', async () => {
    const untyped = defineKernel(softplus)
    const plan = new Plan(gpu)
    const x = plan.input('x', [COUNT])
    const y = plan.tensor([COUNT])
    expect(() => plan.dispatch(untyped, 'sideways', { x, y, params }, { groups: 1 })).toThrow(
      "softplus has no entry point 'sideways', only forward, backward",
    )
    expect(() => plan.dispatch(untyped, 'forward', { x, params }, { groups: 1 })).toThrow("binding 'y' is missing")
    expect(() => plan.dispatch(untyped, 'forward', { x, y, params: { count: 1 } }, { groups: 1 })).toThrow(
      'params.sharpness is undefined',
    )
    plan.dispatch(untyped, 'forward', { x, y, params }, { groups: 3 })
    plan.output('y', y)
    await plan.compile()
    plan.destroy()
  })
})

describe('elements', () => {
  it.each([
    ['array<f32>', 'f32'],
    ['array<vec4<u32>>', 'u32'],
    ['array<vec4f>', 'f32'],
    ['array<vec2i>', 'i32'],
    ['array<mat2x2f>', 'f32'],
    ['array<mat4x4<f32>>', 'f32'],
    ['array<atomic<u32>>', 'u32'],
    ['vec4u', 'u32'],
    ['Row', 'f32'],
    ['array<Row, 4>', 'f32'],
  ])('of %s are %s', (type, element) => {
    const wgsl = `struct Row { mean: f32, scale: f32 }
      @group(0) @binding(0) var<storage, read_write> a: ${type};
      @compute @workgroup_size(1) fn main() { let b = &a; }`
    expect(defineKernel({ name: 'k', wgsl }).entries['main']!.bindings['a']!.element).toBe(element)
  })
})

describe('what is refused', () => {
  const entry = '@compute @workgroup_size(1) fn main()'
  it.each([
    ['no text', { name: 'k', wgsl: undefined }, 'wgsl is undefined, expected text'],
    ['no name', { name: '', wgsl: `${entry} {}` }, 'name is empty, expected text'],
    ['no entry point', { name: 'k', wgsl: 'fn f() {}' }, 'k has no entry point'],
    ['no WGSL', { name: 'k', wgsl: `${entry} { let }` }, 'k.wgsl: '],
    [
      'another group',
      { name: 'k', wgsl: `@group(1) @binding(0) var<storage> a: array<f32>; ${entry} { _ = a[0]; }` },
      'group 1',
    ],
    [
      'half floats',
      { name: 'k', wgsl: `enable f16; @group(0) @binding(0) var<storage> a: array<f16>; ${entry} { _ = a[0]; }` },
      "binds 'a' of f16",
    ],
    [
      'two uniforms',
      {
        name: 'k',
        wgsl: `struct A { x: f32 } @group(0) @binding(0) var<uniform> a: A; @group(0) @binding(1) var<uniform> b: A; ${entry} { _ = a.x + b.x; }`,
      },
      '2 uniforms',
    ],
    [
      'vectors as parameters',
      { name: 'k', wgsl: `struct A { x: vec4f } @group(0) @binding(0) var<uniform> a: A; ${entry} { _ = a.x; }` },
      "parameter 'x' of vec4f",
    ],
  ])('%s', (_, source, expected) => {
    expect(() => defineKernel(source as KernelSource)).toThrow(expected)
  })
})
