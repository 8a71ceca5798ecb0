// A training step of RTCAN-1D (preset paper) in TensorFlow.js on its WebGPU or WASM backend. The protocol is in README.md.
import * as tf from '@tensorflow/tfjs'
import { serve } from './step_server.mjs'
import { provideWebGpu } from './webgpu.mjs'

const CLIPS = 3
const FINAL_POOL = 14
const EPSILON = 1e-5
/** Axes of batch, height (1) and time. */
const BATCH_AND_TIME = [0, 1, 2]

/** Tensors are [B, 1, L, C] and filters [1, K, in, out], as in the library's own conv1d; `p(name)` is a parameter. */
function conv(p, name, x, stride = 1, isInput = false) {
  const w = p(`${name}.weight`)
  const padding = w.shape[1] >> 1
  const around = [
    [0, 0],
    [0, 0],
    [padding, padding],
    [0, 0],
  ]
  // The WASM backend has no kernel for the filter's gradient; as products of shifted inputs it is no slower on WebGPU either.
  return tf.customGrad((x, w, save) => {
    save([x, w])
    const gradFunc = (dy, [x, w]) => [
      isInput ? tf.zerosLike(x) : tf.conv2dTranspose(dy, w, x.shape, [1, stride], around),
      filterGradient(x, dy, w.shape, stride, padding),
    ]
    return { value: tf.conv2d(x, w, [1, stride], around), gradFunc }
  })(x, w)
}

function filterGradient(x, dy, [, kernel, inChannels, channels], stride, padding) {
  const [B, , L] = x.shape
  const length = dy.shape[2]
  const around =
    padding > 0
      ? tf.pad(x, [
          [0, 0],
          [0, 0],
          [padding, padding],
          [0, 0],
        ])
      : x
  const rows = tf.reshape(dy, [B * length, channels])
  const products = Array.from({ length: kernel }, (_, k) => {
    const end = Math.min(k + (length - 1) * stride + 1, L + 2 * padding)
    const seen = tf.stridedSlice(around, [0, 0, k, 0], [B, 1, end, inChannels], [1, 1, stride, 1])
    return tf.matMul(tf.reshape(seen, [B * length, inChannels]), rows, true, false)
  })
  return tf.reshape(tf.concat(products, 0), [1, kernel, inChannels, channels])
}

const biasedConv = (p, name, x, stride, isInput) => tf.add(conv(p, name, x, stride, isInput), p(`${name}.bias`))

function batchNorm(p, name, x) {
  const { mean, variance } = tf.moments(x, BATCH_AND_TIME)
  const scale = tf.mul(p(`${name}.weight`), tf.rsqrt(tf.add(variance, EPSILON)))
  return tf.add(tf.mul(x, scale), tf.sub(p(`${name}.bias`), tf.mul(mean, scale)))
}

const convNorm = (p, name, x, stride) => batchNorm(p, `${name}.bn`, conv(p, `${name}.conv`, x, stride))

function channelAttention(p, name, x) {
  const hidden = tf.relu(biasedConv(p, `${name}.reduce`, tf.mean(x, 2, true)))
  return tf.mul(x, tf.sigmoid(biasedConv(p, `${name}.expand`, hidden)))
}

function temporalAttention(p, name, x) {
  const [theta, phi, g] = ['theta', 'phi', 'g'].map((part) => tf.squeeze(biasedConv(p, `${name}.${part}`, x), [1]))
  const attention = tf.softmax(tf.matMul(theta, phi, false, true))
  const z = tf.expandDims(tf.matMul(attention, g), 1)
  return tf.add(batchNorm(p, `${name}.bn`, biasedConv(p, `${name}.out`, z)), x)
}

/** Both attentions see a third of the signal at a time. */
function attentionModule(p, name, x) {
  const cuts = Array.from({ length: CLIPS + 1 }, (_, i) => Math.floor((x.shape[2] * i) / CLIPS))
  const clips = tf.split(
    x,
    cuts.slice(1).map((end, i) => end - cuts[i]),
    2,
  )
  return tf.concat(
    clips.map((clip) => temporalAttention(p, `${name}.rnta`, channelAttention(p, `${name}.sca`, clip))),
    2,
  )
}

function unit(p, name, x) {
  const y = tf.relu(convNorm(p, `${name}.layers.0`, channelAttention(p, `${name}.sca`, x)))
  return tf.relu(tf.add(x, y))
}

function logits(p, eda, music) {
  let x = attentionModule(p, 'attention', batchNorm(p, 'shallow.bn', biasedConv(p, 'shallow.conv', eda, 2, true)))
  x = tf.relu(convNorm(p, 'residual.stem', x, 2))
  x = tf.maxPool(
    x,
    [1, 3],
    [1, 2],
    [
      [0, 0],
      [0, 0],
      [1, 1],
      [0, 0],
    ],
  )
  for (let s = 0; s < 4; s++) {
    x = convNorm(p, `residual.stages.${s}.downsample`, x, 2)
    for (let u = 0; u < 2; u++) x = unit(p, `residual.stages.${s}.units.${u}`, x)
  }
  x = tf.avgPool(convNorm(p, 'residual.final', x), [1, FINAL_POOL], 1, 'valid')
  // Features are numbered channel by channel.
  x = tf.concat([tf.reshape(tf.transpose(x, [0, 1, 3, 2]), [x.shape[0], -1]), music], 1)
  for (let i = 0; i < 3; i++) {
    x = tf.add(tf.matMul(x, p(`classifier.${i}.weight`)), p(`classifier.${i}.bias`))
    if (i < 2) x = tf.relu(x)
  }
  return x
}

/** Files have [out, in, kernel] and [out, in]. */
const fromFile = (tensor) => {
  if (tensor.rank === 3) return tf.expandDims(tf.transpose(tensor, [2, 1, 0]), 0)
  return tensor.rank === 2 ? tf.transpose(tensor) : tensor
}
const toFile = (tensor) => (tensor.rank === 4 ? tf.transpose(tf.squeeze(tensor, [0]), [2, 1, 0]) : fromFile(tensor))

async function start({ weights, batch, rate, momentum, adapter, backend }) {
  const gpu =
    backend === 'webgpu' ? await provideWebGpu(adapter) : { adapter: 'CPU, 1 thread', patient: (work) => work() }
  await (backend === 'webgpu' ? import('@tensorflow/tfjs-backend-webgpu') : import('@tensorflow/tfjs-backend-wasm'))
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js did not open its ${backend} backend`)
  const tensor = ({ shape, data }) => tf.tensor(data, shape)
  const learnt = Object.entries(weights).filter(([name]) => !name.includes('running_'))
  const parameters = new Map(learnt.map(([name, value]) => [name, tf.variable(fromFile(tensor(value)))]))
  const p = (name) => parameters.get(name)
  const eda = tf.expandDims(tf.transpose(tensor(batch.eda), [0, 2, 1]), 1)
  const music = tensor(batch.music)
  const targets = tf.oneHot(tensor(batch.labels), 2)
  const optimizer = tf.train.momentum(rate, momentum)
  const crossEntropy = () => tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits(p, eda, music)), targets), 1)))

  async function once() {
    const loss = optimizer.minimize(crossEntropy, true)
    const [value] = await loss.data()
    loss.dispose()
    await tf.backend().device?.queue.onSubmittedWorkDone()
    return value
  }

  return {
    about: { versions: { '@tensorflow/tfjs': tf.version.tfjs, node: process.versions.node }, adapter: gpu.adapter },
    step: () => gpu.patient(once),
    weights: () =>
      Promise.all(learnt.map(async ([name, { shape }]) => [name, { shape, data: await toFile(p(name)).data() }])),
  }
}

await serve(start)
