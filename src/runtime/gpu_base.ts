import { atOnce, breather, inPieces, inTurns, type Pieces } from './breather.ts'
import { shown } from './arguments.ts'
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

/** What a buffer is for, as `Gpu.memory` counts it. */
export type Role = 'tensor' | 'transient' | 'uniform' | 'staging'

interface Pipeline {
  pipeline: GPUComputePipeline
  layout: GPUBindGroupLayout
}

/** How long a device that refused something may take to say that it is lost. */
const LOSS_MS = 100
/** Bytes that are copied in one go. */
const COPIED = 1 << 22

/** A device as plans and kernels use it: its memory, its pipelines, and what it says of the work that it is given. */
export class GpuBase {
  readonly info: AdapterInfo
  /** By source, then by what it is compiled for: names may be shared. */
  protected readonly pipelines = new Map<string, Map<string, Promise<Pipeline>>>()
  private takenBytes = 0
  /** The most bytes in buffers at one time so far. */
  peakBytes = 0
  protected readonly owned = new Map<GPUBuffer, Role>()
  protected readonly options: GpuOptions
  protected readonly inFlight = new Set<Promise<unknown>>()
  /** What the device has not yet said of work that it was given. */
  private readonly unanswered = new Set<Promise<unknown>>()
  private failure: GalvaniError | null = null
  protected closed = false
  private readonly lost: Promise<void>

  protected constructor(
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

  protected readonly onError = (event: GPUUncapturedErrorEvent): void => this.fail('the device', event.error)

  /** Makes this Gpu unusable: what it computes from here on may be wrong. */
  private fail(what: string, { message }: GPUError): void {
    this.failure ??= new DeviceError(`${what} reported an error: ${firstLine(message)}`)
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

  /** Creates a buffer and accounts for it. Throws LimitError naming `label` when it does not fit this device. */
  createBuffer(label: string, bytes: number, flags: number, role: Role): GPUBuffer {
    this.check()
    const limit = role === 'staging' ? this.limits.maxBufferSize : this.bindingLimit
    if (bytes > limit) throw tooLarge(label, bytes, limit)
    const buffer = this.device.createBuffer({ label, size: Math.max(16, bytes), usage: flags })
    this.owned.set(buffer, role)
    this.takenBytes += buffer.size
    this.peakBytes = Math.max(this.peakBytes, this.takenBytes)
    return buffer
  }

  destroyBuffer(buffer: GPUBuffer): void {
    if (!this.owned.delete(buffer)) return
    this.takenBytes -= buffer.size
    buffer.destroy()
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

  /** Queues an upload; `data` is dense and has the tensor's logical size. */
  write(tensor: Tensor, data: ArrayLike<number>): void {
    atOnce(this.writing(tensor, data))
  }

  /** `write`, a part at a time. */
  *writing(tensor: Tensor, data: ArrayLike<number>): Pieces<void> {
    const { buffer, byteOffset, byteLength } = packRows(tensor, data)
    requireUsage(tensor.buffer, tensor.label, 'copyDst', 'an upload')
    const visit = (from: number, to: number): void => {
      const part = new Uint8Array(buffer, byteOffset + from, to - from)
      this.writeBuffer(`writing ${tensor.label}`, tensor.buffer, tensor.byteOffset + from, part)
    }
    yield* inPieces(byteLength, visit, COPIED)
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
    if (!tensor.storage.kept) {
      throw new DeviceError(
        `${tensor.label} is an intermediate of a plan, whose memory others write again; make it an output, or compile with { keepAll: true }`,
      )
    }
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
    try {
      const copy = await inTurns(copied(staging.getMappedRange(0, bytes)), breather(undefined))
      staging.unmap()
      return copy
    } catch (error) {
      this.check() // closed in between
      throw error
    }
  }

  /** Throws why a device did not do what it was asked; one that is lost may refuse before it says so. */
  protected async refused(what: string, error: unknown): Promise<never> {
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
  protected async answered(): Promise<void> {
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
    const label = `${shader.name}.wgsl: ${entry} ${JSON.stringify(constants)}`
    const failed = `${label} did not compile`
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
    const { layout, compiling } = await this.guard(failed, () => {
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
    if (!compiled.ok) return await this.refused(failed, compiled.error)
    return { pipeline: compiled.value, layout }
  }
}

function* copied(mapped: ArrayBuffer): Pieces<ArrayBuffer> {
  const copy = new Uint8Array(mapped.byteLength)
  const visit = (from: number, to: number): void => copy.set(new Uint8Array(mapped, from, to - from), from)
  yield* inPieces(copy.length, visit, COPIED)
  return copy.buffer
}

export const tooLarge = (label: string, bytes: number, limit: number): LimitError =>
  new LimitError(
    `${label} needs ${bytes} bytes; this device binds at most ${limit}. Use a smaller batch or a device with a larger limit.`,
    { label, bytes, limit },
  )

/** What the adapter of a device says of itself; a device of an old browser does not know it. */
function infoOf({ adapterInfo }: GPUDevice): AdapterInfo {
  const {
    vendor = '',
    architecture = '',
    device = '',
    description = '',
    isFallbackAdapter = false,
  } = (adapterInfo ?? {}) as Partial<GPUAdapterInfo>
  return { vendor, architecture, device, description, isFallbackAdapter }
}

/** WebGPU's own names. */
const USAGE_NAMES = { storage: 'STORAGE', copySrc: 'COPY_SRC', copyDst: 'COPY_DST' } as const

export function requireUsage(buffer: GPUBuffer, label: string, name: keyof typeof USAGE_NAMES, user: string): void {
  if (buffer.usage & usage[name]) return
  throw new UsageError(`${label}: its buffer was created without usage ${USAGE_NAMES[name]}, which ${user} needs`)
}

const firstLine = (message: string): string => message.split('\n')[0]!
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export type Settled<T> = { ok: true; value: T } | { ok: false; error: unknown }

export const settled = <T>(promise: Promise<T>): Promise<Settled<T>> =>
  promise.then(
    (value) => ({ ok: true, value }),
    (error: unknown) => ({ ok: false, error }),
  )

/** By what it can do, so that a page which bundles this library twice works. */
export const isGpu = (device: unknown): device is GpuBase =>
  typeof device === 'object' && device !== null && 'limits' in device && 'pipeline' in device

function found(device: unknown): string {
  if (device instanceof Promise) return 'a promise, which wants an await'
  const isDevice = typeof device === 'object' && device !== null && 'queue' in device
  return isDevice ? 'a GPUDevice, which Gpu.fromDevice(device) makes one of' : shown(device)
}

export const noDevice = (where: string, expected: string, device: unknown): UsageError =>
  new UsageError(`${where}: the first argument must be ${expected}, got ${found(device)}`)

/** @throws UsageError for what is no Gpu */
export function requireGpu(where: string, gpu: unknown): asserts gpu is GpuBase {
  if (!isGpu(gpu)) throw noDevice(where, 'a Gpu (from openGpu)', gpu)
}
