import shader from '../../shaders/conv1d.wgsl'
import backward from '../../shaders/conv1d_backward.wgsl'
import { ShapeError } from '../runtime/errors.ts'
import type { Plan } from '../runtime/plan.ts'
import { ceilDiv, expectShape, extent, formatShape, padTo4, type Shape } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'

export interface ConvGeometry {
  stride: number
  padding: number
}

const WORKGROUP = 64
/** Output rows per invocation (forward, input gradient) and quads of output channels per invocation (weight gradient). */
const TM = 4
const TQ = 2
/** Rows per partial sum of a weight gradient: enough to amortise the store, few enough to sum accurately in f32. */
const CHUNK_ROWS = 256
const MAX_CHUNKS = 64

/** Output length of a convolution or pooling window over `length` rows. */
export const windowCount = (length: number, kernel: number, { stride, padding }: ConvGeometry): number =>
  Math.floor((length + 2 * padding - kernel) / stride) + 1

/** Shape of a weight tensor: taps, input channels padded to quads, output channels. */
export const convWeightShape = (kernel: number, inChannels: number, outChannels: number): Shape => [
  kernel,
  padTo4(inChannels),
  outChannels,
]

function geometryParams(xShape: Shape, w: Tensor, yShape: Shape, g: ConvGeometry) {
  return {
    batch: extent(xShape, 0),
    in_rows: extent(xShape, 1),
    out_rows: extent(yShape, 1),
    in_quads: padTo4(extent(xShape, 2)) / 4,
    out_quads: padTo4(extent(yShape, 2)) / 4,
    kernel: extent(w.shape, 0),
    stride: g.stride,
    padding: g.padding,
  }
}

/**
 * y = conv(x, w) + bias. x [B, L, Ci], w [K, pad4(Ci), Co] (`convWeightShape`), bias [Co] or null; returns [B, Lo, Co] with
 * Lo = floor((L + 2 padding - K) / stride) + 1. Throws ShapeError when channels disagree or the signal is shorter than the kernel.
 */
export function conv1d(p: Plan, x: Tensor, w: Tensor, bias: Tensor | null, g: ConvGeometry, label = 'conv1d'): Tensor {
  const [batch, rows, inChannels] = [extent(x.shape, 0), extent(x.shape, 1), extent(x.shape, 2)]
  const [kernel, weightChannels, outChannels] = [extent(w.shape, 0), extent(w.shape, 1), extent(w.shape, 2)]
  if (padTo4(inChannels) !== weightChannels) {
    throw new ShapeError(
      `${label}: input has ${inChannels} channels, weight expects ${weightChannels} ` +
        `(input ${formatShape(x.shape)}, weight ${formatShape(w.shape)})`,
    )
  }
  const outRows = windowCount(rows, kernel, g)
  if (outRows < 1) throw new ShapeError(`${label}: ${rows} rows are shorter than the kernel of ${kernel}`)
  if (bias) expectShape(`${label}: bias`, bias.shape, [outChannels])
  const y = p.tensor([batch, outRows, outChannels], 'f32', label)
  const params = geometryParams(x.shape, w, y.shape, g)
  const launch = { groups: ceilDiv(batch * ceilDiv(outRows, TM) * params.out_quads, WORKGROUP), constants: { TM }, label }
  if (bias) p.dispatch(shader, 'forward_bias', { x, w, bias, y, params }, launch)
  else p.dispatch(shader, 'forward', { x, w, y, params }, launch)
  return y
}

const unusedChunks = { chunks: 0, chunk_rows: 0, result_quads: 0 }

/** Gradient with respect to the input of `conv1d`. */
export function conv1dBackwardInput(
  p: Plan,
  dy: Tensor,
  w: Tensor,
  xShape: Shape,
  g: ConvGeometry,
  label = 'conv1d backward input',
): Tensor {
  const dx = p.tensor(xShape, 'f32', label)
  const params = { ...geometryParams(xShape, w, dy.shape, g), ...unusedChunks }
  const tiles = ceilDiv(ceilDiv(params.in_rows, g.stride), TM)
  p.dispatch(backward, 'input', { dy, w, dx, params }, {
    groups: ceilDiv(params.batch * g.stride * tiles * params.in_quads, WORKGROUP),
    constants: { TM },
    label,
  })
  return dx
}

/** Gradients with respect to the weight and, unless `dbias` is null, the bias of `conv1d`, into the given tensors. */
export function conv1dBackwardWeight(
  p: Plan,
  x: Tensor,
  dy: Tensor,
  dw: Tensor,
  dbias: Tensor | null,
  g: ConvGeometry,
  label = 'conv1d backward weight',
): void {
  const geometry = geometryParams(x.shape, dw, dy.shape, g)
  const rows = geometry.batch * geometry.out_rows
  const chunkRows = Math.max(CHUNK_ROWS, ceilDiv(rows, MAX_CHUNKS))
  const chunks = ceilDiv(rows, chunkRows)
  const sum = (entry: 'weight' | 'bias', result: Tensor, invocationsPerChunk: number): void => {
    const quads = result.byteLength / 16
    const params = { ...geometry, chunks, chunk_rows: chunkRows, result_quads: quads }
    const partials = p.tensor([chunks, quads * 4], 'f32', `${label} partials`)
    const launch = { groups: ceilDiv(chunks * invocationsPerChunk, WORKGROUP), label }
    if (entry === 'weight') p.dispatch(backward, 'weight', { x, dy, partials, params }, { ...launch, constants: { TQ } })
    else p.dispatch(backward, 'bias', { dy, partials, params }, launch)
    const reduction = { groups: ceilDiv(quads, WORKGROUP), label: `${label} reduce` }
    p.dispatch(backward, 'reduce', { chunk_sums: partials, result, params }, reduction)
  }
  sum('weight', dw, geometry.kernel * geometry.in_quads * ceilDiv(geometry.out_quads, TQ))
  if (dbias) sum('bias', dbias, geometry.out_quads)
}
