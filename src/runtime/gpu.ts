import { checkNames, nameOf, type Known } from './arguments.ts'
import { DeviceError, DeviceLostError, type GalvaniError, LimitError, UsageError } from './errors.ts'
import { specialise, type Constants, type Shader } from './shader.ts'
import { bytesOf, packRows, Storage, Tensor, unpackRows, type DType, type HostArray } from './tensor.ts'
import { formatShape, type Shape } from './shape.ts'

/** GPUBufferUsage and GPUMapMode by value: the globals exist only in browsers. */
export const usage = { mapRead: 1, copySrc: 4, copyDst: 8, uniform: 0x40, storage: 0x80 } as const
const MAP_READ = 1
const SHADER_STAGE_COMPUTE = 4

/** What WebGPU tells of the adapter. */
export interface AdapterInfo {
  vendor: string
  architecture: string
  device: string
  description: string
  /** True for software adapters (lavapipe, SwiftShader, WARP). */
  isFallbackAdapter: boolean
}

/** How a device is waited for and let go; `openGpu` knows both. */
export interface GpuOptions {
  info?: AdapterInfo
  /** How to wait for the device; a software adapter in Node must not be polled without naps. */
  wait?: <T>(promise: Promise<T>) => Promise<T>
  /** Called once by `close()`; absent for a borrowed device, which is then never destroyed. */
  onClose?: () => Promise<void>
}

const GPU_OPTIONS: Known<GpuOptions> = { info: true, wait: true, onClose: true }

/** What a buffer is for, as `Gpu.memory` counts it. */
export type Role = 'tensor' | 'transient' | 'uniform' | 'staging'

interface Pipeline {
  pipeline: GPUComputePipeline
  layout: GPUBindGroupLayout
}

/** How long a device that refused something may take to say that it is lost. */
const LOSS_MS = 100

/** How many submits may be in flight before `throttle` waits. */
const MAX_IN_FLIGHT = 3

/** A device, owned or borrowed, with its pipelines and the bytes that were taken on it. */
export class Gpu {
  readonly info: AdapterInfo
  /** By source, then by what it is compiled for: names may be shared. */
  private readonly pipelines = new Map<string, Map<string, Promise<Pipeline>>>()
  private takenBytes = 0
  /** The most bytes in buffers at one time so far. */
  peakBytes = 0
  private readonly bytes = new Map<Role, { bytes: number; buffers: number }>()
  private readonly owned = new Map<GPUBuffer, Role>()
  private readonly options: GpuOptions
  private readonly inFlight = new Set<Promise<unknown>>()
  /** What the device has not yet said of work that it was given. */
  private readonly unanswered = new Set<Promise<unknown>>()
  private failure: GalvaniError | null = null
  private closed = false
  private readonly lost: Promise<void>

  private constructor(
    readonly device: GPUDevice,
    options: GpuOptions,
  ) {
    this.options = options
    this.info = options.info ?? infoOf(device)
    this.lost = device.lost.then(({ reason, message }) => {
      if (this.closed) return
      // Whatever else was reported is but a consequence.
      this.failure = new DeviceLostError(`the device was lost (reason: ${reason || 'unknown'}): ${message}`.trim())
    })
    // On a borrowed device an error nobody captured may be the owner's; there only our own work is watched (`watch`, `guard`).
    if (options.onClose) device.addEventListener('uncapturederror', this.onError)
  }

  private readonly onError = (event: GPUUncapturedErrorEvent): void => this.fail('the device', event.error)

  /** Makes this Gpu unusable: what it computes from here on may be wrong. */
  private fail(what: string, { message }: GPUError): void {
    this.failure ??= new DeviceError(`${what} reported an error: ${firstLine(message)}`)
  }

  /**
   * Wraps a device. Without `onClose` it stays the caller's: never destroyed, and no global is touched.
   * @throws UsageError where it is no GPUDevice
   */
  static fromDevice(device: GPUDevice, options: GpuOptions = {}): Gpu {
    const { lost, createBuffer } = (device ?? {}) as Partial<GPUDevice>
    if (typeof createBuffer !== 'function' || typeof lost?.then !== 'function') {
      throw new UsageError(
        `Gpu.fromDevice: got ${nameOf(device)}, expected the GPUDevice that \`await adapter.requestDevice()\` gives`,
      )
    }
    checkNames('Gpu.fromDevice', options, GPU_OPTIONS)
    return new Gpu(device, options)
  }

  get limits(): GPUSupportedLimits {
    return this.device.limits
  }

  /** Lanes of a subgroup where every subgroup has as many; null where that is not known or kernels cannot use them. */
  get subgroupSize(): number | null {
    const { features, adapterInfo } = this.device
    if (!features?.has('subgroups') || !adapterInfo) return null
    const { subgroupMinSize: least = 0, subgroupMaxSize: most = 0 } = adapterInfo
    return least > 0 && least === most ? least : null
  }

  /** Throws what made this device unusable, if anything did. A lost device lets WebGPU calls succeed in silence. */
  check(): void {
    if (this.closed) throw new DeviceError('this Gpu is closed')
    if (this.failure) throw this.failure
  }

  /** Bytes and buffer count by role, for everything created through this Gpu. */
  memory(): Record<string, { bytes: number; buffers: number }> {
    return Object.fromEntries(this.bytes)
  }

  /** Creates a buffer and accounts for it. Throws LimitError naming `label` when it does not fit this device. */
  createBuffer(label: string, bytes: number, flags: number, role: Role): GPUBuffer {
    this.check()
    const limit = role === 'staging' ? this.limits.maxBufferSize : this.bindingLimit
    if (bytes > limit) {
      throw new LimitError(
        `${label} needs ${bytes} bytes; this device binds at most ${limit}. Use a smaller batch or a device with a larger limit.`,
        { label, bytes, limit },
      )
    }
    const buffer = this.device.createBuffer({ label, size: Math.max(16, bytes), usage: flags })
    this.account(role, buffer.size, 1)
    this.owned.set(buffer, role)
    return buffer
  }

  destroyBuffer(buffer: GPUBuffer): void {
    const role = this.owned.get(buffer)
    if (role === undefined) return
    this.owned.delete(buffer)
    this.account(role, -buffer.size, -1)
    buffer.destroy()
  }

  private account(role: Role, bytes: number, buffers: number): void {
    const total = this.bytes.get(role) ?? { bytes: 0, buffers: 0 }
    this.bytes.set(role, { bytes: total.bytes + bytes, buffers: total.buffers + buffers })
    this.takenBytes += bytes
    this.peakBytes = Math.max(this.peakBytes, this.takenBytes)
  }

  /** Largest tensor that can be bound to a kernel, in bytes. */
  get bindingLimit(): number {
    return Math.min(this.limits.maxStorageBufferBindingSize, this.limits.maxBufferSize)
  }

  /** A tensor with memory of its own, zeroed, until `free`. */
  tensor(shape: Shape, dtype: DType = 'f32', label = 'tensor'): Tensor {
    const storage = new Storage(bytesOf(shape), 'persistent')
    const tensor = new Tensor(storage, shape, dtype, label)
    const flags = usage.storage | usage.copySrc | usage.copyDst
    storage.buffer = this.createBuffer(`${label} ${formatShape(shape)}`, storage.bytes, flags, 'tensor')
    return tensor
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

  free(tensor: Tensor): void {
    if (tensor.storage.buffer) this.destroyBuffer(tensor.storage.buffer)
    tensor.storage.buffer = null
  }

  /** Queues an upload; `data` is dense and has the tensor's logical size. */
  write(tensor: Tensor, data: ArrayLike<number>): void {
    const packed = packRows(tensor, data)
    requireUsage(tensor.buffer, tensor.label, 'copyDst', 'an upload')
    this.writeBuffer(`writing ${tensor.label}`, tensor.buffer, tensor.byteOffset, packed)
  }

  /** Queues an upload of bytes as they are. */
  writeBuffer(
    what: string,
    buffer: GPUBuffer,
    at: number,
    { buffer: from, byteOffset, byteLength }: ArrayBufferView,
  ): void {
    this.check()
    this.watch(what, () => this.device.queue.writeBuffer(buffer, at, from, byteOffset, byteLength))
  }

  /** Downloads a tensor as a dense array of its logical size. */
  async read(tensor: Tensor): Promise<HostArray> {
    this.check()
    requireUsage(tensor.buffer, tensor.label, 'copySrc', 'reading it')
    const staging = this.createBuffer(
      `read ${tensor.label}`,
      tensor.byteLength,
      usage.mapRead | usage.copyDst,
      'staging',
    )
    try {
      this.submit(`reading ${tensor.label}`, (encoder) => {
        encoder.copyBufferToBuffer(tensor.buffer, tensor.byteOffset, staging, 0, tensor.byteLength)
      })
      return unpackRows(tensor, await this.map(staging, tensor.byteLength))
    } finally {
      this.destroyBuffer(staging)
    }
  }

  /** `read` for tensors known to be f32. */
  async readFloat(tensor: Tensor): Promise<Float32Array> {
    const values = await this.read(tensor)
    if (!(values instanceof Float32Array)) throw new DeviceError(`tensor ${tensor.label} is ${tensor.dtype}, not f32`)
    return values
  }

  /** Maps a staging buffer, copies its bytes out and unmaps it. */
  async map(staging: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
    const mapped = await this.wait(settled(staging.mapAsync(MAP_READ, 0, bytes)))
    await this.answered()
    if (!mapped.ok) await this.refused(`reading ${staging.label} failed`, mapped.error)
    const copy = staging.getMappedRange(0, bytes).slice(0)
    staging.unmap()
    return copy
  }

  /** Throws why a device did not do what it was asked; one that is lost may refuse before it says so. */
  private async refused(what: string, error: unknown): Promise<never> {
    await Promise.race([this.lost, new Promise((resolve) => setTimeout(resolve, LOSS_MS))])
    this.check()
    throw new DeviceError(`${what}: ${messageOf(error)}`)
  }

  /**
   * Creates objects under error scopes: what is invalid or does not fit is thrown here and leaves the device usable.
   * @throws LimitError when memory ran out, DeviceError for anything else
   */
  async guard<T>(what: string, create: () => T): Promise<T> {
    this.device.pushErrorScope('out-of-memory')
    this.device.pushErrorScope('validation')
    let created: Settled<T>
    try {
      created = { ok: true, value: create() }
    } catch (error) {
      created = { ok: false, error }
    }
    const scopes = Promise.all([this.device.popErrorScope(), this.device.popErrorScope()])
    const answer = await this.wait(settled(scopes))
    if (!created.ok) throw created.error
    if (!answer.ok) return await this.refused(what, answer.error)
    const [invalid, exhausted] = answer.value
    this.check()
    if (exhausted)
      throw new LimitError(`${what}: the device is out of memory; use a smaller batch (${exhausted.message})`)
    if (invalid) throw new DeviceError(`${what}: ${invalid.message}`)
    return created.value
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

  /**
   * Gives the device work without waiting for what it says of it: an error is thrown by the next await of this Gpu, and by all after.
   * Without scopes nobody would hear of an error on a borrowed device, and results would be zeros.
   */
  private watch(what: string, act: () => void): void {
    this.device.pushErrorScope('validation')
    try {
      act()
    } finally {
      const answer = this.device.popErrorScope().then(
        (error) => error && this.fail(what, error),
        () => undefined, // of a lost device
      )
      this.unanswered.add(answer)
      void answer.then(() => this.unanswered.delete(answer))
    }
  }

  /** Waits for what the device says of the work so far. Throws what made it unusable. */
  private async answered(): Promise<void> {
    await this.wait(Promise.all(this.unanswered))
    this.check()
  }

  /** Encodes and submits commands; `what` is for messages. */
  submit(what: string, encode: (encoder: GPUCommandEncoder) => void): void {
    this.check()
    this.watch(what, () => {
      const encoder = this.device.createCommandEncoder()
      encode(encoder)
      this.device.queue.submit([encoder.finish()])
    })
    const done = this.device.queue.onSubmittedWorkDone()
    const forget = (): void => void this.inFlight.delete(done)
    this.inFlight.add(done)
    done.then(forget, forget)
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

  wait<T>(promise: Promise<T>): Promise<T> {
    return this.options.wait ? this.options.wait(promise) : promise
  }

  /** The pipeline of one entry point with these constants, compiled once per Gpu. */
  pipeline(shader: Shader, entry: string, constants: Constants): Promise<Pipeline> {
    const { source, entries, params } = shader
    let ofSource = this.pipelines.get(source)
    if (!ofSource) this.pipelines.set(source, (ofSource = new Map<string, Promise<Pipeline>>()))
    const key = JSON.stringify([entry, constants, entries[entry], params?.binding])
    let pipeline = ofSource.get(key)
    if (!pipeline) ofSource.set(key, (pipeline = this.createPipeline(shader, entry, constants)))
    return pipeline
  }

  private async createPipeline(shader: Shader, entry: string, constants: Constants): Promise<Pipeline> {
    const label = `${shader.name}:${entry}:${JSON.stringify(constants)}`
    const used = shader.entries[entry]
    if (!used) throw new DeviceError(`${shader.name}.wgsl has no entry point '${entry}'`)
    const entries: GPUBindGroupLayoutEntry[] = Object.values(used.bindings).map(({ binding, access }) => ({
      binding,
      visibility: SHADER_STAGE_COMPUTE,
      buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' },
    }))
    if (used.usesParams && shader.params) {
      entries.push({ binding: shader.params.binding, visibility: SHADER_STAGE_COMPUTE, buffer: { type: 'uniform' } })
    }
    const code = specialise(shader, constants)
    const { layout, compiling } = await this.guard(`${shader.name}.wgsl: ${label} did not compile`, () => {
      const layout = this.device.createBindGroupLayout({ label, entries })
      const module = this.device.createShaderModule({ label: `${shader.name}.wgsl`, code })
      const pipeline = this.device.createComputePipelineAsync({
        label,
        layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: entry },
      })
      return { layout, compiling: settled(pipeline) }
    })
    const compiled = await this.wait(compiling)
    this.check()
    if (!compiled.ok) return await this.refused(`${shader.name}.wgsl: ${label} did not compile`, compiled.error)
    return { pipeline: compiled.value, layout }
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

/** What the adapter of a device says of itself; a device of an old browser does not know it. */
function infoOf({ adapterInfo }: GPUDevice): AdapterInfo {
  const {
    vendor = '',
    architecture = '',
    device = '',
    description = '',
  } = (adapterInfo ?? {}) as Partial<GPUAdapterInfo>
  return { vendor, architecture, device, description, isFallbackAdapter: adapterInfo?.isFallbackAdapter ?? false }
}

/** WebGPU's own names. */
const USAGE_NAMES = { storage: 'STORAGE', copySrc: 'COPY_SRC', copyDst: 'COPY_DST' } as const

function requireUsage(buffer: GPUBuffer, label: string, name: keyof typeof USAGE_NAMES, user: string): void {
  if (buffer.usage & usage[name]) return
  throw new UsageError(`${label}: its buffer was created without usage ${USAGE_NAMES[name]}, which ${user} needs`)
}

const firstLine = (message: string): string => message.split('\n')[0]!
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

type Settled<T> = { ok: true; value: T } | { ok: false; error: unknown }

const settled = <T>(promise: Promise<T>): Promise<Settled<T>> =>
  promise.then(
    (value) => ({ ok: true, value }),
    (error: unknown) => ({ ok: false, error }),
  )
