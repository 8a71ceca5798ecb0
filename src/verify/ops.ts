// How each operator of a fixture case is run on the GPU: through the same kernels, or layers, that the model uses.
import { interpolateLinear } from '../signal/resample.ts'
import { batchNorm, batchNormBackward } from '../kernels/batchnorm.ts'
import { channelAttention, channelAttentionBackward } from '../kernels/channel_attention.ts'
import { conv1d, conv1dBackwardInput, conv1dBackwardWeight } from '../kernels/conv1d.ts'
import { relu, reluBackward, sigmoid, sigmoidBackward } from '../kernels/elementwise.ts'
import { concat, slice } from '../kernels/layout.ts'
import { linear, linearBackward } from '../kernels/linear.ts'
import { pool1d, pool1dBackward, type PoolGeometry } from '../kernels/pool.ts'
import { segmentMean, segmentMeanBackward } from '../kernels/segment_mean.ts'
import { segmentsOf, wholeSegment } from '../kernels/segments.ts'
import { oneHot, softmax, softmaxBackward, softmaxCrossEntropy } from '../kernels/softmax.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { extent, innerOf } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { OpContext, type Arrays } from './op_context.ts'
import { attentionModuleCase, rntaCase } from './ops_attention.ts'
import { withPlan } from './owned.ts'

type OpRunner = (c: OpContext) => void

const number = (c: OpContext, name: string): number => Number(c.attrs[name])

function conv1dCase(c: OpContext): void {
  const geometry = { stride: number(c, 'stride'), padding: number(c, 'padding') }
  const [x, w, dy] = [c.signal('x'), c.weight('weight'), c.signal('upstream.y')]
  c.signalResult('y', conv1d(c.p, x, w, c.has('bias') ? c.plain('bias') : null, geometry))
  c.signalResult('grad.x', conv1dBackwardInput(c.p, dy, w, x.shape, geometry))
  conv1dBackwardWeight(c.p, x, dy, c.weightGradient('weight'), c.has('bias') ? c.vectorGradient('bias') : null, geometry)
}

function batchNormCase(c: OpContext): void {
  const x = c.signal('x')
  const clips = c.attrs.clip_lengths as number[] | undefined
  const segments = clips ? segmentsOf(clips) : wholeSegment(extent(x.shape, 1))
  const [gamma, beta] = [c.plain('weight'), c.plain('bias')]
  const [runningMean, runningVar] = [c.plain('running_mean'), c.plain('running_var')]
  const training = c.attrs.training === true
  const join = c.has('skip') ? { join: { skip: c.signal('skip'), relu: c.attrs.join_relu === true } } : {}
  const mode = { training, segments, momentum: number(c, 'momentum'), eps: number(c, 'eps'), relu: c.attrs.relu === true, ...join }
  const { y, record } = batchNorm(c.p, x, { gamma, beta, runningMean, runningVar }, mode)
  c.signalResult('y', y)
  c.plainResult('new_running_mean', runningMean)
  c.plainResult('new_running_var', runningVar)
  const gradients = { dgamma: c.vectorGradient('weight'), dbeta: c.vectorGradient('bias') }
  const { dx, dskip } = batchNormBackward(c.p, c.signal('upstream.y'), record, gradients)
  c.signalResult('grad.x', dx)
  if (c.has('skip')) c.signalResult('grad.skip', dskip)
}

function poolCase(c: OpContext, kind: PoolGeometry['kind']): void {
  const geometry = { kind, kernel: number(c, 'kernel'), stride: number(c, 'stride'), padding: number(c, 'padding') }
  const x = c.signal('x')
  c.signalResult('y', pool1d(c.p, x, geometry))
  c.signalResult('grad.x', pool1dBackward(c.p, c.signal('upstream.y'), x, geometry))
}

function globalPoolCase(c: OpContext): void {
  const x = c.signal('x')
  const segments = wholeSegment(extent(x.shape, 1))
  c.plainResult('y', segmentMean(c.p, x, segments))
  const dy = c.plain('upstream.y')
  c.signalResult('grad.x', segmentMeanBackward(c.p, dy, x.shape, segments))
}

/** The mean of each clip: y and its gradient are [B, C, clips]. */
function segmentMeanCase(c: OpContext): void {
  const x = c.signal('x')
  const segments = segmentsOf(c.attrs.clip_lengths as number[])
  c.signalResult('y', segmentMean(c.p, x, segments))
  c.signalResult('grad.x', segmentMeanBackward(c.p, c.signal('upstream.y'), x.shape, segments))
}

function scaCase(c: OpContext): void {
  const x = c.signal('x')
  const parts = ['reduce.weight', 'reduce.bias', 'expand.weight', 'expand.bias'] as const
  const tensors = (of: (name: string) => Tensor) => {
    const [reduceWeight, reduceBias, expandWeight, expandBias] = parts.map(of) as [Tensor, Tensor, Tensor, Tensor]
    return { reduceWeight, reduceBias, expandWeight, expandBias }
  }
  const parameters = tensors((name) => (name.endsWith('weight') ? c.weight(name) : c.plain(name)))
  const { y, record } = channelAttention(c.p, x, parameters, 1)
  c.signalResult('y', y)
  c.plainResult('gate', record.gate)
  const gradients = tensors((name) => (name.endsWith('weight') ? c.weightGradient(name) : c.vectorGradient(name)))
  c.signalResult('grad.x', channelAttentionBackward(c.p, c.signal('upstream.y'), record, parameters, gradients))
}

function linearCase(c: OpContext): void {
  const [x, w] = [c.plain('x'), c.weight('weight')]
  const bias = c.has('bias')
  c.plainResult('y', linear(c.p, x, w, bias ? c.plain('bias') : null))
  const dbias = bias ? c.vectorGradient('bias') : null
  c.plainResult('grad.x', linearBackward(c.p, x, c.plain('upstream.y'), w, c.weightGradient('weight'), dbias))
}

/** Features [B, F] side by side, or clips [B, C, L] in time: the innermost axis in both. */
function concatCase(c: OpContext): void {
  const names = ['a', 'b', 'c', 'd', 'e'].filter((name) => c.has(name))
  const parts = names.map((name) => c.plain(name))
  c.plainResult('y', parts.reduce((joined, part) => concat(c.p, joined, part)))
  const dy = c.plain('upstream.y')
  let first = 0
  names.forEach((name, i) => {
    const width = innerOf((parts[i] as Tensor).shape)
    c.plainResult(`grad.${name}`, slice(c.p, dy, first, width))
    first += width
  })
}

function softmaxCase(c: OpContext): void {
  const y = softmax(c.p, c.plain('x'))
  c.plainResult('y', y)
  c.plainResult('grad.x', softmaxBackward(c.p, c.plain('upstream.y'), y))
}

function crossEntropyCase(c: OpContext, double: boolean): void {
  const logits = c.plain('logits')
  const probabilities = softmax(c.p, logits)
  const { loss, dlogits } = softmaxCrossEntropy(c.p, double ? probabilities : logits, targetsOf(c, innerOf(logits.shape)))
  c.plainResult('loss', loss)
  c.plainResult('probs', probabilities)
  c.plainResult('grad.logits', double ? softmaxBackward(c.p, dlogits, probabilities) : dlogits)
}

function targetsOf(c: OpContext, classes: number): Tensor {
  if (c.has('targets')) return c.plain('targets')
  const labels = c.array('labels').data
  return c.upload('targets', [labels.length, classes], oneHot(labels, classes))
}

function activationCase(
  c: OpContext,
  forward: (p: OpContext['p'], x: Tensor) => Tensor,
  backward: (p: OpContext['p'], dy: Tensor, y: Tensor) => Tensor,
): void {
  const y = forward(c.p, c.plain('x'))
  c.plainResult('y', y)
  c.plainResult('grad.x', backward(c.p, c.plain('upstream.y'), y))
}

const runners: Readonly<Record<string, OpRunner>> = {
  conv1d: conv1dCase,
  batchnorm1d: batchNormCase,
  batchnorm1d_clips: batchNormCase,
  relu: (c) => activationCase(c, relu, reluBackward),
  sigmoid: (c) => activationCase(c, sigmoid, sigmoidBackward),
  softmax: softmaxCase,
  global_avgpool: globalPoolCase,
  segment_mean: segmentMeanCase,
  avgpool1d: (c) => poolCase(c, 'average'),
  maxpool1d: (c) => poolCase(c, 'max'),
  sca: scaCase,
  rnta: rntaCase,
  attention_module: attentionModuleCase,
  linear: linearCase,
  concat: concatCase,
  softmax_cross_entropy: (c) => crossEntropyCase(c, false),
  double_softmax_cross_entropy: (c) => crossEntropyCase(c, true),
}

/** Runs an operator case; returns its results by the names of `expect`. Throws UsageError for an operator that is not known. */
export async function runOp(
  gpu: Gpu,
  op: string,
  attrs: Readonly<Record<string, unknown>>,
  arrays: Arrays,
): Promise<Map<string, Float32Array>> {
  if (op === 'interpolate_linear') return interpolateCase(attrs, arrays)
  const runner = runners[op]
  if (!runner) throw new UsageError(`there is no operator '${op}' (known: ${Object.keys(runners).join(', ')})`)
  return withPlan(gpu, async (plan) => {
    const context = new OpContext(plan, arrays, attrs)
    runner(context)
    return context.run()
  })
}

/** Preprocessing on the host: rows of [B, C, L], both conventions for the ends. */
function interpolateCase(attrs: Readonly<Record<string, unknown>>, arrays: Arrays): Map<string, Float32Array> {
  const x = arrays.get('x')
  const length = x?.shape[2] ?? 0
  const data = Float64Array.from((x?.data ?? []) as ArrayLike<number>, Number)
  const rows = Array.from({ length: data.length / length }, (_, r) => data.subarray(r * length, (r + 1) * length))
  const resampled = (alignCorners: boolean) =>
    Float32Array.from(rows.flatMap((row) => [...interpolateLinear(row, Number(attrs.out_length), alignCorners)]))
  return new Map([
    ['y', resampled(false)],
    ['y_align_corners', resampled(true)],
  ])
}
