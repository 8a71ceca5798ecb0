import { expect, it } from 'vitest'
import { symmetricEigen } from '../../src/evaluation/symmetric_eigen.ts'
import { atOnce } from '../../src/runtime/breather.ts'
import { Random } from '../../src/runtime/random.ts'

it('knows a matrix of two rows', () => {
  const { values, vectors } = atOnce(symmetricEigen(Float64Array.of(2, 1, 1, 2), 2))
  expect([...values].sort()).toEqual([expect.closeTo(1, 14), expect.closeTo(3, 14)])
  expect(Math.abs(vectors[0]! * vectors[2]! + vectors[1]! * vectors[3]!)).toBeLessThan(1e-15)
})

it.each([1, 3, 12])('takes a symmetric matrix of %d rows apart', (n) => {
  const random = new Random(n)
  const a = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = random.normal()
  const { values, vectors } = atOnce(symmetricEigen(a.slice(), n))
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let [sum, product] = [0, 0]
      for (let k = 0; k < n; k++) {
        sum += values[k]! * vectors[k * n + i]! * vectors[k * n + j]!
        product += vectors[i * n + k]! * vectors[j * n + k]!
      }
      expect(Math.abs(sum - a[i * n + j]!)).toBeLessThan(1e-13)
      expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(1e-13)
    }
  }
})
