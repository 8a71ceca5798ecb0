import { describe, expect, it } from 'vitest'
import { gramMatrix } from '../../src/evaluation/gram.ts'
import { trainLinearSvm } from '../../src/evaluation/svm.ts'
import { atOnce } from '../../src/runtime/breather.ts'
import { ShapeError } from '../../src/runtime/errors.ts'
import { Random } from '../../src/runtime/random.ts'

const rowsOf = (n: number, length: number): Float32Array[] => {
  const random = new Random(3)
  return Array.from({ length: n }, () => Float32Array.from({ length }, () => random.normal()))
}

describe('the Gram matrix', () => {
  it.each([1, 2, 4, 5, 11])('of %d rows has every product, summed in order', (n) => {
    const rows = rowsOf(n, 7)
    const products = rows.flatMap((a) => rows.map((b) => a.reduce((sum, value, k) => sum + value * b[k]!, 0)))
    expect([...atOnce(gramMatrix(rows))]).toEqual(products)
  })

  it('comes in pieces, and says how far it is', () => {
    const shares: number[] = []
    const rows = Array.from({ length: 40 }, (_, i) => new Float32Array(40_000).fill(i))
    const work = gramMatrix(rows, (share) => shares.push(share))
    let pieces = 0
    while (!work.next().done) pieces++
    expect(pieces).toBeGreaterThan(10)
    expect(shares).toHaveLength(pieces)
    expect(shares).toEqual([...shares].sort((a, b) => a - b))
    expect(shares.at(-1)).toBeLessThanOrEqual(1)
  })

  it('may be handed to the SVM, which then computes none', async () => {
    const rows = rowsOf(20, 5)
    const labels = rows.map((_, i) => i % 2)
    const gram = atOnce(gramMatrix(rows))
    const own = await trainLinearSvm(rows, labels)
    expect(await trainLinearSvm(rows, labels, { gram })).toEqual(own)
    const rounded = await trainLinearSvm(rows, labels, { gram: Float32Array.from(gram) })
    expect(Math.abs(rounded.bias - own.bias)).toBeLessThan(1e-2)
    const twice = await trainLinearSvm(rows, labels, { gram: gram.map((value) => 2 * value) })
    expect(twice.weights).not.toEqual(own.weights)
    await expect(trainLinearSvm(rows, labels, { gram: gram.subarray(1) })).rejects.toThrow(ShapeError)
  })
})
