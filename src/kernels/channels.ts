import shader from '../../shaders/channels.wgsl'
import { FormatError, ShapeError, UsageError } from '../runtime/errors.ts'
import { expectSameShape, type Plan } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv, extent, formatShape } from '../runtime/shape.ts'
import { checkNames, type Known } from '../runtime/arguments.ts'
import { requireTensor, type Tensor } from '../runtime/tensor.ts'

/** In the order of the model's input. */
const PARTS = ['origin', 'phasic', 'tonic'] as const

const VALUES = /* @__PURE__ */ shaderValues(shader)
/** j (length - 1) must fit in 32 bits for every point j. */
const LONGEST = 1 << 16

/** How recordings and their parts become the network's input; as `toChannels`. */
export interface ChannelSettings {
  /** Hz. */
  sampleRate: number
  /** Cut from the start; default 3 s. */
  dropSeconds?: number
  /** Points of a channel; default 2500. */
  length?: number
}

const SETTINGS: Known<ChannelSettings> = { sampleRate: true, dropSeconds: true, length: true }

/**
 * The network's input [B, 3, length] from recordings [B, n] and their phasic and tonic parts, on the device: `toChannels` in float32. The
 * first seconds are dropped, each channel of each recording is z-scored and interpolated linearly, ends on ends. A channel that does
 * not vary, to float32's rounding, is zeros; a sample that is no number makes its channel NaN. There is no gradient.
 * @throws ShapeError for shapes that differ, UsageError for settings, FormatError if fewer than 2 samples are left after the cut
 */
export function channels(
  p: Plan,
  parts: Readonly<Record<(typeof PARTS)[number], Tensor>>,
  settings: ChannelSettings,
  label = 'channels',
): Tensor {
  checkNames(label, settings, SETTINGS)
  const { sampleRate, dropSeconds = 3, length = 2500 } = settings
  for (const name of PARTS) requireTensor(`${label}: ${name}`, parts[name])
  const { origin } = parts
  for (const name of PARTS) expectSameShape(label, origin, parts[name])
  if (origin.shape.length !== 2)
    throw new ShapeError(`${label}: ${origin.label} is ${formatShape(origin.shape)}, expected [B, n]`)
  if (!(sampleRate > 0 && Number.isFinite(sampleRate) && dropSeconds >= 0))
    throw new UsageError(
      `${label}: sampleRate is ${sampleRate} and dropSeconds ${dropSeconds}, expected a positive number and one from 0 up`,
    )
  if (!Number.isInteger(length) || length < 1 || length > LONGEST)
    throw new UsageError(`${label}: length is ${length}, expected an integer from 1 to ${LONGEST}`)
  const [batch, n] = [extent(origin.shape, 0), extent(origin.shape, 1)]
  const drop = Math.round(dropSeconds * sampleRate)
  if (n < drop + 2) {
    throw new FormatError(
      `${label}: ${n} samples at ${sampleRate} Hz are too short; ${dropSeconds} s are dropped and 2 samples must remain, ` +
        `so at least ${drop + 2} are needed`,
    )
  }
  const y = p.tensor([batch, PARTS.length, length], 'f32', label)
  const shared = { batch, n, stride: origin.rowStride, drop, length, y_quads: y.rowStride / 4 }
  PARTS.forEach((name, channel) => {
    const x = parts[name]
    const params = { ...shared, channels: PARTS.length, channel }
    const moments = p.tensor([2 * batch], 'f32', `${label} moments of ${name}`)
    p.dispatch(shader, 'moments', { x, moments_out: moments, params }, { groups: batch, label: `${label} moments` })
    const groups = ceilDiv(batch * params.y_quads, VALUES.WORKGROUP)
    p.dispatch(shader, 'resample', { x, moments_in: moments, y, params }, { groups, label })
  })
  return y
}
