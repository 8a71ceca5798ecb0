// A device as its owner sees it. What plans need of it is in gpu_base.ts, so that a Gpu can make plans.
import { checkNames, nameOf, type Known } from './arguments.ts'
import { DeviceError, LimitError, UsageError } from './errors.ts'
import { GpuBase, requireUsage, settled, type GpuOptions, type Role } from './gpu_base.ts'
import { Plan } from './plan.ts'
import { formatShape, type Shape } from './shape.ts'
import { bytesOf, Storage, Tensor, type DType } from './tensor.ts'

const GPU_OPTIONS: Known<GpuOptions> = { info: true, wait: true, onClose: true }

/** How many submits may be in flight before `throttle` waits. */
const MAX_IN_FLIGHT = 3

/** A device, owned or borrowed, with its pipelines and the bytes that were taken on it. */
export class Gpu extends GpuBase {
  /**
   * Wraps a device. Without `onClose` it stays the caller's: never destroyed, and no global is touched.
   * @throws UsageError where it is no GPUDevice
   */
  static fromDevice(device: GPUDevice, options: GpuOptions = {}): Gpu {
    const { lost, createBuffer } = (device ?? {}) as Partial<GPUDevice>
    if (typeof createBuffer !== 'function' || typeof lost?.then !== 'function' || device instanceof GpuBase) {
      throw new UsageError(
        `Gpu.fromDevice: got ${nameOf(device)}, expected the GPUDevice that \`await adapter.requestDevice()\` gives`,
      )
    }
    checkNames('Gpu.fromDevice', options, GPU_OPTIONS)
    return new Gpu(device, options)
  }

  /** The same as `new Plan(gpu)`, for code that carries no plan unless it is handed a Gpu. */
  plan(): Plan {
    return new Plan(this)
  }

  /** Bytes and buffer count by role, of all that was created through this Gpu and is still held. */
  memory(): Partial<Record<Role, { bytes: number; buffers: number }>> {
    const total: ReturnType<Gpu['memory']> = {}
    for (const [{ size }, role] of this.owned) {
      const { bytes, buffers } = total[role] ?? { bytes: 0, buffers: 0 }
      total[role] = { bytes: bytes + size, buffers: buffers + 1 }
    }
    return total
  }

  /**
   * A buffer of the caller's as a tensor, without a copy. Rows must be padded to a multiple of 4 elements (see Tensor). The
   * buffer needs usage STORAGE, COPY_SRC to be read back and COPY_DST to be written from the host.
   * @throws UsageError for what is no buffer, or one without STORAGE; LimitError for one that is too small
   */
  wrap(buffer: GPUBuffer, shape: Shape, dtype: DType = 'f32', label = buffer?.label || 'wrapped'): Tensor {
    if (typeof (buffer as Partial<GPUBuffer> | undefined)?.mapAsync !== 'function')
      throw new UsageError(`Gpu.wrap: got ${nameOf(buffer)}, expected a GPUBuffer`)
    requireUsage(buffer, label, 'storage', 'a kernel')
    const storage = new Storage(bytesOf(shape), 'persistent')
    if (buffer.size < storage.bytes) {
      throw new LimitError(
        `${label}: shape ${formatShape(shape)} needs ${storage.bytes} bytes, the buffer has ${buffer.size}`,
      )
    }
    storage.buffer = buffer
    return new Tensor(storage, shape, dtype, label)
  }

  /** Gives back the memory of a tensor that `tensor` made. @throws DeviceError for a tensor of a plan */
  free(tensor: Tensor): void {
    if (tensor.storage.kind === 'transient')
      throw new DeviceError(`${tensor.label} is memory of a plan, which plan.destroy() frees`)
    if (tensor.storage.buffer) this.destroyBuffer(tensor.storage.buffer)
    tensor.storage.buffer = null
  }

  /** Runs `make`, which creates tensors and buffers, all or none: what it took is given back where it throws. */
  allOrNone<T>(make: () => T): T {
    const before = new Set(this.owned.keys())
    try {
      return make()
    } catch (error) {
      for (const buffer of [...this.owned.keys()]) if (!before.has(buffer)) this.destroyBuffer(buffer)
      throw error
    }
  }

  /** The same for what a device may refuse: errors that it reports later count too. */
  async allocate<T>(what: string, make: () => T): Promise<T> {
    const before = new Set(this.owned.keys())
    let made: GPUBuffer[] = []
    try {
      return await this.guard(what, () => {
        try {
          return make()
        } finally {
          made = [...this.owned.keys()].filter((buffer) => !before.has(buffer))
        }
      })
    } catch (error) {
      made.forEach((buffer) => this.destroyBuffer(buffer))
      throw error
    }
  }

  /** Waits until at most `allowed` submits are still running. */
  async throttle(allowed = MAX_IN_FLIGHT): Promise<void> {
    while (this.inFlight.size > allowed) {
      const [oldest] = this.inFlight
      const done = await this.wait(settled(oldest!))
      if (!done.ok) await this.refused('waiting for the device failed', done.error)
    }
    await this.answered()
  }

  /** Waits for everything submitted so far. */
  async idle(): Promise<void> {
    await this.throttle(0)
  }

  /** Pipelines compiled so far. */
  get pipelineCount(): number {
    return [...this.pipelines.values()].reduce((count, { size }) => count + size, 0)
  }

  /** Destroys an owned device after its work is done; a borrowed device is only let go. */
  async close(): Promise<void> {
    if (this.closed) return
    await this.wait(Promise.all([...this.inFlight].map(settled)))
    this.closed = true
    this.device.removeEventListener('uncapturederror', this.onError)
    for (const buffer of this.owned.keys()) buffer.destroy()
    this.owned.clear()
    await this.options.onClose?.()
  }
}
