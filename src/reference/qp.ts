// float64 twin of the dense quadratic programs: a primal-dual interior point in plain loops, for programs that have a solution.
//
//   minimise 1/2 x'Px + q'x   subject to   l <= A x <= u
//
// Rows with l = u are equations; every other finite bound i has a slack s > 0 and a multiplier t > 0:
//   a_i x - l_i = s_i  or  u_i - a_i x = s_i,   s_i t_i = sigma mu,   P x + q - sum(+-t_i a_i) + sum over equations(y_i a_i) = 0

export interface ReferenceProgram {
  P: ArrayLike<number>
  q: ArrayLike<number>
  A: ArrayLike<number>
  l: ArrayLike<number>
  u: ArrayLike<number>
}

export interface ReferenceSolution {
  x: Float64Array
  y: Float64Array
  objective: number
  /** Largest of: violated constraint, entry of the gradient of the Lagrangian, duality gap relative to max(1, |objective|). */
  error: number
}

/** One finite bound: sign 1 for a_i x >= l_i, -1 for a_i x <= u_i. */
interface Bound {
  row: number
  sign: 1 | -1
  value: number
}

const SIGMA = 0.1
const TO_BOUNDARY = 0.995
const TOLERANCE = 1e-10
const MAX_ITERATIONS = 200
/** On the diagonal of the equations, which may be redundant, and of P, which may be zero. */
const REGULARISATION = 1e-11

/** Gaussian elimination with partial pivoting. */
function solveDense(matrix: Float64Array, rhs: Float64Array): Float64Array {
  const n = rhs.length
  const M = matrix.slice()
  const x = rhs.slice()
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (Math.abs(M[i * n + k]!) > Math.abs(M[pivot * n + k]!)) pivot = i
    for (let j = k; j < n; j++) [M[k * n + j], M[pivot * n + j]] = [M[pivot * n + j]!, M[k * n + j]!]
    ;[x[k], x[pivot]] = [x[pivot]!, x[k]!]
    for (let i = k + 1; i < n; i++) {
      const factor = M[i * n + k]! / M[k * n + k]!
      if (factor === 0) continue
      for (let j = k; j < n; j++) M[i * n + j]! -= factor * M[k * n + j]!
      x[i]! -= factor * x[k]!
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) x[i]! -= M[i * n + j]! * x[j]!
    x[i]! /= M[i * n + i]!
  }
  return x
}

function classify({ l, u }: ReferenceProgram) {
  const equations: number[] = []
  const bounds: Bound[] = []
  for (let row = 0; row < l.length; row++) {
    if (l[row] === u[row]) {
      equations.push(row)
      continue
    }
    if (Number.isFinite(l[row])) bounds.push({ row, sign: 1, value: l[row]! })
    if (Number.isFinite(u[row])) bounds.push({ row, sign: -1, value: -u[row]! })
  }
  return { equations, bounds }
}

const rowTimes = (A: ArrayLike<number>, row: number, x: Float64Array) => {
  let sum = 0
  for (let j = 0; j < x.length; j++) sum += A[row * x.length + j]! * x[j]!
  return sum
}

interface Iterate {
  x: Float64Array
  /** Multipliers of the equations. */
  y: Float64Array
  s: Float64Array
  t: Float64Array
}

/** Residuals: gradient of the Lagrangian, equations, and slacks against their bounds. */
function residuals({ P, q, A, l }: ReferenceProgram, equations: number[], bounds: Bound[], { x, y, s, t }: Iterate) {
  const n = x.length
  const gradient = Float64Array.from(x, (_, j) => q[j]! + rowTimes(P, j, x))
  equations.forEach((row, k) => {
    for (let j = 0; j < n; j++) gradient[j]! += y[k]! * A[row * n + j]!
  })
  bounds.forEach(({ row, sign }, k) => {
    for (let j = 0; j < n; j++) gradient[j]! -= sign * t[k]! * A[row * n + j]!
  })
  return {
    gradient,
    equation: Float64Array.from(equations, (row) => rowTimes(A, row, x) - l[row]!),
    slack: Float64Array.from(bounds, ({ row, sign, value }, k) => sign * rowTimes(A, row, x) - value - s[k]!),
  }
}

/** The Newton step towards s t = target, slacks eliminated. */
function newton(program: ReferenceProgram, equations: number[], bounds: Bound[], at: Iterate, target: number): Iterate {
  const { P, A } = program
  const { x, s, t } = at
  const { gradient, equation, slack } = residuals(program, equations, bounds, at)
  const n = x.length
  const size = n + equations.length
  const K = new Float64Array(size * size)
  const rhs = new Float64Array(size)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) K[i * size + j] = P[i * n + j]!
    K[i * size + i]! += REGULARISATION
    rhs[i] = -gradient[i]!
  }
  bounds.forEach(({ row, sign }, k) => {
    const weight = t[k]! / s[k]!
    const push = sign * ((target - s[k]! * t[k]!) / s[k]! - weight * slack[k]!)
    for (let i = 0; i < n; i++) {
      const a = A[row * n + i]!
      if (a === 0) continue
      rhs[i]! += push * a
      for (let j = 0; j < n; j++) K[i * size + j]! += weight * a * A[row * n + j]!
    }
  })
  equations.forEach((row, k) => {
    for (let j = 0; j < n; j++) K[(n + k) * size + j] = K[j * size + n + k] = A[row * n + j]!
    K[(n + k) * size + n + k] = -REGULARISATION
    rhs[n + k] = -equation[k]!
  })
  const step = solveDense(K, rhs)
  const dx = step.slice(0, n)
  const ds = Float64Array.from(bounds, ({ row, sign }, k) => sign * rowTimes(A, row, dx) + slack[k]!)
  const dt = t.map((v, k) => (target - s[k]! * v - v * ds[k]!) / s[k]!)
  return { x: dx, y: step.slice(n), s: ds, t: dt }
}

const largest = (values: Float64Array) => values.reduce((m, v) => Math.max(m, Math.abs(v)), 0)

/** Longest step in [0, 1] that keeps all values positive. */
function stepLength(values: Float64Array, change: Float64Array): number {
  return values.reduce(
    (length, v, k) => (change[k]! < 0 ? Math.min(length, (-TO_BOUNDARY * v) / change[k]!) : length),
    1,
  )
}

/** Solves a program that is known to have a solution; `error` tells how well. */
export function qpReference(program: ReferenceProgram): ReferenceSolution {
  const { P, q, l } = program
  const n = q.length
  const { equations, bounds } = classify(program)
  const at: Iterate = {
    x: new Float64Array(n),
    y: new Float64Array(equations.length),
    s: new Float64Array(bounds.length).fill(1),
    t: new Float64Array(bounds.length).fill(1),
  }
  let best: ReferenceSolution = { x: at.x, y: new Float64Array(l.length), objective: NaN, error: Infinity }
  for (let iteration = 0; iteration <= MAX_ITERATIONS && best.error > TOLERANCE; iteration++) {
    const { x, s, t } = at
    const complementarity = s.reduce((sum, v, k) => sum + v * t[k]!, 0)
    const objective = x.reduce((sum, v, j) => sum + v * (rowTimes(P, j, x) / 2 + q[j]!), 0)
    const { gradient, equation, slack } = residuals(program, equations, bounds, at)
    const gap = complementarity / Math.max(1, Math.abs(objective))
    const error = Math.max(largest(gradient), largest(equation), largest(slack), gap)
    if (error < best.error) {
      const y = new Float64Array(l.length)
      equations.forEach((row, k) => {
        y[row] = at.y[k]!
      })
      bounds.forEach(({ row, sign }, k) => {
        y[row]! -= sign * t[k]!
      })
      best = { x: x.slice(), y, objective, error }
    }
    const step = newton(program, equations, bounds, at, (SIGMA * complementarity) / Math.max(1, bounds.length))
    const length = Math.min(stepLength(s, step.s), stepLength(t, step.t))
    for (const name of ['x', 'y', 's', 't'] as const)
      at[name].forEach((v, k) => {
        at[name][k] = v + length * step[name][k]!
      })
  }
  return best
}
