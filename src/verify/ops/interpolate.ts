import { interpolateLinear as twin } from '../../reference/interpolate.ts'
import { interpolateLinear } from '../../signal/resample.ts'
import type { Arrays } from '../op_context.ts'
import type { OpCase, OpRecord, Values } from '../op_record.ts'

/** Preprocessing on the host: rows of [B, C, L], both conventions for the ends. */
export const interpolateRecord: OpRecord = {
  op: 'interpolate_linear',
  cases: [],
  run: { on: 'host', compute: resample },
  twin: (tensor, { out_length }) => ({
    y: twin(tensor('x'), out_length),
    y_align_corners: twin(tensor('x'), out_length, true),
  }),
}

function resample(attrs: OpCase['attrs'], arrays: Arrays): Values {
  const x = arrays.get('x')
  const length = x?.shape[2] ?? 0
  const data = Float64Array.from((x?.data ?? []) as ArrayLike<number>, Number)
  const rows = Array.from({ length: data.length / length }, (_, r) => data.subarray(r * length, (r + 1) * length))
  const resampled = (alignCorners: boolean) =>
    Float32Array.from(rows.flatMap((row) => [...interpolateLinear(row, Number(attrs.out_length), alignCorners)]))
  return new Map([
    ['y', resampled(false)],
    ['y_align_corners', resampled(true)],
  ])
}
