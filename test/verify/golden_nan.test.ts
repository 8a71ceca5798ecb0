// A value that is no number stays visible where PyTorch shows it: on the device and in the twins.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { referenceOp } from '../../src/verify/op_list.ts'
import { operatorOf } from '../../src/verify/fixture_names.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { runOp } from '../../src/verify/op_list.ts'
import { moreGolden, readTensors } from '../support/golden_values.ts'

let gpu: Gpu
beforeAll(async () => {
  gpu = await openGpu()
})
afterAll(() => gpu.close())

describe.each(moreGolden('nan'))('$op of $id', (fixture) => {
  const tensors = readTensors(fixture)
  const expected = [...tensors.get('y')!.data]

  function expectSame(found: ArrayLike<number>): void {
    expect(expected.some(Number.isNaN)).toBe(true)
    expect(expected.some(Number.isFinite)).toBe(true)
    expect(found).toHaveLength(expected.length)
    expected.forEach((value, i) =>
      expect(found[i], `y[${i}]`).toEqual(Number.isNaN(value) ? NaN : expect.closeTo(value, 4)),
    )
  }

  it('in float64', () => expectSame(referenceOp(operatorOf(fixture.op), fixture.attrs, tensors).y!.data))
  it('on the device', async () =>
    expectSame((await runOp(gpu, operatorOf(fixture.op), fixture.attrs, tensors)).get('y')!))
})
