// Random dense quadratic programs whose status is known by construction, and the check of the solvers against them.

import { solveQp } from '../qp/dense.ts'
import type { QpSolution, QpStatus } from '../qp/solution.ts'
import type { QuadraticProgram } from '../qp/program.ts'
import { qpReference } from '../reference/qp.ts'
import type { Device } from '../runtime/device.ts'
import { Random } from '../runtime/random.ts'
import type { CaseResult } from './case.ts'

const KINDS = ['feasible', 'degenerate', 'infeasible', 'unbounded'] as const
type Kind = (typeof KINDS)[number]

export interface QpCase {
  name: string
  kind: Kind
  program: QuadraticProgram
  status: QpStatus
}

/** Largest error of the objective, relative to its size (or to 1e-3 where that is smaller). */
const BAR = 1e-3
const SMALLEST = 1e-3

const row = (length: number, value: () => number) => Float64Array.from({ length }, value)
const product = (A: Float64Array[], x: Float64Array) => A.map((a) => a.reduce((sum, v, j) => sum + v * x[j]!, 0))

/** M'M of `rank` random rows: positive semidefinite. */
function gram(random: Random, n: number, rank: number): Float64Array {
  const M = Array.from({ length: rank }, () => row(n, () => random.normal()))
  return Float64Array.from(
    { length: n * n },
    (_, at) => M.reduce((sum, a) => sum + a[Math.floor(at / n)]! * a[at % n]!, 0) / Math.max(1, rank),
  )
}

/** Rows with about half of their entries. */
function randomRows(random: Random, m: number, n: number): Float64Array[] {
  return Array.from({ length: m }, () => row(n, () => (random.uniform() < 0.5 ? random.normal() : 0)))
}

const unit = (n: number, j: number) => Float64Array.from({ length: n }, (_, k) => Number(k === j))

/** Bounds around A x0: one-sided, two-sided, touching or open. */
function boundsAround(random: Random, Ax: number[]): { l: Float64Array; u: Float64Array } {
  const kinds = Ax.map(() => random.integer(4))
  const side = () => (random.uniform() < 0.2 ? 0 : random.uniform())
  return {
    l: Float64Array.from(Ax, (v, i) => (kinds[i] === 0 ? -Infinity : v - side())),
    u: Float64Array.from(Ax, (v, i) => (kinds[i] === 1 ? Infinity : v + side())),
  }
}

type Values = ArrayLike<number>

function assemble(P: Values, q: Values, rows: Float64Array[], l: Values, u: Values): QuadraticProgram {
  return { P, q, A: Float64Array.from(rows.flatMap((a) => [...a])), l, u }
}

/** Mostly small, now and then as large as allowed. */
function sizeOf(random: Random): { n: number; m: number } {
  const largest = random.uniform() < 0.05
  const n = largest ? 100 + random.integer(29) : 1 + random.integer(32)
  return { n, m: random.integer(Math.min(256, 2 * n) + 1) }
}

function feasible(random: Random): QuadraticProgram {
  const { n, m } = sizeOf(random)
  const P = gram(random, n, n)
  for (let j = 0; j < n; j++) P[j * n + j]! += 0.01
  const rows = randomRows(random, m, n)
  const { l, u } = boundsAround(
    random,
    product(
      rows,
      row(n, () => random.normal()),
    ),
  )
  return assemble(
    P,
    row(n, () => random.normal()),
    rows,
    l,
    u,
  )
}

/** P of low rank or zero, kept bounded by a box; repeated, combined and equality rows. */
function degenerate(random: Random): QuadraticProgram {
  const { n } = sizeOf(random)
  const P = random.uniform() < 0.5 ? new Float64Array(n * n) : gram(random, n, 1 + random.integer(n))
  const x0 = row(n, () => random.normal())
  const box = Array.from({ length: n }, (_, j) => unit(n, j))
  const others = randomRows(random, random.integer(Math.min(n, 60) + 1), n)
  const equations = others.filter(() => random.uniform() < 0.3).slice(0, Math.min(20, Math.floor(n / 2)))
  const repeated = [...others, ...equations].slice(0, 8).map((a) => a.map((v) => 2 * v))
  const combined = others.length > 1 ? [others[0]!.map((v, j) => v - others[1]![j]!)] : []
  const loose = boundsAround(random, product([...others, ...combined], x0))
  const tight = product([...equations, ...equations], x0)
  const twice = repeated.map((_, k) =>
    k < others.length ? { l: 2 * loose.l[k]!, u: 2 * loose.u[k]! } : { l: -Infinity, u: Infinity },
  )
  const rows = [...box, ...others, ...combined, ...equations, ...equations, ...repeated]
  const l = [...x0.map((v) => v - 1), ...loose.l, ...tight, ...twice.map((b) => b.l)]
  const u = [...x0.map((v) => v + 1), ...loose.u, ...tight, ...twice.map((b) => b.u)]
  return assemble(
    P,
    row(n, () => random.normal()),
    rows,
    l,
    u,
  )
}

/** A program with a solution, and one more row that its others contradict by a margin. */
function infeasible(random: Random): QuadraticProgram {
  const source = random.uniform() < 0.5 ? feasible(random) : degenerate(random)
  const n = source.q.length
  const m = Math.min(255, source.l.length)
  const rows = Array.from({ length: m }, (_, i) => Float64Array.from(source.A).slice(i * n, (i + 1) * n))
  const [l, u] = [Array.from(source.l).slice(0, m), Array.from(source.u).slice(0, m)]
  const closed = rows.map((_, i) => i).filter((i) => u[i] !== Infinity && rows[i]!.some((v) => v !== 0))
  const chosen = closed.slice(0, 1 + random.integer(Math.max(1, closed.length)))
  const margin = 0.01 + random.uniform()
  if (chosen.length === 0) {
    // x_0 >= 1 and x_0 <= 1 - margin
    const both = rows.length + 2 > 256 ? rows.slice(2) : rows
    return assemble(
      source.P,
      source.q,
      [...both, unit(n, 0), unit(n, 0)],
      [...both.map(() => -Infinity), 1, -Infinity],
      [...both.map(() => Infinity), Infinity, 1 - margin],
    )
  }
  const weights = chosen.map(() => 0.1 + random.uniform())
  const sum = row(n, () => 0).map((_, j) => chosen.reduce((s, i, k) => s + weights[k]! * rows[i]![j]!, 0))
  const most = chosen.reduce((s, i, k) => s + weights[k]! * u[i]!, 0)
  return assemble(source.P, source.q, [...rows, sum], [...l, most + margin], [...u, Infinity])
}

/** A direction d with P d = 0, q'd < 0 that leaves no constraint. */
function unbounded(random: Random): QuadraticProgram {
  const { n, m } = sizeOf(random)
  const d = row(n, () => random.normal())
  const length = d.reduce((sum, v) => sum + v * v, 0)
  const level = (a: Float64Array) => {
    const share = a.reduce((sum, v, j) => sum + v * d[j]!, 0) / length
    return a.map((v, j) => v - share * d[j]!)
  }
  const M = Array.from({ length: random.integer(n) }, () => level(row(n, () => random.normal())))
  const P = Float64Array.from({ length: n * n }, (_, at) =>
    M.reduce((sum, a) => sum + a[Math.floor(at / n)]! * a[at % n]!, 0),
  )
  const across = randomRows(random, Math.floor(m / 2), n).map(level)
  const along = randomRows(random, Math.ceil(m / 2), n)
  const x0 = row(n, () => random.normal())
  const { l, u } = boundsAround(random, product(across, x0))
  const open = product(along, x0)
  const rises = product(along, d).map((v) => v > 0)
  const q = row(n, () => random.normal())
  const slope = q.reduce((sum, v, j) => sum + v * d[j]!, 0)
  const downhill = q.map((v, j) => v - ((slope + 0.1 * length + random.uniform() * length) / length) * d[j]!)
  return assemble(
    P,
    downhill,
    [...across, ...along],
    [...l, ...open.map((v, i) => (rises[i] ? v - 0.5 : -Infinity))],
    [...u, ...open.map((v, i) => (rises[i] ? Infinity : v + 0.5))],
  )
}

const MAKERS = { feasible, degenerate, infeasible, unbounded }
const STATUS: Record<Kind, QpStatus> = {
  feasible: 'solved',
  degenerate: 'solved',
  infeasible: 'primal-infeasible',
  unbounded: 'dual-infeasible',
}

/** `count` programs, the kinds in turn; the same ones for the same seed. */
export function qpCases(count: number, seed: number): QpCase[] {
  return Array.from({ length: count }, (_, i) => {
    const kind = KINDS[i % KINDS.length]!
    const program = MAKERS[kind](new Random(seed, i))
    return {
      name: `${kind} ${seed}/${i} (${program.q.length} x ${program.l.length})`,
      kind,
      program,
      status: STATUS[kind],
    }
  })
}

function judge({ name, program, status }: QpCase, found: QpSolution): CaseResult {
  const result = { name, kind: 'qp', tolerance: BAR }
  if (found.status !== status)
    return { ...result, status: 'failed', error: `status is ${found.status}, expected ${status}` }
  if (status !== 'solved') return { ...result, status: 'passed', error: 0 }
  const { objective } = qpReference(program)
  const error = Math.abs(found.objective - objective) / Math.max(SMALLEST, Math.abs(objective))
  return { ...result, status: error <= BAR ? 'passed' : 'failed', error, tensor: 'objective' }
}

/** Solves random programs of every kind; statuses must be right and objectives within 1e-3 of float64. */
export async function verifyQp(device: Device, count: number, seed: number): Promise<CaseResult[]> {
  const cases = qpCases(count, seed)
  const found = await solveQp(
    device,
    cases.map(({ program }) => program),
  )
  return cases.map((entry, i) => judge(entry, found[i]!))
}
