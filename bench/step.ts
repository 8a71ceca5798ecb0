// npm run bench [-- BATCH]: one full-size training step (preset paper, music 6,373) on this adapter.
import { optimizerStep, stepRate, type OptimizerConfig } from '../src/kernels/optimizer.ts'
import { oneHot } from '../src/kernels/softmax.ts'
import { presets } from '../src/model/config.ts'
import { initialise } from '../src/model/init.ts'
import { Rtcan1d } from '../src/model/rtcan1d.ts'
import { openGpu } from '../src/runtime/node.ts'
import { Plan } from '../src/runtime/plan.ts'
import { Random } from '../src/runtime/random.ts'

const ROUNDS = 7
const batch = Number(process.argv[2] ?? 8)
const config = presets.paper
const optimizer: OptimizerConfig = { name: 'sgd', momentum: 0.9, weightDecay: 0 }

const gpu = await openGpu()
const model = new Rtcan1d(gpu, config)
model.weights.load(initialise(config, model.summary, 'he', 1), 'initial weights')

const plan = new Plan(gpu)
const inputs = { eda: plan.input('eda', [batch, 3, config.length]), music: plan.input('music', [batch, config.music_dim]) }
const forward = model.forward(plan, inputs, { training: true })
const { loss, dlogits } = forward.loss(plan.input('targets', [batch, config.classes]))
plan.output('loss', loss)
forward.backward(dlogits)
const { parameters, gradients } = model.weights
const state = [gpu.tensor(parameters.flat.shape, 'f32', 'momentum')]
optimizerStep(plan, optimizer, { parameter: parameters.flat, gradient: gradients.flat, rate: plan.input('rate', [4]), state })

const random = new Random(1)
const normals = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal())
const started = performance.now()
await plan.compile()
plan.write('eda', normals(batch * 3 * config.length))
plan.write('music', normals(batch * config.music_dim))
plan.write('targets', oneHot(Array.from({ length: batch }, (_, i) => i % 2), config.classes))
plan.write('rate', stepRate(optimizer, 0.001, 1))

const milliseconds: number[] = []
let firstStep = 0
for (let round = 0; round <= ROUNDS; round++) {
  const start = performance.now()
  plan.run()
  await gpu.idle()
  if (round === 0) firstStep = performance.now() - started
  else milliseconds.push(performance.now() - start)
}
milliseconds.sort((a, b) => a - b)
// Forward, and twice as much backward: the usual estimate; temporal attention recomputes more.
const flops = 3 * model.summary.flops * batch
const median = milliseconds[ROUNDS >> 1] as number
const result = {
  adapter: gpu.info.description || gpu.info.device,
  batch,
  ms_median: median,
  ms_min: milliseconds[0],
  first_step_ms: firstStep,
  gflops_estimate: flops / median / 1e6,
  dispatches: plan.dispatchCount,
  pipelines: gpu.pipelineCount,
  memory: gpu.memory(),
}
process.stdout.write(`${JSON.stringify(result, null, 1)}\n`)
await gpu.close()
