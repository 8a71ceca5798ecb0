// 1-D convolution and its gradients: the ops. Kernels of each are candidates in a file of its own; conv1d_families.ts says which
// kernel is for which adapter.
import { ShapeError } from '../../runtime/errors.ts'
import type { Plan } from '../../runtime/plan.ts'
import { ceilDiv, expectShape, extent, formatShape, padTo4, type Shape } from '../../runtime/shape.ts'
import type { Tensor } from '../../runtime/tensor.ts'
import { inputVariants } from './backward_input.ts'
import { weightVariants } from './backward_weight.ts'
import { bestForRows, bestForWeight } from './families.ts'
import { forwardVariants } from './forward.ts'
import { kindOf, shapeName, windowCount, type ConvGeometry } from './geometry.ts'
import type { PartialSums } from '../partial_sums.ts'
import { bestFirst, recordVariant } from '../variants.ts'

export { convWeightShape, windowCount, type ConvGeometry } from './geometry.ts'

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
  const variants = bestFirst(forwardVariants, bestForRows(p.gpu, batch * outRows, outChannels))
  recordVariant(
    p,
    'conv1d',
    shapeName(x.shape, w, g),
    variants,
    { x, w, bias, y, g, label },
    kindOf('output', x.shape, w),
  )
  return y
}

/** Gradient with respect to the input of `conv1d`; with `onto`, the sum of both, in a tensor of its own. */
export function conv1dBackwardInput(
  p: Plan,
  dy: Tensor,
  w: Tensor,
  xShape: Shape,
  g: ConvGeometry,
  label = 'conv1d backward input',
  onto?: Tensor,
): Tensor {
  if (onto) expectShape(`${label}: gradient to add to`, onto.shape, xShape)
  const dx = p.tensor(xShape, 'f32', label)
  const rows = extent(xShape, 0) * ceilDiv(extent(xShape, 1), g.stride)
  const variants = bestFirst(inputVariants, bestForRows(p.gpu, rows, extent(xShape, 2), onto ? 'input onto' : 'input'))
  const shape = shapeName(xShape, w, g) + (onto ? ' onto' : '')
  recordVariant(
    p,
    'conv1d backward input',
    shape,
    variants,
    { dy, w, dx, onto: onto ?? null, g, label },
    kindOf('input', xShape, w),
  )
  return dx
}

/**
 * Gradients with respect to the weight and, unless `dbias` is null, the bias of `conv1d`, into the given tensors. With `sums`
 * they have their values after `sums.record()`, which adds up the partial sums of any number of layers at once.
 */
export function conv1dBackwardWeight(
  p: Plan,
  dy: Tensor,
  x: Tensor,
  dw: Tensor,
  dbias: Tensor | null,
  g: ConvGeometry,
  label = 'conv1d backward weight',
  sums: PartialSums | null = null,
): void {
  const [taps, tapRows, channels] = [extent(dw.shape, 0), extent(dw.shape, 1), extent(dw.shape, 2)]
  const variants = bestFirst(weightVariants, bestForWeight(p.gpu, taps, tapRows, channels))
  recordVariant(
    p,
    'conv1d backward weight',
    shapeName(x.shape, dw, g),
    variants,
    { x, dy, dw, dbias, g, label, sums },
    kindOf('weight', x.shape, dw),
  )
}

/** Candidates by the names under which `kernelChoices(gpu).named` knows the ops. */
export const conv1dVariants = {
  conv1d: forwardVariants,
  'conv1d backward input': inputVariants,
  'conv1d backward weight': weightVariants,
} as const
