// The cvxEDA program in plain float64 loops with dense tonic columns, and a proof of how far from its optimum a point is:
//
//   minimise over p >= 0, l, d:   1/2 ||e||^2 + alpha sum(p) + gamma/2 ||l||^2,   e = y - H p - B l - C d
//   its dual:   maximise  nu'y - 1/2 ||nu||^2 - ||B'nu||^2 / (2 gamma)   subject to  H'nu <= alpha,  C'nu = 0
//
// Every nu that the dual admits bounds the optimum from below, so none of it depends on how a solver works.

export interface ReferenceParams {
  tau0: number
  tau1: number
  /** Seconds, or equally spaced sample indices. */
  deltaKnot: number | readonly number[]
  alpha: number
  gamma: number
  baselineCorrection: 0 | 1 | 2 | 'spline_offset'
}

/** A point of the program; p may carry rounding below 0 and is clipped there. */
export interface ReferencePoint {
  driver: ArrayLike<number>
  splineCoefficients: ArrayLike<number>
  driftCoefficients: ArrayLike<number>
}

function filterConstants(sampleRate: number, params: ReferenceParams) {
  const delta = 1 / sampleRate
  const a1 = 1 / Math.min(params.tau0, params.tau1)
  const a0 = 1 / Math.max(params.tau0, params.tau1)
  const beta1 = (2 - a1 * delta) / (2 + a1 * delta)
  const beta0 = (2 - a0 * delta) / (2 + a0 * delta)
  const ga = ((a1 - a0) * delta) / (2 + a1 * delta)
  const gb = delta / (2 + a0 * delta)
  return {
    f11: beta1,
    f22: beta0,
    f21: gb * (1 + beta0),
    c1: gb,
    D: ga * gb,
    g1: ga * (1 + beta1),
    g2: ga * gb * (1 + beta0),
  }
}

/** r = H p by the two-state recursion. */
export function bateman(p: ArrayLike<number>, sampleRate: number, params: ReferenceParams): Float64Array {
  const { f11, f22, f21, c1, D, g1, g2 } = filterConstants(sampleRate, params)
  const r = new Float64Array(p.length)
  let u = 0
  let v = 0
  for (let i = 0; i < p.length; i++) {
    r[i] = c1 * u + v + D * p[i]!
    v = f22 * v + f21 * u + g2 * p[i]!
    u = f11 * u + g1 * p[i]!
  }
  return r
}

/** H'x: H is a causal convolution, so its adjoint is the same one backwards. */
export function batemanAdjoint(x: ArrayLike<number>, sampleRate: number, params: ReferenceParams): Float64Array {
  return bateman(Array.from(x).reverse(), sampleRate, params).reverse()
}

function roundHalfEven(x: number): number {
  const r = Math.round(x)
  return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r
}

/** Knots as sample indices, k apart. */
function knotsOf(n: number, sampleRate: number, deltaKnot: ReferenceParams['deltaKnot']) {
  if (typeof deltaKnot !== 'number') return { knots: deltaKnot, k: deltaKnot[1]! - deltaKnot[0]! }
  const k = roundHalfEven(deltaKnot / (1 / sampleRate))
  const knots: number[] = []
  for (let knot = 0; knot < n + Math.floor(k / 2); knot += k) knots.push(knot)
  return { knots, k }
}

/** Dense tonic columns: `count` splines, then the drift columns; each of length n. */
export function tonicColumns(n: number, sampleRate: number, params: ReferenceParams) {
  const { knots, k } = knotsOf(n, sampleRate, params.deltaKnot)
  const triangle = Float64Array.from({ length: 2 * k - 1 }, (_, i) => k - Math.abs(i - k + 1))
  const template = new Float64Array(4 * k - 3)
  for (let i = 0; i < triangle.length; i++) {
    for (let j = 0; j < triangle.length; j++) template[i + j]! += triangle[i]! * triangle[j]!
  }
  const peak = template[2 * k - 2]!
  const columns = knots.map((knot) =>
    Float64Array.from({ length: n }, (_, i) => (template[i - knot + 2 * k - 2] ?? 0) / peak),
  )
  const count = columns.length
  const b = params.baselineCorrection
  const sum = (i: number) => columns.reduce((s, c) => s + c[i]!, 0)
  if (b === 'spline_offset') columns.push(Float64Array.from({ length: n }, (_, i) => sum(i)))
  if (b === 1 || b === 2) columns.push(new Float64Array(n).fill(1))
  if (b === 2) columns.push(Float64Array.from({ length: n }, (_, i) => (i + 1) / n))
  return { columns, count }
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

function evaluate(y: ArrayLike<number>, point: ReferencePoint, sampleRate: number, params: ReferenceParams) {
  const { splineCoefficients: l, driftCoefficients: d } = point
  const { columns, count } = tonicColumns(y.length, sampleRate, params)
  const driver = Float64Array.from(point.driver, (v) => Math.max(0, v))
  const r = bateman(driver, sampleRate, params)
  const residual = Float64Array.from(y, (v, i) => v - r[i]!)
  columns.forEach((column, j) => {
    const x = j < count ? l[j]! : d[j - count]!
    for (let i = 0; i < residual.length; i++) residual[i]! -= column[i]! * x
  })
  const sparsity = params.alpha * driver.reduce((s, v) => s + v, 0)
  const objective = dot(residual, residual) / 2 + sparsity + (params.gamma / 2) * dot(l, l)
  return { objective, residual, splines: columns.slice(0, count), drift: columns.slice(count) }
}

/** Objective of any p (clipped at 0), l, d against y, all in float64. */
export function cvxedaObjective(
  y: ArrayLike<number>,
  point: ReferencePoint,
  sampleRate: number,
  params: ReferenceParams,
): number {
  return evaluate(y, point, sampleRate, params).objective
}

/** Removes from x what it shares with `directions`. */
function orthogonalTo(x: Float64Array, directions: readonly Float64Array[]): Float64Array {
  const basis: Float64Array[] = []
  const remove = (from: Float64Array) =>
    basis.reduce((rest, unit) => {
      const share = dot(rest, unit)
      return rest.map((v, i) => v - share * unit[i]!)
    }, from)
  for (const direction of directions) {
    const rest = remove(direction)
    const size = Math.sqrt(dot(rest, rest))
    if (size > 0) basis.push(rest.map((v) => v / size))
  }
  return remove(x)
}

/**
 * Upper bound on (objective - optimum) / (objective + 1e-6 * 1/2 ||y||^2). The dual point is the residual, made
 * orthogonal to the drift, times the admissible factor of the best bound.
 */
export function optimalityGap(
  y: ArrayLike<number>,
  point: ReferencePoint,
  sampleRate: number,
  params: ReferenceParams,
): number {
  const { objective, residual, splines, drift } = evaluate(y, point, sampleRate, params)
  const nu = orthogonalTo(residual, drift)
  const linear = dot(nu, y)
  const quadratic = dot(nu, nu) + splines.reduce((sum, column) => sum + dot(column, nu) ** 2, 0) / params.gamma
  const steepest = batemanAdjoint(nu, sampleRate, params).reduce((most, v) => Math.max(most, v), 0)
  const factor = Math.max(
    0,
    Math.min(quadratic > 0 ? linear / quadratic : 0, steepest > 0 ? params.alpha / steepest : Infinity),
  )
  const bound = factor * linear - (factor ** 2 / 2) * quadratic
  return (objective - bound) / (objective + 0.5e-6 * dot(y, y))
}
