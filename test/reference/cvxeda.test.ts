// The dense float64 reference: its adjoint, its knots, and the dual bound that certifies every solver.
import { describe, expect, it } from 'vitest'
import { bateman, batemanAdjoint, cvxedaObjective, optimalityGap, tonicColumns } from '../../src/reference/cvxeda.ts'
import { Random } from '../../src/runtime/random.ts'
import { certified, defaults, randomSignal } from '../cvxeda/support.ts'

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, v, i) => sum + v * b[i]!, 0)

function normals(n: number, seed: number): Float64Array {
  const random = new Random(seed)
  return Float64Array.from({ length: n }, () => random.normal())
}

describe('the reference', () => {
  it("has H' for its H", () => {
    const [p, x] = [normals(90, 1), normals(90, 2)]
    expect(dot(bateman(p, 8, defaults), x)).toBeCloseTo(dot(p, batemanAdjoint(x, 8, defaults)), 10)
  })

  it('places knots every k samples below n + k / 2, or where it is told to', () => {
    const peaks = (deltaKnot: number | number[], n: number) => {
      const { columns, count } = tonicColumns(n, 4, { ...defaults, deltaKnot })
      return columns.slice(0, count).map((column) => column.indexOf(1))
    }
    expect(peaks(2, 20)).toEqual([0, 8, 16])
    expect(peaks(2, 21)).toEqual([0, 8, 16, -1]) // the last at sample 24, behind the end
    expect(peaks([3, 10, 17], 21)).toEqual([3, 10, 17])
  })
})

describe('the optimality gap', () => {
  const y = randomSignal(120, 8, 3)
  const params = { ...defaults, deltaKnot: 5 }

  /** Distance of the objective from the optimum, against the gap that is claimed for the point. */
  async function claims(change: (driver: Float64Array, l: Float64Array, d: Float64Array) => void) {
    const {
      solution: { driver, l, d },
    } = await certified(y, 8, params)
    const value = (p: Float64Array, x: Float64Array, c: Float64Array) =>
      cvxedaObjective(y, { driver: p, splineCoefficients: x, driftCoefficients: c }, 8, params)
    const best = value(driver, l, d)
    const spoiled = [driver.slice(), l.slice(), d.slice()] as const
    change(...spoiled)
    const objective = value(...spoiled)
    const point = { driver: spoiled[0], splineCoefficients: spoiled[1], driftCoefficients: spoiled[2] }
    const gap = optimalityGap(y, point, 8, params)
    return { distance: (objective - best) / (objective + 0.5e-6 * dot(y, y)), gap }
  }

  it.each([1e-1, 1e-2, 1e-3])(
    'is at least the distance from the optimum when the point is wrong by %d',
    async (size) => {
      const changes = [
        (p: Float64Array) =>
          p.forEach((v, i) => {
            p[i] = v * (1 + size)
          }),
        (p: Float64Array) => {
          p[60]! += 10 * size
        },
        (_: Float64Array, l: Float64Array) => {
          l[1]! += size
        },
        (_: Float64Array, __: Float64Array, d: Float64Array) => {
          d[1]! -= size
        },
      ]
      for (const change of changes) {
        const { distance, gap } = await claims(change)
        expect(distance).toBeGreaterThan(1e-9)
        expect(gap).toBeGreaterThanOrEqual(distance * (1 - 1e-6) - 1e-9)
        expect(gap).toBeLessThan(1)
      }
    },
  )

  it('shrinks with the error, down to nothing at the optimum', async () => {
    const gaps: number[] = []
    for (const size of [1e-3, 1e-4, 0]) {
      gaps.push(
        (
          await claims((_, l) => {
            l[1]! += size
          })
        ).gap,
      )
    }
    expect(gaps[1]).toBeLessThan(gaps[0]! / 3)
    expect(gaps[2]).toBeLessThan(1.01e-9)
  })
})
