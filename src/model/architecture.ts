// RTCAN-1D written once, over an algebra of layers. Interpreted by `layers.ts` it records GPU dispatches, by `summary.ts` it
// computes shapes, parameters and FLOPs, and by the float64 twin it computes reference values.
import type { ModelConfig, RntaPool } from './config.ts'

/** A layer's result and the function that carries a gradient back through it (parameter gradients go to the interpreter). */
export interface Step<T> {
  y: T
  backward: (dy: T) => T
}

export type Layer<T> = (x: T) => Step<T>

export interface ConvSpec {
  channels: number
  kernel: number
  stride: number
  padding: number
  bias: boolean
}

/** What an interpreter provides. `clips` = 1 means the whole length. */
export interface Layers<T> {
  conv(name: string, spec: ConvSpec): Layer<T>
  batchNorm(name: string): Layer<T>
  relu: Layer<T>
  sigmoid: Layer<T>
  channelAttention(name: string, spec: { reduction: number; clips: number }): Layer<T>
  temporalAttention(name: string, spec: { pool: RntaPool; clips: number }): Layer<T>
  maxPool(spec: { kernel: number; stride: number; padding: number }): Layer<T>
  averagePool(spec: { kernel: number }): Layer<T>
  flatten: Layer<T>
  linear(name: string, features: number): Layer<T>
  add(a: T, b: T): T
  /** Gives an activation a name, for inspection and class activation maps. */
  tap(name: string): Layer<T>
}

const identity = <T>(x: T): Step<T> => ({ y: x, backward: (dy) => dy })

/** Layers one after the other. */
export function chain<T>(...layers: Layer<T>[]): Layer<T> {
  return (x) => {
    const steps: Step<T>[] = []
    for (const layer of layers) {
      const step = layer(x)
      steps.push(step)
      x = step.y
    }
    return { y: x, backward: (dy) => steps.reduceRight((gradient, step) => step.backward(gradient), dy) }
  }
}

/** Two layers side by side, results added. */
function sum<T>(layers: Layers<T>, first: Layer<T>, second: Layer<T>): Layer<T> {
  return (x) => {
    const a = first(x)
    const b = second(x)
    return { y: layers.add(a.y, b.y), backward: (dy) => layers.add(a.backward(dy), b.backward(dy)) }
  }
}

/** Signals [B, in_channels, length] -> features [B, F]. */
export function trunk<T>(on: Layers<T>, config: ModelConfig): Layer<T> {
  const widths = config.stage_channels
  const wide = { channels: config.channels, kernel: 7, stride: 2, padding: 3 }
  const shallow = [
    on.conv('shallow.conv', { ...wide, bias: true }),
    on.batchNorm('shallow.bn'),
    on.tap('shallow'),
    attentionModule(on, config, 'attention'),
  ]
  const stem = [
    on.conv('residual.stem.conv', { ...wide, bias: false }),
    on.batchNorm('residual.stem.bn'),
    on.relu,
    on.tap('residual.stem'),
    on.maxPool({ kernel: 3, stride: 2, padding: 1 }),
    on.tap('residual.maxpool'),
  ]
  const last = widths[widths.length - 1] ?? config.channels
  return chain(
    ...(config.shallow ? shallow : []),
    ...(config.stem ? stem : []),
    ...widths.map((channels, s) => stage(on, config, `residual.stages.${s}`, channels)),
    downsample(on, 'residual.final', last, config.final_stride),
    on.tap('residual.final'),
    on.averagePool({ kernel: config.final_pool }),
    on.flatten,
    on.tap('features'),
  )
}

/** Channel and temporal attention in the model's order; in parallel their sum goes through a sigmoid. */
export function attentionModule<T>(on: Layers<T>, config: ModelConfig, name: string): Layer<T> {
  const scope = config.sca_scope === 'whole' ? 1 : config.clips
  const sca = chain(on.channelAttention(`${name}.sca`, { reduction: config.sca_reduction, clips: scope }), on.tap(`${name}.sca`))
  const rnta = chain(
    on.temporalAttention(`${name}.rnta`, { pool: config.rnta_pool, clips: config.clips }),
    on.tap(`${name}.rnta`),
  )
  const orders: Record<ModelConfig['attention'], () => Layer<T>> = {
    none: () => identity,
    sca: () => sca,
    rnta: () => rnta,
    'sca-rnta': () => chain(sca, rnta),
    'rnta-sca': () => chain(rnta, sca),
    parallel: () => chain(sum(on, sca, rnta), on.sigmoid),
  }
  return chain(orders[config.attention](), on.tap(name))
}

/** Halves the length, then refines: `paper` downsamples before the units, `released` inside the first one. */
function stage<T>(on: Layers<T>, config: ModelConfig, name: string, channels: number): Layer<T> {
  const released = config.preset === 'released'
  const units = Array.from({ length: config.units_per_stage }, (_, u) => {
    const unit = `${name}.units.${u}`
    const attention: Layer<T> = config.unit_sca
      ? on.channelAttention(`${unit}.sca`, { reduction: config.sca_reduction, clips: 1 })
      : identity
    if (!released || u > 0) {
      return chain(sum<T>(on, identity, chain(attention, branch(on, config, unit, channels, 1))), on.relu)
    }
    // The shortcut of the first unit starts after the attention.
    const shortcut = downsample(on, `${name}.downsample`, channels, 2)
    return chain(attention, sum(on, branch(on, config, unit, channels, 2), shortcut), on.relu)
  })
  const before = released ? [] : [downsample(on, `${name}.downsample`, channels, 2)]
  return chain(...before, ...units, on.tap(name))
}

/** depth x (conv k3, BN, ReLU); the first conv has the stride. */
function branch<T>(on: Layers<T>, config: ModelConfig, unit: string, channels: number, stride: number): Layer<T> {
  const repeat = (d: number): Layer<T>[] => [
    on.conv(`${unit}.layers.${d}.conv`, { channels, kernel: 3, stride: d === 0 ? stride : 1, padding: 1, bias: false }),
    on.batchNorm(`${unit}.layers.${d}.bn`),
    on.relu,
  ]
  return chain(...Array.from({ length: config.depth }, (_, d) => repeat(d)).flat())
}

/** 1x1 conv with a stride, BN. */
function downsample<T>(on: Layers<T>, name: string, channels: number, stride: number): Layer<T> {
  return chain(on.conv(`${name}.conv`, { channels, kernel: 1, stride, padding: 0, bias: false }), on.batchNorm(`${name}.bn`))
}

/** Features [B, F] -> logits [B, classes]. */
export function classifier<T>(on: Layers<T>, config: ModelConfig): Layer<T> {
  const hidden = config.hidden.flatMap((features, i) => [
    on.linear(`classifier.${i}`, features),
    on.relu,
    on.tap(`classifier.${i}`),
  ])
  return chain(...hidden, on.linear(`classifier.${config.hidden.length}`, config.classes))
}
