// RTCAN-1D written once, over an algebra of layers. Interpreted by `layers.ts` it records GPU dispatches, by `summary.ts` it
// computes shapes, parameters and FLOPs, by the float64 twin it computes reference values, and by `export/` it becomes an ONNX graph.
import type { ModelConfig, RntaPool } from './config.ts'

/** A layer's result and the function that carries a gradient back through it (parameter gradients go to the interpreter). */
export interface Step<T> {
  y: T
  backward: (dy: T) => T
  /** The same, added to a gradient that comes another way, where an interpreter can do both at once. */
  backwardOnto?: (dy: T, onto: T) => T
  /** Of each tap within: carries a gradient that arises there, and nowhere else, back to x. */
  backwardFrom?: ReadonlyMap<string, (dy: T) => T>
}

export type Layer<T> = (x: T) => Step<T>

/** The end of a residual unit: what its layers made of x, and the skip connection. */
export type Join<T> = (x: T, skip: T) => { y: T; backward: (dy: T) => { dx: T; dskip: T } }

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
  batchNorm(name: string, then?: { relu: boolean }): Layer<T>
  /** relu(skip + relu(batchNorm(x))). */
  batchNormJoin(name: string): Join<T>
  relu: Layer<T>
  sigmoid: Layer<T>
  sca(name: string, spec: { reduction: number; clips: number }): Layer<T>
  rnta(name: string, spec: { pool: RntaPool; clips: number }): Layer<T>
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
    const through = (some: Step<T>[], dy: T): T => some.reduceRight((gradient, step) => step.backward(gradient), dy)
    const [first, ...rest] = steps
    const onto = first?.backwardOnto
    const taps = steps.flatMap(({ backwardFrom = [] }, i) =>
      [...backwardFrom].map(([name, back]) => [name, (dy: T) => through(steps.slice(0, i), back(dy))] as const),
    )
    return {
      y: x,
      backward: (dy) => through(steps, dy),
      ...(onto && { backwardOnto: (dy, other) => onto(through(rest, dy), other) }),
      backwardFrom: new Map(taps),
    }
  }
}

/** The taps of two steps that read the same x. */
const tapsOf = <T>(a: Step<T>, b: Step<T>) => new Map([...(a.backwardFrom ?? []), ...(b.backwardFrom ?? [])])

/** The gradient through a step, added to `onto`. */
const accumulate = <T>(layers: Layers<T>, step: Step<T>, dy: T, onto: T): T =>
  step.backwardOnto ? step.backwardOnto(dy, onto) : layers.add(step.backward(dy), onto)

/** Two layers side by side, results added. */
function sum<T>(layers: Layers<T>, first: Layer<T>, second: Layer<T>): Layer<T> {
  return (x) => {
    const a = first(x)
    const b = second(x)
    const backward = (dy: T): T => accumulate(layers, a, dy, b.backward(dy))
    return { y: layers.add(a.y, b.y), backward, backwardFrom: tapsOf(a, b) }
  }
}

/** Two layers side by side that meet in a join. */
function residual<T>(layers: Layers<T>, main: Layer<T>, shortcut: Layer<T>, join: Join<T>): Layer<T> {
  return (x) => {
    const a = main(x)
    const b = shortcut(x)
    const joined = join(a.y, b.y)
    const backward = (dy: T): T => {
      const { dx, dskip } = joined.backward(dy)
      return accumulate(layers, a, dx, b.backward(dskip))
    }
    return { y: joined.y, backward, backwardFrom: tapsOf(a, b) }
  }
}

/** `Layers.batchNormJoin` of an interpreter without a kernel for it. */
export function joinOf<T>(layers: Pick<Layers<T>, 'relu' | 'add'>, normalise: Layer<T>): Join<T> {
  return (x, skip) => {
    const branch = chain(normalise, layers.relu)(x)
    const end = layers.relu(layers.add(skip, branch.y))
    const backward = (dy: T) => {
      const dskip = end.backward(dy)
      return { dx: branch.backward(dskip), dskip }
    }
    return { y: end.y, backward }
  }
}

/** Signals [B, in_channels, length] -> features [B, F]; null for a network that reads none. */
export function trunk<T>(on: Layers<T>, config: ModelConfig): Layer<T> | null {
  if (config.network === 'music') return null
  return chain(config.network === 'mlp' ? on.flatten : convolutions(on, config), on.tap('features'))
}

/** A plain convolutional network: each convolution has batch normalisation and ReLU, and nothing passes by it. */
const isPlain = ({ network }: ModelConfig): boolean => network === 'cnn'

function convolutions<T>(on: Layers<T>, config: ModelConfig): Layer<T> {
  const widths = config.stage_channels
  const wide = { channels: config.channels, kernel: 7, stride: 2, padding: 3 }
  const shallow = [
    on.conv('shallow.conv', { ...wide, bias: true }),
    on.batchNorm('shallow.bn', { relu: isPlain(config) }),
    on.tap('shallow'),
    attentionModule(on, config, 'attention'),
  ]
  const stem = [
    on.conv('residual.stem.conv', { ...wide, bias: false }),
    on.batchNorm('residual.stem.bn', { relu: true }),
    on.tap('residual.stem'),
    on.maxPool({ kernel: 3, stride: 2, padding: 1 }),
    on.tap('residual.max_pool'),
  ]
  const last = widths[widths.length - 1] ?? config.channels
  return chain(
    ...(config.shallow ? shallow : []),
    ...(config.stem ? stem : []),
    ...widths.map((channels, s) => stage(on, config, `residual.stages.${s}`, channels)),
    downsample(on, config, 'residual.final', last, config.final_stride),
    on.tap('residual.final'),
    on.averagePool({ kernel: config.final_pool }),
    on.flatten,
  )
}

/** Channel and temporal attention in the model's order; in parallel their sum goes through a sigmoid. */
export function attentionModule<T>(on: Layers<T>, config: ModelConfig, name: string): Layer<T> {
  const scope = config.sca_scope === 'whole' ? 1 : config.clips
  const sca = chain(on.sca(`${name}.sca`, { reduction: config.sca_reduction, clips: scope }), on.tap(`${name}.sca`))
  const rnta = chain(on.rnta(`${name}.rnta`, { pool: config.rnta_pool, clips: config.clips }), on.tap(`${name}.rnta`))
  const orders: Record<ModelConfig['attention'], () => Layer<T>> = {
    none: () => identity,
    sca: () => sca,
    rnta: () => rnta,
    'sca-rnta': () => chain(sca, rnta),
    'rnta-sca': () => chain(rnta, sca),
    parallel: () => chain(sum(on, sca, rnta), on.sigmoid),
  }
  return isPlain(config) ? identity : chain(orders[config.attention](), on.tap(name))
}

/** Halves the length, then refines: `paper` downsamples before the units, `released` inside the first one. */
function stage<T>(on: Layers<T>, config: ModelConfig, name: string, channels: number): Layer<T> {
  const released = config.preset === 'released'
  const units = Array.from({ length: config.units_per_stage }, (_, u) => {
    const unit = `${name}.units.${u}`
    if (isPlain(config)) return chain(...repeats(on, config, unit, channels, released && u === 0 ? 2 : 1))
    const sca = `${unit}.sca`
    const attention = config.unit_sca ? [on.sca(sca, { reduction: config.sca_reduction, clips: 1 }), on.tap(sca)] : []
    const { layers, join } = branch(on, config, unit, channels, released && u === 0 ? 2 : 1)
    if (!released || u > 0) return chain(residual(on, chain(...attention, layers), identity, join), on.tap(unit))
    // The shortcut of the first unit starts after the attention.
    const shortcut = downsample(on, config, `${name}.downsample`, channels, 2)
    return chain(...attention, residual(on, layers, shortcut, join), on.tap(unit))
  })
  const before = released ? [] : [downsample(on, config, `${name}.downsample`, channels, 2)]
  return chain(...before, ...units, on.tap(name))
}

/** depth x (conv k3, BN, ReLU), the first conv with the stride. */
function repeats<T>(on: Layers<T>, config: ModelConfig, unit: string, channels: number, stride: number): Layer<T>[] {
  return Array.from({ length: config.depth }, (_, d) => [
    on.conv(`${unit}.layers.${d}.conv`, { channels, kernel: 3, stride: d === 0 ? stride : 1, padding: 1, bias: false }),
    on.batchNorm(`${unit}.layers.${d}.bn`, { relu: true }),
  ]).flat()
}

/** The same, of which the last BN and ReLU are in the join. */
function branch<T>(on: Layers<T>, config: ModelConfig, unit: string, channels: number, stride: number) {
  const layers = repeats(on, config, unit, channels, stride).slice(0, -1)
  return { layers: chain(...layers), join: on.batchNormJoin(`${unit}.layers.${config.depth - 1}.bn`) }
}

/** 1x1 conv with a stride, BN. */
function downsample<T>(on: Layers<T>, config: ModelConfig, name: string, channels: number, stride: number): Layer<T> {
  return chain(
    on.conv(`${name}.conv`, { channels, kernel: 1, stride, padding: 0, bias: false }),
    on.batchNorm(`${name}.bn`, { relu: isPlain(config) }),
  )
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
