import shader from '../../shaders/sca.wgsl'
import backward from '../../shaders/sca_backward.wgsl'
import { LimitError, ShapeError } from '../runtime/errors.ts'
import type { Plan } from '../runtime/plan.ts'
import { extent, formatShape, padTo4 } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { PartialSums } from './partial_sums.ts'
import { unusedInput } from './unused.ts'

/** Weights of signal channel attention, hidden width H = C / reduction; or their gradients. */
export interface ChannelAttentionTensors {
  /** [1, C, H] and [H]. */
  reduceWeight: Tensor
  reduceBias: Tensor
  /** [1, H, C] and [C]. */
  expandWeight: Tensor
  expandBias: Tensor
}

/** What the backward pass needs. */
export interface SavedSca {
  x: Tensor
  /** The gate, then means and hidden units, for each sample and clip. */
  saved: Tensor
  /** The gate alone, [B, clips, C]. */
  gate: Tensor
  clips: number
}

/** A software adapter runs few invocations at a time, and pays for each that waits at a barrier. */
const workgroup = (p: Plan): number => (p.gpu.info.isFallbackAdapter ? 64 : 256)

function launchOf(p: Plan, x: Tensor, t: ChannelAttentionTensors, clips: number) {
  const [batch, rows, channels] = [extent(x.shape, 0), extent(x.shape, 1), extent(x.shape, 2)]
  const C4 = x.rowStride / 4
  const H4 = padTo4(extent(t.reduceBias.shape, 0)) / 4
  const WORKGROUP = workgroup(p)
  const LINES = Math.max(1, Math.floor(WORKGROUP / C4))
  const bytes = 16 * ((LINES + 2) * C4 + H4)
  const limit = p.gpu.limits.maxComputeWorkgroupStorageSize
  if (bytes > limit) {
    throw new LimitError(
      `channel attention over ${channels} channels needs ${bytes} bytes of workgroup memory, this device has ${limit}; use fewer channels.`,
    )
  }
  return {
    params: { batch, rows, clips, channel_quads: C4, hidden_quads: H4 },
    channels,
    groups: batch * clips,
    constants: { WORKGROUP, C4, H4, LINES, SUMS: LINES * C4 },
  }
}

/** A row of x is touched by a sum and a product; per clip the two small layers multiply C by H twice. */
const flopsOf = (x: Tensor, t: ChannelAttentionTensors, clips: number, passes: number): number =>
  passes * (2 * x.size + extent(x.shape, 0) * clips * 4 * extent(x.shape, 2) * extent(t.reduceBias.shape, 0))

/**
 * Signal channel attention (Yin et al. 2022, section 3.3.1, equation 9):
 * y = x * sigmoid(expand(relu(reduce(mean over time)))); each of the clips (`clipBounds`) of x [B, L, C] has a gate of its own.
 * Throws ShapeError when there are fewer rows than clips.
 */
export function sca(
  p: Plan,
  x: Tensor,
  t: ChannelAttentionTensors,
  clips: number,
  label = 'sca',
): { y: Tensor; saved: SavedSca } {
  if (extent(x.shape, 1) < clips)
    throw new ShapeError(`${label}: cannot cut ${formatShape(x.shape)} into ${clips} clips`)
  const { params, channels, groups, constants } = launchOf(p, x, t, clips)
  const saved = p.tensor([groups * 4 * (2 * constants.C4 + constants.H4)], 'f32', `${label} gate, mean, hidden`)
  const gate = saved.part([params.batch, clips, channels], 0, `${label} gate`)
  const y = p.tensor(x.shape, 'f32', label)
  const weights = {
    ...{ reduce_weight: t.reduceWeight, reduce_bias: t.reduceBias },
    ...{ expand_weight: t.expandWeight, expand_bias: t.expandBias },
  }
  const flops = flopsOf(x, t, clips, 1)
  p.dispatch(
    shader,
    'forward',
    { x, ...weights, saved_out: saved, y, params: { ...params, channels } },
    { groups, constants, flops, label },
  )
  return { y, saved: { x, saved, gate, clips } }
}

/**
 * Gradients of `sca`: returns dx, added to `onto` where that is given, and writes those of the weights into `d` -
 * when `sums` is recorded, or at once without it. `guided`: the ReLU of the hidden units also stops a gradient that is negative.
 */
export function scaBackward(
  p: Plan,
  dy: Tensor,
  { x, saved, clips }: SavedSca,
  t: ChannelAttentionTensors,
  d: ChannelAttentionTensors,
  options: { onto?: Tensor | undefined; sums?: PartialSums; guided?: boolean } = {},
  label = 'sca backward',
): Tensor {
  const { onto, sums = new PartialSums(p) } = options
  const { params, groups, constants } = launchOf(p, x, t, clips)
  const partials = sums.jointPartials([d.reduceWeight, d.reduceBias, d.expandWeight, d.expandBias], groups)
  const dx = p.tensor(x.shape, 'f32', label)
  const weights = { reduce_weight: t.reduceWeight, expand_weight: t.expandWeight }
  const args = {
    x,
    dy,
    saved_in: saved,
    ...weights,
    partials,
    dx,
    params: { ...params, onto_used: Number(onto !== undefined) },
  }
  const launch = {
    groups,
    constants: { ...constants, GUIDED: options.guided === true },
    flops: flopsOf(x, t, clips, 2),
    label,
  }
  p.dispatch(backward, 'backward', { ...args, onto: onto ?? unusedInput(p) }, launch)
  if (!options.sums) sums.record(`${label} parameters`)
  return dx
}
