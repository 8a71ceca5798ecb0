// The mean squared error of regression.
import { squaredError } from '../../kernels/squared_error.ts'
import * as twin from '../../reference/squared_error.ts'
import type { OpCase, OpRecord } from '../op_record.ts'

const rows = (count: number, outputs: number): OpCase => ({
  attrs: {},
  inputs: { outputs: [count, outputs], goals: [count, outputs] },
})

export const squaredErrorRecord: OpRecord = {
  op: 'squared_error',
  // One output, as the network has it; rows that fill no vec4; more rows than a workgroup has.
  cases: [rows(1, 1), rows(5, 1), rows(6, 3), rows(3, 5), rows(261, 1)],
  run: {
    on: 'plan',
    record(c) {
      const { loss, dlogits } = squaredError(c.p, c.plain('outputs'), c.plain('goals'))
      c.plainResult('loss', loss)
      c.plainResult('grad.outputs', dlogits)
    },
  },
  twin(tensor) {
    const { loss, grad } = twin.squaredError(tensor('outputs'), tensor('goals'))
    return { loss: { shape: [1], data: Float64Array.of(loss) }, 'grad.outputs': grad }
  },
}
