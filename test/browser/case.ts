// What the smoke test computes, in Node and in a page, on the same built modules. Only types are imported.
import type * as Galvani from '../../src/index.ts'
import type * as Kernels from '../../src/kernels.ts'
import type * as Recordings from '../../src/recordings.ts'

export type Modules = typeof Galvani & typeof Kernels & typeof Recordings

const SAMPLE_RATE = 4
const BATCH = 2

/** 50 s of skin conductance: a drifting level and three responses with the default time constants. */
function signal(): Float64Array {
  const response = (t: number) => (t < 0 ? 0 : Math.exp(-t / 2) - Math.exp(-t / 0.7))
  return Float64Array.from({ length: 50 * SAMPLE_RATE }, (_, i) => {
    const t = i / SAMPLE_RATE
    return 4 + 0.3 * Math.sin(t / 9) + 1.2 * response(t - 6) + 0.8 * response(t - 17.5) + 1.5 * response(t - 31)
  })
}

async function decomposed({ decompose, zscore }: Modules, gpu: Galvani.Gpu) {
  const [result] = await decompose(gpu, [zscore(signal()).z], { sampleRate: SAMPLE_RATE })
  if (!result) throw new Error('no decomposition')
  return { status: result.status, phasic: Array.from(result.phasic), tonic: Array.from(result.tonic) }
}

/** One forward and backward pass in training mode of a small model with every kind of layer. */
async function trained({ gradients: kernels, initialise, Plan, presets, Random, Rtcan1d }: Modules, gpu: Galvani.Gpu) {
  const width = { channels: 16, stage_channels: [16, 16, 16, 16], sca_reduction: 4, hidden: [16, 8] }
  const config = { ...presets.paper, ...width, length: 421, final_pool: 2, music_dim: 6 }
  const model = new Rtcan1d(gpu, config)
  model.weights.load(initialise(config, model.summary, 'he', 1), 'initial weights')
  const plan = new Plan(gpu)
  const eda = plan.input('eda', [BATCH, config.in_channels, config.length])
  const music = plan.input('music', [BATCH, config.music_dim])
  const forward = model.forward(plan, { eda, music }, { training: true, gradients: kernels })
  const { loss, dlogits } = forward.loss(plan.input('targets', [BATCH, config.classes]))
  forward.backward(dlogits)
  plan.output('logits', forward.logits)
  plan.output('loss', loss)
  await plan.compile()

  const random = new Random(2)
  const normal = (length: number) => Float32Array.from({ length }, () => random.normal())
  plan.write('eda', normal(BATCH * config.in_channels * config.length))
  plan.write('music', normal(BATCH * config.music_dim))
  plan.write('targets', [1, 0, 0, 1])
  plan.run()
  const gradients = await model.weights.download(model.weights.gradients)
  return {
    logits: Array.from(await plan.read('logits')),
    loss: Array.from(await plan.read('loss')),
    gradients: Object.fromEntries([...gradients].map(([name, { data }]) => [name, Array.from(data)])),
  }
}

export async function runCase(modules: Modules, gpu: Galvani.Gpu) {
  return { decomposition: await decomposed(modules, gpu), step: await trained(modules, gpu) }
}
