// How computed tensors are judged against the expectations of a fixture.
import { describe, expect, it } from 'vitest'
import { judgeCase, judgeTensor } from '../../src/verify/compare.ts'
import type { Expectation, ExpectedCase, KinkBounds, StoredTensors } from '../../src/verify/compare.ts'

const reference = [3, -4, 0, 12]
const stored = new Map([['y', { data: Float32Array.from(reference) }]])
const about = (value: number): number => expect.closeTo(value, 9) as number
const judgeY = (expectation: Expectation, values?: number[]): ReturnType<typeof judgeTensor> =>
  judgeTensor('y', expectation, stored, new Map(values ? [['y', values]] : []))

describe('judging a whole tensor', () => {
  const bounds = { atol: 0.1, rel_l2: 0.01 } // ||y|| = 13

  it('needs both bounds and reports the tighter measure', () => {
    expect(judgeY(bounds, reference)).toEqual({ ok: true, error: 0, tolerance: 0.1 })
    const near = judgeY(bounds, [3.05, -4, 0, 12])
    expect(near.ok).toBe(true)
    expect(near).toEqual({ ok: true, error: about(0.05), tolerance: 0.1 })
    expect(judgeY(bounds, [3.11, -4, 0, 12])).toEqual({ ok: false, error: about(0.11), tolerance: 0.1 })
    const spread = judgeY(
      bounds,
      reference.map((v) => v + 0.09),
    )
    expect(spread).toEqual({ ok: false, error: about(0.18 / 13), tolerance: 0.01 })
  })

  it('uses atol alone for theoretical zeros and where there is no rel_l2', () => {
    expect(
      judgeY(
        { atol: 0.1 },
        reference.map((v) => v + 0.09),
      ).ok,
    ).toBe(true)
    expect(
      judgeY(
        { ...bounds, theoretical_zero: true },
        reference.map((v) => v + 0.09),
      ).ok,
    ).toBe(true)
    expect(
      judgeY(
        { ...bounds, theoretical_zero: true },
        reference.map((v) => v + 0.11),
      ).ok,
    ).toBe(false)
    const zero = new Map([['y', { data: [0, 0] }]])
    expect(judgeTensor('y', bounds, zero, new Map([['y', [0.05, 0]]])).ok).toBe(true)
    expect(judgeTensor('y', bounds, zero, new Map([['y', [0.2, 0]]])).ok).toBe(false)
  })

  it('fails what is missing, of the wrong size or not finite', () => {
    for (const values of [undefined, [3, -4, 0], [...reference, 0], [3, -4, NaN, 12], [3, -4, 0, Infinity]]) {
      expect(judgeY(bounds, values), String(values)).toMatchObject({ ok: false, error: Infinity })
    }
  })

  it('names a tensor that the file lacks', () => {
    expect(() => judgeTensor('z', bounds, stored, new Map([['z', [1]]]))).toThrow('no tensor z')
  })
})

describe('judging a sliced tensor', () => {
  const whole = Float64Array.from({ length: 100 }, (_, i) => Math.sin(i) + 0.1)
  const largest = whole.reduce((best, v, i) => (Math.abs(v) > Math.abs(whole[best]!) ? i : best), 0)
  const index = [3, 50, 99]
  const slice: StoredTensors = new Map<string, { data: ArrayLike<number> }>([
    ['y@index', { data: Int32Array.from(index) }],
    ['y@value', { data: Float32Array.from(index, (i) => whole[i]!) }],
    ['y@stats', { data: [whole.reduce((a, b) => a + b), Math.hypot(...whole), Math.abs(whole[largest]!)] }],
  ])
  const judgeWith = (change: (values: Float64Array) => void, atol = 1e-3): boolean => {
    const values = whole.slice()
    change(values)
    return judgeTensor('y', { atol, rel_l2: 1e-3, sliced: true }, slice, new Map([['y', values]])).ok
  }

  it('accepts the reference', () => {
    expect(judgeWith(() => {})).toBe(true)
  })

  it('sees an error in the slice', () => {
    const shift =
      (by: number) =>
      (values: Float64Array): void => {
        values[3]! += by
        values[50]! -= by
      }
    expect(judgeWith(shift(2e-3))).toBe(false)
    expect(judgeWith(shift(1e-4), 1)).toBe(true)
    expect(judgeWith(shift(2e-3), 1)).toBe(false) // sqrt(2 100/3) 0.002 / 7.1 of the norm
  })

  it('sees by the statistics what lies outside the slice', () => {
    expect(
      judgeWith((values) => {
        values[7]! += 0.1
        values[5]! -= 0.1
      }),
    ).toBe(false) // the norm
    expect(
      judgeWith((values) => {
        values[largest]! += 2e-3
      }),
    ).toBe(false) // the largest
    expect(
      judgeWith((values) => {
        values[7]! *= -1
      }),
    ).toBe(false) // the sum
    expect(
      judgeWith((values) => {
        values[7] = NaN
      }),
    ).toBe(false)
  })
})

describe('judging a case in which a kink may flip', () => {
  const strict = { atol: 1e-3, rel_l2: 1e-3 }
  const unit = { data: [1, 0] }
  const judge = (names: string[], kinks: KinkBounds | undefined, values: Record<string, number[]>): boolean => {
    const expected: ExpectedCase = {
      expect: Object.fromEntries(names.map((name) => [name, strict])),
      ...(kinks && { if_a_kink_flips: kinks }),
    }
    const judged = judgeCase(expected, new Map(names.map((name) => [name, unit])), new Map(Object.entries(values)))
    expect(judged.ok).toBe([...judged.tensors.values()].every(({ ok }) => ok))
    if (judged.tensors.size > 0) expect(judged).toMatchObject(judged.tensors.get(judged.tensor)!)
    return judged.ok
  }

  it('widens gradients to the bound of one and of all', () => {
    const kinks = { worst_grad_tensor_rel_l2: 0.1, all_grads_rel_l2: 0.05 }
    const names = ['train.grad.a', 'train.grad.b', 'train.grad.c', 'train.grad.d']
    const values = Object.fromEntries(names.map((name) => [name, [1, 0]]))
    expect(judge(names, undefined, { ...values, 'train.grad.a': [1.09, 0] })).toBe(false)
    expect(judge(names, kinks, { ...values, 'train.grad.a': [1.09, 0] })).toBe(true)
    expect(judge(names, kinks, { ...values, 'train.grad.a': [1.11, 0] })).toBe(false)
    const two = { ...values, 'train.grad.a': [1.09, 0], 'train.grad.b': [1, 0.09] }
    expect(judge(names, kinks, two)).toBe(false) // sqrt(2) 0.09 / 2 = 0.064 of all gradients
    expect(judge(names, { ...kinks, all_grads_rel_l2: 0.07 }, two)).toBe(true)
    expect(judge(names, kinks, { 'train.grad.a': [1, 0] })).toBe(false)
  })

  it('leaves everything else at its strict bounds', () => {
    const kinks = { worst_grad_tensor_rel_l2: 0.1, all_grads_rel_l2: 0.1 }
    for (const name of ['train.probs', 'eval.tap.shallow', 'train.buffer.shallow.bn.running_var', 'train.loss']) {
      expect(judge([name], kinks, { [name]: [1.002, 0] }), name).toBe(false)
    }
    const zero: ExpectedCase = {
      expect: { 'grad.b': { atol: 1e-3, theoretical_zero: true } },
      if_a_kink_flips: { worst_grad_tensor_rel_l2: 0.1 },
    }
    expect(judgeCase(zero, new Map([['grad.b', { data: [0] }]]), new Map([['grad.b', [0.002]]])).ok).toBe(false)
  })

  it('widens the parts of a training trace', () => {
    const kinks: KinkBounds = {
      loss_abs_per_step: [0.01, 0.1],
      final_param_rel_l2: 0.02,
      final_buffer_rel_l2: 0.03,
      final_eval_logits_abs: 0.04,
    }
    const judgeOne = (name: string, value: number[]): boolean => judge([name], kinks, { [name]: value })
    expect(judgeOne('trace.x.loss', [1.009, 0.09])).toBe(true)
    expect(judgeOne('trace.x.loss', [1.011, 0])).toBe(false)
    expect(judgeOne('trace.x.loss', [1, 0.11])).toBe(false)
    for (const [name, bound] of [
      ['trace.x.final.param.a', 0.02],
      ['trace.x.final.buffer.a', 0.03],
      ['trace.x.final.eval_logits', 0.04],
      ['trace.x.logits', 0.04],
    ] as const) {
      expect(judgeOne(name, [1 + bound - 1e-6, 0]), name).toBe(true)
      expect(judgeOne(name, [1 + bound + 1e-6, 0]), name).toBe(false)
    }
  })

  it('passes a case that expects nothing', () => {
    expect(judge([], undefined, {})).toBe(true)
  })
})
