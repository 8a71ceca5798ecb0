// A program with a device, buffers, passes and a canvas of its own. galvani is its guest: it computes inside the program's pass,
// and what it computed is drawn from the buffer in which it lies. No sample is read back.
import { Gpu, Plan } from 'galvani'
import { decomposeOn } from 'galvani/solvers'
import { channelsLast, conv1d, convWeightShape } from 'galvani/kernels'
import { lineDrawer } from './lines.js'
import { makeRecording, SAMPLE_RATE } from './recording.js'

const [canvas, smoothing, says] = ['canvas', 'input', 'output'].map((name) => document.querySelector(name))

// The program's own: galvani neither opens nor destroys it.
const adapter = await navigator.gpu?.requestAdapter()
if (!adapter) says.textContent = 'This browser found no WebGPU adapter.'
const device = await adapter.requestDevice()
device.addEventListener('uncapturederror', ({ error }) => (says.textContent = error.message))
let isLost = false
void device.lost.then(({ message }) => {
  isLost = true
  says.textContent = `The device was lost: ${message}`
})

const recording = makeRecording()
const n = recording.length
const { STORAGE, COPY_DST } = GPUBufferUsage
const bufferOf = (label) => device.createBuffer({ label, size: recording.byteLength, usage: STORAGE | COPY_DST })
const [eda, phasic, tonic] = ['eda', 'phasic', 'tonic'].map(bufferOf)
device.queue.writeBuffer(eda, 0, recording)

// The guest decomposes what lies in the program's buffer into two others of the program's: tensors of them are no copies.
const gpu = Gpu.fromDevice(device)
const tensorOf = (buffer) => gpu.wrap(buffer, [1, n])
const into = { phasic: tensorOf(phasic), tonic: tensorOf(tonic) }
await decomposeOn(gpu, tensorOf(eda), { sampleRate: SAMPLE_RATE, into })

// And computes in every frame: a weighted mean of neighbours, as a convolution. A plan is recorded and compiled once.
const TAPS = 33
const plan = new Plan(gpu)
const signal = channelsLast(plan, gpu.wrap(phasic, [1, 1, n]))
const weights = plan.input('weights', convWeightShape(TAPS, 1, 1))
const smoothed = plan.output('smoothed', conv1d(plan, signal, weights, null, { stride: 1, padding: (TAPS - 1) / 2 }))
await plan.compile()

/** A triangle of this half width; an upload is in order with the submits of this queue, as any other. */
function setWeights(halfWidth) {
  const triangle = Array.from({ length: TAPS }, (_, k) => Math.max(0, halfWidth + 1 - Math.abs(k - (TAPS - 1) / 2)))
  const sum = triangle.reduce((a, b) => a + b)
  // [33, 4, 1]: channels are padded to four, of which one is used.
  plan.write(
    'weights',
    triangle.flatMap((weight) => [weight / sum, 0, 0, 0]),
  )
}
setWeights(Number(smoothing.value))
smoothing.addEventListener('input', () => setWeights(Number(smoothing.value)))

// The program's own drawing. A tensor is rows of a multiple of four numbers: in [1, n, 1] each sample is the first of four.
const drawLines = lineDrawer(device, canvas, { count: n, range: [-0.2, 4] }, [
  { buffer: eda, stride: 1, color: [0.6, 0.6, 0.6, 1] },
  { buffer: tonic, stride: 1, color: [0.85, 0.45, 0.1, 1] },
  { buffer: smoothed.buffer, stride: smoothed.rowStride, color: [0.1, 0.35, 0.75, 1] },
])

function frame() {
  if (isLost) return
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  plan.encode(pass)
  pass.end()
  drawLines(encoder)
  device.queue.submit([encoder.finish()])
  requestAnimationFrame(frame)
}
says.textContent = ''
requestAnimationFrame(frame)
