// Partial sums of several tensors, added by as few dispatches as their memory allows.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { conv1dBackwardWeight } from '../../src/kernels/conv1d/conv1d.ts'
import { PartialSums } from '../../src/kernels/partial_sums.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { Plan } from '../../src/runtime/plan.ts'
import { Slab } from '../../src/runtime/slab.ts'
import type { Tensor } from '../../src/runtime/tensor.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterEach(() => vi.restoreAllMocks())
afterAll(() => gpu.close())

/** Rows of one number per chunk: what a kernel might have left, small whole numbers that add up without rounding. */
const partialsFor = ({ byteLength }: Tensor, chunks: number, seed: number): Float32Array =>
  Float32Array.from({ length: (chunks * byteLength) / 4 }, (_, i) => ((i * 7 + seed) % 23) - 11)

/** Has sums of `results` recorded and run on such partial sums; returns the plan's dispatch count. */
async function addUp(results: readonly (readonly [Tensor, number])[]): Promise<number> {
  const plan = new Plan(gpu)
  const sums = new PartialSums(plan)
  const partials = results.map(([result, chunks]) => sums.partialsOf(result, chunks))
  sums.record('sums')
  sums.record('nothing left')
  await plan.compile({ keepAll: true })
  partials.forEach((tensor, i) => gpu.write(tensor, partialsFor(...results[i]!, i)))
  plan.run()
  const count = plan.dispatches.length
  for (const [i, [result, chunks]] of results.entries()) {
    const [terms, floats] = [partialsFor(result, chunks, i), result.byteLength / 4]
    const wanted = Array.from({ length: result.size }, (_, j) =>
      Array.from({ length: chunks }, (_, chunk) => terms[chunk * floats + j]!).reduce((sum, term) => sum + term),
    )
    expect([...(await gpu.readFloat(result))], result.label).toEqual(wanted)
  }
  plan.destroy()
  return count
}

describe('partial sums', () => {
  const slab = () =>
    new Slab(
      gpu,
      'gradients',
      new Map([
        ['a', [3, 8, 40]],
        ['b', [4]],
        ['c', [1, 300]],
        ['d', [12]],
      ]),
    )
  const shares = (from: Slab) => [...from.tensors.values()].map((tensor, i) => [tensor, [2, 64, 5, 1][i]!] as const)

  it('of tensors in one slab are added by one dispatch, which leaves the others alone', async () => {
    const gradients = slab()
    expect(await addUp(shares(gradients))).toBe(1)
    gradients.destroy()
  })

  it('of tensors in several storages are added by a dispatch each', async () => {
    const gradients = slab()
    expect(await addUp([...shares(gradients), [gpu.tensor([65, 4]), 3]])).toBe(2)
    gradients.destroy()
  })

  it('that no adapter could bind together are added by as many dispatches as it takes', async () => {
    const gradients = slab()
    vi.spyOn(gpu, 'bindingLimit', 'get').mockReturnValue(8192)
    expect(await addUp(shares(gradients))).toBe(2)
    gradients.destroy()
  })

  it('of another plan are left alone by what is recorded on this one', async () => {
    const [plan, other] = [new Plan(gpu), new Plan(gpu)]
    const [x, dy, dw] = [plan.input('x', [1, 600, 12]), plan.input('dy', [1, 600, 12]), gpu.tensor([1, 12, 12])]
    conv1dBackwardWeight(plan, dy, x, dw, null, { stride: 1, padding: 0 }, 'weight', new PartialSums(other))
    await plan.compile()
    plan.write('x', new Float32Array(7200).fill(1))
    plan.write('dy', new Float32Array(7200).fill(2))
    plan.run()
    expect([...(await gpu.readFloat(dw))]).toEqual(new Array(144).fill(1200))
    plan.destroy()
  })
})
