// What the project knows of an operator, in one place: `verify`, the race checks and the gradient checks walk the list of these.
import type { RntaPool, ModelConfig } from '../model/config.ts'
import type { NamedArrays, NdArray } from '../reference/array.ts'
import type { Gpu } from '../runtime/gpu.ts'
import type { Arrays, OpContext } from './op_context.ts'

/** One check: the operator's settings, and its inputs' shapes, channels first; data are drawn from a seed. */
export interface OpCase {
  attrs: Readonly<Record<string, unknown>>
  inputs: Readonly<Record<string, readonly number[]>>
}

export interface OpRecord {
  /** As `verify` prints it; `fixture_names.ts` has the names of fixtures that differ. */
  op: string
  /** Awkward shapes: one row, odd channels, lengths that fill no tile, strides that leave rows over. */
  cases: readonly OpCase[]
  /** Where it runs, and how: through the same kernels, or layers, that the model uses. */
  run: OpRun
  /** The same in float64 by plain loops: results by the names of `run`. */
  twin: Twin
  /** The candidates of each op with several kernels that it is made of. */
  variants?: VariantLists
}

export type OpRun =
  /** Forward and backward in one plan. */
  | { on: 'plan'; record: (c: OpContext) => void }
  /** Several runs of a plan, as an optimizer's steps are. */
  | { on: 'device'; compute: (gpu: Gpu, attrs: OpCase['attrs'], arrays: Arrays) => Promise<Values> }
  | { on: 'host'; compute: (attrs: OpCase['attrs'], arrays: Arrays) => Values }

export type Values = Map<string, Float32Array>

/** By the names under which kernel choices know the ops. */
export type VariantLists = Readonly<Record<string, readonly { name: string }[]>>

export type Results = Readonly<Record<string, NdArray>>
export type Twin = (tensor: (name: string) => NdArray, attributes: Attributes, tensors: NamedArrays) => Results

/** Settings of all operators, as cases name them. */
export interface Attributes {
  kernel: number
  stride: number
  padding: number
  training: boolean
  relu?: boolean
  join_relu?: boolean
  clip_lengths?: number[]
  pool: RntaPool
  order: ModelConfig['attention']
  axis: number
  out_length: number
  drop: number
  lr: number
  momentum: number
  weight_decay: number
  betas: [number, number]
  eps: number
  lr_schedule?: string
  lr0: number
  step_epochs: number
  gamma: number
}

export type CaseShape = readonly number[]

/** Gradients by the names of what they belong to. */
export const gradientsOf = (parameters: Record<string, NdArray>): Results =>
  Object.fromEntries(Object.entries(parameters).map(([name, array]) => [`grad.${name}`, array]))
