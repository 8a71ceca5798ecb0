// One full-size training step as a run takes it: forward, backward and optimizer in one plan.
import { optimizerStep, stepRate, type OptimizerConfig } from '../src/kernels/optimizer.ts'
import { oneHot } from '../src/kernels/softmax.ts'
import { presets, type ModelConfig } from '../src/model/config.ts'
import { initialise } from '../src/model/init.ts'
import { Rtcan1d } from '../src/model/rtcan1d.ts'
import type { Gpu } from '../src/runtime/gpu.ts'
import { Plan } from '../src/runtime/plan.ts'
import type { Tensor } from '../src/runtime/tensor.ts'
import { Random } from '../src/runtime/random.ts'
import { elapsed, timingOf, untilIdle } from './timing.ts'

const OPTIMIZER: OptimizerConfig = { name: 'sgd', momentum: 0.9, weightDecay: 0 }

/** The figures of `galvani bench step`, under the names of its JSON document. */
export interface StepResult {
  adapter: string
  preset: ModelConfig['preset']
  batch: number
  rounds: number
  ms_median: number
  ms_min: number
  /** (largest - least) / median of the rounds. */
  spread: number
  /** From the recorded plan to the end of its first run: pipelines, uploads and one step. */
  first_step_ms: number
  dispatches: number
  pipelines: number
  /** Forward, and twice as much backward: the usual estimate; temporal attention recomputes more. */
  /** A plan is one submit. */
  submits: number
  flops: number
  gpu_bytes: number
}

/** The music vector is as long as openSMILE's. `onRound` hears of each finished round. */
export async function benchStep(
  gpu: Gpu,
  { preset, batch, rounds }: Pick<StepResult, 'preset' | 'batch' | 'rounds'>,
  onRound: (round: number) => void = () => undefined,
): Promise<StepResult> {
  const config = presets[preset]
  const model = new Rtcan1d(gpu, config)
  const plan = new Plan(gpu)
  const momentum = gpu.tensor(model.weights.parameters.flat.shape, 'f32', 'momentum')
  try {
    model.weights.load(initialise(config, model.summary, 'he', 1), 'initial weights')
    recordStep(plan, model, momentum, batch)
    const step = () => untilIdle(gpu, () => plan.run())
    const first_step_ms = await elapsed(async () => {
      await plan.compile()
      upload(plan, config, batch)
      await step()
    })
    const milliseconds: number[] = []
    for (let round = 1; round <= rounds; round++) {
      milliseconds.push(await step())
      onRound(round)
    }
    const { median: ms_median, min: ms_min, spread } = timingOf(milliseconds)
    const gpu_bytes = Object.values(gpu.memory()).reduce((sum, { bytes }) => sum + bytes, 0)
    return {
      ...{ adapter: adapterName(gpu), preset, batch, rounds, ms_median, ms_min, spread, first_step_ms },
      ...{ dispatches: plan.dispatchCount, pipelines: gpu.pipelineCount, submits: 1, flops: 3 * model.summary.flops * batch, gpu_bytes },
    }
  } finally {
    plan.destroy()
    gpu.free(momentum)
    model.destroy()
  }
}

export const adapterName = ({ info }: Gpu): string => info.description || info.device || info.vendor

function recordStep(plan: Plan, model: Rtcan1d, momentum: Tensor, batch: number): void {
  const { config } = model
  const eda = plan.input('eda', [batch, config.in_channels, config.length])
  const forward = model.forward(plan, { eda, music: plan.input('music', [batch, config.music_dim]) }, { training: true })
  const { loss, dlogits } = forward.loss(plan.input('targets', [batch, config.classes]))
  plan.output('loss', loss)
  forward.backward(dlogits)
  const { parameters, gradients } = model.weights
  const rate = plan.input('rate', [4])
  optimizerStep(plan, OPTIMIZER, { parameter: parameters.flat, gradient: gradients.flat, rate, state: [momentum] })
}

function upload(plan: Plan, config: ModelConfig, batch: number): void {
  const random = new Random(1)
  const normals = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal())
  plan.write('eda', normals(batch * config.in_channels * config.length))
  plan.write('music', normals(batch * config.music_dim))
  plan.write('targets', oneHot(Array.from({ length: batch }, (_, i) => i % 2), config.classes))
  plan.write('rate', stepRate(OPTIMIZER, 0.001, 1))
}
