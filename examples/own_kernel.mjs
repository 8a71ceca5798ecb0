// An operator of your own, forward and backward, between operators of galvani's: checked against a twin in plain loops, then trained through.
//
//   node examples/own_kernel.mjs                        in a clone, after `npm run build`
//   node node_modules/galvani/examples/own_kernel.mjs   after `npm install galvani webgpu`
import { Plan } from 'galvani'
import { conv1d, conv1dBackwardWeight, convWeightShape } from 'galvani/kernels'
import { checkKernel, defineKernel } from 'galvani/kernels/define'
import { openGpu } from 'galvani/node'

// y = x / (1 + |x|), and dx = dy / (1 + |x|)^2. Rows of tensors are whole quads, and zeros stay zeros, as padding must.
const softsign = defineKernel({
  name: 'softsign',
  wgsl: `
struct Params { quads: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;
const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i < params.quads) { y[i] = x[i] / (1.0 + abs(x[i])); }
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= params.quads) { return; }
  let slope = 1.0 / (1.0 + abs(x[i]));
  dx[i] = dy[i] * slope * slope;
}`,
})

/** Launches for every quad of a tensor. */
const launchOver = ({ byteLength }) => [{ quads: byteLength / 16 }, { groups: Math.ceil(byteLength / 16 / 64) }]

function forward(plan, x) {
  const y = plan.tensor(x.shape, 'f32', 'softsign')
  const [params, launch] = launchOver(x)
  plan.dispatch(softsign, 'forward', { x, y, params }, launch)
  return y
}

function backward(plan, dy, x) {
  const dx = plan.tensor(x.shape, 'f32', 'softsign backward')
  const [params, launch] = launchOver(x)
  plan.dispatch(softsign, 'backward', { dy, x, dx, params }, launch)
  return dx
}

const gpu = await openGpu()

// Rows of 3 numbers and a padding; 70 of them are more than one workgroup, and no whole number of them.
const shape = [70, 3]
const numbers = (scale) => Float32Array.from({ length: 210 }, (_, i) => scale * Math.sin(i))
const checked = await checkKernel(gpu, {
  inputs: { x: { shape, data: numbers(3) }, dy: { shape, data: numbers(1) } },
  record: (plan, { x, dy }) => ({ y: forward(plan, x), dx: backward(plan, dy, x) }),
  twin: ({ x, dy }) => ({
    y: Array.from(x, (v) => v / (1 + Math.abs(v))),
    dx: Array.from(x, (v, i) => dy[i] / (1 + Math.abs(v)) ** 2),
  }),
})
for (const [name, { error }] of Object.entries(checked)) console.log(`${name}: error ${error.toExponential(1)}`)

// A convolution before it, and the gradient of the sum of all results by the convolution's weight.
const plan = new Plan(gpu)
const geometry = { stride: 1, padding: 1 }
const signal = plan.input('signal', [1, 50, 2])
const weight = plan.input('weight', convWeightShape(3, 2, 4))
const x = conv1d(plan, signal, weight, null, geometry)
plan.output('y', forward(plan, x))
const gradient = plan.output('gradient', plan.tensor(weight.shape, 'f32', 'gradient'))
conv1dBackwardWeight(plan, backward(plan, plan.input('ones', x.shape), x), signal, gradient, null, geometry)
await plan.compile()

const values = Float32Array.from({ length: 100 }, (_, i) => Math.sin(i / 3))
const weights = Float32Array.from({ length: weight.size }, (_, i) => (Math.floor(i / 4) % 4 < 2 ? Math.cos(i) : 0)) // zeros where padded
plan.write('signal', values)
plan.write('ones', new Float32Array(x.size).fill(1))
const sumOf = async () => {
  plan.write('weight', weights)
  plan.run()
  return (await plan.readFloat('y')).reduce((sum, v) => sum + v, 0)
}
await sumOf()
const slope = (await plan.readFloat('gradient'))[0]
const step = 0.002
weights[0] += step
const above = await sumOf()
weights[0] -= 2 * step
const below = await sumOf()
console.log(`slope ${slope.toFixed(3)}, by differences ${((above - below) / (2 * step)).toFixed(3)}`)

await gpu.close()
