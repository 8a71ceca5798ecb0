import { DeviceError } from './errors.ts'
import { usage, type GpuBase } from './gpu_base.ts'
import { unpackRows, type HostArray, type Tensor } from './tensor.ts'

/**
 * A ring of small results (a loss, a few logits) copied on the device each step and mapped only every `slots` steps: training
 * never waits for a single number.
 */
export class ReadbackRing {
  private readonly staging: GPUBuffer
  private used = 0

  constructor(
    private readonly gpu: GpuBase,
    private readonly tensor: Tensor,
    readonly slots: number,
  ) {
    const bytes = tensor.byteLength * slots
    this.staging = gpu.createBuffer(`ring ${tensor.label}`, bytes, usage.mapRead | usage.copyDst, 'staging')
  }

  get full(): boolean {
    return this.used === this.slots
  }

  /** Adds a copy of the tensor to a submit; pass it to `Plan.run`. */
  readonly record = (encoder: GPUCommandEncoder): void => {
    if (this.full) throw new DeviceError(`ring ${this.tensor.label} is full: drain it first`)
    const { buffer, byteOffset, byteLength } = this.tensor
    encoder.copyBufferToBuffer(buffer, byteOffset, this.staging, this.used++ * byteLength, byteLength)
  }

  /** Waits for and returns the recorded values, oldest first. */
  async drain(): Promise<HostArray[]> {
    if (this.used === 0) return []
    const bytes = this.tensor.byteLength
    const mapped = await this.gpu.map(this.staging, this.used * bytes)
    const values = Array.from({ length: this.used }, (_, i) =>
      unpackRows(this.tensor, mapped.slice(i * bytes, (i + 1) * bytes)),
    )
    this.used = 0
    return values
  }

  destroy(): void {
    this.gpu.destroyBuffer(this.staging)
  }
}
