// Every operator's float64 twin, on the very cases that the kernels are checked on: its gradients are those of central differences.
import { describe, expect, it } from 'vitest'
import { dot, ndarray, type NamedArrays } from '../../src/reference/array.ts'
import { directionalDerivative } from '../../src/reference/gradcheck.ts'
import { Random } from '../../src/runtime/random.ts'
import { drawInputs } from '../../src/verify/kernels.ts'
import { opCases, opRecord, referenceOp, type ListedCase } from '../../src/verify/op_list.ts'
import { randomArray } from '../support/golden_values.ts'

/** What a gradient belongs to: a loss of its own, or the result weighted by what comes from above. */
function objective({ op, attrs, inputs }: ListedCase, arrays: NamedArrays): number {
  const { y, loss } = referenceOp(op, attrs, arrays)
  return 'upstream.y' in inputs ? dot(y!, arrays.get('upstream.y')!) : loss!.data[0]!
}

const hasGradient = ({ op, inputs }: ListedCase): boolean =>
  opRecord(op).run.on === 'plan' && ['upstream.y', 'logits', 'outputs'].some((name) => name in inputs)

describe('the gradients of the twin are those of central differences', () => {
  it.each(
    opCases
      .filter(hasGradient)
      .map(
        (one) => [`${one.op} ${JSON.stringify(one.attrs)} [${Object.values(one.inputs)[0]!.join(',')}]`, one] as const,
      ),
  )('%s', (name, one) => {
    const arrays = drawInputs(name, one.inputs)
    const gradients = Object.entries(referenceOp(one.op, one.attrs, arrays)).filter(([result]) =>
      result.startsWith('grad.'),
    )
    expect(gradients.length).toBeGreaterThan(0)
    for (const [result, gradient] of gradients) {
      const input = result.slice('grad.'.length)
      const x = arrays.get(input)!
      const direction = randomArray(new Random(5), ...x.shape)
      const along = directionalDerivative((moved) => objective(one, new Map([...arrays, [input, moved]])), x, direction)
      const expected = dot(gradient, direction)
      const size = Math.sqrt(dot(gradient, gradient) * dot(direction, direction))
      expect(Math.abs(along - expected), `${input}: ${along} against ${expected}`).toBeLessThan(
        1e-6 * Math.max(size, 1),
      )
    }
  })

  it('which finds a wrong one', () => {
    const x = ndarray([3], [1, 2, 3])
    const along = directionalDerivative((v) => dot(v, v), x, ndarray([3], [1, 0, 0]))
    expect(along).toBeCloseTo(2, 8)
    expect(Math.abs(along - 2.001)).toBeGreaterThan(1e-4)
  })
})
