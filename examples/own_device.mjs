// From a buffer of yours to a buffer with predictions: skin conductance is decomposed, made the network's channels and classified on
// your device. What comes back meanwhile is a report of how each decomposition went; samples never leave the GPU.
//
//   node examples/own_device.mjs                        in a clone, after `npm run build`
//   node node_modules/galvani/examples/own_device.mjs   after `npm install galvani webgpu`
//
// In a page all of this is the same, but for the first lines: there the device comes from navigator.gpu.
import { Gpu, initialise, Plan, presets, Rtcan1d } from 'galvani'
import { channels } from 'galvani/kernels'
import { decomposeOn } from 'galvani/solvers'
import { create, globals } from 'webgpu'

Object.assign(globalThis, globals) // GPUBufferUsage and its kind, as a page has them

// Dawn must outlive its devices, and what a module exports is not collected.
export const dawn = create([])
const adapter = await dawn.requestAdapter({ powerPreference: 'high-performance' })
if (!adapter) throw new Error('no WebGPU adapter; `npx galvani doctor` says why')
const device = await adapter.requestDevice()

// Two minutes of 4 people at 4 Hz, in a buffer of yours. Rows are whole multiples of 4 numbers: 478 samples take 480.
const [people, sampleRate, n, stride] = [4, 4, 478, 480]
const microsiemens = new Float32Array(people * stride)
for (let person = 0; person < people; person++) {
  for (let i = 0; i < n; i++) {
    const t = i / sampleRate
    const sinceLast = (t + 5 * person) % 23 // a response every 23 s
    const response = Math.exp(-sinceLast / 2) - Math.exp(-sinceLast / 0.7)
    microsiemens[person * stride + i] = 4 + person + 0.3 * Math.sin(t / 25) + response
  }
}
const { STORAGE, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage
const input = device.createBuffer({ size: microsiemens.byteLength, usage: STORAGE | COPY_DST })
device.queue.writeBuffer(input, 0, microsiemens)
const phasicBuffer = device.createBuffer({ size: microsiemens.byteLength, usage: STORAGE | COPY_SRC })

// The device is borrowed: galvani never destroys it, and touches nothing global.
const gpu = Gpu.fromDevice(device)

// `wrap` makes a tensor of a buffer and copies nothing; parts that are not given a place get one.
const eda = gpu.wrap(input, [people, n])
const into = { phasic: gpu.wrap(phasicBuffer, [people, n]) }
const { phasic, tonic, reports } = await decomposeOn(gpu, eda, { sampleRate, into })
for (const [person, { status, iterations }] of reports.entries())
  console.log(`person ${person}: ${status} in ${iterations} iterations`)

const length = 320
const config = { ...presets.paper, channels: 16, stage_channels: [16, 16, 16, 16], length, final_pool: 2, music_dim: 0 }
const model = new Rtcan1d(gpu, config)
model.weights.load(initialise(config, model.summary, 'he', 3), 'initial weights') // or weights of your own, by name

// A plan is recorded and compiled once, and replayed as often as you like.
const plan = new Plan(gpu)
const signals = channels(plan, { origin: eda, phasic, tonic }, { sampleRate, length }) // [people, 3, length]
const { probabilities } = model.forward(plan, { eda: signals }, { training: false })
plan.output('probabilities', probabilities)
await plan.compile()

// Its result is a GPUBuffer, for a pass or a draw call of yours; here it is copied out to be printed.
const { buffer, byteOffset, byteLength } = plan.outputTensor('probabilities')
const copy = device.createBuffer({ size: byteLength, usage: MAP_READ | COPY_DST })
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
