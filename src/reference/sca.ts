// Signal channel attention: every channel of a clip is scaled by one gate in (0, 1).
//   y = x gate,   gate = sigmoid(expand(relu(reduce(mean over the clip's time))))
// Squeeze-and-excitation (Hu et al., 2018), eq. (8)-(9) of the RTCAN-1D paper. All clips share the weights.
import { add, dims3, dot, map, ndarray, reshape } from './array.ts'
import type { NdArray } from './array.ts'
import { relu, reluBackward, sigmoid, sigmoidBackward } from './activation.ts'
import { concat, split } from './concat.ts'
import { conv1d, conv1dBackward } from './conv1d.ts'
import { globalAveragePool, globalAveragePoolBackward } from './pool.ts'

export const SCA_PARAMETERS = ['reduce.weight', 'reduce.bias', 'expand.weight', 'expand.bias'] as const
/** reduce.weight [H,C,1], reduce.bias [H], expand.weight [C,H,1], expand.bias [C]. */
export type ScaParameters = Record<(typeof SCA_PARAMETERS)[number], NdArray>

const POINTWISE = { stride: 1, padding: 0 }

interface ScaClip {
  x: NdArray
  pooled: NdArray
  hidden: NdArray
  gate: NdArray
}

export interface ScaForward {
  y: NdArray
  /** One gate [B,C] per clip. */
  gates: NdArray[]
  saved: { clips: ScaClip[]; parameters: ScaParameters }
}

/** x [B,C,L] -> y [B,C,L]; `clipLengths` are the lengths of consecutive clips (default: one clip). */
export function sca(x: NdArray, parameters: ScaParameters, clipLengths?: readonly number[]): ScaForward {
  const [B, C, L] = dims3('sca', x)
  const clips = split(x, clipLengths ?? [L], 2).map((clip): ScaClip => {
    const pooled = reshape(globalAveragePool(clip), [B, C, 1])
    const hidden = conv1d(pooled, parameters['reduce.weight'], parameters['reduce.bias'], POINTWISE)
    const expanded = conv1d(relu(hidden), parameters['expand.weight'], parameters['expand.bias'], POINTWISE)
    return { x: clip, pooled, hidden, gate: reshape(sigmoid(expanded), [B, C]) }
  })
  const scaled = clips.map(({ x: clip, gate }) => map(clip, (v, i) => v * gate.data[rowOf(clip, i)]!))
  return { y: concat(scaled, 2), gates: clips.map(({ gate }) => gate), saved: { clips, parameters } }
}

/** Gradients for dL/dy = gradY [B,C,L], summed over the clips for the shared weights; `guided` as in `reluBackward`. */
export function scaBackward(
  gradY: NdArray,
  { clips, parameters }: ScaForward['saved'],
  guided = false,
): { x: NdArray; parameters: ScaParameters } {
  const gradClips = split(
    gradY,
    clips.map((clip) => clip.x.shape[2]!),
    2,
  )
  const parts = clips.map((clip, s) => clipBackward(gradClips[s]!, clip, parameters, guided))
  return {
    x: concat(
      parts.map((part) => part.x),
      2,
    ),
    parameters: parts
      .map((part) => part.parameters)
      .reduce((sum, part) => ({
        'reduce.weight': add(sum['reduce.weight'], part['reduce.weight']),
        'reduce.bias': add(sum['reduce.bias'], part['reduce.bias']),
        'expand.weight': add(sum['expand.weight'], part['expand.weight']),
        'expand.bias': add(sum['expand.bias'], part['expand.bias']),
      })),
  }
}

function clipBackward(
  gradY: NdArray,
  { x, pooled, hidden, gate }: ScaClip,
  parameters: ScaParameters,
  guided: boolean,
): { x: NdArray; parameters: ScaParameters } {
  const [, , L] = dims3('sca gradient', gradY)
  const gradGate = map(gate, (_, row) => dot(rowAt(x, row, L), rowAt(gradY, row, L)))
  const gradExpanded = reshape(sigmoidBackward(gradGate, gate), pooled.shape)
  const expand = conv1dBackward(gradExpanded, relu(hidden), parameters['expand.weight'], POINTWISE)
  const reduce = conv1dBackward(reluBackward(expand.x, hidden, guided), pooled, parameters['reduce.weight'], POINTWISE)
  const throughGate = globalAveragePoolBackward(reshape(reduce.x, gate.shape), L)
  return {
    x: map(gradY, (g, i) => g * gate.data[rowOf(x, i)]! + throughGate.data[i]!),
    parameters: {
      'reduce.weight': reduce.weight,
      'reduce.bias': reduce.bias,
      'expand.weight': expand.weight,
      'expand.bias': expand.bias,
    },
  }
}

/** The (batch, channel) row that element i of a signal lies in. */
function rowOf(x: NdArray, i: number): number {
  return Math.floor(i / x.shape[2]!)
}

function rowAt(x: NdArray, row: number, length: number): NdArray {
  return ndarray([length], x.data.subarray(row * length, (row + 1) * length))
}
