import shader from '../../shaders/partial_sums.wgsl'
import type { Plan } from '../runtime/plan.ts'
import { rowOf } from '../runtime/shader.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv } from '../runtime/shape.ts'
import { STORAGE_ALIGN, Tensor, type Storage } from '../runtime/tensor.ts'

/** Quads that one workgroup adds up. */
const VALUES = /* @__PURE__ */ shaderValues(shader)

interface Sum {
  result: Tensor
  /** [chunks, floats of this result and of those beside it]. */
  partials: Tensor
  /** Where the result begins in each chunk, in bytes. */
  at: number
}

/** Sums that one dispatch can add up: results in one storage, partial sums in another. */
interface Batch {
  results: Storage
  partials: Storage
  sums: Sum[]
}

/**
 * Tensors that kernels compute as partial sums, which are added up in a fixed order, and all together: as gradients of all
 * layers lie in one storage, one dispatch at the end of a backward pass serves them all.
 */
export class PartialSums {
  private batches: Batch[] = []

  constructor(readonly plan: Plan) {}

  /**
   * Where a kernel is to write `chunks` partial sums of `result`, each laid out as the result, one after the other; a single
   * one is the result itself. The result has its value after `record`.
   */
  partialsOf(result: Tensor, chunks: number): Tensor {
    return chunks === 1 ? result : this.jointPartials([result], chunks)
  }

  /** The same for several results, side by side in each chunk, so that a kernel writes them through one binding. */
  jointPartials(results: readonly Tensor[], chunks: number): Tensor {
    const floats = results.reduce((sum, { byteLength }) => sum + byteLength / 4, 0)
    const label = `${results.map((result) => result.label).join(', ')} partial sums`
    const partials = this.storageFor(4 * chunks * floats).append([chunks, floats], 'f32', label)
    let at = 0
    for (const result of results) {
      this.batchFor(result.storage, partials.storage).sums.push({ result, partials, at })
      at += result.byteLength
    }
    return partials
  }

  /** A storage holds no more than can be bound to a kernel. */
  private storageFor(bytes: number): Storage {
    const open = this.batches.find(
      ({ partials }) => partials.bytes + STORAGE_ALIGN + bytes <= this.plan.gpu.bindingLimit,
    )
    return open?.partials ?? this.plan.storage()
  }

  private batchFor(results: Storage, partials: Storage): Batch {
    const open = this.batches.find((batch) => batch.results === results && batch.partials === partials)
    if (open) return open
    const batch = { results, partials, sums: [] }
    this.batches.push(batch)
    return batch
  }

  /** Records the additions, if there are any, and begins anew. */
  record(label: string): void {
    for (const batch of this.batches) recordBatch(this.plan, batch, label)
    this.batches = []
  }
}

function recordBatch(p: Plan, { results, partials, sums }: Batch, label: string): void {
  const origin = Math.min(...sums.map(({ result }) => result.byteOffset))
  const last = Math.max(...sums.map(({ result }) => result.byteOffset + result.byteLength))
  const table = sums.flatMap((sum) => jobsOf(sum, origin))
  const count = table.length
  const args = {
    jobs: p.constant(`${label} jobs`, 'u32', table.flat()),
    partials: new Tensor(partials, [partials.bytes / 4], 'f32', `${label} partial sums`),
    results: new Tensor(results, [(last - origin) / 4], 'f32', label, origin),
    params: { jobs: count },
  }
  const flops = sums.reduce((total, { result, partials: { rows } }) => total + (rows - 1) * result.size, 0)
  p.dispatch(shader, 'add', args, { groups: count, label, flops })
}

/** Rows of the table, in quads; `origin`: the byte at which the results are bound. */
function jobsOf({ result, partials, at }: Sum, origin: number): number[][] {
  const quads = result.byteLength / 16
  const [first, to] = [(partials.byteOffset + at) / 16, (result.byteOffset - origin) / 16]
  const [stride, chunks] = [partials.byteLength / 16 / partials.rows, partials.rows]
  return Array.from({ length: ceilDiv(quads, VALUES.WORKGROUP) }, (_, i) => {
    const done = i * VALUES.WORKGROUP
    const job = { first: first + done, to: to + done, count: Math.min(VALUES.WORKGROUP, quads - done), stride, chunks }
    return rowOf(shader, 'add', 'jobs', job)
  })
}
