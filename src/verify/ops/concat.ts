import { concat, slice } from '../../kernels/layout.ts'
import { concat as twin, split } from '../../reference/concat.ts'
import { innerOf } from '../../runtime/shape.ts'
import { gradientsOf, type OpRecord } from '../op_record.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e'] as const

/** Features [B, F] side by side, or clips [B, C, L] in time: the innermost axis in both. */
export const concatRecord: OpRecord = {
  op: 'concat',
  cases: [
    { attrs: { axis: 1 }, inputs: { a: [5, 7], b: [5, 3], 'upstream.y': [5, 10] } },
    { attrs: { axis: 1 }, inputs: { a: [70, 7], b: [70, 3], 'upstream.y': [70, 10] } },
    { attrs: { axis: 2 }, inputs: { a: [2, 3, 4], b: [2, 3, 4], c: [2, 3, 5], 'upstream.y': [2, 3, 13] } },
  ],
  run: {
    on: 'plan',
    record(c) {
      const names = NAMES.filter((name) => c.has(name))
      const parts = names.map((name) => c.plain(name))
      c.plainResult(
        'y',
        parts.reduce((joined, part) => concat(c.p, joined, part)),
      )
      const dy = c.plain('upstream.y')
      let first = 0
      names.forEach((name, i) => {
        const width = innerOf(parts[i]!.shape)
        c.plainResult(`grad.${name}`, slice(c.p, dy, first, width))
        first += width
      })
    },
  },
  twin(tensor, { axis }, tensors) {
    const names = NAMES.filter((name) => tensors.has(name))
    const parts = names.map(tensor)
    const grads = split(
      tensor('upstream.y'),
      parts.map((part) => part.shape[axis]!),
      axis,
    )
    return { y: twin(parts, axis), ...gradientsOf(Object.fromEntries(names.map((name, i) => [name, grads[i]!]))) }
  },
}
