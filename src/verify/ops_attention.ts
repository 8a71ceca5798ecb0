// The attention module's cases run through the model's own layers, on weights taken from the case.
import { GpuLayers } from '../model/layers.ts'
import { attentionModule, type Layer } from '../model/architecture.ts'
import { presets, type AttentionKind, type RntaPool } from '../model/config.ts'
import type { WeightTensors } from '../model/weights.ts'
import { ShapeError } from '../runtime/errors.ts'
import type { Tensor } from '../runtime/tensor.ts'
import type { OpContext } from './op_context.ts'

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

function runLayer(c: OpContext, weights: WeightTensors, layer: (on: GpuLayers) => Layer<Tensor>, bn: string): GpuLayers {
  const on = new GpuLayers(c.p, weights, c.attrs.training === true, null)
  const { y, backward } = layer(on)(c.signal('x'))
  c.signalResult('y', y)
  c.signalResult('grad.x', backward(c.signal('upstream.y')))
  on.finishGradients()
  for (const statistic of ['running_mean', 'running_var']) {
    c.plainResult(`new_${statistic}`, weights.buffer(`${bn}.${statistic}`))
  }
  return on
}

export function rntaCase(c: OpContext): void {
  const pool = c.attrs.pool as RntaPool
  const weights = caseWeights(c, (name) => name.slice('rnta.'.length))
  const { taps } = runLayer(c, weights, (on) => on.rnta('rnta', { pool, clips: 1 }), 'rnta.bn')
  const [q, k, lse] = ['queries', 'keys', 'lse'].map((name) => taps.get(`rnta.${name}`)) as [Tensor, Tensor, Tensor]
  c.derivedResult('attention', [q, k, lse], (...data) => attentionMatrix(q, k, data as [Float32Array, Float32Array, Float32Array]))
}

/** The n x m matrix that the kernel never stores, from what it does: exp(q . k - lse). */
function attentionMatrix(q: Tensor, k: Tensor, [queries, keys, lse]: [Float32Array, Float32Array, Float32Array]): Float32Array {
  const [batch = 0, n = 0, depth = 0] = q.shape
  const m = k.shape[1] ?? 0
  const matrix = new Float32Array(batch * n * m)
  for (let row = 0; row < batch * n; row++) {
    const firstKey = Math.floor(row / n) * m
    for (let j = 0; j < m; j++) {
      let score = 0
      for (let d = 0; d < depth; d++) score += (queries[row * depth + d] as number) * (keys[(firstKey + j) * depth + d] as number)
      matrix[row * m + j] = Math.exp(score - (lse[row] as number))
    }
  }
  return matrix
}

export function attentionModuleCase(c: OpContext): void {
  const lengths = c.attrs.clip_lengths as number[]
  const length = lengths.reduce((sum, n) => sum + n, 0)
  const expected = lengths.map((_, i) => Math.floor(((i + 1) * length) / lengths.length) - Math.floor((i * length) / lengths.length))
  if (expected.some((n, i) => n !== lengths[i])) throw new ShapeError(`clips of ${lengths.join(', ')} rows are not those of the model`)
  const config = {
    ...presets.paper,
    attention: c.attrs.order as AttentionKind,
    rnta_pool: c.attrs.pool as RntaPool,
    clips: lengths.length,
  }
  const weights = caseWeights(c, (name) => name.replace(/^attention\.(rnta\.)?/, ''))
  runLayer(c, weights, (on) => attentionModule(on, config, 'attention'), 'attention.rnta.bn')
}
