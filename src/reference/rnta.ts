// Residual non-local temporal attention, eq. (10)-(14) of the RTCAN-1D paper (after Wang et al., 2018).
//   y = BN(out(z)) + x,   z = attend(theta(x), pool(phi(x)), pool(g(x)))
// theta, phi, g, out are 1x1 convolutions; every clip attends within itself and all clips share the weights.
import { RNTA_POOLS, type RntaPool } from '../model/config.ts'
import { add, dims3 } from './array.ts'
import type { NdArray } from './array.ts'
import { attend, attendBackward } from './attention.ts'
import { batchNorm, batchNormBackward } from './batchnorm.ts'
import type { BatchNormForward, BatchNormMode } from './batchnorm.ts'
import { concat, split } from './concat.ts'
import { conv1d, conv1dBackward } from './conv1d.ts'
import { averagePool1d, averagePool1dBackward, maxPool1d, maxPool1dBackward } from './pool.ts'

export const RNTA_PARAMETERS = [
  'theta.weight',
  'theta.bias',
  'phi.weight',
  'phi.bias',
  'g.weight',
  'g.bias',
  'out.weight',
  'out.bias',
  'bn.weight',
  'bn.bias',
] as const
/** theta, phi, g [D,C,1] and [D]; out [C,D,1] and [C]; bn [C]. */
export type RntaParameters = Record<(typeof RNTA_PARAMETERS)[number], NdArray>

export const RNTA_BUFFERS = ['bn.running_mean', 'bn.running_var'] as const
export type RntaBuffers = Record<(typeof RNTA_BUFFERS)[number], NdArray>

const POINTWISE = { stride: 1, padding: 0 }
const PROJECTIONS = ['theta', 'phi', 'g'] as const

interface RntaClip {
  theta: NdArray
  phi: NdArray
  g: NdArray
  attention: NdArray
  unpoolPhi: Unpool
  unpoolG: Unpool
}

export interface RntaForward {
  y: NdArray
  /** The softmax [B,N,M] of each clip. */
  attention: NdArray[]
  buffers: RntaBuffers
  saved: { x: NdArray; z: NdArray; clips: RntaClip[]; norm: BatchNormForward['saved']; parameters: RntaParameters }
}

/** x [B,C,L] -> y [B,C,L]; `pool` sub-samples phi and g: none, average of 1 (the same) or 2 samples, largest of 2. */
export function rnta(
  x: NdArray,
  parameters: RntaParameters,
  buffers: RntaBuffers,
  pool: RntaPool,
  mode: BatchNormMode,
): RntaForward {
  const [, , L] = dims3('rnta', x)
  const clipLengths = mode.clipLengths ?? [L]
  const [theta, phi, g] = PROJECTIONS.map((name) =>
    split(conv1d(x, parameters[`${name}.weight`], parameters[`${name}.bias`], POINTWISE), clipLengths, 2),
  )
  const attended = clipLengths.map((_, s) => {
    const keys = poolTime(phi![s]!, pool)
    const values = poolTime(g![s]!, pool)
    const { z, attention } = attend(theta![s]!, keys.y, values.y)
    const saved = { theta: theta![s]!, phi: keys.y, g: values.y, unpoolPhi: keys.unpool, unpoolG: values.unpool }
    return { z, clip: { ...saved, attention } }
  })
  const z = concat(
    attended.map((part) => part.z),
    2,
  )
  const out = conv1d(z, parameters['out.weight'], parameters['out.bias'], POINTWISE)
  const norm = batchNorm(
    out,
    { weight: parameters['bn.weight'], bias: parameters['bn.bias'] },
    { running_mean: buffers['bn.running_mean'], running_var: buffers['bn.running_var'] },
    { training: mode.training, clipLengths },
  )
  const clips = attended.map((part) => part.clip)
  return {
    y: add(norm.y, x),
    attention: clips.map((clip) => clip.attention),
    buffers: { 'bn.running_mean': norm.buffers.running_mean, 'bn.running_var': norm.buffers.running_var },
    saved: { x, z, clips, norm: norm.saved, parameters },
  }
}

/** Gradients for dL/dy = gradY [B,C,L]. */
export function rntaBackward(
  gradY: NdArray,
  { x, z, clips, norm, parameters }: RntaForward['saved'],
): { x: NdArray; parameters: RntaParameters } {
  const bn = batchNormBackward(gradY, norm)
  const out = conv1dBackward(bn.x, z, parameters['out.weight'], POINTWISE)
  const gradZ = split(
    out.x,
    clips.map((clip) => clip.theta.shape[2]!),
    2,
  )
  const gradClips = clips.map((clip, s) => {
    const grad = attendBackward(gradZ[s]!, clip.theta, clip.phi, clip.g, clip.attention)
    return { theta: grad.theta, phi: clip.unpoolPhi(grad.phi), g: clip.unpoolG(grad.g) }
  })
  const [theta, phi, g] = PROJECTIONS.map((name) =>
    conv1dBackward(
      concat(
        gradClips.map((grad) => grad[name]),
        2,
      ),
      x,
      parameters[`${name}.weight`],
      POINTWISE,
    ),
  )
  return {
    x: [theta!.x, phi!.x, g!.x].reduce(add, gradY),
    parameters: {
      'theta.weight': theta!.weight,
      'theta.bias': theta!.bias,
      'phi.weight': phi!.weight,
      'phi.bias': phi!.bias,
      'g.weight': g!.weight,
      'g.bias': g!.bias,
      'out.weight': out.weight,
      'out.bias': out.bias,
      'bn.weight': bn.parameters.weight,
      'bn.bias': bn.parameters.bias,
    },
  }
}

type Unpool = (gradY: NdArray) => NdArray

function poolTime(x: NdArray, pool: RntaPool): { y: NdArray; unpool: Unpool } {
  const { kind, rows } = RNTA_POOLS[pool]
  if (kind === 'max') {
    const { y, argmax } = maxPool1d(x, rows, rows, 0)
    return { y, unpool: (gradY) => maxPool1dBackward(gradY, argmax, x.shape) }
  }
  return {
    y: averagePool1d(x, rows, rows),
    unpool: (gradY) => averagePool1dBackward(gradY, x.shape, rows, rows),
  }
}
