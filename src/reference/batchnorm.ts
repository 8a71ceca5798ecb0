// Batch normalisation over batch and time (Ioffe and Szegedy, 2015).
//   y = weight (x - mean) / sqrt(var + eps) + bias
// Training uses the batch's own mean and biased variance, evaluation the running ones. `clipLengths` cut the time axis
// into consecutive clips that are normalised one after the other, as if the layer were called once per clip.
import { ShapeError } from '../runtime/errors.ts'
import { dims3, map, requireShape, zeros } from './array.ts'
import type { NdArray } from './array.ts'

const BATCH_NORM_EPSILON = 1e-5
const BATCH_NORM_MOMENTUM = 0.1

export type BatchNormParameters = Record<'weight' | 'bias', NdArray>
export type BatchNormBuffers = Record<'running_mean' | 'running_var', NdArray>

export interface BatchNormMode {
  training: boolean
  /** Lengths of consecutive clips; they add up to the length of x. Default: one clip. */
  clipLengths?: readonly number[]
}

export interface BatchNormForward {
  y: NdArray
  /** The running statistics after the call; updated once per clip, in order, with the unbiased variance. */
  buffers: BatchNormBuffers
  /** What the backward pass needs: (x - mean) / std, and 1 / std per clip and channel [S,C]. */
  saved: {
    normalized: NdArray
    inverseStd: NdArray
    weight: NdArray
    training: boolean
    clipLengths: readonly number[]
  }
}

/** x [B,C,L] -> y [B,C,L]. Throws ShapeError if training statistics would come from a single value. */
export function batchNorm(
  x: NdArray,
  parameters: BatchNormParameters,
  buffers: BatchNormBuffers,
  mode: BatchNormMode,
): BatchNormForward {
  const [B, C, L] = dims3('batchNorm', x)
  const { training, clipLengths = [L] } = mode
  for (const array of [...Object.values(parameters), ...Object.values(buffers)]) requireShape('batchNorm', array, [C])
  if (clipLengths.reduce((sum, length) => sum + length, 0) !== L) {
    throw new ShapeError(`batchNorm: the clips [${clipLengths.join(',')}] do not add up to ${L} samples.`)
  }
  const running = { running_mean: map(buffers.running_mean, (v) => v), running_var: map(buffers.running_var, (v) => v) }
  const normalized = zeros(x.shape)
  const inverseStd = zeros([clipLengths.length, C])
  clipStarts(clipLengths).forEach((start, s) => {
    for (let c = 0; c < C; c++) {
      const rows = clipRows(B, C, L, c, start, clipLengths[s]!)
      const { mean, variance } = training
        ? updateRunning(running, c, momentsOf(x, rows))
        : { mean: running.running_mean.data[c]!, variance: running.running_var.data[c]! }
      const scale = 1 / Math.sqrt(variance + BATCH_NORM_EPSILON)
      inverseStd.data[s * C + c] = scale
      forEachIn(rows, (i) => {
        normalized.data[i] = (x.data[i]! - mean) * scale
      })
    }
  })
  const channel = (i: number): number => Math.floor(i / L) % C
  const y = map(normalized, (v, i) => v * parameters.weight.data[channel(i)]! + parameters.bias.data[channel(i)]!)
  return { y, buffers: running, saved: { normalized, inverseStd, weight: parameters.weight, training, clipLengths } }
}

/** Gradients for dL/dy = gradY [B,C,L]; in training the statistics depend on x and carry gradient too. */
export function batchNormBackward(
  gradY: NdArray,
  saved: BatchNormForward['saved'],
): { x: NdArray; parameters: BatchNormParameters } {
  const { normalized, inverseStd, weight, training, clipLengths } = saved
  const [B, C, L] = dims3('batchNorm', gradY)
  requireShape('batchNorm gradient', gradY, normalized.shape)
  const gradX = zeros(gradY.shape)
  const parameters = { weight: zeros([C]), bias: zeros([C]) }
  clipStarts(clipLengths).forEach((start, s) => {
    for (let c = 0; c < C; c++) {
      const rows = clipRows(B, C, L, c, start, clipLengths[s]!)
      let gradBias = 0
      let gradWeight = 0
      forEachIn(rows, (i) => {
        gradBias += gradY.data[i]!
        gradWeight += gradY.data[i]! * normalized.data[i]!
      })
      const scale = weight.data[c]! * inverseStd.data[s * C + c]!
      const n = B * clipLengths[s]!
      forEachIn(rows, (i) => {
        const throughStatistics = training ? (gradBias + normalized.data[i]! * gradWeight) / n : 0
        gradX.data[i] = scale * (gradY.data[i]! - throughStatistics)
      })
      parameters.weight.data[c]! += gradWeight
      parameters.bias.data[c]! += gradBias
    }
  })
  return { x: gradX, parameters }
}

/** The [from, to) ranges of one channel's samples in one clip, one range per batch item. */
type Rows = [from: number, to: number][]

function clipRows(B: number, C: number, L: number, channel: number, start: number, length: number): Rows {
  return Array.from({ length: B }, (_, b) => {
    const from = (b * C + channel) * L + start
    return [from, from + length]
  })
}

function clipStarts(clipLengths: readonly number[]): number[] {
  return clipLengths.map((_, s) => clipLengths.slice(0, s).reduce((sum, length) => sum + length, 0))
}

function forEachIn(rows: Rows, visit: (index: number) => void): void {
  for (const [from, to] of rows) for (let i = from; i < to; i++) visit(i)
}

interface Moments {
  mean: number
  variance: number
  count: number
}

function momentsOf(x: NdArray, rows: Rows): Moments {
  let count = 0
  let sum = 0
  forEachIn(rows, (i) => {
    count++
    sum += x.data[i]!
  })
  if (count < 2) throw new ShapeError('batchNorm: training needs more than one value per channel and clip.')
  const mean = sum / count
  let squares = 0
  forEachIn(rows, (i) => {
    squares += (x.data[i]! - mean) ** 2
  })
  return { mean, variance: squares / count, count }
}

function updateRunning(buffers: BatchNormBuffers, channel: number, moments: Moments): Moments {
  const {
    running_mean: { data: mean },
    running_var: { data: variance },
  } = buffers
  const unbiased = (moments.variance * moments.count) / (moments.count - 1)
  mean[channel]! += BATCH_NORM_MOMENTUM * (moments.mean - mean[channel]!)
  variance[channel]! += BATCH_NORM_MOMENTUM * (unbiased - variance[channel]!)
  return moments
}
