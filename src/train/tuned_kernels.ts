// Which kernels a device uses: what was measured on it before, kept in a store, or is measured now.
import type { ModelConfig } from '../model/config.ts'
import { Rtcan1d } from '../model/rtcan1d.ts'
import { GalvaniError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Plan } from '../runtime/plan.ts'
import type { Store } from '../store/store.ts'
import { cacheFile, emptyCache, formatCache, parseCache, type TuneCache } from '../tune/cache.ts'
import { tune, type TuneOptions, type Untuned } from '../tune/tune.ts'
import { recordInputs } from './training_step.ts'
import { kernelChoices } from '../kernels/choices.ts'
import { gradients } from '../kernels/gradients.ts'

/**
 * - `off`: presets of the adapter's class
 * - `cached`: what was measured before, presets for the rest
 * - `on`: also measures what is missing, as far as the budget allows
 * - `force`: measures everything anew
 */
export const TUNE_MODES = ['off', 'cached', 'on', 'force'] as const
/** Where tuned kernels come from; see `TUNE_MODES`. */
export type TuneMode = (typeof TUNE_MODES)[number]

/** How kernels are measured, and who hears of it. */
export interface TuneHooks extends Pick<TuneOptions, 'clock' | 'budget' | 'onProgress' | 'signal'> {
  /** What was wrong with the store; nothing of it stops the work. */
  onWarning?: (message: string) => void
}

/** What kernels are measured for. */
export interface Workload {
  model: ModelConfig
  /** Trials of a step. */
  batch: number
}

/**
 * Has `kernelChoices(gpu).tuned` name the kernels to use for training and prediction with this model, for plans recorded from then on. Returns all
 * that is known of this adapter, and the ops and shapes that were not measured now. Every measurement is stored as it is made.
 */
export async function useTunedKernels(
  gpu: Gpu,
  store: Store,
  mode: TuneMode,
  workload: Workload,
  hooks: TuneHooks = {},
): Promise<{ cache: TuneCache } & Untuned> {
  kernelChoices(gpu).tuned.clear()
  if (mode === 'off') return { cache: emptyCache(gpu), left: [], wrong: [] }
  const { onWarning, ...measuring } = hooks
  const cache = await loadTunedKernels(gpu, store, onWarning)
  for (const [key, { variant }] of Object.entries(cache.entries)) kernelChoices(gpu).tuned.set(key, variant)
  if (mode === 'cached') return { cache, left: [], wrong: [] }
  const untuned = await withPlans(gpu, workload, async (plans) => {
    const known = mode === 'force' ? {} : cache.entries
    return tune(gpu, plans, {
      ...measuring,
      known,
      onEntry: async (key, entry) => {
        if (entry) cache.entries[key] = entry
        else delete cache.entries[key]
        await save(gpu, store, cache, onWarning)
      },
    })
  })
  return { cache, ...untuned }
}

/** What is stored for this adapter; empty if that is nothing, or nothing that can be used. */
export async function loadTunedKernels(
  gpu: Gpu,
  store: Store,
  onWarning?: (message: string) => void,
): Promise<TuneCache> {
  const file = cacheFile(gpu)
  if (!(await store.exists(file))) return emptyCache(gpu)
  try {
    return parseCache(gpu, await store.readText(file), (reason) =>
      onWarning?.(`tuned kernels of ${file} are not used: ${reason}`),
    )
  } catch (error) {
    if (!(error instanceof GalvaniError)) throw error
    onWarning?.(`tuned kernels are not used: ${error.message}`)
    return emptyCache(gpu)
  }
}

async function save(gpu: Gpu, store: Store, cache: TuneCache, onWarning?: (message: string) => void): Promise<void> {
  try {
    await store.write(cacheFile(gpu), formatCache(cache))
  } catch (error) {
    if (!(error instanceof GalvaniError)) throw error
    onWarning?.(`tuned kernels are not kept: ${error.message}`)
  }
}

/**
 * The plans of a training step and of a prediction, recorded and not compiled, for the time of `work`. They never run, so `kernelChoices(gpu).chosen`
 * stays as it was.
 */
async function withPlans<T>(
  gpu: Gpu,
  { model: config, batch }: Workload,
  work: (plans: Plan[]) => Promise<T>,
): Promise<T> {
  const chosen = new Map(kernelChoices(gpu).chosen)
  const model = new Rtcan1d(gpu, config)
  const [training, prediction] = [new Plan(gpu), new Plan(gpu)]
  try {
    const forward = model.forward(training, recordInputs(training, model, batch), { training: true, gradients })
    forward.backward(forward.loss(training.input('targets', [batch, config.classes])).dlogits)
    model.forward(prediction, recordInputs(prediction, model, batch), { training: false })
    return await work([training, prediction])
  } finally {
    training.destroy()
    prediction.destroy()
    model.destroy()
    kernelChoices(gpu).chosen.clear()
    for (const [key, variant] of chosen) kernelChoices(gpu).chosen.set(key, variant)
  }
}
