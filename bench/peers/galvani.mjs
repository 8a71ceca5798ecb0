// A training step of RTCAN-1D (preset paper) with galvani, through its public API; the protocol is in README.md.
import { readFileSync } from 'node:fs'
import { optimizerStep, Plan, presets, Rtcan1d } from '../../dist/index.js'
import { gradients, oneHot, stepRate } from '../../dist/kernels.js'
import { openGpu } from '../../dist/node.js'
import { serve } from './step_server.mjs'

await serve(async ({ weights, batch, rate, momentum, adapter }) => {
  const gpu = await openGpu(adapter === undefined ? {} : { adapter })
  const optimizer = { name: 'sgd', momentum, weightDecay: 0 }
  const config = { ...presets.paper, music_dim: batch.music.shape[1] }
  let model, plan

  /** The first step includes what it takes to get there. */
  async function prepare() {
    model = new Rtcan1d(gpu, config)
    model.weights.load(new Map(Object.entries(weights)), 'initial weights')
    plan = new Plan(gpu)
    const inputs = { eda: plan.input('eda', batch.eda.shape), music: plan.input('music', batch.music.shape) }
    const forward = model.forward(plan, inputs, { training: true, gradients })
    const { loss, dlogits } = forward.loss(plan.input('targets', [batch.labels.data.length, config.classes]))
    plan.output('loss', loss)
    forward.backward(dlogits)
    const { parameters, gradients: gradient } = model.weights
    const state = [gpu.tensor(parameters.flat.shape, 'f32', 'momentum')]
    const slabs = { parameter: parameters.flat, gradient: gradient.flat, state }
    optimizerStep(plan, optimizer, { ...slabs, stepRate: plan.input('rate', [4]) })
    await plan.compile()
    plan.write('eda', batch.eda.data)
    plan.write('music', batch.music.data)
    plan.write('targets', oneHot(batch.labels.data, config.classes))
    plan.write('rate', stepRate(optimizer, rate, 1))
  }

  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const { description, device, vendor } = gpu.info
  return {
    about: { versions: { galvani: version, node: process.versions.node }, adapter: description || device || vendor },
    step: async () => {
      if (!plan) await prepare()
      plan.run()
      await gpu.idle()
      return (await plan.read('loss'))[0]
    },
    weights: async () => [...(await model.weights.download(model.weights.parameters))],
  }
})
