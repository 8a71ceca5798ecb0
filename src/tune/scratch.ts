// Memory on which candidates of one op are tried out, so that tuning touches nothing live.
import type { Gpu } from '../runtime/gpu.ts'
import type { Choice } from '../runtime/plan.ts'
import { Random } from '../runtime/random.ts'
import { Tensor, type Storage } from '../runtime/tensor.ts'

/** Where a tensor lies: two views of the same bytes stay views of the same bytes. */
const placeOf = ({ byteOffset, byteLength }: Tensor): string => `${byteOffset} ${byteLength}`

/** Random numbers that fill a tensor of any size; uploads repeat them. */
const PERIOD = 65_521

/**
 * For each f32 tensor of an op one of the same shape with uniform random numbers in [-0.5, 0.5), the same every time, so that sums
 * stay small and neither exponentials nor denormal numbers decide the time. Tables of integers are kept as they are.
 */
export class Scratch {
  private readonly places = new Map<Storage, Map<string, Tensor>>()
  private readonly tensors: Tensor[] = []
  private readonly numbers: Float32Array

  private constructor(
    private readonly gpu: Gpu,
    { tensors }: Choice,
  ) {
    const random = new Random(1)
    this.numbers = Float32Array.from({ length: PERIOD }, () => random.uniform() - 0.5)
    for (const tensor of tensors.filter(({ dtype, storage }) => dtype === 'f32' || storage.kind === 'transient')) {
      const views = this.places.get(tensor.storage) ?? new Map<string, Tensor>()
      this.places.set(tensor.storage, views)
      if (views.has(placeOf(tensor))) continue
      const scratch = gpu.tensor(tensor.shape, tensor.dtype, tensor.label)
      views.set(placeOf(tensor), scratch)
      this.tensors.push(scratch)
    }
    this.fill(this.tensors)
  }

  /** @throws LimitError when the device has no room for it; nothing is left behind then */
  static create(gpu: Gpu, choice: Choice): Promise<Scratch> {
    return gpu.allocate(`memory to tune ${choice.op}`, () => new Scratch(gpu, choice))
  }

  /** The tensor to use in the place of one of the op's. */
  readonly substitute = (tensor: Tensor): Tensor => {
    const scratch = this.places.get(tensor.storage)?.get(placeOf(tensor))
    return scratch ? new Tensor(scratch.storage, tensor.shape, tensor.dtype, tensor.label) : tensor
  }

  /** Those among its tensors that lie in memory which is written. */
  results(written: ReadonlySet<Storage>): Tensor[] {
    return this.tensors.filter(({ storage }) => written.has(storage))
  }

  /** Fills tensors with the same numbers as ever. Each begins elsewhere in them, or a product of two would be a sum of squares. */
  fill(tensors: readonly Tensor[]): void {
    for (const tensor of tensors.filter(({ dtype }) => dtype === 'f32')) {
      const shift = 1009 * this.tensors.indexOf(tensor)
      this.gpu.write(
        tensor,
        Float32Array.from({ length: tensor.size }, (_, i) => this.numbers[(i + shift) % PERIOD]!),
      )
    }
  }

  /** Fills tensors with NaN, so that a value left unwritten shows. */
  poison(tensors: readonly Tensor[]): void {
    for (const { buffer } of tensors)
      this.gpu.writeBuffer('poisoning', buffer, 0, new Uint8Array(buffer.size).fill(0xff))
  }

  /** All bytes of the tensors as numbers, the padding of rows included. */
  async read(tensors: readonly Tensor[]): Promise<ArrayLike<number>[]> {
    const values: ArrayLike<number>[] = []
    for (const { storage, dtype, rows, rowStride, label } of tensors) {
      values.push(await this.gpu.read(new Tensor(storage, [rows, rowStride], dtype, label)))
    }
    return values
  }

  free(): void {
    for (const tensor of this.tensors) this.gpu.free(tensor)
  }
}
