import shader from '../../shaders/batchnorm/reg.wgsl'
import backward from '../../shaders/batchnorm/backward_reg.wgsl'
import column from '../../shaders/batchnorm/column.wgsl'
import { ShapeError } from '../runtime/errors.ts'
import { expectSameShape, type Plan } from '../runtime/plan.ts'
import { shaderValues } from '../runtime/shader_values.ts'
import { ceilDiv, expectShape, extent, sizeOf } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import { clipCount, clipLengths, oneClip, type ClipBounds } from './clip_bounds.ts'
import { bestFirst, recordVariant, type Variant } from './variants.ts'
import { unusedInput, unusedOutput } from './unused.ts'

/** PyTorch's defaults, which the authors' code uses: momentum 0.1, eps 1e-5. */
const MOMENTUM = 0.1
const EPS = 1e-5
const VALUES = /* @__PURE__ */ shaderValues(shader)
const BACKWARD_VALUES = /* @__PURE__ */ shaderValues(backward)
/** Rows per partial statistic. */
const CHUNK_ROWS = 256
/**
 * Up to this many rows one dispatch that walks whole columns costs less than three that share out the rows. Measured on lavapipe,
 * where it holds for any model of ours; expected on GPUs.
 */
const COLUMN_ROWS = 5120
const COLUMN_ROWS_SOFTWARE = 65536

/** A layer's parameters and running statistics. */
export interface BatchNormTensors {
  /** Scale [C]. */
  gamma: Tensor
  /** Shift [C]. */
  beta: Tensor
  /** Running statistics [C], updated in training. */
  runningMean: Tensor
  runningVar: Tensor
}

/** How a batch normalisation runs, and what follows it. */
export interface BatchNormMode {
  training: boolean
  /** Clips with statistics of their own in training; the whole length when absent. */
  clips?: ClipBounds
  /** A ReLU after the normalisation. */
  relu?: boolean
  /** A skip connection: what is added then, and whether a ReLU follows. */
  join?: { skip: Tensor; relu: boolean }
  momentum?: number
  eps?: number
}

/** What the backward pass needs. */
export interface SavedBatchNorm {
  x: Tensor
  y: Tensor
  /** What normalises, per clip, as batchnorm/reg.wgsl lays it out: [VALUES.STATISTICS, S, C]. */
  stats: Tensor
  clips: ClipBounds
  mode: BatchNormMode
}

interface Forward extends BatchNormTensors {
  x: Tensor
  y: Tensor
  stats: Tensor
  clips: ClipBounds
  mode: BatchNormMode
  label: string
}

/** FLOPs of a pass per element: statistics and normalisation forward; sums and gradient backward. */
const FLOPS = { statistics: 4, normalise: 3, sums: 5, input: 6 }

/** `rowsEach`: those of an invocation that normalises or computes dx. */
function layout(x: Tensor, clips: ClipBounds, rowsEach: number) {
  const [batch, rows] = [extent(x.shape, 0), extent(x.shape, 1)]
  const longest = Math.max(...clipLengths(clips))
  const chunks = ceilDiv(batch * longest, CHUNK_ROWS)
  const tiles = ceilDiv(longest, rowsEach)
  return { batch, rows, quads: x.rowStride / 4, clips: clipCount(clips), chunks, chunk_rows: CHUNK_ROWS, tiles }
}

type Layout = ReturnType<typeof layout>

const perTile = ({ batch, clips, tiles, quads }: Layout, workgroup: number): number =>
  ceilDiv(batch * clips * tiles * quads, workgroup)
const perChunk = ({ clips, chunks, quads }: Layout, workgroup: number): number =>
  ceilDiv(clips * chunks * quads, workgroup)
const boundsOf = (p: Plan, clips: ClipBounds, label: string): Tensor => p.constant(`${label} bounds`, 'u32', clips)

/** Three dispatches that share out the rows: statistics of chunks, their sum, and the rows normalised. */
const regForward: Variant<Forward> = {
  name: 'reg',
  fits: () => true,
  record(p, t) {
    const { x, stats, clips, mode, label } = t
    const params = { ...layout(x, clips, VALUES.ROWS), momentum: mode.momentum ?? MOMENTUM, eps: mode.eps ?? EPS }
    const bounds = boundsOf(p, clips, label)
    const channels = extent(x.shape, 2)
    const partials = p.tensor(
      [params.clips, params.chunks, shaderValues(shader).SUMS, channels],
      'f32',
      `${label} partials`,
    )
    const flops = FLOPS.statistics * sizeOf(x.shape)
    p.dispatch(
      shader,
      'partial',
      { bounds, x, partials_out: partials, params },
      { groups: perChunk(params, VALUES.WORKGROUP), flops, label: `${label} statistics` },
    )
    const running = { running_mean: t.runningMean, running_var: t.runningVar }
    p.dispatch(
      shader,
      'finalize',
      { bounds, partials_in: partials, ...running, gamma: t.gamma, beta: t.beta, stats_out: stats, params },
      {
        groups: ceilDiv(params.quads, VALUES.WORKGROUP),
        label: `${label} finalize`,
      },
    )
    normalise(p, t)
  },
}

/** Normalises the rows with known statistics. */
function normalise(p: Plan, { x, y, stats, clips, mode, label }: Forward): void {
  const params = { ...layout(x, clips, VALUES.ROWS), momentum: 0, eps: 0 }
  const skip = mode.join?.skip ?? unusedInput(p)
  p.dispatch(
    shader,
    'normalise',
    { bounds: boundsOf(p, clips, label), x, stats_in: stats, skip, y, params },
    {
      groups: perTile(params, VALUES.WORKGROUP),
      constants: after(mode),
      flops: FLOPS.normalise * sizeOf(x.shape),
      label,
    },
  )
}

/** What follows the normalisation, as constants of the shaders. */
const after = ({ relu = false, join }: BatchNormMode) => ({
  RELU: relu,
  JOIN: join !== undefined,
  JOIN_RELU: join?.relu === true,
})

/** One dispatch; a workgroup walks all rows of `quads` quads of channels. */
const columns = /* @__NO_SIDE_EFFECTS__ */ (quads: number): Variant<Forward> => ({
  name: `columns ${4 * quads}`,
  fits: (_, { clips }) => clipCount(clips) === 1,
  record(p, { x, y, stats, mode, label, ...t }) {
    const { RELU, JOIN, JOIN_RELU } = after(mode)
    const then = { relu: Number(RELU), join: Number(JOIN), join_relu: Number(JOIN_RELU) }
    const params = {
      rows: x.rows,
      quads: x.rowStride / 4,
      momentum: mode.momentum ?? MOMENTUM,
      eps: mode.eps ?? EPS,
      ...then,
    }
    const running = { running_mean: t.runningMean, running_var: t.runningVar }
    const skip = mode.join?.skip ?? unusedInput(p)
    p.dispatch(
      column,
      'forward',
      { x, gamma: t.gamma, beta: t.beta, ...running, stats_out: stats, skip, y, params },
      {
        groups: ceilDiv(params.quads, quads),
        constants: { QUADS: quads },
        flops: (FLOPS.statistics + FLOPS.normalise) * sizeOf(x.shape),
        label,
      },
    )
  },
})

const forwardVariants: readonly Variant<Forward>[] = [columns(1), columns(4), regForward]

/** Few rows are walked by columns, more are shared out. A GPU wants many workgroups, a software adapter whole cache lines. */
function bestForRows({ gpu }: Plan, rows: number): string {
  const [few, most] = gpu.info.isFallbackAdapter ? ['columns 16', COLUMN_ROWS_SOFTWARE] : ['columns 4', COLUMN_ROWS]
  return rows <= most ? few : 'reg'
}

const shapeName = (x: Tensor, clips: ClipBounds): string => `${x.shape.join('x')} clips ${clipCount(clips)}`

/** Checks the shapes and makes what a forward pass writes. */
function argumentsOf(p: Plan, x: Tensor, t: BatchNormTensors, clips: ClipBounds, mode: BatchNormMode, label: string) {
  const channels = extent(x.shape, 2)
  for (const vector of [t.gamma, t.beta, t.runningMean, t.runningVar])
    expectShape(`${label}: ${vector.label}`, vector.shape, [channels])
  if (mode.join) expectSameShape(label, x, mode.join.skip)
  const stats = p.tensor([VALUES.STATISTICS, clipCount(clips), channels], 'f32', `${label} stats`)
  const y = p.tensor(x.shape, 'f32', label)
  const args: Forward = { ...t, x, y, stats, clips, mode, label }
  return { args, result: { y, saved: { x, y, stats, clips, mode } } }
}

/** `batchNorm` in evaluation, for what never trains and carries no kernel of its statistics. */
export function batchNormEvaluated(
  p: Plan,
  x: Tensor,
  t: BatchNormTensors,
  mode: Omit<BatchNormMode, 'training'>,
  label = 'batchnorm',
): { y: Tensor; saved: SavedBatchNorm } {
  const clips = oneClip(extent(x.shape, 1))
  const { args, result } = argumentsOf(p, x, t, clips, { ...mode, training: false }, label)
  const params = { ...layout(x, clips, VALUES.ROWS), momentum: 0, eps: mode.eps ?? EPS }
  const running = { running_mean: t.runningMean, running_var: t.runningVar }
  p.dispatch(
    shader,
    'from_running',
    { ...running, gamma: t.gamma, beta: t.beta, stats_out: args.stats, params },
    { groups: ceilDiv(params.quads, VALUES.WORKGROUP), label: `${label} statistics` },
  )
  normalise(p, args)
  return result
}

/**
 * Batch normalisation of x [B, L, C], and what follows it in the mode. In training the statistics are those of each clip, and
 * the running statistics take one step per clip, in order (biased variance to normalise, unbiased to remember); in evaluation
 * the running statistics normalise. Throws ShapeError when a clip has a single value per channel in training: its variance is
 * undefined.
 */
export function batchNorm(
  p: Plan,
  x: Tensor,
  t: BatchNormTensors,
  mode: BatchNormMode,
  label = 'batchnorm',
): { y: Tensor; saved: SavedBatchNorm } {
  if (!mode.training) return batchNormEvaluated(p, x, t, mode, label)
  const clips = mode.clips ?? oneClip(extent(x.shape, 1))
  const { args, result } = argumentsOf(p, x, t, clips, mode, label)
  if (extent(x.shape, 0) * Math.min(...clipLengths(clips)) < 2)
    throw new ShapeError(`${label}: one value per channel has no variance; train on a larger batch or a longer signal`)
  recordVariant(p, 'batchnorm', shapeName(x, clips), bestFirst(forwardVariants, bestForRows(p, x.rows)), args, {
    op: 'normalisation',
  })
  return result
}

interface Backward {
  dy: Tensor
  x: Tensor
  y: Tensor
  stats: Tensor
  clips: ClipBounds
  training: boolean
  relu: boolean
  /** Gradient of the skip connection where a ReLU follows the join, else null. */
  dskip: Tensor | null
  dx: Tensor
  /** Null in evaluation, where the gradient of x needs none of the sums that they are. */
  parameters: Parameters | null
  label: string
}

/** Gradients of a layer's parameters, [C] each. */
interface Parameters {
  dgamma: Tensor
  dbeta: Tensor
}

/** Sums of dz and of dz xhat, of each clip; leaves the gradients of the parameters. */
function recordSums(p: Plan, args: Backward, { dgamma, dbeta }: Parameters): Tensor {
  const { x, clips, label } = args
  const params = layout(x, clips, BACKWARD_VALUES.ROWS)
  const [channels, SUMS] = [extent(x.shape, 2), BACKWARD_VALUES.SUMS]
  const partials = p.tensor([params.clips, params.chunks, SUMS, channels], 'f32', `${label} partials`)
  const sums = p.tensor([SUMS, params.clips, channels], 'f32', `${label} sums`)
  p.dispatch(
    backward,
    'partial',
    { ...readBackward(p, args), partials_out: partials, params },
    {
      groups: perChunk(params, BACKWARD_VALUES.WORKGROUP),
      flops: FLOPS.sums * sizeOf(x.shape),
      constants: before(args),
      label: `${label} sums`,
    },
  )
  p.dispatch(
    backward,
    'finalize',
    { partials_in: partials, sums_out: sums, dgamma, dbeta, params },
    {
      groups: ceilDiv(params.quads, BACKWARD_VALUES.WORKGROUP),
      label: `${label} finalize`,
    },
  )
  return sums
}

const readBackward = (p: Plan, { dy, x, y, stats, clips, dskip, label }: Backward) => ({
  bounds: boundsOf(p, clips, label),
  ...{ x, dy, stats_in: stats, y: dskip ? y : unusedInput(p) },
})

/** What a gradient goes through before it reaches the normalisation, as constants of the shaders. */
const before = ({ relu, dskip }: Backward) => ({ RELU: relu, JOIN: dskip !== null })

const regBackward: Variant<Backward> = {
  name: 'reg',
  fits: () => true,
  record(p, args) {
    const { x, clips, training, dskip, dx, parameters, label } = args
    const params = layout(x, clips, BACKWARD_VALUES.ROWS)
    const sums = parameters ? recordSums(p, args, parameters) : unusedInput(p)
    p.dispatch(
      backward,
      'input',
      { ...readBackward(p, args), sums_in: sums, dx, dskip: dskip ?? unusedOutput(p), params },
      {
        groups: perTile(params, BACKWARD_VALUES.WORKGROUP),
        flops: FLOPS.input * sizeOf(x.shape),
        constants: { TRAINING: training, ...before(args) },
        label,
      },
    )
  },
}

const columnsBackward = /* @__NO_SIDE_EFFECTS__ */ (quads: number): Variant<Backward> => ({
  name: `columns ${4 * quads}`,
  fits: (_, { clips, training }) => training && clipCount(clips) === 1,
  record(p, { dy, x, y, stats, relu, dskip, dx, parameters, label }) {
    const { dgamma, dbeta } = parameters!
    const params = { rows: x.rows, quads: x.rowStride / 4, momentum: 0, eps: 0, relu: 0, join: 0, join_relu: 0 }
    const join = { y_in: dskip ? y : unusedInput(p), dskip: dskip ?? unusedOutput(p) }
    p.dispatch(
      column,
      'backward',
      { x, dy, stats_in: stats, ...join, dx, dgamma, dbeta, params },
      {
        groups: ceilDiv(params.quads, quads),
        flops: (FLOPS.sums + FLOPS.input) * sizeOf(x.shape),
        constants: { QUADS: quads, RELU: relu, JOIN: dskip !== null },
        label,
      },
    )
  },
})

const backwardVariants: readonly Variant<Backward>[] = [columnsBackward(1), columnsBackward(4), regBackward]

/**
 * Gradients of `batchNorm`: writes dgamma and dbeta, unless nobody wants them (null), and returns those of x and of the skip connection
 * (dy itself without a ReLU).
 */
export function batchNormBackward(
  p: Plan,
  dy: Tensor,
  { x, y, stats, clips, mode }: SavedBatchNorm,
  parameters: Parameters | null,
  label = 'batchnorm backward',
): { dx: Tensor; dskip: Tensor } {
  expectShape(label, dy.shape, x.shape)
  const dx = p.tensor(x.shape, 'f32', label)
  const dskip = mode.join?.relu ? p.tensor(x.shape, 'f32', `${label} skip`) : null
  const { training, relu = false } = mode
  const scratch = (): Tensor => p.tensor([extent(x.shape, 2)], 'f32', `${label} parameters`)
  const wanted = parameters ?? (training ? { dgamma: scratch(), dbeta: scratch() } : null)
  const args: Backward = { dy, x, y, stats, clips, training, relu, dskip, dx, parameters: wanted, label }
  recordVariant(
    p,
    'batchnorm backward',
    shapeName(x, clips),
    bestFirst(backwardVariants, bestForRows(p, x.rows)),
    args,
    { op: 'normalisation' },
  )
  return { dx, dskip: dskip ?? dy }
}

/** Candidates by the names under which `kernelChoices(gpu).named` knows the ops. */
export const batchNormVariants = {
  batchnorm: forwardVariants,
  'batchnorm backward': backwardVariants,
} as const
