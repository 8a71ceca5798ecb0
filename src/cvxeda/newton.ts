// Newton steps of the cvxEDA program in float64, by dynamic programming: a step (d in p; z in x = (l, d)) minimises
//
//   1/2 ||e - H d - T z||^2 + 1/2 (x + z)' Gamma (x + z) + sum(1/2 w_i d_i^2 - b_i d_i),   T = [B C], Gamma = diag(gamma, 0)
//
// with w = lambda / p and b = target / p - alpha. Going back in time, what the samples from i on cost is a quadratic in
// the (driven) filter's state s = (u, v) before sample i and in the coefficients z that those samples share with earlier ones,
//
//   V(s, z) = 1/2 s'P s - s'(a - X z) + 1/2 z'S z - g'z + const.
//
// Each sample's d_i is eliminated by a Riccati step (riccati.ts). A spline's coefficient is eliminated at its first sample,
// since no earlier one knows it (cost_to_go.ts). At most four splines and two drift columns are alive at once, so a sample
// costs the same whatever the number of knots. The way forward in time then reads off each z and d_i.
//
// P, X, S and so all gains depend on w alone: with w = rho everywhere they are the tables of the ADMM's linear solve.

import { PIECE, type Pieces } from '../runtime/breather.ts'
import { drivenFilter, type DrivenFilter } from './bateman.ts'
import { AT_S, eliminate, enter, PAIRS, recover, ROW, VALUE } from './cost_to_go.ts'
import type { Problem } from './problem.ts'
import { changesForwards, driftSums, GAIN, splineSums, stateBack, type Samples } from './riccati.ts'
import { isSpline, slotOf, SLOTS, SPLINES, Walk } from './runs.ts'
import { TO_BOUNDARY } from './step_length.ts'

/** What a step is taken from: the samples, and the splines' coefficients so far. */
export interface Quadratic extends Samples {
  l: ArrayLike<number>
}

/** A step in the driver, the splines' and the drift's coefficients. */
export interface Step {
  p: Float64Array
  l: Float64Array
  d: Float64Array
}

/**
 * Samples whose gains are kept at a time, 80 bytes each. A longer signal goes back twice: it keeps V at the end of each
 * block of so many samples, and computes the gains of a block once more, to the same bits, when the way forward gets there.
 */
const KEPT = 1 << 19

/** The sums of T_j T_m over each run, [runs][lower triangle]: the same for every step. */
function* gramOf(walk: Walk, runsPerPiece: number): Pieces<Float64Array> {
  const { first, last } = walk.runs
  const gram = new Float64Array((last - first + 1) * PAIRS)
  const T = new Float64Array(SLOTS)
  for (let b = first, at = 0; b <= last; b++, at += PAIRS) {
    walk.turnTo(b)
    for (let i = walk.from; i < walk.to; i++) {
      walk.columnsAt(i, T)
      for (let j = 0, pair = at; j < SLOTS; j++) {
        for (let m = 0; m <= j; m++, pair++) gram[pair]! += T[j]! * T[m]!
      }
    }
    if (b % runsPerPiece === 0) yield
  }
  return gram
}

/** Takes the steps of all signals of one problem, in one set of work arrays. */
export class Newton {
  /** The last step; the next one overwrites it. */
  readonly step: Step
  readonly walk: Walk
  /** What the way back leaves behind: gains [samples of a block][GAIN]. */
  readonly gains: Float64Array
  /** Eliminated coefficients, [...][ROW]: splines from runs.first - 3 on, then drift. */
  readonly rows: Float64Array
  readonly #filter: DrivenFilter
  /** From the first step on. */
  #gram: Float64Array | null = null
  private readonly V = new Float64Array(VALUE)
  readonly #blocks: number
  readonly #runsPerBlock: number
  readonly #runsPerPiece: number
  /** V at the end of each block. */
  readonly #ends: Float64Array
  private readonly z = new Float64Array(SLOTS)
  private readonly state = new Float64Array(2)

  constructor(
    private readonly problem: Problem,
    kept = KEPT,
  ) {
    const { n, knotCount, drift, spacing } = problem
    this.walk = new Walk(problem)
    this.#filter = drivenFilter(problem.filter)
    const count = this.walk.runs.last - this.walk.runs.first + 1
    this.#runsPerBlock = Math.max(1, Math.floor(kept / spacing))
    this.#runsPerPiece = Math.max(1, Math.floor(PIECE / spacing))
    this.#blocks = Math.ceil(count / this.#runsPerBlock)
    this.#ends = new Float64Array(this.#blocks * VALUE)
    this.gains = new Float64Array(Math.min(n, this.#runsPerBlock * spacing) * GAIN)
    this.rows = new Float64Array((count + SPLINES - 1 + drift.count) * ROW)
    this.step = { p: new Float64Array(n), l: new Float64Array(knotCount), d: new Float64Array(drift.count) }
  }

  /** Computes the step and returns its length: as far as p and lambda stay positive, at most 1. */
  *solve(quadratic: Quadratic): Pieces<number> {
    yield* this.eliminateAll(quadratic)
    this.#recoverDrift()
    let ratio = TO_BOUNDARY // a smaller ratio allows the full step
    for (let block = 0; block < this.#blocks; block++) {
      if (block > 0) {
        this.V.set(this.#ends.subarray(block * VALUE, (block + 1) * VALUE))
        yield* this.#blockBack(quadratic, block)
      }
      ratio = yield* this.#blockForwards(quadratic, block, ratio)
    }
    return TO_BOUNDARY / ratio
  }

  /** The way back. */
  *eliminateAll(quadratic: Quadratic): Pieces<void> {
    const { problem, V, rows } = this
    this.#gram ??= yield* gramOf(this.walk, this.#runsPerPiece)
    const { runs } = this.walk
    V.fill(0)
    for (let j = runs.last; j > runs.last - SPLINES + 1; j--) enter(problem, V, j, quadratic.l)
    for (let block = this.#blocks - 1; block >= 0; block--) {
      this.#ends.set(V, block * VALUE)
      yield* this.#blockBack(quadratic, block)
    }
    for (let j = runs.first - 1; j > runs.first - SPLINES; j--) eliminate(V, slotOf(j), rows, this.#rowOf(j))
    for (let c = problem.drift.count - 1; c >= 0; c--) eliminate(V, SPLINES + c, rows, this.#driftRow(c))
  }

  /** Where a spline's row begins, and a drift column's. */
  #rowOf(j: number): number {
    return (j - this.walk.runs.first + SPLINES - 1) * ROW
  }

  #driftRow(c: number): number {
    return this.#rowOf(this.walk.runs.last + 1 + c)
  }

  #firstRun(block: number): number {
    return this.walk.runs.first + block * this.#runsPerBlock
  }

  #lastRun(block: number): number {
    return Math.min(this.walk.runs.last, this.#firstRun(block + 1) - 1)
  }

  /** The sample whose gains stand first while this block is at work. */
  #origin(block: number): number {
    return this.walk.runs.start(this.#firstRun(block))
  }

  *#blockBack(quadratic: Quadratic, block: number): Pieces<void> {
    const { problem, walk, V, gains } = this
    const gram = this.#gram!
    const origin = this.#origin(block)
    for (let b = this.#lastRun(block); b >= this.#firstRun(block); b--) {
      enter(problem, V, b - SPLINES + 1, quadratic.l)
      walk.turnTo(b)
      const at = (b - walk.runs.first) * PAIRS
      for (let pair = 0; pair < PAIRS; pair++) V[AT_S + pair]! += gram[at + pair]!
      stateBack(this.#filter, V, quadratic, walk, gains, origin)
      splineSums(V, quadratic, walk, gains, origin)
      if (problem.drift.count > 0) driftSums(V, quadratic, walk, gains, origin)
      eliminate(V, slotOf(b), this.rows, this.#rowOf(b))
      if (b % this.#runsPerPiece === 0) yield
    }
  }

  #recoverDrift(): void {
    const { rows, state, z, step } = this
    const { first } = this.walk.runs
    state.fill(0)
    z.fill(0)
    for (let c = 0; c < step.d.length; c++) step.d[c] = recover(rows, this.#driftRow(c), SPLINES + c, z, state)
    for (let j = first - SPLINES + 1; j < first; j++) this.#recoverSpline(j)
  }

  #recoverSpline(j: number): void {
    const value = recover(this.rows, this.#rowOf(j), slotOf(j), this.z, this.state)
    if (isSpline(this.problem, j)) this.step.l[j] = value
  }

  *#blockForwards(samples: Samples, block: number, ratio: number): Pieces<number> {
    const { walk, gains, z, state, step } = this
    const origin = this.#origin(block)
    let most = ratio
    for (let b = this.#firstRun(block); b <= this.#lastRun(block); b++) {
      this.#recoverSpline(b)
      walk.turnTo(b)
      most = changesForwards(this.#filter, samples, walk, gains, origin, z, state, step.p, most)
      if (b % this.#runsPerPiece === 0) yield
    }
    return most
  }
}
