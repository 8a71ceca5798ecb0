// All maps of a model, in batches of one size.
import { toChannelsFirst } from '../kernels/host_layout.ts'
import { oneHot } from '../kernels/softmax.ts'
import type { Rtcan1d } from '../model/rtcan1d.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { Plan } from '../runtime/plan.ts'
import type { Tensor } from '../runtime/tensor.ts'
import type { InputRows } from '../train/inputs.ts'
import { recordInputs, writeInputs } from '../train/training_step.ts'
import { attentionMaps } from './attention_maps.ts'
import type { MapArray, Maps } from './map_array.ts'
import { recordMaps, tapOf, type MapTensors, type Module } from './maps.ts'
import { inBatches } from './rows.ts'

/** Prefix of the tensors that attention maps are computed from. */
const PARTS = ['queries', 'keys', 'lse'] as const

/** A plan of a forward pass, a plain and a guided backward pass, and the maps. */
export class Explainer {
  private constructor(
    private readonly plan: Plan,
    private readonly model: Rtcan1d,
    private readonly batch: number,
    /** Of each result its shape on the host, a trial. */
    private readonly shapes: ReadonlyMap<string, readonly number[]>,
  ) {}

  /** Of the modules that are asked for those that the network has. @throws UsageError for a network that reads no signals */
  static async create(gpu: Gpu, model: Rtcan1d, batch: number, modules: readonly Module[]): Promise<Explainer> {
    const plan = new Plan(gpu)
    try {
      const inputs = recordInputs(plan, model, batch)
      const scores = plan.input('scores', [batch, model.config.classes])
      const tensors = resultsOf(recordMaps(plan, model, { inputs, scores }), modules)
      for (const [name, tensor] of tensors) plan.output(name, tensor)
      await plan.compile()
      return new Explainer(plan, model, batch, new Map([...tensors].map(([name, { shape }]) => [name, shape.slice(1)])))
    } catch (error) {
      plan.destroy()
      throw error
    }
  }

  /** Hands the maps of each row, asked for class `classOf(row)`, to `visit`. Stops between batches on `abort`. */
  async visit(
    rows: InputRows,
    wanted: readonly number[],
    classOf: (row: number) => number,
    visit: (row: number, maps: Maps) => void,
    abort?: AbortSignal,
  ): Promise<void> {
    const { plan, model } = this
    const { classes, in_channels: channels, length } = model.config
    const work = async ({ own, filled }: { own: readonly number[]; filled: readonly number[] }): Promise<void> => {
      const eda = rows.eda(filled)
      writeInputs(plan, { eda, music: rows.music(filled) })
      plan.write('scores', oneHot(filled.map(classOf), classes))
      plan.run()
      const read: [string, Float32Array][] = []
      for (const name of this.shapes.keys()) read.push([name, await plan.readFloat(name)])
      own.forEach((row, i) => {
        const signals = eda.slice(i * channels * length, (i + 1) * channels * length)
        const results = read.map(([name, values]) => [name, this.#ofRow(name, values, i)] as const)
        visit(
          row,
          this.#withAttention({
            signals: { shape: [channels, length], data: signals },
            ...Object.fromEntries(results),
          }),
        )
      })
    }
    await inBatches(wanted, this.batch, work, abort)
  }

  /** Signals are given channels first. */
  #ofRow(name: string, values: Float32Array, i: number): MapArray {
    const shape = this.shapes.get(name)!
    const size = shape.reduce((a, b) => a * b, 1)
    const own = values.slice(i * size, (i + 1) * size)
    const [length, channels] = shape as [number, number]
    if (!isOfSignals(name)) return { shape, data: own }
    return { shape: [channels, length], data: toChannelsFirst(own, [1, channels, length]) }
  }

  /** What is left of temporal attention, as its maps. */
  #withAttention(maps: Maps): Maps {
    const { queries, keys, lse, ...rest } = maps
    if (!queries || !keys || !lse) return maps
    const ofClips = attentionMaps(this.model.config, { queries: queries.data, keys: keys.data, lse: lse.data })
    return { ...rest, ...Object.fromEntries(ofClips.map((map, s) => [`rnta_attention_${s}`, map])) }
  }

  destroy(): void {
    this.plan.destroy()
  }
}

/** Whether a result is [L, channels] on the device. */
const isOfSignals = (name: string): boolean => /gradient$|guided_grad_cam$/.test(name)

function resultsOf({ forward, gradient, guided, modules }: MapTensors, wanted: readonly Module[]): Map<string, Tensor> {
  const results = new Map([
    ['logits', forward.logits],
    ['gradient', gradient],
    ['guided_gradient', guided],
  ])
  for (const [module, { alpha, map, gradCam, guidedGradCam }] of modules) {
    if (!wanted.includes(module)) continue
    results
      .set(`${module}_alpha`, alpha)
      .set(`${module}_map`, map)
      .set(`${module}_grad_cam`, gradCam)
      .set(`${module}_guided_grad_cam`, guidedGradCam)
    if (module === 'sca') results.set('sca_gates', forward.taps.get(`${tapOf('sca')}.gate`)!)
    else for (const part of PARTS) results.set(part, forward.taps.get(`${tapOf('rnta')}.${part}`)!)
  }
  return results
}
