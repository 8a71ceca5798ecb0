import { packWeight, toChannelsFirst, toChannelsLast, unpackWeight } from '../kernels/host_layout.ts'
import { convWeightShape } from '../kernels/conv1d/conv1d.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Plan } from '../runtime/plan.ts'
import type { Shape } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { poison } from '../runtime/poison.ts'

/** Named arrays of a case, channels first. */
export type Arrays = ReadonlyMap<string, { shape: readonly number[]; data: ArrayLike<number | bigint> }>

type Triple = readonly [number, number, number]

/**
 * One operator case on the GPU: hands the kernels the case's arrays in their own layout, collects what they compute in the
 * layout of the case. Every tensor of the plan is NaN before the run, so that a value nobody writes shows.
 */
export class OpContext {
  private readonly uploads: [Tensor, Float32Array][] = []
  private readonly results: { name: string; tensors: Tensor[]; unpack: (...data: Float32Array[]) => Float32Array }[] =
    []

  constructor(
    readonly p: Plan,
    private readonly arrays: Arrays,
    readonly attrs: Readonly<Record<string, unknown>>,
  ) {}

  /** A setting of the case. */
  number(name: string): number {
    return Number(this.attrs[name])
  }

  flag(name: string): boolean {
    return this.attrs[name] === true
  }

  has(name: string): boolean {
    return this.arrays.has(name)
  }

  array(name: string): { shape: readonly number[]; data: Float32Array } {
    const found = this.arrays.get(name)
    if (!found) throw new FormatError(`the case has no tensor '${name}'`)
    return { shape: found.shape, data: Float32Array.from(found.data as ArrayLike<number>, Number) }
  }

  /** Data computed by the runner, as an input of the plan. */
  upload(name: string, shape: Shape, data: Float32Array): Tensor {
    const tensor = this.p.input(name, shape)
    this.uploads.push([tensor, data])
    return tensor
  }

  /** An array as it is: vectors, matrices. */
  plain(name: string): Tensor {
    const { shape, data } = this.array(name)
    return this.upload(name, shape, data)
  }

  /** A signal [B, C, L] as [B, L, C]. */
  signal(name: string): Tensor {
    const { shape, data } = this.array(name)
    const [batch, channels, length] = shape as Triple
    return this.upload(name, [batch, length, channels], toChannelsLast(data, [batch, channels, length]))
  }

  /** Conv [Co, Ci, K] or linear [Co, Ci] weights in the kernels' order. */
  weight(name: string): Tensor {
    const { shape, data } = this.array(name)
    return this.upload(name, this.weightShape(name), packWeight(data, shape))
  }

  weightShape(name: string): Shape {
    const [out = 1, inChannels = 1, kernel = 1] = this.array(name).shape
    return convWeightShape(kernel, inChannels, out)
  }

  /** A result that is stored as the kernels leave it. */
  plainResult(name: string, tensor: Tensor): void {
    this.derivedResult(name, [tensor], (data) => data)
  }

  /** A result that the host computes from tensors. */
  derivedResult(name: string, tensors: Tensor[], unpack: (...data: Float32Array[]) => Float32Array): void {
    this.results.push({ name, tensors, unpack })
  }

  signalResult(name: string, tensor: Tensor): void {
    const [batch, length, channels] = tensor.shape as Triple
    this.derivedResult(name, [tensor], (data) => toChannelsFirst(data, [batch, channels, length]))
  }

  /** A weight gradient, to be stored in the shape of the weight `of`. */
  weightResult(name: string, tensor: Tensor, of: string): void {
    const { shape } = this.array(of)
    this.derivedResult(name, [tensor], (data) => unpackWeight(data, shape))
  }

  /** A tensor for the gradient of a weight, reported as `grad.NAME`. */
  weightGradient(of: string): Tensor {
    const tensor = this.p.tensor(this.weightShape(of), 'f32', `grad.${of}`)
    this.weightResult(`grad.${of}`, tensor, of)
    return tensor
  }

  /** A tensor for the gradient of a vector, reported as `grad.NAME`. */
  vectorGradient(of: string): Tensor {
    const tensor = this.p.tensor(this.array(of).shape, 'f32', `grad.${of}`)
    this.plainResult(`grad.${of}`, tensor)
    return tensor
  }

  /** Runs the plan on poisoned memory and returns all results. */
  async run(): Promise<Map<string, Float32Array>> {
    const { p } = this
    await p.compile({ keepAll: true })
    poison(p)
    for (const [tensor, data] of this.uploads) p.gpu.write(tensor, data)
    p.run()
    const computed = new Map<string, Float32Array>()
    for (const { name, tensors, unpack } of this.results) {
      const data: Float32Array[] = []
      for (const tensor of tensors) data.push(await p.gpu.readFloat(tensor))
      computed.set(name, unpack(...data))
    }
    return computed
  }
}
