// The architecture's layers as nodes of an ONNX graph, in evaluation mode: the interpreter beside those of GPU, shapes and float64.
import type { OnnxAttribute, OnnxNode, OnnxTensor } from '../formats/onnx.ts'
import { chain, joinOf, type ConvSpec, type Join, type Layer, type Layers, type Step } from '../model/architecture.ts'
import { RNTA_POOLS, type RntaPool } from '../model/config.ts'
import { clipBounds } from '../kernels/clip_bounds.ts'
import { windowCount } from '../kernels/conv1d/conv1d.ts'
import type { HostTensors } from '../model/weights.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Shape } from '../runtime/shape.ts'

/** A value of the graph; its shape is that of one sample, [C, L] or [F]. */
export interface OnnxTrace {
  name: string
  shape: Shape
}

interface Windows {
  kernel: number
  stride: number
  padding: number
}

/** Interprets the architecture as ONNX operators (opset 17); weights are taken by their names. */
export class OnnxLayers implements Layers<OnnxTrace> {
  readonly nodes: OnnxNode[] = []
  readonly tensors = new Map<string, OnnxTensor>()

  constructor(private readonly weights: HostTensors) {}

  /** Applies an operator that gives one value; `name` is unique in the graph, or gets a number. */
  apply(op: string, name: string, inputs: readonly string[], attributes?: Record<string, OnnxAttribute>): string {
    const output = this.#unused(name)
    this.nodes.push({ op, inputs, outputs: [output], ...(attributes && { attributes }) })
    return output
  }

  /** A constant of the graph. */
  constant(name: string, shape: readonly number[], data: Float32Array | BigInt64Array): string {
    this.tensors.set(name, { name, shape, data })
    return name
  }

  conv(name: string, spec: ConvSpec): Layer<OnnxTrace> {
    return (x) => step(this.#convolved(name, x, spec))
  }

  batchNorm(name: string, { relu } = { relu: false }): Layer<OnnxTrace> {
    // Epsilon is ONNX's own default, 1e-5, which is PyTorch's and ours.
    const normalise: Layer<OnnxTrace> = ({ name: x, shape }) => {
      const parts = ['weight', 'bias', 'running_mean', 'running_var'].map((part) => this.#weight(`${name}.${part}`))
      return step({ name: this.apply('BatchNormalization', name, [x, ...parts]), shape })
    }
    return relu ? chain(normalise, this.relu) : normalise
  }

  batchNormJoin(name: string): Join<OnnxTrace> {
    return joinOf(this, this.batchNorm(name))
  }

  relu: Layer<OnnxTrace> = ({ name, shape }) => step({ name: this.apply('Relu', `${name}.relu`, [name]), shape })
  sigmoid: Layer<OnnxTrace> = ({ name, shape }) =>
    step({ name: this.apply('Sigmoid', `${name}.sigmoid`, [name]), shape })
  flatten: Layer<OnnxTrace> = ({ name, shape }) =>
    step({
      name: this.apply('Flatten', `${name}.flat`, [name], { axis: 1 }),
      shape: [shape.reduce((a, b) => a * b, 1)],
    })

  /** x times sigmoid(expand(relu(reduce(mean over the clip)))), clip by clip (eq. 8 and 9). */
  sca(name: string, { clips }: { reduction: number; clips: number }): Layer<OnnxTrace> {
    return (x) => {
      const gated = this.#clips(x, clips, name).map((clip) => {
        const of = `${clip.name}.${name}`
        const pooled = this.apply('ReduceMean', `${of}.mean`, [clip.name], { axes: [2], keepdims: 1 })
        const hidden = this.#projected(`${name}.reduce`, { name: pooled, shape: [clip.shape[0]!, 1] })
        const expanded = this.#projected(`${name}.expand`, this.relu(hidden).y)
        return { name: this.apply('Mul', `${of}.gated`, [clip.name, this.sigmoid(expanded).y.name]), shape: clip.shape }
      })
      return step({ name: this.#joined(gated, name), shape: x.shape })
    }
  }

  /** BN(out(softmax(theta phi^T) g)) + x, clip by clip (section 3.3.2). */
  rnta(name: string, { pool, clips }: { pool: RntaPool; clips: number }): Layer<OnnxTrace> {
    return (x) => {
      const parts = ['theta', 'phi', 'g'].map((part) => {
        const projected = this.#projected(`${name}.${part}`, x)
        return this.#clips(projected, clips, `${name}.${part}`)
      })
      const [queries, keys, values] = parts as [OnnxTrace[], OnnxTrace[], OnnxTrace[]]
      const mixed = queries.map((query, c) =>
        this.#attended(query, this.#pooled(keys[c]!, pool), this.#pooled(values[c]!, pool)),
      )
      const out = this.#projected(`${name}.out`, { name: this.#joined(mixed, `${name}.mixed`), shape: mixed[0]!.shape })
      const normalised = this.batchNorm(`${name}.bn`)(out).y.name
      return step({ name: this.apply('Add', name, [normalised, x.name]), shape: x.shape })
    }
  }

  /** softmax(theta^T phi) over the keys, and what it makes of g: [inner, queries]. */
  #attended({ name: query, shape }: OnnxTrace, { name: key }: OnnxTrace, { name: value }: OnnxTrace): OnnxTrace {
    const transposed = (of: string): string => this.apply('Transpose', `${of}.transposed`, [of], { perm: [0, 2, 1] })
    const scores = this.apply('MatMul', `${query}.scores`, [transposed(query), key])
    const attention = this.apply('Softmax', `${query}.attention`, [scores], { axis: -1 })
    return { name: this.apply('MatMul', `${query}.mixed`, [value, transposed(attention)]), shape }
  }

  maxPool(windows: Windows): Layer<OnnxTrace> {
    return (x) => step(this.#windowed('MaxPool', x, windows))
  }

  averagePool({ kernel }: { kernel: number }): Layer<OnnxTrace> {
    return (x) => step(this.#windowed('AveragePool', x, { kernel, stride: 1, padding: 0 }))
  }

  linear(name: string, features: number): Layer<OnnxTrace> {
    return ({ name: x }) => {
      const parts = [this.#weight(`${name}.weight`), this.#weight(`${name}.bias`)]
      return step({ name: this.apply('Gemm', name, [x, ...parts], { transB: 1 }), shape: [features] })
    }
  }

  add(a: OnnxTrace, b: OnnxTrace): OnnxTrace {
    return { name: this.apply('Add', `${a.name}.sum`, [a.name, b.name]), shape: a.shape }
  }

  tap(): Layer<OnnxTrace> {
    return step
  }

  /** Rows of features side by side. */
  concatenated(name: string, rows: readonly OnnxTrace[]): OnnxTrace {
    const names = rows.map((row) => row.name)
    const features = rows.reduce((sum, { shape }) => sum + shape[0]!, 0)
    return { name: names.length === 1 ? names[0]! : this.apply('Concat', name, names, { axis: 1 }), shape: [features] }
  }

  /** 1x1. */
  #projected(name: string, x: OnnxTrace): OnnxTrace {
    return this.#convolved(name, x, { kernel: 1, stride: 1, padding: 0, bias: true })
  }

  #convolved(name: string, { name: x, shape }: OnnxTrace, { bias, ...windows }: Omit<ConvSpec, 'channels'>): OnnxTrace {
    const weight = `${name}.weight`
    const inputs = [x, this.#weight(weight), ...(bias ? [this.#weight(`${name}.bias`)] : [])]
    const channels = this.tensors.get(weight)!.shape[0]!
    const length = windowCount(shape[1]!, windows.kernel, windows)
    return { name: this.apply('Conv', name, inputs, windowAttributes(windows)), shape: [channels, length] }
  }

  #windowed(op: 'MaxPool' | 'AveragePool', { name, shape }: OnnxTrace, windows: Windows): OnnxTrace {
    const length = windowCount(shape[1]!, windows.kernel, windows)
    return { name: this.apply(op, `${name}.pool`, [name], windowAttributes(windows)), shape: [shape[0]!, length] }
  }

  #pooled(x: OnnxTrace, pool: RntaPool): OnnxTrace {
    const { kind, rows } = RNTA_POOLS[pool]
    if (rows === 1) return x
    return this.#windowed(kind === 'max' ? 'MaxPool' : 'AveragePool', x, { kernel: rows, stride: rows, padding: 0 })
  }

  /** The value cut along time into clips. */
  #clips(x: OnnxTrace, clips: number, name: string): OnnxTrace[] {
    const [channels = 0, length = 0] = x.shape
    if (clips === 1) return [x]
    const bounds = clipBounds(length, clips)
    const lengths = bounds.slice(1).map((end, i) => end - bounds[i]!)
    const split = this.constant(`${name}.lengths`, [clips], BigInt64Array.from(lengths, BigInt))
    const outputs = lengths.map((_, c) => this.#unused(`${name}.clip${c}`))
    this.nodes.push({ op: 'Split', inputs: [x.name, split], outputs, attributes: { axis: 2 } })
    return outputs.map((output, c) => ({ name: output, shape: [channels, lengths[c]!] }))
  }

  /** Clips one after the other. */
  #joined(clips: readonly OnnxTrace[], name: string): string {
    const names = clips.map((clip) => clip.name)
    return names.length === 1 ? names[0]! : this.apply('Concat', name, names, { axis: 2 })
  }

  #weight(name: string): string {
    if (this.tensors.has(name)) return name
    const tensor = this.weights.get(name)
    if (!tensor) throw new FormatError(`The model needs the tensor ${name}, which was not given.`)
    return this.constant(name, tensor.shape, Float32Array.from(tensor.data))
  }

  /** Names are unique in a graph; a layer that is used again gets a number. */
  #unused(name: string): string {
    const count = this.#uses.get(name) ?? 0
    this.#uses.set(name, count + 1)
    return count === 0 ? name : `${name}#${count + 1}`
  }

  readonly #uses = new Map<string, number>()
}

/** A file has no backward pass. */
const step = (y: OnnxTrace): Step<OnnxTrace> => ({
  y,
  backward: () => {
    throw new FormatError('an ONNX graph predicts and does not train')
  },
})

const windowAttributes = ({ kernel, stride, padding }: Windows): Record<string, OnnxAttribute> => ({
  kernel_shape: [kernel],
  strides: [stride],
  pads: [padding, padding],
})
