import type { Gpu } from './gpu.ts'
import { usage } from './gpu_base.ts'
import type { Shape } from './shape.ts'
import { bytesOf, Storage, STORAGE_ALIGN, Tensor } from './tensor.ts'

/**
 * Named f32 tensors laid end to end in one buffer, so that the optimizer is one dispatch over `flat` and a checkpoint one copy.
 * The gaps between tensors are zero and stay zero.
 */
export class Slab {
  readonly tensors = new Map<string, Tensor>()
  /** The whole slab as a vector. */
  readonly flat: Tensor

  constructor(
    private readonly gpu: Gpu,
    readonly label: string,
    shapes: ReadonlyMap<string, Shape>,
  ) {
    let bytes = 0
    const offsets = new Map<string, number>()
    for (const [name, shape] of shapes) {
      offsets.set(name, bytes)
      bytes += Math.ceil(bytesOf(shape) / STORAGE_ALIGN) * STORAGE_ALIGN
    }
    const storage = new Storage(Math.max(STORAGE_ALIGN, bytes), 'persistent')
    storage.buffer = gpu.createBuffer(label, storage.bytes, usage.storage | usage.copySrc | usage.copyDst, 'tensor')
    this.flat = new Tensor(storage, [storage.bytes / 4], 'f32', label)
    for (const [name, shape] of shapes) {
      this.tensors.set(name, new Tensor(storage, shape, 'f32', name, offsets.get(name) ?? 0))
    }
  }

  destroy(): void {
    this.gpu.free(this.flat)
  }
}
