import { convWeightShape } from '../kernels/conv1d/conv1d.ts'
import { packWeight, unpackWeight } from '../kernels/host_layout.ts'
import { FormatError, UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { formatShape, innerOf, sameShape, sizeOf, type Shape } from '../runtime/shape.ts'
import { Slab } from '../runtime/slab.ts'
import type { Tensor } from '../runtime/tensor.ts'
import type { ModelSummary, ParameterSpec } from './summary.ts'

/** A dense array in the order of weight files. */
export interface HostTensor {
  shape: readonly number[]
  data: ArrayLike<number>
}

/** Tensors by name. */
export type HostTensors = ReadonlyMap<string, HostTensor>

const isWeight = ({ kind }: ParameterSpec): boolean => kind === 'conv' || kind === 'linear'

const deviceShape = (spec: ParameterSpec): Shape => {
  const [out = 1, inChannels = 1, kernel = 1] = spec.shape
  return isWeight(spec) ? convWeightShape(kernel, inChannels, out) : spec.shape
}

/** A file of tensors, as `parseSafetensors` gives it; those of integers of 64 bits are no weights. */
export interface TensorFile {
  tensors: ReadonlyMap<string, { shape: readonly number[]; data: ArrayLike<number> | ArrayLike<bigint> }>
}

/** Where layers find the tensors of a name. */
export interface WeightTensors {
  parameter(name: string): Tensor
  gradient(name: string): Tensor
  /** Running statistics. */
  buffer(name: string): Tensor
}

/** A model's parameters, their gradients and its running statistics on the device: three slabs. */
export class Weights implements WeightTensors {
  readonly parameters: Slab
  readonly gradients: Slab
  readonly buffers: Slab
  #loaded = false

  constructor(
    private readonly gpu: Gpu,
    private readonly summary: ModelSummary,
  ) {
    const shapes = new Map(summary.parameters.map((spec) => [spec.name, deviceShape(spec)]))
    const statistics = new Map(summary.buffers.map(({ name, shape }) => [name, shape]))
    const slabs = [
      ['parameters', shapes],
      ['gradients', shapes],
      ['running statistics', statistics],
    ] as const
    ;[this.parameters, this.gradients, this.buffers] = gpu.allOrNone(
      () => slabs.map(([label, of]) => new Slab(gpu, label, of)) as [Slab, Slab, Slab],
    )
  }

  parameter(name: string): Tensor {
    return find(this.parameters, name)
  }

  gradient(name: string): Tensor {
    return find(this.gradients, name)
  }

  buffer(name: string): Tensor {
    return find(this.buffers, name)
  }

  /**
   * Uploads parameters and running statistics by name. Every tensor of the model must be there with its shape, finite; names the
   * model does not have are refused, so that a checkpoint of another model is noticed.
   *
   * @param from tensors by name (`initialise`, `save`), or a file's (`parseSafetensors`)
   * @param source where they are from, for messages
   */
  load(from: HostTensors | TensorFile, source = 'weights'): void {
    const tensors = 'tensors' in from ? (from.tensors as HostTensors) : from
    checkWeights(this.summary, tensors, source)
    this.upload(this.parameters, tensors, source)
    for (const { name } of this.summary.buffers) this.gpu.write(this.buffer(name), tensors.get(name)!.data)
    this.#loaded = true
  }

  /** @throws UsageError before `load`: a network of zeros computes nothing */
  requireLoaded(): void {
    if (!this.#loaded)
      throw new UsageError(
        'this model has no weights yet; give it some with model.weights.load(tensors), such as those of initialise',
      )
  }

  /** Fills a slab with the layout of the parameters (optimizer state) from named tensors in the order of weight files. */
  upload(slab: Slab, tensors: HostTensors, source: string): void {
    for (const spec of this.summary.parameters) {
      const data = checkTensor(tensors.get(spec.name), spec.name, spec.shape, source)
      this.gpu.write(find(slab, spec.name), isWeight(spec) ? packWeight(data, spec.shape) : data)
    }
  }

  /** Downloads parameters and running statistics in the order of weight files. */
  async save(): Promise<Map<string, { shape: number[]; data: Float32Array }>> {
    const saved = await this.download(this.parameters)
    const statistics = await this.#readSlab(this.buffers)
    for (const { name, shape } of this.summary.buffers) {
      saved.set(name, { shape: [...shape], data: statistics(this.buffer(name)) })
    }
    return saved
  }

  /** A slab with the layout of the parameters (gradients, optimizer state) as named tensors in the order of weight files. */
  async download(slab: Slab): Promise<Map<string, { shape: number[]; data: Float32Array }>> {
    const values = await this.#readSlab(slab)
    return new Map(
      this.summary.parameters.map((spec) => {
        const flat = values(find(slab, spec.name))
        return [spec.name, { shape: [...spec.shape], data: isWeight(spec) ? unpackWeight(flat, spec.shape) : flat }]
      }),
    )
  }

  /** One copy of a whole slab; returns a reader of its tensors, unpadded. */
  async #readSlab(slab: Slab): Promise<(tensor: Tensor) => Float32Array> {
    const flat = await this.gpu.readFloat(slab.flat)
    return (tensor) => {
      const start = tensor.byteOffset / 4
      const inner = innerOf(tensor.shape)
      const out = new Float32Array(sizeOf(tensor.shape))
      for (let r = 0; r < tensor.rows; r++) {
        const row = start + r * tensor.rowStride
        out.set(flat.subarray(row, row + inner), r * inner)
      }
      return out
    }
  }

  destroy(): void {
    for (const slab of [this.parameters, this.gradients, this.buffers]) slab.destroy()
  }
}

/** @throws FormatError unless exactly the model's tensors are there, of its shapes and finite */
export function checkWeights({ parameters, buffers }: ModelSummary, tensors: HostTensors, source: string): void {
  const expected = [...parameters, ...buffers]
  const known = new Set(expected.map(({ name }) => name))
  for (const { name, shape } of expected) checkTensor(tensors.get(name), name, shape, source)
  const extra = [...tensors.keys()].find((name) => !known.has(name))
  if (extra !== undefined) throw new FormatError(`${source}: tensor '${extra}' does not belong to this model`)
}

function find(slab: Slab, name: string): Tensor {
  const tensor = slab.tensors.get(name)
  if (!tensor) throw new FormatError(`${slab.label}: this model has no tensor '${name}'`)
  return tensor
}

function checkTensor(tensor: HostTensor | undefined, name: string, shape: Shape, source: string): ArrayLike<number> {
  if (!tensor) throw new FormatError(`${source}: tensor '${name}' is missing`)
  if (!sameShape(tensor.shape, shape)) {
    throw new FormatError(
      `${source}: tensor '${name}' is ${formatShape(tensor.shape)}, this model expects ${formatShape(shape)}`,
    )
  }
  for (let i = 0; i < tensor.data.length; i++) {
    if (!Number.isFinite(tensor.data[i]))
      throw new FormatError(`${source}: tensor '${name}' is not finite at element ${i}`)
  }
  return tensor.data
}
