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

  /** Where these tensors lie in `flat`, as few stretches in bytes: neighbours are one, and the gap behind a tensor is its own. */
  stretches(wanted: (name: string) => boolean): { from: number; bytes: number }[] {
    const found: { from: number; bytes: number }[] = []
    const all = [...this.tensors]
    all.forEach(([name, { byteOffset: from }], i) => {
      if (!wanted(name)) return
      const bytes = (all[i + 1]?.[1].byteOffset ?? this.flat.byteLength) - from
      const last = found.at(-1)
      if (last && last.from + last.bytes === from) last.bytes += bytes
      else found.push({ from, bytes })
    })
    return found
  }

  destroy(): void {
    this.gpu.free(this.flat)
  }
}
