// All maps of a network, integrated gradients among them.
import type { Rtcan1d } from '../model/rtcan1d.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { InputRows } from '../train/inputs.ts'
import { Explainer } from './explainer.ts'
import { integratedGradients, type IntegratedGradients } from './integrated_gradients.ts'
import type { Maps } from './map_array.ts'
import type { Module } from './maps.ts'
import { ScoreGradients } from './score_gradients.ts'

/** What is made of each trial. */
export interface MapSettings {
  modules: readonly Module[]
  /** Of integrated gradients; 0 leaves them out. */
  steps: number
  /** Rows that run together: of maps, and of steps. */
  batch: number
}

/** Trials, the class that each is asked for, and how the work is stopped. */
export interface AskedRows {
  trials: readonly number[]
  classOf: (trial: number) => number
  signal?: AbortSignal | undefined
}

export class TrialMaps {
  private constructor(
    private readonly explainer: Explainer,
    private readonly gradients: ScoreGradients | null,
    private readonly settings: MapSettings,
  ) {}

  static async create(gpu: Gpu, network: Rtcan1d, settings: MapSettings): Promise<TrialMaps> {
    const { batch, modules, steps } = settings
    const explainer = await Explainer.create(gpu, network, batch, modules)
    try {
      const gradients = steps > 0 ? await ScoreGradients.create(gpu, network, batch) : null
      return new TrialMaps(explainer, gradients, settings)
    } catch (error) {
      explainer.destroy()
      throw error
    }
  }

  /** Hands each trial's maps to `visit`, batch by batch, one after the other. */
  async visit(
    inputs: InputRows,
    { trials, classOf, signal }: AskedRows,
    visit: (trial: number, maps: Maps, integrated?: IntegratedGradients) => void | Promise<void>,
  ): Promise<void> {
    const { batch, steps } = this.settings
    for (let start = 0; start < trials.length; start += batch) {
      const own = trials.slice(start, start + batch)
      const found = new Map<number, Maps>()
      await this.explainer.visit(inputs, own, classOf, (trial, maps) => found.set(trial, maps), signal)
      const asked = { trials: own, classes: own.map(classOf), steps }
      const integrated = this.gradients ? await integratedGradients(this.gradients, inputs, asked, signal) : []
      for (const [i, trial] of own.entries())
        await visit(trial, withIntegrated(found.get(trial)!, integrated[i]), integrated[i])
    }
  }

  destroy(): void {
    this.explainer.destroy()
    this.gradients?.destroy()
  }
}

function withIntegrated(maps: Maps, integrated: IntegratedGradients | undefined): Maps {
  if (!integrated) return maps
  return { ...maps, integrated_gradients: { shape: maps.signals!.shape, data: integrated.attributions } }
}
