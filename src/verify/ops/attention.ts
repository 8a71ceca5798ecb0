// RNTA and the whole attention module run through the model's own layers, on weights taken from the case.
import { attentionVariants } from '../../kernels/attention.ts'
import { batchNormVariants } from '../../kernels/batchnorm.ts'
import { conv1dVariants } from '../../kernels/conv1d/conv1d.ts'
import { gradients } from '../../kernels/gradients.ts'
import { GpuLayers } from '../../model/layers.ts'
import { attentionModule, type Layer } from '../../model/architecture.ts'
import { presets, type AttentionKind, type ModelConfig, type RntaPool } from '../../model/config.ts'
import type { WeightTensors } from '../../model/weights.ts'
import type { NamedArrays } from '../../reference/array.ts'
import { ReferenceLayers } from '../../reference/layers.ts'
import {
  rnta as twin,
  rntaBackward as twinBackward,
  type RntaBuffers,
  type RntaParameters,
} from '../../reference/rnta.ts'
import { ShapeError } from '../../runtime/errors.ts'
import type { Tensor } from '../../runtime/tensor.ts'
import type { OpContext } from '../op_context.ts'
import { gradientsOf, type CaseShape, type OpCase, type OpRecord, type Twin } from '../op_record.ts'
import { scaInputs } from './sca.ts'

/** Lends the case's arrays to layers: `strip` turns a layer's parameter name into the case's. */
function caseWeights(c: OpContext, strip: (name: string) => string): WeightTensors {
  const lent = new Map<string, Tensor>()
  const once = (key: string, make: () => Tensor): Tensor => {
    const tensor = lent.get(key) ?? make()
    lent.set(key, tensor)
    return tensor
  }
  const isMatrix = (name: string): boolean => c.array(name).shape.length > 1
  return {
    parameter: (full) => once(full, () => (isMatrix(strip(full)) ? c.weight(strip(full)) : c.plain(strip(full)))),
    buffer: (full) => once(full, () => c.plain(strip(full))),
    gradient: (full) => {
      const name = strip(full)
      return once(`grad ${full}`, () => (isMatrix(name) ? c.weightGradient(name) : c.vectorGradient(name)))
    },
  }
}

function runLayer(
  c: OpContext,
  weights: WeightTensors,
  layer: (on: GpuLayers) => Layer<Tensor>,
  bn: string,
): GpuLayers {
  const on = new GpuLayers(c.p, weights, c.attrs.training === true, gradients, null)
  const { y, backward } = layer(on)(c.signal('x'))
  c.signalResult('y', y)
  c.signalResult('grad.x', backward(c.signal('upstream.y')))
  on.finishGradients()
  for (const statistic of ['running_mean', 'running_var']) {
    c.plainResult(`new_${statistic}`, weights.buffer(`${bn}.${statistic}`))
  }
  return on
}

function recordRnta(c: OpContext): void {
  const pool = c.attrs.pool as RntaPool
  const weights = caseWeights(c, (name) => name.slice('rnta.'.length))
  const { taps } = runLayer(c, weights, (on) => on.rnta('rnta', { pool, clips: 1 }), 'rnta.bn')
  const [q, k, lse] = ['queries', 'keys', 'lse'].map((name) => taps.get(`rnta.${name}`)) as [Tensor, Tensor, Tensor]
  c.derivedResult('attention', [q, k, lse], (...data) =>
    attentionMatrix(q, k, data as [Float32Array, Float32Array, Float32Array]),
  )
}

/** The n x m matrix that the kernel never stores, from what it does: exp(q . k - lse). */
function attentionMatrix(
  q: Tensor,
  k: Tensor,
  [queries, keys, lse]: [Float32Array, Float32Array, Float32Array],
): Float32Array {
  const [batch = 0, n = 0, depth = 0] = q.shape
  const m = k.shape[1]!
  const matrix = new Float32Array(batch * n * m)
  for (let row = 0; row < batch * n; row++) {
    const firstKey = Math.floor(row / n) * m
    for (let j = 0; j < m; j++) {
      let score = 0
      for (let d = 0; d < depth; d++) score += queries[row * depth + d]! * keys[(firstKey + j) * depth + d]!
      matrix[row * m + j] = Math.exp(score - lse[row]!)
    }
  }
  return matrix
}

function recordModule(c: OpContext): void {
  const lengths = c.attrs.clip_lengths as number[]
  const length = lengths.reduce((sum, n) => sum + n, 0)
  const expected = lengths.map(
    (_, i) => Math.floor(((i + 1) * length) / lengths.length) - Math.floor((i * length) / lengths.length),
  )
  if (expected.some((n, i) => n !== lengths[i]))
    throw new ShapeError(`clips of ${lengths.join(', ')} rows are not those of the model`)
  const config = {
    ...presets.paper,
    attention: c.attrs.order as AttentionKind,
    rnta_pool: c.attrs.pool as RntaPool,
    clips: lengths.length,
  }
  const weights = caseWeights(c, (name) => name.replace(/^attention\.(rnta\.)?/, ''))
  runLayer(c, weights, (on) => attentionModule(on, config, 'attention'), 'attention.rnta.bn')
}

function rntaInputs(channels: number): Record<string, CaseShape> {
  const inner = Math.floor(channels / 2)
  const projections = ['theta', 'phi', 'g'].flatMap((part): [string, CaseShape][] => [
    [`${part}.weight`, [inner, channels, 1]],
    [`${part}.bias`, [inner]],
  ])
  const vectors = ['bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var'].map((name): [string, CaseShape] => [
    name,
    [channels],
  ])
  return Object.fromEntries([
    ...projections,
    ['out.weight', [channels, inner, 1]],
    ['out.bias', [channels]],
    ...vectors,
  ])
}

const rntaOf = (shape: CaseShape, pool: RntaPool, training: boolean): OpCase => ({
  attrs: { pool, training },
  inputs: { x: shape, ...rntaInputs(shape[1]!), 'upstream.y': shape },
})

function moduleOf(shape: CaseShape, order: AttentionKind, clip_lengths: number[], training: boolean): OpCase {
  const channels = shape[1]!
  const named = Object.fromEntries(Object.entries(scaInputs(channels)).map(([name, s]) => [`sca.${name}`, s]))
  return {
    attrs: { order, pool: 'none', training, clip_lengths },
    inputs: { x: shape, ...rntaInputs(channels), ...named, 'upstream.y': shape },
  }
}

const rntaInFloat64: Twin = (tensor, { pool, training }, tensors) => {
  const arrays = Object.fromEntries(tensors) as RntaParameters & RntaBuffers
  const forward = twin(tensor('x'), arrays, arrays, pool, { training })
  const grad = twinBackward(tensor('upstream.y'), forward.saved)
  return {
    y: forward.y,
    attention: forward.attention[0]!,
    'grad.x': grad.x,
    ...gradientsOf(grad.parameters),
    new_running_mean: forward.buffers['bn.running_mean'],
    new_running_var: forward.buffers['bn.running_var'],
  }
}

const moduleInFloat64: Twin = (tensor, { order, pool, training, clip_lengths }, tensors) => {
  const config = {
    attention: order,
    rnta_pool: pool,
    sca_scope: 'clip',
    sca_reduction: 8,
    clips: clip_lengths!.length,
  } as ModelConfig
  // The case names RNTA's tensors without a prefix.
  const named: NamedArrays = new Map(
    [...tensors].map(([name, array]) => [name.startsWith('sca.') ? `module.${name}` : `module.rnta.${name}`, array]),
  )
  const pass = new ReferenceLayers(named, named, training)
  const step = attentionModule(pass, config, 'module')(tensor('x'))
  const gradX = step.backward(tensor('upstream.y'))
  const grads = [...pass.gradients].map(([name, array]) => [name.replace(/^module\.(rnta\.)?/, ''), array] as const)
  return {
    y: step.y,
    'grad.x': gradX,
    ...gradientsOf(Object.fromEntries(grads)),
    new_running_mean: pass.buffers.get('module.rnta.bn.running_mean')!,
    new_running_var: pass.buffers.get('module.rnta.bn.running_var')!,
  }
}

const variants = { ...conv1dVariants, ...attentionVariants, ...batchNormVariants }

export const rntaRecord: OpRecord = {
  op: 'rnta',
  cases: [
    rntaOf([2, 8, 13], 'none', true),
    rntaOf([1, 6, 29], 'max2', true),
    rntaOf([2, 10, 23], 'avg2', false),
    rntaOf([70, 8, 5], 'none', true),
  ],
  run: { on: 'plan', record: recordRnta },
  twin: rntaInFloat64,
  variants,
}

export const attentionModuleRecord: OpRecord = {
  op: 'attention_module',
  cases: [moduleOf([2, 8, 37], 'sca-rnta', [12, 12, 13], true), moduleOf([2, 8, 23], 'parallel', [7, 8, 8], true)],
  run: { on: 'plan', record: recordModule },
  twin: moduleInFloat64,
  variants,
}
