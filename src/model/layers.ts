// The architecture's layers as GPU dispatches: each records its forward kernels at once and its backward kernels, which the
// caller hands in, when a gradient arrives, side by side.
import { batchNormEvaluated, type BatchNormMode } from '../kernels/batchnorm.ts'
import { sca } from '../kernels/sca.ts'
import { conv1d } from '../kernels/conv1d/conv1d.ts'
import { add, relu, sigmoid } from '../kernels/elementwise.ts'
import type { Gradients } from '../kernels/gradients.ts'
import { flatten } from '../kernels/layout.ts'
import { linear } from '../kernels/linear.ts'
import { PartialSums } from '../kernels/partial_sums.ts'
import { pool1d, pooledBounds, type PoolGeometry } from '../kernels/pool.ts'
import { clipBounds } from '../kernels/clip_bounds.ts'
import { attention } from '../kernels/attention.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Plan } from '../runtime/plan.ts'
import { extent } from '../runtime/shape.ts'
import type { Tensor } from '../runtime/tensor.ts'
import type { ConvSpec, Join, Layer, Layers, Step } from './architecture.ts'
import { RNTA_POOLS, type RntaPool } from './config.ts'
import type { WeightTensors } from './weights.ts'

const pointwise = { stride: 1, padding: 0 }

/** Null where windows have one row, which changes nothing. */
function rntaPoolGeometry(pool: RntaPool): PoolGeometry | null {
  const { kind, rows } = RNTA_POOLS[pool]
  return rows === 1 ? null : { kind, kernel: rows, stride: rows, padding: 0 }
}

/** Interprets the architecture over tensors [B, L, C] and [B, F]. */
export class GpuLayers implements Layers<Tensor> {
  readonly taps = new Map<string, Tensor>()
  /** Gradients at the taps, of the backward pass that was recorded last. */
  readonly tapGradients = new Map<string, Tensor>()
  private readonly sums: PartialSums

  /**
   * `backwards`: the kernels of backward passes, or null where none will be recorded. `constantInput`: the tensor whose gradient nobody needs; its
   * first layer does not compute one.
   */
  constructor(
    private readonly p: Plan,
    private readonly weights: WeightTensors,
    private readonly training: boolean,
    public backwards: Gradients | null,
    private readonly constantInput: Tensor | null,
  ) {
    this.sums = new PartialSums(p)
  }

  /** @throws UsageError without backward passes */
  get gradients(): Gradients {
    if (this.backwards?.softmaxBackward) return this.backwards // and not the gradients of the weights, say
    throw new UsageError(
      'Rtcan1d.forward was given no gradients, so that it cannot train and has no loss and no backward: hand it those of galvani/kernels, ' +
        'forward(plan, inputs, { training: true, gradients })',
    )
  }

  /** Records what is left to do once all backward passes are recorded: gradients of weights have their values from here on. */
  finishGradients(): void {
    this.sums.record('weight gradients')
  }

  conv(name: string, spec: ConvSpec): (x: Tensor) => Projected {
    const { p, weights } = this
    return (x) => {
      const w = weights.parameter(`${name}.weight`)
      const y = conv1d(p, x, w, spec.bias ? weights.parameter(`${name}.bias`) : null, spec, name)
      const backward = (dy: Tensor, onto?: Tensor): Tensor => {
        const dbias = spec.bias ? weights.gradient(`${name}.bias`) : null
        this.gradients.conv1dBackwardWeight(
          p,
          dy,
          x,
          weights.gradient(`${name}.weight`),
          dbias,
          spec,
          `${name} backward weight`,
          this.sums,
        )
        if (x === this.constantInput) return x
        return this.gradients.conv1dBackwardInput(p, dy, w, x.shape, spec, `${name} backward input`, onto)
      }
      return { y, backward: (dy) => backward(dy), backwardOnto: backward }
    }
  }

  batchNorm(name: string, { relu } = { relu: false }): Layer<Tensor> {
    return (x) => {
      const { y, backward } = this.normalise(name, x, { relu })
      return { y, backward: (dy) => backward(dy).dx }
    }
  }

  batchNormJoin(name: string): Join<Tensor> {
    return (x, skip) => this.normalise(name, x, { relu: true, join: { skip, relu: true } })
  }

  private normalise(name: string, x: Tensor, then: Omit<BatchNormMode, 'training'>): ReturnType<Join<Tensor>> {
    const { p, weights, training } = this
    const tensors = {
      gamma: weights.parameter(`${name}.weight`),
      beta: weights.parameter(`${name}.bias`),
      runningMean: weights.buffer(`${name}.running_mean`),
      runningVar: weights.buffer(`${name}.running_var`),
    }
    const { y, saved } = training
      ? this.gradients.batchNorm(p, x, tensors, { training, ...then }, name)
      : batchNormEvaluated(p, x, tensors, then, name)
    const backward = (dy: Tensor) => {
      const gradients = { dgamma: weights.gradient(`${name}.weight`), dbeta: weights.gradient(`${name}.bias`) }
      return this.gradients.batchNormBackward(p, dy, saved, gradients, `${name} backward`)
    }
    return { y, backward }
  }

  relu: Layer<Tensor> = (x) => {
    const y = relu(this.p, x)
    return { y, backward: (dy) => this.gradients.reluBackward(this.p, dy, y) }
  }

  sigmoid: Layer<Tensor> = (x) => {
    const y = sigmoid(this.p, x)
    return { y, backward: (dy) => this.gradients.sigmoidBackward(this.p, dy, y) }
  }

  sca(name: string, { clips }: { reduction: number; clips: number }): Layer<Tensor> {
    const { p, weights } = this
    const tensors = (of: (name: string) => Tensor) => ({
      reduceWeight: of(`${name}.reduce.weight`),
      reduceBias: of(`${name}.reduce.bias`),
      expandWeight: of(`${name}.expand.weight`),
      expandBias: of(`${name}.expand.bias`),
    })
    return (x) => {
      const parameters = tensors((n) => weights.parameter(n))
      const { y, saved } = sca(p, x, parameters, clips, name)
      this.taps.set(`${name}.gate`, saved.gate)
      const backward = (dy: Tensor, onto?: Tensor): Tensor => {
        const gradients = tensors((n) => weights.gradient(n))
        return this.gradients.scaBackward(
          p,
          dy,
          saved,
          parameters,
          gradients,
          { onto, sums: this.sums },
          `${name} backward`,
        )
      }
      return { y, backward: (dy) => backward(dy), backwardOnto: backward }
    }
  }

  /**
   * Residual non-local temporal attention (section 3.3.2): y = BN(out(softmax(theta phi^T) g)) + x, each clip on its own, the
   * weights shared; in training BN sees the clips as batches of their own.
   */
  rnta(name: string, { pool, clips }: { pool: RntaPool; clips: number }): Layer<Tensor> {
    const { p } = this
    const project = (part: string) => this.conv(`${name}.${part}`, { ...pointwise, channels: 0, kernel: 1, bias: true })
    const geometry = rntaPoolGeometry(pool)
    return (x) => {
      const bounds = clipBounds(extent(x.shape, 1), clips)
      const keys = geometry ? pooledBounds(bounds, geometry, `${name} pool`) : bounds
      const [theta, phi, g] = ['theta', 'phi', 'g'].map((part) => project(part)(x)) as [Projected, Projected, Projected]
      const pooled = (projected: Projected): Tensor =>
        geometry ? pool1d(p, projected.y, geometry, bounds) : projected.y
      const unpool = (gradient: Tensor, projected: Projected): Tensor =>
        geometry ? this.gradients.pool1dBackward(p, gradient, projected.y, geometry, bounds) : gradient
      const { y: mixed, saved } = attention(p, theta.y, pooled(phi), pooled(g), bounds, keys, name)
      for (const [part, tensor] of [
        ['queries', saved.q],
        ['keys', saved.k],
        ['lse', saved.lse],
      ] as const) {
        this.taps.set(`${name}.${part}`, tensor)
      }
      const out = project('out')(mixed)
      const normalised = this.normalise(`${name}.bn`, out.y, { clips: bounds, join: { skip: x, relu: false } })
      const backward = (dy: Tensor): Tensor => {
        const { dx, dskip } = normalised.backward(dy)
        const dmixed = out.backward(dx)
        const { dq, dk, dv } = this.gradients.attentionBackward(p, dmixed, saved, `${name} backward`)
        const withQueries = theta.backwardOnto(dq, dskip)
        const withKeys = phi.backwardOnto(unpool(dk, phi), withQueries)
        return g.backwardOnto(unpool(dv, g), withKeys)
      }
      return { y: normalised.y, backward }
    }
  }

  maxPool(spec: { kernel: number; stride: number; padding: number }): Layer<Tensor> {
    return this.pool({ kind: 'max', ...spec })
  }

  averagePool({ kernel }: { kernel: number }): Layer<Tensor> {
    return this.pool({ kind: 'average', kernel, stride: 1, padding: 0 })
  }

  private pool(geometry: PoolGeometry): Layer<Tensor> {
    return (x) => ({
      y: pool1d(this.p, x, geometry),
      backward: (dy) => this.gradients.pool1dBackward(this.p, dy, x, geometry),
    })
  }

  flatten: Layer<Tensor> = (x) => ({
    y: flatten(this.p, x),
    backward: (dy) => this.gradients.flattenBackward(this.p, dy, x.shape),
  })

  linear(name: string): Layer<Tensor> {
    const { p, weights } = this
    return (x) => {
      const w = weights.parameter(`${name}.weight`)
      const y = linear(p, x, w, weights.parameter(`${name}.bias`), name)
      const backward = (dy: Tensor): Tensor =>
        this.gradients.linearBackward(
          p,
          dy,
          x,
          w,
          weights.gradient(`${name}.weight`),
          weights.gradient(`${name}.bias`),
          `${name} backward`,
          this.sums,
        )
      return { y, backward }
    }
  }

  add(a: Tensor, b: Tensor): Tensor {
    return add(this.p, a, b)
  }

  tap(name: string): Layer<Tensor> {
    return (x) => {
      this.taps.set(name, x)
      const backward = (dy: Tensor): Tensor => {
        this.tapGradients.set(name, dy)
        return dy
      }
      return { y: x, backward, backwardFrom: new Map([[name, backward]]) }
    }
  }
}

type Projected = Step<Tensor> & Required<Pick<Step<Tensor>, 'backwardOnto'>>
