// A device, buffers and passes of your own, with a network of galvani's between them. Nothing leaves the GPU until you read it.
//
//   node examples/own_device.mjs                        in a clone, after `npm run build`
//   node node_modules/galvani/examples/own_device.mjs   after `npm install galvani webgpu`
//
// In a page all of this is the same, but for the first lines: there the device comes from navigator.gpu.
import { Gpu, initialise, Plan, presets, Rtcan1d } from 'galvani'
import { create, globals } from 'webgpu'

Object.assign(globalThis, globals) // GPUBufferUsage and its kind, as a page has them

// Dawn must outlive its devices, and what a module exports is not collected.
export const dawn = create([])
const adapter = await dawn.requestAdapter({ powerPreference: 'high-performance' })
if (!adapter) throw new Error('no WebGPU adapter; `npx galvani doctor` says why')
const device = await adapter.requestDevice()

// Three channels of 4 people, 320 points each, in a buffer of yours. Rows are whole multiples of 4 numbers.
const [people, channels, length] = [4, 3, 320]
const signals = Float32Array.from({ length: people * channels * length }, (_, i) => 0.2 * Math.sin(i / 7))
const input = device.createBuffer({ size: signals.byteLength, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST })
device.queue.writeBuffer(input, 0, signals)

// The device is borrowed: galvani never destroys it, and touches nothing global.
const gpu = Gpu.fromDevice(device)
const config = { ...presets.paper, channels: 16, stage_channels: [16, 16, 16, 16], length, final_pool: 2, music_dim: 0 }
const model = new Rtcan1d(gpu, config)
model.weights.load(initialise(config, model.summary, 'he', 1), 'initial weights') // or weights of your own, by name

// A plan is recorded and compiled once, and replayed as often as you like. `wrap` copies nothing.
const plan = new Plan(gpu)
const eda = gpu.wrap(input, [people, channels, length])
const { probabilities } = model.forward(plan, { eda }, { training: false })
plan.output('probabilities', probabilities)
await plan.compile()

// Its result is a GPUBuffer, for a pass or a draw call of yours; here it is copied out to be printed.
const { buffer, byteOffset, byteLength } = plan.outputTensor('probabilities')
const copy = device.createBuffer({ size: byteLength, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
const encoder = device.createCommandEncoder()
const pass = encoder.beginComputePass()
plan.encode(pass)
pass.end()
encoder.copyBufferToBuffer(buffer, byteOffset, copy, 0, byteLength)
device.queue.submit([encoder.finish()])

await copy.mapAsync(GPUMapMode.READ)
const rows = new Float32Array(copy.getMappedRange())
// [people, 2], each row padded to 4 numbers: low, high and two zeros.
for (let i = 0; i < people; i++) console.log(`person ${i}: low ${rows[4 * i]}, high ${rows[4 * i + 1]}`)

await gpu.close() // frees what galvani allocated, and leaves your device and your buffers alone
device.destroy()
await device.lost
