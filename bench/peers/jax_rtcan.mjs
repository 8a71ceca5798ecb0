// A training step of RTCAN-1D (preset paper) in jax-js on WebGPU: forward, gradient and update in one jit. The protocol is in README.md.
// Functions of jax-js consume their arguments; `.ref` is one more use of an array.
import { readFileSync } from 'node:fs'
import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax'
import { serve } from './step_server.mjs'
import { provideWebGpu } from './webgpu.mjs'

const CLIPS = 3
const FINAL_POOL = 14
const EPSILON = 1e-5

/** Arrays are [B, C, L]; `p(name)` is a new reference to a parameter. */
function conv(p, name, x, stride = 1) {
  const w = p(`${name}.weight`)
  const padding = w.shape[2] >> 1
  return lax.convGeneralDilated(x, w, [stride], [[padding, padding]])
}

const column = (v) => v.reshape([1, -1, 1])

const biasedConv = (p, name, x, stride) => conv(p, name, x, stride).add(column(p(`${name}.bias`)))

function batchNorm(p, name, x) {
  const over = [[0, 2], { keepdims: true }]
  const centred = x.ref.sub(np.mean(x, ...over))
  const deviation = np.sqrt(np.mean(np.square(centred.ref), ...over).add(EPSILON))
  return centred
    .div(deviation)
    .mul(column(p(`${name}.weight`)))
    .add(column(p(`${name}.bias`)))
}

const convNorm = (p, name, x, stride) => batchNorm(p, `${name}.bn`, conv(p, `${name}.conv`, x, stride))

function channelAttention(p, name, x) {
  const hidden = nn.relu(biasedConv(p, `${name}.reduce`, np.mean(x.ref, 2, { keepdims: true })))
  return x.mul(nn.sigmoid(biasedConv(p, `${name}.expand`, hidden)))
}

const transposed = (x) => x.transpose([0, 2, 1])

function temporalAttention(p, name, x) {
  const [theta, phi, g] = ['theta', 'phi', 'g'].map((part) => biasedConv(p, `${name}.${part}`, x.ref))
  const attention = nn.softmax(np.matmul(transposed(theta), phi), -1)
  const z = np.matmul(g, transposed(attention))
  return batchNorm(p, `${name}.bn`, biasedConv(p, `${name}.out`, z)).add(x)
}

/** Both attentions see a third of the signal at a time. */
function attentionModule(p, name, x) {
  const cuts = Array.from({ length: CLIPS - 1 }, (_, i) => Math.floor((x.shape[2] * (i + 1)) / CLIPS))
  const clips = np.split(x, cuts, 2)
  return np.concatenate(
    clips.map((clip) => temporalAttention(p, `${name}.rnta`, channelAttention(p, `${name}.sca`, clip))),
    2,
  )
}

function unit(p, name, x) {
  const y = nn.relu(convNorm(p, `${name}.layers.0`, channelAttention(p, `${name}.sca`, x.ref)))
  return nn.relu(x.add(y))
}

/** After a ReLU, so that padding with zeros changes no maximum. */
const maxPool = (x) =>
  lax.reduceWindow(
    np.pad(x, [
      [0, 0],
      [0, 0],
      [1, 1],
    ]),
    (window) => np.max(window),
    [3],
    [2],
  )

function logits(p, eda, music) {
  let x = attentionModule(p, 'attention', batchNorm(p, 'shallow.bn', biasedConv(p, 'shallow.conv', eda, 2)))
  x = maxPool(nn.relu(convNorm(p, 'residual.stem', x, 2)))
  for (let s = 0; s < 4; s++) {
    x = convNorm(p, `residual.stages.${s}.downsample`, x, 2)
    for (let u = 0; u < 2; u++) x = unit(p, `residual.stages.${s}.units.${u}`, x)
  }
  x = lax.reduceWindow(convNorm(p, 'residual.final', x), (window) => np.mean(window), [FINAL_POOL], [1])
  x = np.concatenate([x.reshape([x.shape[0], -1]), music], 1)
  for (let i = 0; i < 3; i++) {
    x = np.dot(x, p(`classifier.${i}.weight`).transpose()).add(p(`classifier.${i}.bias`))
    if (i < 2) x = nn.relu(x)
  }
  return x
}

function crossEntropy(parameters, eda, music, targets) {
  const y = logits((name) => parameters[name].ref, eda, music)
  tree.dispose(parameters)
  return np.sum(nn.logSoftmax(y, 1).mul(targets)).div(-targets.shape[0])
}

const trainingStep = (rate, momentum) =>
  jit((parameters, velocity, eda, music, targets) => {
    const [loss, gradients] = valueAndGrad(crossEntropy)(tree.ref(parameters), eda, music, targets)
    const newVelocity = tree.map((v, g) => v.mul(momentum).add(g), velocity, gradients)
    const newParameters = tree.map((x, v) => x.sub(v.mul(rate)), parameters, tree.ref(newVelocity))
    return [loss, newParameters, newVelocity]
  })

await serve(async ({ weights, batch, rate, momentum, adapter }) => {
  const { adapter: name, patient } = await provideWebGpu(adapter)
  if (!(await init('webgpu')).includes('webgpu')) throw new Error('jax-js did not open the WebGPU device')
  defaultDevice('webgpu')
  const array = ({ shape, data }) => np.array(data).reshape(shape)
  const learnt = Object.entries(weights).filter(([name]) => !name.includes('running_'))
  let parameters = Object.fromEntries(learnt.map(([name, tensor]) => [name, array(tensor)]))
  let velocity = Object.fromEntries(learnt.map(([name, { shape }]) => [name, np.zeros(shape)]))
  const inputs = [array(batch.eda), array(batch.music), nn.oneHot(array(batch.labels), 2)]
  await blockUntilReady([parameters, velocity, inputs])
  const step = trainingStep(rate, momentum)

  async function once() {
    const [loss, ...state] = step(parameters, velocity, ...tree.ref(inputs))
    ;[parameters, velocity] = state
    await blockUntilReady(state)
    return (await loss.data())[0]
  }

  const { version } = JSON.parse(
    readFileSync(new URL('node_modules/@jax-js/jax/package.json', import.meta.url), 'utf8'),
  )
  return {
    about: { versions: { '@jax-js/jax': version, node: process.versions.node }, adapter: name },
    step: () => patient(once),
    weights: () =>
      Promise.all(learnt.map(async ([name, { shape }]) => [name, { shape, data: await parameters[name].ref.data() }])),
  }
})
