// All operators. Whoever adds one adds its record here; `verify`, the fixtures, the race checks and the gradient checks find it.
import type { NamedArrays, NdArray } from '../reference/array.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { OpContext, type Arrays } from './op_context.ts'
import type { Attributes, OpCase, OpRecord, Results, Values } from './op_record.ts'
import { reluRecord, sigmoidRecord } from './ops/activation.ts'
import { attentionModuleRecord, rntaRecord } from './ops/attention.ts'
import { batchNormClipsRecord, batchNormRecord } from './ops/batchnorm.ts'
import { channelsRecord } from './ops/channels.ts'
import { concatRecord } from './ops/concat.ts'
import { conv1dRecord } from './ops/conv1d.ts'
import { gradCamRecord } from './ops/grad_cam.ts'
import { interpolateRecord } from './ops/interpolate.ts'
import { linearRecord } from './ops/linear.ts'
import { adamRecord, adamwRecord, scheduleRecord, sgdRecord } from './ops/optimizers.ts'
import { averagePoolRecord, clipMeanRecord, globalAveragePoolRecord, maxPoolRecord } from './ops/pool.ts'
import { scaRecord } from './ops/sca.ts'
import { crossEntropyRecord, doubleCrossEntropyRecord, softmaxRecord } from './ops/softmax.ts'
import { squaredErrorRecord } from './ops/squared_error.ts'
import { withPlan } from './owned.ts'

export const opRecords: readonly OpRecord[] = [
  conv1dRecord,
  batchNormRecord,
  batchNormClipsRecord,
  reluRecord,
  sigmoidRecord,
  softmaxRecord,
  maxPoolRecord,
  averagePoolRecord,
  globalAveragePoolRecord,
  clipMeanRecord,
  scaRecord,
  rntaRecord,
  attentionModuleRecord,
  linearRecord,
  concatRecord,
  crossEntropyRecord,
  doubleCrossEntropyRecord,
  squaredErrorRecord,
  sgdRecord,
  adamRecord,
  adamwRecord,
  scheduleRecord,
  interpolateRecord,
  channelsRecord,
  gradCamRecord,
]

/** A case with the name of its operator and its record. */
export interface ListedCase extends OpCase {
  op: string
  record: OpRecord
}

/** Every case of every operator. */
export const opCases: readonly ListedCase[] = opRecords.flatMap((record) =>
  record.cases.map((one) => ({ ...one, op: record.op, record })),
)

/** @throws UsageError for an operator that is not known */
export function opRecord(op: string): OpRecord {
  const record = opRecords.find((one) => one.op === op)
  if (!record)
    throw new UsageError(`there is no operator '${op}' (known: ${opRecords.map((one) => one.op).join(', ')})`)
  return record
}

/** Runs a case, on memory full of NaN; returns its results by the names of `expect`. */
export async function runOp(gpu: Gpu, op: string, attrs: OpCase['attrs'], arrays: Arrays): Promise<Values> {
  const { run } = opRecord(op)
  if (run.on === 'host') return run.compute(attrs, arrays)
  if (run.on === 'device') return run.compute(gpu, attrs, arrays)
  return withPlan(gpu, async (plan) => {
    const context = new OpContext(plan, arrays, attrs)
    run.record(context)
    return context.run()
  })
}

/** The same in float64. */
export function referenceOp(op: string, attrs: OpCase['attrs'], tensors: NamedArrays): Results {
  const tensor = (name: string): NdArray => {
    const found = tensors.get(name)
    if (!found) throw new UsageError(`${op} needs the tensor '${name}'`)
    return found
  }
  return opRecord(op).twin(tensor, attrs as unknown as Attributes, tensors)
}
