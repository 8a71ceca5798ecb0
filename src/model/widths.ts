// How wide a network is: all of its layers narrower or wider by one factor, and the networks to compare with made as large.
import { UsageError } from '../runtime/errors.ts'
import type { ModelConfig } from './config.ts'
import { summarise } from './summary.ts'

/**
 * The same network with `channels`, `stage_channels` and `hidden` times `factor`, each rounded. No convolution gets fewer channels than
 * the attention needs that the network has: `sca_reduction` for the channels', 2 for time's.
 * @throws UsageError for a factor that is no positive number
 */
export function scaleWidths(model: ModelConfig, factor: number): ModelConfig {
  if (!(factor > 0 && factor < Infinity))
    throw new UsageError(`the width is ${factor}, expected a positive number such as 1/8`)
  const least = leastChannels(model)
  const channels = (width: number): number => Math.max(Math.min(width, least), Math.round(width * factor))
  return {
    ...model,
    channels: channels(model.channels),
    stage_channels: model.stage_channels.map(channels),
    hidden: model.hidden.map((width) => Math.max(1, Math.round(width * factor))),
  }
}

function leastChannels({ network, shallow, attention, unit_sca, sca_reduction }: ModelConfig): number {
  if (network === 'cnn') return 1
  const kind = shallow ? attention : 'none'
  const ofTime = kind === 'none' || kind === 'sca' ? 1 : 2
  return Math.max(ofTime, unit_sca || (kind !== 'none' && kind !== 'rnta') ? sca_reduction : 1)
}

/**
 * A `cnn` or an `mlp` with about as many parameters as RTCAN-1D of the same settings has. Of a `cnn` the channels are widened in
 * proportion. Of an `mlp` the hidden layers keep their proportions, as wide as fits, and the last one takes what is left; where the
 * flattened signals alone make it larger with one unit in its first layer, it has that one. Other networks stay as they are.
 */
export function withEqualSize(model: ModelConfig): ModelConfig {
  if (model.network !== 'cnn' && model.network !== 'mlp') return model
  const size = summarise({ ...model, network: 'rtcan-1d' }).parameterCount
  if (model.network === 'cnn') {
    const widths = [model.channels, ...model.stage_channels]
    return around(size, sum(widths), (total) => {
      const [channels, ...stages] = inProportion(widths, total)
      return { ...model, channels: channels!, stage_channels: stages }
    }).nearest
  }
  const [first, ...others] = model.hidden
  if (first === undefined)
    throw new UsageError(
      "model setting hidden is [], and network 'mlp' consists of its hidden layers; give at least one",
    )
  const scaled = around(size, 1, (width) => ({
    ...model,
    hidden: [width, ...others.map((other) => Math.max(1, Math.round((other * width) / first)))],
  }))
  const { hidden } = scaled.below
  if (hidden.length === 1) return scaled.nearest
  return around(size, hidden.at(-1)!, (last) => ({ ...model, hidden: [...hidden.slice(0, -1), last] })).nearest
}

/** Widths of this sum in the proportions of others, each at least 1; with the sum they grow one at a time. */
function inProportion(widths: readonly number[], total: number): number[] {
  const whole = sum(widths)
  const upTo = (i: number): number => Math.round((total * sum(widths.slice(0, i))) / whole)
  return widths.map((_, i) => Math.max(1, upTo(i + 1) - upTo(i)))
}

/**
 * Of the networks that grow with n, from `from` on: the last that has no more parameters than `size`, or the first, and the one that
 * comes nearest to it, the smaller of two.
 */
function around(size: number, from: number, networkOf: (n: number) => ModelConfig) {
  const excess = (model: ModelConfig): number => summarise(model).parameterCount - size
  let below = networkOf(from)
  if (excess(below) > 0) return { below, nearest: below }
  for (let n = from + 1; ; n++) {
    const above = networkOf(n)
    if (excess(above) > 0) return { below, nearest: excess(above) < -excess(below) ? above : below }
    below = above
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
