import { padTo4, type Shape } from '../runtime/shape.ts'

// Between the orders of weight files (channels first) and those of the kernels (channels last), on the host.

/** [B, C, L] -> [B, L, C]. */
export function toChannelsLast(
  data: ArrayLike<number>,
  [batch, channels, length]: readonly [number, number, number],
): Float32Array {
  const out = new Float32Array(data.length)
  for (let b = 0; b < batch; b++) {
    for (let c = 0; c < channels; c++) {
      for (let l = 0; l < length; l++) {
        out[(b * length + l) * channels + c] = data[(b * channels + c) * length + l]!
      }
    }
  }
  return out
}

/** [B, L, C] -> [B, C, L], given the shape [B, C, L] of the result. */
export function toChannelsFirst(
  data: ArrayLike<number>,
  [batch, channels, length]: readonly [number, number, number],
): Float32Array {
  return toChannelsLast(data, [batch, length, channels])
}

/** Conv weights [Co, Ci, K] (linear: [Co, Ci]) -> the kernels' [K, pad4(Ci), Co]; the padding rows are zero. */
export function packWeight(data: ArrayLike<number>, shape: Shape): Float32Array {
  const [out = 1, inChannels = 1, kernel = 1] = shape
  const rows = padTo4(inChannels)
  const packed = new Float32Array(kernel * rows * out)
  for (let o = 0; o < out; o++) {
    for (let i = 0; i < inChannels; i++) {
      for (let k = 0; k < kernel; k++) packed[(k * rows + i) * out + o] = data[(o * inChannels + i) * kernel + k]!
    }
  }
  return packed
}

/** The reverse of `packWeight`. */
export function unpackWeight(packed: ArrayLike<number>, shape: Shape): Float32Array {
  const [out = 1, inChannels = 1, kernel = 1] = shape
  const rows = padTo4(inChannels)
  const data = new Float32Array(out * inChannels * kernel)
  for (let o = 0; o < out; o++) {
    for (let i = 0; i < inChannels; i++) {
      for (let k = 0; k < kernel; k++) data[(o * inChannels + i) * kernel + k] = packed[(k * rows + i) * out + o]!
    }
  }
  return data
}
