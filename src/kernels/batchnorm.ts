import shader from '../../shaders/batchnorm.wgsl'
import backward from '../../shaders/batchnorm_backward.wgsl'
import { ShapeError } from '../runtime/errors.ts'
import type { Plan } from '../runtime/plan.ts'
import { ceilDiv, expectShape, extent } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { segmentCount, segmentLengths, wholeSegment, type Segments } from './segments.ts'

/** PyTorch's defaults, which the authors' code uses: momentum 0.1, eps 1e-5. */
const MOMENTUM = 0.1
const EPS = 1e-5
const WORKGROUP = 64
/** Rows per partial statistic. */
const CHUNK_ROWS = 256

export interface BatchNormTensors {
  /** Scale [C]. */
  gamma: Tensor
  /** Shift [C]. */
  beta: Tensor
  /** Running statistics [C], updated in training. */
  runningMean: Tensor
  runningVar: Tensor
}

/** What the backward pass needs. */
export interface BatchNormRecord {
  x: Tensor
  /** Mean and 1/std per segment, [2, S, C]. */
  stats: Tensor
  bounds: Tensor
  segments: Segments
  training: boolean
}

function layout(x: Tensor, segments: Segments) {
  const [batch, rows] = [extent(x.shape, 0), extent(x.shape, 1)]
  const chunks = ceilDiv(batch * Math.max(...segmentLengths(segments)), CHUNK_ROWS)
  return { batch, rows, quads: x.rowStride / 4, segments: segmentCount(segments), chunks, chunk_rows: CHUNK_ROWS }
}

/**
 * Batch normalisation of x [B, L, C]. In training the statistics are those of each segment, and the running statistics take one
 * step per segment, in order (biased variance to normalise, unbiased to remember); in evaluation the running statistics
 * normalise. Throws ShapeError when a segment has a single value per channel in training: its variance is undefined.
 */
export function batchNorm(
  p: Plan,
  x: Tensor,
  t: BatchNormTensors,
  mode: { training: boolean; segments?: Segments; momentum?: number; eps?: number },
  label = 'batchnorm',
): { y: Tensor; record: BatchNormRecord } {
  const channels = extent(x.shape, 2)
  for (const vector of [t.gamma, t.beta, t.runningMean, t.runningVar]) expectShape(`${label}: ${vector.label}`, vector.shape, [channels])
  const segments = mode.training ? (mode.segments ?? wholeSegment(extent(x.shape, 1))) : wholeSegment(extent(x.shape, 1))
  const params = { ...layout(x, segments), momentum: mode.momentum ?? MOMENTUM, eps: mode.eps ?? EPS }
  const bounds = p.constant(`${label} bounds`, 'u32', segments)
  const stats = p.tensor([2, params.segments, channels], 'f32', `${label} stats`)
  const perQuad = { groups: ceilDiv(params.quads, WORKGROUP) }
  if (mode.training) {
    if (params.batch * Math.min(...segmentLengths(segments)) < 2) {
      throw new ShapeError(`${label}: one value per channel has no variance; train on a larger batch or a longer signal`)
    }
    const partials = p.tensor([params.segments, params.chunks, 2, channels], 'f32', `${label} partials`)
    const groups = ceilDiv(params.segments * params.chunks * params.quads, WORKGROUP)
    p.dispatch(shader, 'partial', { bounds, x, partials, params }, { groups, label: `${label} statistics` })
    const running = { running_mean: t.runningMean, running_var: t.runningVar }
    p.dispatch(shader, 'finalize', { bounds, moments: partials, ...running, stats, params }, { ...perQuad, label: `${label} finalize` })
  } else {
    const running = { running_mean: t.runningMean, running_var: t.runningVar }
    p.dispatch(shader, 'from_running', { ...running, stats, params }, { ...perQuad, label: `${label} statistics` })
  }
  const y = p.tensor(x.shape, 'f32', label)
  p.dispatch(shader, 'normalise', { bounds, x, normaliser: stats, gamma: t.gamma, beta: t.beta, y, params }, {
    groups: ceilDiv(x.byteLength / 16, WORKGROUP),
    label,
  })
  return { y, record: { x, stats, bounds, segments, training: mode.training } }
}

/** Gradients of `batchNorm`: writes dgamma and dbeta, returns dx. */
export function batchNormBackward(
  p: Plan,
  dy: Tensor,
  { x, stats, bounds, segments, training }: BatchNormRecord,
  gamma: Tensor,
  gradients: { dgamma: Tensor; dbeta: Tensor },
  label = 'batchnorm backward',
): Tensor {
  expectShape(label, dy.shape, x.shape)
  const params = layout(x, segments)
  const channels = extent(x.shape, 2)
  const partials = p.tensor([params.segments, params.chunks, 2, channels], 'f32', `${label} partials`)
  const sums = p.tensor([2, params.segments, channels], 'f32', `${label} sums`)
  p.dispatch(backward, 'partial', { bounds, x, dy, normaliser: stats, partials, params }, {
    groups: ceilDiv(params.segments * params.chunks * params.quads, WORKGROUP),
    label: `${label} sums`,
  })
  p.dispatch(backward, 'finalize', { chunk_sums: partials, sums, ...gradients, params }, {
    groups: ceilDiv(params.quads, WORKGROUP),
    label: `${label} finalize`,
  })
  const dx = p.tensor(x.shape, 'f32', label)
  p.dispatch(backward, 'input', { bounds, x, dy, normaliser: stats, segment_sums: sums, gamma, dx, params }, {
    groups: ceilDiv(x.byteLength / 16, WORKGROUP),
    constants: { TRAINING: training },
    label,
  })
  return dx
}
