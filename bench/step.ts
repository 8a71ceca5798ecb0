// One full-size training step as a run takes it: forward, backward and optimizer in one plan.
import { optimizerStateCount, stepRate, type OptimizerConfig } from '../src/kernels/optimizer.ts'
import { oneHot } from '../src/kernels/softmax.ts'
import type { ModelConfig } from '../src/model/config.ts'
import { initialise } from '../src/model/init.ts'
import { Rtcan1d } from '../src/model/rtcan1d.ts'
import type { Gpu } from '../src/runtime/gpu.ts'
import { Plan } from '../src/runtime/plan.ts'
import { Random } from '../src/runtime/random.ts'
import type { Tensor } from '../src/runtime/tensor.ts'
import { recordTrainingStep } from '../src/train/training_step.ts'
import { passTimer } from '../src/tune/timer.ts'
import { profilePlan, type DispatchTime } from './profile.ts'
import { measureProbes, type Probes } from './probes.ts'
import { groupBy, judged, kernelOf, layerOf, rate, workOf, type Group, type Rated, type Work } from './roofline.ts'
import { median, spent, timePass, timingOf, untilIdle, wallClock, type Spent } from './timing.ts'
import { planCost, type DispatchCost } from '../src/runtime/plan_report.ts'

const OPTIMIZER: OptimizerConfig = { name: 'sgd', momentum: 0.9, weightDecay: 0 }
/** Steps that are queued one upon another to time their JavaScript: as many as a run has in flight; and how often. */
const QUEUED_STEPS = 3
const QUEUED_ROUNDS = 5
/** Rounds of the profile. */
const PROFILE_ROUNDS = 3

/** What is measured, and a look at the plan before anything is compiled. */
export interface StepSettings {
  config: ModelConfig
  batch: number
  onRecorded?: (plan: Plan) => void
  /** Has the first step run dispatch by dispatch, and hears of each: what its compilation takes, where drivers compile that late. */
  onFirst?: (dispatch: DispatchCost, spent: Spent) => void
}

/** A step that has run once; destroyed when `work` is done. */
export async function withStep<T>(
  gpu: Gpu,
  settings: StepSettings,
  work: (step: PreparedStep) => Promise<T> | T,
): Promise<T> {
  const step = await prepareStep(gpu, settings)
  try {
    return await work(step)
  } finally {
    step.destroy()
  }
}

/** A step that has run once. Random inputs, so that no kernel meets zeros. */
export interface PreparedStep {
  config: ModelConfig
  batch: number
  plan: Plan
  /** From the recorded plan to the end of its first run: pipelines, memory, uploads and one step. */
  first: Spent
  /** Milliseconds in which a batch is handed to the device. */
  upload: () => number
  /** One step from submit to done; `js_ms` is the part that encodes and submits it. */
  run: () => Promise<Spent & { js_ms: number }>
  /** Encodes and submits a step, and waits for nothing; returns the milliseconds. */
  queue: () => number
  destroy: () => void
}

export async function prepareStep(
  gpu: Gpu,
  { config, batch, onRecorded, onFirst }: StepSettings,
): Promise<PreparedStep> {
  const model = new Rtcan1d(gpu, config)
  const plan = new Plan(gpu)
  const state: Tensor[] = []
  const destroy = (): void => {
    plan.destroy()
    state.forEach((tensor) => gpu.free(tensor))
    model.destroy()
  }
  try {
    const { shape } = model.weights.parameters.flat
    for (let i = 0; i < optimizerStateCount(OPTIMIZER); i++) state.push(gpu.tensor(shape, 'f32', 'optimizer state'))
    model.weights.load(initialise(config, model.summary, 'he', 1), 'initial weights')
    recordTrainingStep(plan, model, batch, OPTIMIZER, state)
    onRecorded?.(plan)
    const upload = uploader(plan, config, batch)
    // Drivers may compile at the first dispatch only, and keep what they compiled on disk.
    const first = await spent(async () => {
      await plan.compile()
      upload()
      if (onFirst) await runEach(gpu, plan, onFirst)
      else plan.run()
      await gpu.idle()
    })
    return { config, batch, plan, first, upload, run: () => runOnce(gpu, plan), queue: () => queueOnce(plan), destroy }
  } catch (error) {
    destroy()
    throw error
  }
}

async function runEach(gpu: Gpu, plan: Plan, heard: NonNullable<StepSettings['onFirst']>): Promise<void> {
  const timer = passTimer(gpu, wallClock)
  try {
    for (const [i, dispatch] of planCost(plan).dispatches.entries()) {
      heard(dispatch, await timePass(timer, (pass) => plan.encode(pass, i, i + 1)))
    }
  } finally {
    timer.destroy()
  }
}

async function runOnce(gpu: Gpu, plan: Plan): Promise<Spent & { js_ms: number }> {
  let js_ms = 0
  const time = await untilIdle(gpu, () => {
    js_ms = queueOnce(plan)
  })
  return { ...time, js_ms }
}

function queueOnce(plan: Plan): number {
  const start = performance.now()
  plan.run()
  return performance.now() - start
}

/** Writes a batch of normal numbers, the same each time; returns the milliseconds. */
function uploader(plan: Plan, config: ModelConfig, batch: number): () => number {
  const random = new Random(1)
  const normals = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal())
  const eda = normals(batch * config.in_channels * config.length)
  const music = normals(batch * config.music_dim)
  const labels = Array.from({ length: batch }, (_, i) => i % config.classes)
  return () => {
    const start = performance.now()
    plan.write('eda', eda)
    if (config.music_dim > 0) plan.write('music', music)
    plan.write('targets', oneHot(labels, config.classes))
    plan.write('rate', stepRate(OPTIMIZER, 0.001, 1))
    return performance.now() - start
  }
}

/** From the recorded plan to the end of its first run. */
export interface FirstStep {
  first_step_ms: number
  first_step_cpu_s: number
}

const firstFigures = ({ first: { ms, cpu_ms } }: PreparedStep): FirstStep => ({
  first_step_ms: ms,
  first_step_cpu_s: cpu_ms / 1000,
})

export interface ColdStart extends FirstStep {
  /** Seconds of CPU time of the first dispatch of each kernel, compilation included; longest first. */
  kernels: { kernel: string; constants: DispatchCost['constants']; cpu_s: number }[]
}

/** A first step, kernel by kernel. It is cold where the driver has no compiled kernels on disk. */
export async function coldStart(gpu: Gpu, settings: StepSettings): Promise<ColdStart> {
  const kernels = new Map<string, ColdStart['kernels'][number]>()
  const onFirst = ({ kernel, constants }: DispatchCost, { cpu_ms }: Spent): void => {
    const key = `${kernel} ${JSON.stringify(constants)}`
    if (!kernels.has(key)) kernels.set(key, { kernel, constants, cpu_s: cpu_ms / 1000 })
  }
  const figures = await withStep(gpu, { ...settings, onFirst }, firstFigures)
  return { ...figures, kernels: [...kernels.values()].sort((a, b) => b.cpu_s - a.cpu_s) }
}

/** The figures of `galvani bench step`, under the names of its JSON document. */
export interface StepResult extends Work, Rated, Probes, FirstStep {
  adapter: string
  preset: ModelConfig['preset']
  batch: number
  rounds: number
  /** From submit to done. */
  ms_median: number
  ms_min: number
  /** (largest - least) / median of the rounds. */
  spread: number
  /** CPU time of all threads of the process, median. */
  cpu_ms: number
  /** JavaScript that encodes and submits a step: the median where a few are queued one upon another. */
  js_ms: number
  /** The same of the timed steps, each after all work before it is done: a software adapter has emptied the caches of its core. */
  js_alone_ms: number
  /** JavaScript that hands a batch over, median. */
  upload_ms: number
  dispatches: number
  pipelines: number
  /** A plan is one submit. */
  submits: number
  gpu_bytes: number
  /** floor_ms / ms_median; of a software adapter the same of CPU time on all cores. */
  floor_fraction: number
  /** Sums of the profile by part of the network and by kernel. */
  layers: Group[]
  kernels: Group[]
  profile: DispatchTime[]
}

export interface StepHooks {
  /** Hears each finished round. */
  onRound?: (round: number) => void
  /** Hears what comes next. */
  onNote?: (note: string) => void
}

/** Times a prepared step, takes the probes and profiles it. */
export async function benchStep(
  gpu: Gpu,
  step: PreparedStep,
  rounds: number,
  hooks: StepHooks = {},
): Promise<StepResult> {
  const timed = await timeStep(gpu, step, rounds, hooks)
  hooks.onNote?.('probing the adapter')
  const probes = await measureProbes(gpu)
  hooks.onNote?.('timing each dispatch')
  const profile = await profilePlan(gpu, step.plan, PROFILE_ROUNDS)
  const groups = { layers: groupBy(profile, layerOf, probes), kernels: groupBy(profile, kernelOf, probes) }
  return { ...stepFigures(timed, step, probes), ...groups, profile }
}

type Timed = Awaited<ReturnType<typeof timeStep>>

async function timeStep(gpu: Gpu, step: PreparedStep, rounds: number, { onRound, onNote }: StepHooks) {
  const times: Awaited<ReturnType<PreparedStep['run']>>[] = []
  const uploads: number[] = []
  for (let round = 1; round <= rounds; round++) {
    uploads.push(step.upload())
    await gpu.idle()
    times.push(await step.run())
    onRound?.(round)
  }
  const { median: ms_median, min: ms_min, spread } = timingOf(times.map(({ ms }) => ms))
  const gpu_bytes = Object.values(gpu.memory()).reduce((sum, { bytes }) => sum + bytes, 0)
  const cpu_ms = median(times.map((time) => time.cpu_ms))
  onNote?.('timing the JavaScript of queued steps')
  const js_ms = median(await queuedTimes(gpu, step))
  return {
    ...{
      adapter: adapterName(gpu),
      preset: step.config.preset,
      batch: step.batch,
      rounds,
      ms_median,
      ms_min,
      spread,
      cpu_ms,
    },
    ...{
      js_ms,
      js_alone_ms: median(times.map((time) => time.js_ms)),
      upload_ms: median(uploads),
      pipelines: gpu.pipelineCount,
      submits: 1,
      gpu_bytes,
    },
  }
}

async function queuedTimes(gpu: Gpu, step: PreparedStep): Promise<number[]> {
  const times: number[] = []
  for (let round = 0; round < QUEUED_ROUNDS; round++) {
    step.queue() // the first is alone
    for (let i = 1; i < QUEUED_STEPS; i++) times.push(step.queue())
    await gpu.idle()
  }
  return times
}

function stepFigures(timed: Timed, step: PreparedStep, probes: Probes) {
  const { plan } = step
  const work = workOf(planCost(plan).dispatches, probes)
  const rated = rate(work, { ms: timed.ms_median, cpu_ms: timed.cpu_ms }, probes)
  return {
    ...{ ...timed, ...firstFigures(step), dispatches: plan.dispatches.length },
    ...{ ...work, floor_fraction: judged(rated).of_roofline, ...rated, ...probes },
  }
}

export const adapterName = ({ info }: Gpu): string => info.description || info.device || info.vendor
