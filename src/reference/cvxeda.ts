// float64 twin of the cvxEDA interior-point method: plain loops, dense tonic columns, no change of basis.
//
//   minimise over p >= 0, x = (l, d):   1/2 ||H p + T x - y||^2 + alpha sum(p) + 1/2 x' G x
//   T = [B C], G = diag(gamma, 0)
//
// Each iteration linearises the perturbed optimality conditions. For a fixed tonic step dx the Newton step in p is a
// linear-quadratic control problem with two states (backward Riccati recursion, forward simulation); dx follows
// from the K x K Schur complement gathered in the same backward sweep.

export interface ReferenceParams {
  tau0: number
  tau1: number
  deltaKnot: number
  alpha: number
  gamma: number
  baselineCorrection: 0 | 1 | 2 | 'spline_offset'
}

export interface ReferenceDecomposition {
  driver: Float64Array
  phasic: Float64Array
  tonic: Float64Array
  residual: Float64Array
  splineCoefficients: Float64Array
  driftCoefficients: Float64Array
  objective: number
  iterations: number
  status: 'solved' | 'max-iterations' | 'badly-scaled' | 'trivial'
}

const SIGMA = 0.3
const TO_BOUNDARY = 0.99
const TOLERANCE = 1e-6
const MAX_ITERATIONS = 60

function filterConstants(sampleRate: number, params: ReferenceParams) {
  const delta = 1 / sampleRate
  const a1 = 1 / Math.min(params.tau0, params.tau1)
  const a0 = 1 / Math.max(params.tau0, params.tau1)
  const beta1 = (2 - a1 * delta) / (2 + a1 * delta)
  const beta0 = (2 - a0 * delta) / (2 + a0 * delta)
  const ga = ((a1 - a0) * delta) / (2 + a1 * delta)
  const gb = delta / (2 + a0 * delta)
  return {
    f11: beta1, f22: beta0, f21: gb * (1 + beta0), c1: gb, D: ga * gb, g1: ga * (1 + beta1), g2: ga * gb * (1 + beta0),
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

function roundHalfEven(x: number): number {
  const r = Math.round(x)
  return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r
}

/** Dense tonic columns: `count` splines, then the drift columns; each of length n. */
export function tonicColumns(n: number, sampleRate: number, params: ReferenceParams) {
  const k = roundHalfEven(params.deltaKnot / (1 / sampleRate))
  const triangle = Float64Array.from({ length: 2 * k - 1 }, (_, i) => k - Math.abs(i - k + 1))
  const template = new Float64Array(4 * k - 3)
  for (let i = 0; i < triangle.length; i++) {
    for (let j = 0; j < triangle.length; j++) template[i + j]! += triangle[i]! * triangle[j]!
  }
  const peak = template[2 * k - 2]!
  const columns: Float64Array[] = []
  for (let knot = 0; knot < n + Math.floor(k / 2); knot += k) {
    columns.push(Float64Array.from({ length: n }, (_, i) => (template[i - knot + 2 * k - 2] ?? 0) / peak))
  }
  const count = columns.length
  const b = params.baselineCorrection
  const sum = (i: number) => columns.reduce((s, c) => s + c[i]!, 0)
  if (b === 'spline_offset') columns.push(Float64Array.from({ length: n }, (_, i) => sum(i)))
  if (b === 1 || b === 2) columns.push(new Float64Array(n).fill(1))
  if (b === 2) columns.push(Float64Array.from({ length: n }, (_, i) => (i + 1) / n))
  return { columns, count }
}

/** Objective of any p (clipped at 0), l, d against y, all in float64. */
export function cvxedaObjective(y: ArrayLike<number>, p: ArrayLike<number>, l: ArrayLike<number>, d: ArrayLike<number>,
  sampleRate: number, params: ReferenceParams): number {
  const { columns, count } = tonicColumns(y.length, sampleRate, params)
  const driver = Float64Array.from(p, v => Math.max(0, v))
  const r = bateman(driver, sampleRate, params)
  const residual = Float64Array.from(y, (v, i) => v - r[i]!)
  columns.forEach((column, j) => {
    const x = j < count ? l[j]! : d[j - count]!
    for (let i = 0; i < residual.length; i++) residual[i]! -= column[i]! * x
  })
  const squares = residual.reduce((s, e) => s + e * e, 0)
  const penalty = Array.from(l).reduce((s, v) => s + v * v, 0)
  return squares / 2 + params.alpha * driver.reduce((s, v) => s + v, 0) + (params.gamma / 2) * penalty
}

/** Solves S x = g by Cholesky, pivots floored at 1e-30; S is row-major and overwritten. */
function solveCholesky(S: Float64Array, g: Float64Array): Float64Array {
  const K = g.length
  const x = g.slice()
  for (let i = 0; i < K; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = S[i * K + j]!
      for (let m = 0; m < j; m++) sum -= S[i * K + m]! * S[j * K + m]!
      S[i * K + j] = i === j ? Math.sqrt(Math.max(sum, 1e-30)) : sum / S[j * K + j]!
    }
    for (let m = 0; m < i; m++) x[i]! -= S[i * K + m]! * x[m]!
    x[i]! /= S[i * K + i]!
  }
  for (let i = K - 1; i >= 0; i--) {
    for (let m = i + 1; m < K; m++) x[i]! -= S[m * K + i]! * x[m]!
    x[i]! /= S[i * K + i]!
  }
  return x
}

interface Scaled {
  y: Float64Array
  alpha: number
  sampleRate: number
  params: ReferenceParams
  columns: Float64Array[]
  penalty: Float64Array
}

/** Backward Riccati sweep: gains, feedforward-free affine part, Schur complement S and its right-hand side g. */
function backwardSweep(problem: Scaled, p: Float64Array, lambda: Float64Array, e: Float64Array, mu: number,
  z: Float64Array, gram: Float64Array) {
  const { alpha, columns, penalty } = problem
  const { f11, f22, f21, c1, D, g1, g2 } = filterConstants(problem.sampleRate, problem.params)
  const n = p.length
  const K = columns.length
  const gains = { k1: new Float64Array(n), k2: new Float64Array(n), den: new Float64Array(n) }
  const S = gram.slice()
  const g = Float64Array.from(z, (v, j) => -penalty[j]! * v)
  const u = new Float64Array(K)
  const v = new Float64Array(K)
  const eta = new Float64Array(K)
  let p11 = 0, p12 = 0, p22 = 0, a1 = 0, a2 = 0
  for (let i = n - 1; i >= 0; i--) {
    const w = lambda[i]! / p[i]!
    const b = (SIGMA * mu) / p[i]! - alpha
    const h1 = p11 * g1 + p12 * g2
    const h2 = p12 * g1 + p22 * g2
    const den = w + D * D + g1 * h1 + g2 * h2
    const k1 = (D * c1 + f11 * h1 + f21 * h2) / den
    const k2 = (D + f22 * h2) / den
    const q11 = f11 - g1 * k1, q12 = -g1 * k2, q21 = f21 - g2 * k1, q22 = f22 - g2 * k2
    const s1 = c1 - D * k1, s2 = 1 - D * k2
    const etaP = b + D * e[i]! + g1 * a1 + g2 * a2
    const n1 = q11 * a1 + q21 * a2 + s1 * e[i]! - b * k1
    a2 = q12 * a1 + q22 * a2 + s2 * e[i]! - b * k2
    a1 = n1
    for (let j = 0; j < K; j++) {
      const t = columns[j]![i]!
      eta[j] = D * t + g1 * u[j]! + g2 * v[j]!
      const next = q11 * u[j]! + q21 * v[j]! + s1 * t
      v[j] = q12 * u[j]! + q22 * v[j]! + s2 * t
      u[j] = next
      g[j]! += t * e[i]! - (eta[j]! * etaP) / den
      for (let m = 0; m <= j; m++) S[j * K + m]! -= (eta[j]! * eta[m]!) / den
    }
    const r11 = p11 * q11 + p12 * q21, r12 = p11 * q12 + p12 * q22
    const r21 = p12 * q11 + p22 * q21, r22 = p12 * q12 + p22 * q22
    p11 = q11 * r11 + q21 * r21 + s1 * s1 + w * k1 * k1
    p12 = q11 * r12 + q21 * r22 + s1 * s2 + w * k1 * k2
    p22 = q12 * r12 + q22 * r22 + s2 * s2 + w * k2 * k2
    gains.k1[i] = k1
    gains.k2[i] = k2
    gains.den[i] = den
  }
  return { gains, S, g }
}

/** Newton step in p for a given tonic step: affine backward sweep, then forward simulation of the feedback. */
function driverStep(problem: Scaled, p: Float64Array, e: Float64Array, mu: number, dz: Float64Array,
  gains: { k1: Float64Array; k2: Float64Array; den: Float64Array }): Float64Array {
  const { alpha, columns } = problem
  const { f11, f22, f21, c1, D, g1, g2 } = filterConstants(problem.sampleRate, problem.params)
  const n = p.length
  const d = new Float64Array(n)
  for (let i = n - 1, a1 = 0, a2 = 0; i >= 0; i--) {
    let rest = e[i]!
    for (let j = 0; j < columns.length; j++) rest -= columns[j]![i]! * dz[j]!
    const eta = (SIGMA * mu) / p[i]! - alpha + D * rest + g1 * a1 + g2 * a2
    d[i] = eta / gains.den[i]!
    a1 = f11 * a1 + f21 * a2 + c1 * rest - gains.k1[i]! * eta
    a2 = f22 * a2 + rest - gains.k2[i]! * eta
  }
  for (let i = 0, u = 0, v = 0; i < n; i++) {
    d[i]! -= gains.k1[i]! * u + gains.k2[i]! * v
    v = f22 * v + f21 * u + g2 * d[i]!
    u = f11 * u + g1 * d[i]!
  }
  return d
}

function interiorPoint(problem: Scaled) {
  const { y, alpha, columns, penalty } = problem
  const n = y.length
  const K = columns.length
  const p = new Float64Array(n).fill(10)
  const lambda = new Float64Array(n).fill(Math.max(alpha, 1e-3))
  const z = new Float64Array(K)
  const gram = new Float64Array(K * K)
  for (let j = 0; j < K; j++) {
    for (let m = 0; m <= j; m++) for (let i = 0; i < n; i++) gram[j * K + m]! += columns[j]![i]! * columns[m]![i]!
    gram[j * K + j]! += penalty[j]!
  }
  const halfEnergy = y.reduce((s, v) => s + v * v, 0) / 2
  let infeasibility = 1
  for (let iteration = 0; ; iteration++) {
    const r = bateman(p, problem.sampleRate, problem.params)
    const e = Float64Array.from(y, (v, i) => v - r[i]!)
    for (let j = 0; j < K; j++) for (let i = 0; i < n; i++) e[i]! -= columns[j]![i]! * z[j]!
    let gap = 0
    let value = 0
    for (let i = 0; i < n; i++) {
      gap += p[i]! * lambda[i]!
      value += (e[i]! * e[i]!) / 2 + alpha * p[i]!
    }
    for (let j = 0; j < K; j++) value += (penalty[j]! * z[j]! * z[j]!) / 2
    const converged = gap <= TOLERANCE * (value + 1e-6 * halfEnergy) && infeasibility <= 1e-3
    if (converged || iteration === MAX_ITERATIONS) return { p, z, iterations: iteration, converged }
    const mu = gap / n
    const { gains, S, g } = backwardSweep(problem, p, lambda, e, mu, z, gram)
    const dz = solveCholesky(S, g)
    const d = driverStep(problem, p, e, mu, dz, gains)
    let ratio = 0
    for (let i = 0; i < n; i++) {
      ratio = Math.max(ratio, -d[i]! / p[i]!, 1 - (SIGMA * mu) / (p[i]! * lambda[i]!) + d[i]! / p[i]!)
    }
    const step = Math.min(1, TO_BOUNDARY / ratio)
    for (let i = 0; i < n; i++) {
      const change = (SIGMA * mu) / p[i]! - lambda[i]! - (lambda[i]! / p[i]!) * d[i]!
      p[i]! += step * d[i]!
      lambda[i]! += step * change
    }
    for (let j = 0; j < K; j++) z[j]! += step * dz[j]!
    infeasibility *= 1 - step
  }
}

/** Decomposes one signal (any length, no missing values) at `sampleRate` Hz. */
export function cvxedaReference(signal: ArrayLike<number>, sampleRate: number,
  params: ReferenceParams): ReferenceDecomposition {
  const n = signal.length
  const { columns, count } = tonicColumns(n, sampleRate, params)
  const constant = params.baselineCorrection === 1 || params.baselineCorrection === 2
  const y = Float64Array.from(signal)
  const mean = constant ? y.reduce((s, v) => s + v, 0) / n : 0
  const scale = Math.sqrt(y.reduce((s, v) => s + (v - mean) ** 2, 0) / n)
  const largest = y.reduce((s, v) => Math.max(s, Math.abs(v)), 0)
  let p: Float64Array = new Float64Array(n)
  let z: Float64Array = new Float64Array(columns.length)
  let iterations = 0
  let status: ReferenceDecomposition['status'] = 'trivial'
  if (scale > 1e-6 * largest) {
    const penalty = Float64Array.from(columns, (_, j) => (j < count ? params.gamma : 0))
    const alpha = params.alpha / scale
    const solution = interiorPoint({ y: y.map(v => (v - mean) / scale), alpha, sampleRate, params, columns, penalty })
    p = solution.p.map(v => v * scale)
    z = solution.z.map(v => v * scale)
    iterations = solution.iterations
    status = alpha < 1e-5 ? 'badly-scaled' : solution.converged ? 'solved' : 'max-iterations'
  }
  if (constant) z[count]! += mean
  const splineCoefficients = z.slice(0, count)
  const driftCoefficients = z.slice(count)
  const phasic = bateman(p, sampleRate, params)
  const tonic = Float64Array.from({ length: n }, (_, i) => columns.reduce((s, c, j) => s + c[i]! * z[j]!, 0))
  return {
    driver: p, phasic, tonic, residual: y.map((v, i) => v - phasic[i]! - tonic[i]!), splineCoefficients,
    driftCoefficients, iterations, status,
    objective: cvxedaObjective(y, p, splineCoefficients, driftCoefficients, sampleRate, params),
  }
}
