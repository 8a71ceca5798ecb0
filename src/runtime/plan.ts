import { checkNames, type Known } from './arguments.ts'
import { DeviceError, LimitError, ShapeError } from './errors.ts'
import { requireGpu, tooLarge, usage, type GpuBase } from './gpu_base.ts'
import { planMemory } from './memory.ts'
import { packParams, type BindingInfo, type Constants, type Shader, type ShaderTypes } from './shader.ts'
import { formatShape, sameShape, type Shape } from './shape.ts'
import { checkFinite, requireTensor, Storage, type Tensor, type DType, type HostArray } from './tensor.ts'

type Params<T extends ShaderTypes> = [T['params']] extends [never] ? unknown : { params: Record<T['params'], number> }

/** The tensors and parameters that an entry point wants, by the names in its shader; where the compiler does not know them, the plan does. */
export type Arguments<T extends ShaderTypes, E extends keyof T['entries']> = string extends keyof T['entries']
  ? Readonly<Record<string, Tensor | Readonly<Record<string, number>>>>
  : Record<T['entries'][E], Tensor> & Params<T>

/** How one dispatch is launched. */
export interface Launch<T extends ShaderTypes> {
  /** Workgroups: a count (folded over x and y when large) or all three. */
  groups: number | readonly [number, number, number]
  constants?: Partial<Record<T['constants'], number | boolean>>
  /** What this dispatch computes; the shader and entry when absent. */
  label?: string
  /** Floating-point operations of this dispatch, counted from its shapes; a multiply-add is two, a comparison none. */
  flops?: number
  /** Bindings that are read before they are written, as an optimizer's state: their bytes count twice. */
  updates?: readonly string[]
}

/** What an op computes, in the terms in which its speed is judged. */
export type OpKind =
  | {
      op: 'convolution'
      of: 'output' | 'input' | 'weight'
      /** Of the input and of what the convolution makes of it; `kernel`: taps. */
      batch: number
      rows: number
      inChannels: number
      outChannels: number
      kernel: number
    }
  | { op: 'attention'; of: 'output' | 'gradient' }
  | { op: 'normalisation' }
  | { op: 'other' }

/** One op of a plan that has several kernels: which was recorded, and how to record the others in another plan. */
export interface Choice {
  op: string
  shape: string
  kind: OpKind
  variant: string
  /** Variants that run here on these tensors, in the order of preference; the first is taken unless one is named. */
  candidates: readonly string[]
  /** Those of them that may be the fastest on this adapter. */
  promising: readonly string[]
  /** The tensors among the arguments. */
  tensors: readonly Tensor[]
  /** Records a candidate in another plan, on other tensors. */
  record(p: Plan, variant: string, substitute: (tensor: Tensor) => Tensor): void
}

/** One launch of a kernel, as it was recorded. */
export interface Dispatch {
  shader: Shader
  entry: string
  label: string
  tensors: Readonly<Record<string, Tensor>>
  params: Readonly<Record<string, number>> | null
  groups: readonly [number, number, number]
  constants: Constants
  flops: number
  updates: readonly string[]
}

interface Encoded {
  pipeline: GPUComputePipeline
  bindGroup: GPUBindGroup
  groups: readonly [number, number, number]
}

/** WebGPU allows 65,535 workgroups a dimension: a long list is folded into rows. Kernels recompute the linear index. */
export const MAX_GROUPS = 65_535

export function foldGroups(count: number): readonly [number, number, number] {
  if (count <= MAX_GROUPS) return [count, 1, 1]
  const rows = Math.ceil(count / MAX_GROUPS)
  return [Math.ceil(count / rows), rows, 1]
}

/**
 * A fixed list of dispatches: recorded once, compiled once (memory by liveness, pipelines in parallel, uniforms in one buffer),
 * then replayed in one compute pass and one submit. Shapes and dtypes are checked while recording; `run` checks nothing.
 */
export class Plan {
  /** Ops with several kernels in the order in which they were recorded (`kernels/variants.ts`). */
  readonly choices: Choice[] = []
  /** In the order in which they run. */
  readonly dispatches: Dispatch[] = []
  readonly #inputs = new Map<string, Tensor>()
  readonly #outputs = new Map<string, Tensor>()
  readonly #transients = new Set<Storage>()
  readonly #constants = new Map<string, Tensor>()
  readonly #ownBuffers: GPUBuffer[] = []
  /** What must hold when the plan first runs. */
  readonly #requirements: (() => void)[] = []
  #state: 'recording' | 'compiling' | 'compiled' | 'destroyed' = 'recording'
  #encoded: Encoded[] = []

  constructor(readonly gpu: GpuBase) {
    requireGpu('Plan', gpu)
  }

  /** A tensor that the host writes before a run; it keeps its contents between runs. */
  input(name: string, shape: Shape, dtype: DType = 'f32'): Tensor {
    this.#requireRecording('inputs')
    if (this.#inputs.has(name)) throw new ShapeError(`plan has two inputs named '${name}'`)
    const tensor = this.gpu.tensor(shape, dtype, name)
    this.#ownBuffers.push(tensor.buffer)
    this.#inputs.set(name, tensor)
    return tensor
  }

  /** A small table that kernels read (clip bounds, say), uploaded once; equal tables share memory. */
  constant(label: string, dtype: DType, values: readonly number[]): Tensor {
    const key = `${dtype} ${values.join(',')}`
    const known = this.#constants.get(key)
    if (known) return known
    const tensor = this.gpu.tensor([values.length], dtype, label)
    this.#ownBuffers.push(tensor.buffer)
    this.gpu.write(tensor, values)
    this.#constants.set(key, tensor)
    return tensor
  }

  /** A tensor that lives inside the plan; its memory is shared with others that are not alive at the same time. */
  tensor(shape: Shape, dtype: DType = 'f32', label = 'tensor'): Tensor {
    return this.storage().append(shape, dtype, label)
  }

  /** Memory of the plan's for any number of tensors side by side (`Storage.append`), alive as long as one of them is. */
  storage(): Storage {
    const storage = new Storage(0, 'transient')
    this.#transients.add(storage)
    return storage
  }

  /** Keeps a tensor's contents until the next run, readable by name. */
  output(name: string, tensor: Tensor): Tensor {
    this.#requireRecording('outputs')
    if (this.#outputs.has(name)) throw new ShapeError(`plan has two outputs named '${name}'`)
    requireTensor(`output '${name}'`, tensor)
    this.#outputs.set(name, tensor)
    return tensor
  }

  /** Has `check` called before the first run, to throw what would make every result of the plan meaningless. */
  requires(check: () => void): void {
    this.#requireRecording('requirements')
    this.#requirements.push(check)
  }

  /** Records one dispatch. Names, dtypes and sharing are checked here. */
  dispatch<T extends ShaderTypes, E extends keyof T['entries'] & string>(
    shader: Shader<T>,
    entry: E,
    args: Arguments<T, E>,
    launch: Launch<T>,
  ): void {
    this.#requireRecording('dispatches')
    checkNames('the launch', launch, LAUNCH)
    const { params = null, ...tensors } = args as Record<string, unknown>
    const groups = typeof launch.groups === 'number' ? foldGroups(launch.groups) : launch.groups
    const recorded: Dispatch = {
      shader,
      entry,
      label: launch.label ?? `${shader.name}.${entry}`,
      tensors: tensors as Record<string, Tensor>,
      params: params as Record<string, number> | null,
      groups,
      constants: (launch.constants ?? {}) as Constants,
      flops: launch.flops ?? 0,
      updates: launch.updates ?? [],
    }
    this.#checkDispatch(recorded, typeof launch.groups === 'number')
    this.dispatches.push(recorded)
  }

  /** Memory is assigned by what is recorded before `compile`; nothing can join later. */
  #requireRecording(what: string): void {
    if (this.#state !== 'recording') throw new DeviceError(`a ${this.#state} plan cannot take more ${what}`)
  }

  #checkDispatch({ shader, entry, label, tensors, params, groups, updates }: Dispatch, isFolded: boolean): void {
    const used = shader.entries[entry]
    if (!used) {
      const known = Object.keys(shader.entries).join(', ')
      throw new ShapeError(`${shader.name} has no entry point '${entry}', only ${known}`)
    }
    const { bindings } = used
    if (used.usesParams) packParams(shader, params ?? {}, new DataView(new ArrayBuffer(shader.params!.size)), 0)
    const unknown = updates.find((name) => bindings[name]?.access !== 'read_write')
    if (unknown !== undefined)
      throw new ShapeError(`${label}: it cannot update '${unknown}', which is no binding it writes`)
    for (const [name, info] of Object.entries(bindings)) {
      const tensor = tensors[name]
      if (!tensor) throw new ShapeError(`${label}: binding '${name}' is missing`)
      requireTensor(`${label}: '${name}'`, tensor)
      if (tensor.dtype !== info.element) {
        throw new ShapeError(`${label}: '${name}' is ${tensor.dtype}, the kernel expects ${info.element}`)
      }
      const { byteLength, shape } = tensor
      if (byteLength > this.gpu.bindingLimit)
        throw tooLarge(`${label}: ${tensor.label} ${formatShape(shape)}`, byteLength, this.gpu.bindingLimit)
    }
    this.#checkSharing(label, bindings, tensors)
    if (groups.length !== 3 || groups.some((n) => !Number.isInteger(n) || n < 1))
      throw new ShapeError(`${label}: ${groups.join('×')} workgroups, expected positive integers`)
    if (groups.some((n) => n > MAX_GROUPS))
      throw new LimitError(`${label}: ${groups.join('×')} workgroups are too many`)
    if (groups[1] > 1 && isFolded && !new RegExp(`fn ${entry}\\s*\\([^{]*num_workgroups`).test(shader.source)) {
      throw new LimitError(
        `${label}: more than ${MAX_GROUPS} workgroups are launched in rows, and the entry does not ask for num_workgroups to find its place`,
      )
    }
  }

  /** WebGPU allows a buffer to be read and written in one dispatch in neither case: at any offset, or twice at the same one. */
  #checkSharing(label: string, bindings: Readonly<Record<string, BindingInfo>>, tensors: Dispatch['tensors']): void {
    const bound = Object.entries(bindings).map(([name, { access }]) => ({
      name,
      access,
      tensor: tensors[name]!,
    }))
    for (const { name, tensor } of bound.filter(({ access }) => access === 'read_write')) {
      const clash = bound.find(
        (other) =>
          other.name !== name &&
          sameMemory(other.tensor.storage, tensor.storage) &&
          (other.access === 'read' || overlap(tensor, other.tensor)),
      )
      if (clash)
        throw new ShapeError(`${label}: '${name}' is written while memory of '${clash.name}' shares its buffer`)
    }
  }

  /** Assigns memory and builds every pipeline. `keepAll` gives each tensor memory of its own, so that any can be read. */
  async compile(options: { keepAll?: boolean } = {}): Promise<this> {
    checkNames('Plan.compile', options, COMPILE_OPTIONS)
    if (this.#state !== 'recording') throw new DeviceError(`the plan is ${this.#state} already`)
    this.#state = 'compiling'
    const keep = options.keepAll ? this.#transients : new Set([...this.#outputs.values()].map((t) => t.storage))
    const [uniforms, offsets] = await this.gpu.guard('plan memory', () => {
      this.#assignMemory(keep)
      return this.#uploadParams()
    })
    const pipelines = await Promise.all(this.dispatches.map((d) => this.gpu.pipeline(d.shader, d.entry, d.constants)))
    this.#encoded = await this.gpu.guard('plan bindings', () =>
      this.dispatches.map((d, i) => {
        const { pipeline, layout } = pipelines[i]!
        const bindGroup = this.gpu.device.createBindGroup({
          layout,
          entries: bindEntries(d, uniforms, offsets[i]!),
        })
        return { pipeline, bindGroup, groups: d.groups }
      }),
    )
    this.#state = 'compiled'
    return this
  }

  /** Whether this plan gives the tensor its memory. @throws ShapeError where two plans would, or others write it again */
  #assigns({ storage, label: name }: Tensor, label: string): boolean {
    if (storage.kind === 'persistent' || !storage.buffer) return true
    if (this.#transients.has(storage))
      throw new ShapeError(
        `${label}: ${name} has its memory from another plan, which was compiled first; compile this one before it`,
      )
    if (storage.kept) return false
    throw new ShapeError(
      `${label}: ${name} is an intermediate of another plan, whose memory others write again; make it an output there`,
    )
  }

  #assignMemory(keep: ReadonlySet<Storage>): void {
    const uses = this.dispatches.map(({ label, tensors }) =>
      Object.values(tensors).flatMap((tensor) => (this.#assigns(tensor, label) ? [tensor.storage] : [])),
    )
    for (const storage of keep) storage.kept = true
    planMemory(uses, keep).forEach((slot, i) => {
      const flags = usage.storage | usage.copySrc | usage.copyDst
      const buffer = this.gpu.createBuffer(`plan memory ${i}`, slot.bytes, flags, 'transient')
      this.#ownBuffers.push(buffer)
      for (const storage of slot.storages) storage.buffer = buffer
    })
  }

  /** All uniforms of all dispatches in one buffer, written once. */
  #uploadParams(): [GPUBuffer, number[]] {
    const align = this.gpu.limits.minUniformBufferOffsetAlignment
    let bytes = 0
    const offsets = this.dispatches.map((d) => {
      const at = bytes
      if (d.shader.params && d.params) bytes += Math.ceil(d.shader.params.size / align) * align
      return at
    })
    const packed = new DataView(new ArrayBuffer(Math.max(16, bytes)))
    this.dispatches.forEach((d, i) => d.params && packParams(d.shader, d.params, packed, offsets[i]!))
    const buffer = this.gpu.createBuffer('plan uniforms', packed.byteLength, usage.uniform | usage.copyDst, 'uniform')
    this.gpu.writeBuffer('plan uniforms', buffer, 0, packed)
    this.#ownBuffers.push(buffer)
    return [buffer, offsets]
  }

  /** Uploads an input by name; `data` is dense. @throws ShapeError for another size, or what is no finite number */
  write(name: string, data: ArrayLike<number>): void {
    const tensor = this.#inputs.get(name)
    if (!tensor)
      throw new ShapeError(`plan has no input '${name}' (it has ${[...this.#inputs.keys()].join(', ') || 'none'})`)
    checkFinite(tensor, data)
    this.gpu.write(tensor, data)
  }

  /**
   * Encodes the plan, or only dispatches `from` to before `to`, into a compute pass of the caller's.
   * @throws DeviceError for a plan that is not compiled, or a Gpu that is closed or lost
   */
  encode(pass: GPUComputePassEncoder, from = 0, to = this.#encoded.length): void {
    if (this.#state !== 'compiled') throw new DeviceError(`compile the plan before running it; it is ${this.#state}`)
    this.gpu.check()
    if (this.#requirements.length > 0) {
      for (const check of this.#requirements) check()
      this.#requirements.length = 0
    }
    let current: GPUComputePipeline | null = null
    for (let i = from; i < to; i++) {
      const { pipeline, bindGroup, groups } = this.#encoded[i]!
      if (pipeline !== current) pass.setPipeline(pipeline)
      current = pipeline
      pass.setBindGroup(0, bindGroup)
      // Each argument costs as it is converted, and most launches have one dimension.
      if (groups[1] === 1 && groups[2] === 1) pass.dispatchWorkgroups(groups[0])
      else pass.dispatchWorkgroups(groups[0], groups[1], groups[2])
    }
  }

  /** One pass, one submit. `after` may add copies of results to the same submit. */
  run(after?: (encoder: GPUCommandEncoder) => void): void {
    this.gpu.submit('running a plan', (encoder) => {
      const pass = encoder.beginComputePass()
      this.encode(pass)
      pass.end()
      after?.(encoder)
    })
  }

  /** Downloads an output by name, dense. */
  async read(name: string): Promise<HostArray> {
    return await this.gpu.read(this.outputTensor(name))
  }

  /** Downloads an f32 output by name, dense. */
  async readFloat(name: string): Promise<Float32Array> {
    return await this.gpu.readFloat(this.outputTensor(name))
  }

  outputTensor(name: string): Tensor {
    const tensor = this.#outputs.get(name)
    if (!tensor)
      throw new ShapeError(`plan has no output '${name}' (it has ${[...this.#outputs.keys()].join(', ') || 'none'})`)
    return tensor
  }

  /** Frees everything the plan owns; its tensors have no memory from then on. */
  destroy(): void {
    for (const buffer of this.#ownBuffers) this.gpu.destroyBuffer(buffer)
    const own = [...this.#inputs.values(), ...this.#constants.values()].map((tensor) => tensor.storage)
    for (const storage of [...own, ...this.#transients]) {
      storage.buffer = null
      storage.kept = false
    }
    this.#ownBuffers.length = 0
    this.#encoded = []
    this.#state = 'destroyed'
  }
}

const LAUNCH: Known<Launch<ShaderTypes>> = { groups: true, constants: true, label: true, flops: true, updates: true }

const COMPILE_OPTIONS: Known<{ keepAll?: boolean }> = { keepAll: true }

/** A caller's buffer may have been wrapped more than once. */
const sameMemory = (a: Storage, b: Storage): boolean => a === b || (a.buffer !== null && a.buffer === b.buffer)

function overlap(a: Tensor, b: Tensor): boolean {
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength
}

function bindEntries(d: Dispatch, uniforms: GPUBuffer, offset: number): GPUBindGroupEntry[] {
  const used = d.shader.entries[d.entry]
  const entries: GPUBindGroupEntry[] = Object.entries(used?.bindings ?? {}).map(([name, info]) => {
    const tensor = d.tensors[name]!
    return {
      binding: info.binding,
      resource: { buffer: tensor.buffer, offset: tensor.byteOffset, size: tensor.byteLength },
    }
  })
  if (used?.usesParams && d.shader.params) {
    const { binding, size } = d.shader.params
    entries.push({ binding, resource: { buffer: uniforms, offset, size } })
  }
  return entries
}

/** Throws unless two tensors of one operation have the same shape. */
export function expectSameShape(where: string, a: Tensor, b: Tensor): void {
  if (!sameShape(a.shape, b.shape)) {
    throw new ShapeError(`${where}: ${a.label} is ${formatShape(a.shape)} but ${b.label} is ${formatShape(b.shape)}`)
  }
}
