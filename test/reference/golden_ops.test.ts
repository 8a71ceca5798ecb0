// The float64 twins against operators, optimizers and schedules of PyTorch.
import { describe, expect, it } from 'vitest'
import type { NamedArrays } from '../../src/reference/array.ts'
import { referenceOp } from '../../src/verify/op_list.ts'
import { operatorOf } from '../../src/verify/fixture_names.ts'
import { judgeCase } from '../../src/verify/compare.ts'
import { dataOf, fixtureCases, readTensors } from '../support/golden_values.ts'
import type { FixtureCase } from '../support/golden_values.ts'

const runCase = (fixture: FixtureCase, tensors: NamedArrays) =>
  referenceOp((fixture.attrs.name as string | undefined) ?? operatorOf(fixture.op), fixture.attrs, tensors)

describe('golden values', () => {
  it.each(fixtureCases('op', 'optimizer', 'schedule'))('$title', (fixture) => {
    const tensors = readTensors(fixture)
    const judged = judgeCase(fixture, tensors, dataOf(new Map(Object.entries(runCase(fixture, tensors)))))
    expect([...judged.tensors].filter(([, { ok }]) => !ok)).toEqual([])
    // The bounds are meant for float32; float64 must stay well inside.
    expect(judged.error).toBeLessThanOrEqual(judged.tolerance / 10)
  })
})
