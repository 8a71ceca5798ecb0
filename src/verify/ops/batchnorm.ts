import { batchNorm, batchNormBackward, batchNormVariants } from '../../kernels/batchnorm.ts'
import { boundsOfLengths, oneClip } from '../../kernels/clip_bounds.ts'
import { guidedGradients } from '../../kernels/input_gradients.ts'
import { relu, reluBackward } from '../../reference/activation.ts'
import { add } from '../../reference/array.ts'
import { batchNorm as twin, batchNormBackward as twinBackward } from '../../reference/batchnorm.ts'
import { extent } from '../../runtime/shape.ts'
import type { OpContext } from '../op_context.ts'
import type { CaseShape, OpCase, OpRecord, Twin } from '../op_record.ts'

function normalised(shape: CaseShape, training: boolean, clip_lengths?: number[]): OpCase {
  const channels = [shape[1]!]
  return {
    attrs: { training, momentum: 0.1, eps: 1e-5, ...(clip_lengths && { clip_lengths }) },
    inputs: {
      x: shape,
      weight: channels,
      bias: channels,
      running_mean: channels,
      running_var: channels,
      'upstream.y': shape,
    },
  }
}

/** At the end of a residual unit: a ReLU, the skip connection, another ReLU; or only some of these. */
function normalisedThen(
  shape: CaseShape,
  training: boolean,
  then: { relu: boolean; skip?: boolean; join_relu?: boolean },
): OpCase {
  const { attrs, inputs } = normalised(shape, training)
  const { skip, ...flags } = then
  return { attrs: { ...attrs, ...flags }, inputs: { ...inputs, ...(skip && { skip: shape }) } }
}

function record(c: OpContext): void {
  const x = c.signal('x')
  const lengths = c.attrs.clip_lengths as number[] | undefined
  const clips = lengths ? boundsOfLengths(lengths) : oneClip(extent(x.shape, 1))
  const [gamma, beta] = [c.plain('weight'), c.plain('bias')]
  const [runningMean, runningVar] = [c.plain('running_mean'), c.plain('running_var')]
  const join = c.has('skip') ? { join: { skip: c.signal('skip'), relu: c.flag('join_relu') } } : {}
  const mode = {
    training: c.flag('training'),
    clips,
    momentum: c.number('momentum'),
    eps: c.number('eps'),
    relu: c.flag('relu'),
    ...join,
  }
  const { y, saved } = batchNorm(c.p, x, { gamma, beta, runningMean, runningVar }, mode)
  c.signalResult('y', y)
  c.plainResult('new_running_mean', runningMean)
  c.plainResult('new_running_var', runningVar)
  const gradients = { dgamma: c.vectorGradient('weight'), dbeta: c.vectorGradient('bias') }
  const dy = c.signal('upstream.y')
  const { dx, dskip } = batchNormBackward(c.p, dy, saved, gradients)
  c.signalResult('grad.x', dx)
  if (c.has('skip')) c.signalResult('grad.skip', dskip)
  const guided = guidedGradients.batchNormBackward(c.p, dy, saved, null)
  c.signalResult('guided.x', guided.dx)
  if (c.has('skip')) c.signalResult('guided.skip', guided.dskip)
}

/** With `relu` one follows the normalisation; with a tensor `skip` that is added, and with `join_relu` a ReLU follows the sum. */
const inFloat64: Twin = (tensor, { training, clip_lengths, relu: inner, join_relu }, tensors) => {
  const parameters = { weight: tensor('weight'), bias: tensor('bias') }
  const buffers = { running_mean: tensor('running_mean'), running_var: tensor('running_var') }
  const mode = clip_lengths ? { training, clipLengths: clip_lengths } : { training }
  const forward = twin(tensor('x'), parameters, buffers, mode)
  const activated = inner ? relu(forward.y) : forward.y
  const skip = tensors.get('skip')
  const joined = skip ? add(skip, activated) : activated
  const back = (guided: boolean) => {
    const dskip = join_relu ? reluBackward(tensor('upstream.y'), joined, guided) : tensor('upstream.y')
    const { x, parameters } = twinBackward(inner ? reluBackward(dskip, forward.y, guided) : dskip, forward.saved)
    return { dskip, x, parameters }
  }
  const [grad, guided] = [back(false), back(true)]
  return {
    ...(skip && { 'grad.skip': grad.dskip, 'guided.skip': guided.dskip }),
    y: join_relu ? relu(joined) : joined,
    new_running_mean: forward.buffers.running_mean,
    new_running_var: forward.buffers.running_var,
    'grad.x': grad.x,
    'guided.x': guided.x,
    'grad.weight': grad.parameters.weight,
    'grad.bias': grad.parameters.bias,
  }
}

const shared = { run: { on: 'plan', record }, twin: inFloat64, variants: batchNormVariants } as const

export const batchNormRecord: OpRecord = {
  op: 'batchnorm1d',
  cases: [
    normalised([3, 5, 1], true),
    normalised([2, 7, 211], true),
    normalised([4, 3, 19], false),
    normalised([2, 261, 3], true),
    normalised([1, 261, 3], false),
    normalisedThen([2, 7, 301], true, { relu: true }),
    normalisedThen([3, 66, 5], true, { relu: true, skip: true, join_relu: true }),
    normalisedThen([2, 9, 33], true, { relu: false, skip: true, join_relu: false }),
    normalisedThen([2, 5, 9], false, { relu: true, skip: true, join_relu: true }),
  ],
  ...shared,
}

/** With statistics of each clip. */
export const batchNormClipsRecord: OpRecord = {
  op: 'batchnorm1d_clips',
  cases: [normalised([2, 6, 37], true, [12, 12, 13])],
  ...shared,
}
