// Operators with the awkward shapes they are checked on: one row, odd channels, lengths that fill no tile, strides that leave rows over.

export interface KernelCase {
  op: string
  attrs: Readonly<Record<string, unknown>>
  /** Input -> shape, channels first; data are drawn from the seed. */
  inputs: Readonly<Record<string, readonly number[]>>
}

type Shape = readonly number[]

function conv(batch: number, inChannels: number, outChannels: number, length: number, k: number, s: number, p: number, bias: boolean): KernelCase {
  const out = Math.floor((length + 2 * p - k) / s) + 1
  return {
    op: 'conv1d',
    attrs: { kernel: k, stride: s, padding: p },
    inputs: {
      x: [batch, inChannels, length],
      weight: [outChannels, inChannels, k],
      ...(bias && { bias: [outChannels] }),
      'upstream.y': [batch, outChannels, out],
    },
  }
}

function batchNorm(shape: Shape, training: boolean, clip_lengths?: number[]): KernelCase {
  const channels = [shape[1] ?? 1]
  return {
    op: clip_lengths ? 'batchnorm1d_clips' : 'batchnorm1d',
    attrs: { training, momentum: 0.1, eps: 1e-5, ...(clip_lengths && { clip_lengths }) },
    inputs: { x: shape, weight: channels, bias: channels, running_mean: channels, running_var: channels, 'upstream.y': shape },
  }
}

/** Batch normalisation of a residual unit: a ReLU, the skip connection, another ReLU; or only some of these. */
function batchNormThen(shape: Shape, training: boolean, then: { relu: boolean; skip?: boolean; join_relu?: boolean }): KernelCase {
  const { op, attrs, inputs } = batchNorm(shape, training)
  const { skip, ...flags } = then
  return { op, attrs: { ...attrs, ...flags }, inputs: { ...inputs, ...(skip && { skip: shape }) } }
}

function pool(kind: 'max' | 'avg', shape: Shape, kernel: number, stride: number, padding: number): KernelCase {
  const out = Math.floor(((shape[2] ?? 0) + 2 * padding - kernel) / stride) + 1
  const upstream = [shape[0] ?? 1, shape[1] ?? 1, out]
  return { op: `${kind}pool1d`, attrs: { kernel, stride, padding }, inputs: { x: shape, 'upstream.y': upstream } }
}

function sca([batch = 1, channels = 8, length = 1]: Shape): KernelCase {
  const hidden = channels / 8
  return {
    op: 'sca',
    attrs: { reduction: 8 },
    inputs: {
      x: [batch, channels, length],
      'reduce.weight': [hidden, channels, 1],
      'reduce.bias': [hidden],
      'expand.weight': [channels, hidden, 1],
      'expand.bias': [channels],
      'upstream.y': [batch, channels, length],
    },
  }
}

function rntaInputs(channels: number): Record<string, Shape> {
  const inner = Math.floor(channels / 2)
  const projections = ['theta', 'phi', 'g'].flatMap((part): [string, Shape][] => [
    [`${part}.weight`, [inner, channels, 1]],
    [`${part}.bias`, [inner]],
  ])
  const vectors = ['bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'].map((name): [string, Shape] => [name, [channels]])
  return Object.fromEntries([...projections, ['out.weight', [channels, inner, 1]], ['out.bias', [channels]], ...vectors])
}

function rnta(shape: Shape, poolKind: string, training: boolean): KernelCase {
  const inputs = { x: shape, ...rntaInputs(shape[1] ?? 2), 'upstream.y': shape }
  return { op: 'rnta', attrs: { pool: poolKind, training }, inputs }
}

function attention(shape: Shape, order: string, clip_lengths: number[], training: boolean): KernelCase {
  const channels = shape[1] ?? 8
  const { x: _, 'upstream.y': __, ...scaWeights } = sca([1, channels, 1]).inputs
  const named = Object.fromEntries(Object.entries(scaWeights).map(([name, s]) => [`sca.${name}`, s]))
  const attrs = { order, pool: 'none', training, clip_lengths }
  return { op: 'attention_module', attrs, inputs: { x: shape, ...rntaInputs(channels), ...named, 'upstream.y': shape } }
}

const linear = (batch: number, inFeatures: number, outFeatures: number): KernelCase => ({
  op: 'linear',
  attrs: {},
  inputs: { x: [batch, inFeatures], weight: [outFeatures, inFeatures], bias: [outFeatures], 'upstream.y': [batch, outFeatures] },
})

const pointwise = (op: string, shape: Shape): KernelCase => ({ op, attrs: { axis: -1 }, inputs: { x: shape, 'upstream.y': shape } })

function optimizer(op: string, attrs: Record<string, unknown>, size: number): KernelCase {
  const gradients = [1, 2, 3].map((t): [string, Shape] => [`grad.${t}`, [size]])
  return { op, attrs, inputs: { 'p.0': [size], ...Object.fromEntries(gradients) } }
}

const adam = { lr: 0.01, betas: [0.9, 0.999], eps: 1e-8 }

export const kernelCases: readonly KernelCase[] = [
  conv(2, 3, 8, 37, 7, 2, 3, true),
  conv(1, 1, 3, 7, 7, 1, 0, true),
  conv(3, 9, 4, 41, 1, 3, 0, false),
  conv(2, 17, 19, 70, 3, 1, 1, false),
  conv(2, 16, 16, 301, 3, 1, 1, false),
  conv(1, 5, 6, 1, 3, 1, 1, true),
  batchNorm([3, 5, 1], true),
  batchNorm([2, 7, 211], true),
  batchNorm([2, 6, 37], true, [12, 12, 13]),
  batchNorm([4, 3, 19], false),
  batchNormThen([2, 7, 301], true, { relu: true }),
  batchNormThen([3, 66, 5], true, { relu: true, skip: true, join_relu: true }),
  batchNormThen([2, 9, 33], true, { relu: false, skip: true, join_relu: false }),
  batchNormThen([2, 5, 9], false, { relu: true, skip: true, join_relu: true }),
  pointwise('relu', [2, 3, 37]),
  pointwise('sigmoid', [5, 7, 13]),
  pointwise('softmax', [2, 11, 29]),
  pool('max', [2, 5, 29], 3, 2, 1),
  pool('max', [1, 3, 2], 2, 2, 0),
  pool('avg', [2, 6, 27], 14, 1, 0),
  { op: 'global_avgpool', attrs: {}, inputs: { x: [3, 5, 17], 'upstream.y': [3, 5] } },
  sca([2, 8, 7]),
  sca([1, 24, 1]),
  sca([3, 64, 150]),
  sca([1, 288, 3]),
  rnta([2, 8, 13], 'none', true),
  rnta([1, 6, 29], 'max2', true),
  rnta([2, 10, 23], 'avg2', false),
  attention([2, 8, 37], 'sca-rnta', [12, 12, 13], true),
  attention([2, 8, 23], 'parallel', [7, 8, 8], true),
  linear(5, 7, 3),
  linear(3, 130, 61),
  { op: 'concat', attrs: { axis: 1 }, inputs: { a: [5, 7], b: [5, 3], 'upstream.y': [5, 10] } },
  { op: 'concat', attrs: { axis: 2 }, inputs: { a: [2, 3, 4], b: [2, 3, 4], c: [2, 3, 5], 'upstream.y': [2, 3, 13] } },
  { op: 'softmax_cross_entropy', attrs: {}, inputs: { logits: [5, 3], labels: [5] } },
  { op: 'softmax_cross_entropy', attrs: {}, inputs: { logits: [4, 7], targets: [4, 7] } },
  { op: 'double_softmax_cross_entropy', attrs: {}, inputs: { logits: [6, 2], labels: [6] } },
  optimizer('sgd', { lr: 0.1, momentum: 0.9, weight_decay: 0.01 }, 37),
  optimizer('adam', { ...adam, weight_decay: 0.01 }, 37),
  optimizer('adamw', { ...adam, weight_decay: 0.01 }, 5),
  { op: 'segment_mean', attrs: { clip_lengths: [5, 1, 7] }, inputs: { x: [2, 5, 13], 'upstream.y': [2, 5, 3] } },
  { op: 'segment_mean', attrs: { clip_lengths: [17, 33, 16] }, inputs: { x: [1, 9, 66], 'upstream.y': [1, 9, 3] } },
]
