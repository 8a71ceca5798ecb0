import { ShapeError } from '../../runtime/errors.ts'
import { extent, padTo4, type Shape } from '../../runtime/shape.ts'
import type { OpKind } from '../../runtime/plan.ts'
import type { Tensor } from '../../runtime/tensor.ts'

/** How a convolution walks over the signal; the kernel's width is the weight's. */
export interface ConvGeometry {
  stride: number
  padding: number
}

/**
 * Output length of a convolution or pooling window over `length` rows.
 * @throws ShapeError for a kernel, stride or padding that cannot be
 */
export function windowCount(length: number, kernel: number, { stride, padding }: ConvGeometry): number {
  for (const [name, value, least] of [
    ['kernel', kernel, 1],
    ['stride', stride, 1],
    ['padding', padding, 0],
  ] as const) {
    if (!Number.isInteger(value) || value < least)
      throw new ShapeError(`a window's ${name} is ${value}, expected an integer of at least ${least}`)
  }
  return Math.floor((length + 2 * padding - kernel) / stride) + 1
}

/** Shape of a weight tensor: taps, input channels padded to quads, output channels. */
export const convWeightShape = (kernel: number, inChannels: number, outChannels: number): Shape => [
  kernel,
  padTo4(inChannels),
  outChannels,
]

export type Geometry = ReturnType<typeof geometryOf>

/** What the kernels have to know of y = conv(x, w), by the names in their `Params`. */
export function geometryOf(xShape: Shape, w: Tensor, yShape: Shape, g: ConvGeometry) {
  return {
    batch: extent(xShape, 0),
    in_rows: extent(xShape, 1),
    out_rows: extent(yShape, 1),
    in_channels: extent(xShape, 2),
    in_quads: padTo4(extent(xShape, 2)) / 4,
    out_channels: extent(yShape, 2),
    out_quads: padTo4(extent(yShape, 2)) / 4,
    kernel: extent(w.shape, 0),
    stride: g.stride,
    padding: g.padding,
  }
}

/** Floating-point operations of the convolution, and of each of its two gradients: all taps of all rows, none for padded channels. */
export const flopsOf = ({ batch, out_rows, kernel, in_channels, out_channels }: Geometry): number =>
  2 * batch * out_rows * kernel * in_channels * out_channels

/** How `kernelChoices(gpu).named` names a shape, e.g. `8x1250x64 64 k3 s1`: input, output channels, kernel, stride. */
export const shapeName = (xShape: Shape, w: Tensor, { stride }: ConvGeometry): string =>
  `${xShape.join('x')} ${extent(w.shape, 2)} k${extent(w.shape, 0)} s${stride}`

/** The same for whoever judges its speed: `of`, what is computed. */
export const kindOf = (of: 'output' | 'input' | 'weight', xShape: Shape, w: Tensor): OpKind => ({
  op: 'convolution',
  of,
  batch: extent(xShape, 0),
  rows: extent(xShape, 1),
  inChannels: extent(xShape, 2),
  outChannels: extent(w.shape, 2),
  kernel: extent(w.shape, 0),
})
