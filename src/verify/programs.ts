// Quadratic programs of a folder whose optima are known, such as those of Maros and Mészáros ("A repository of convex quadratic
// programming problems", Optimization Methods and Software 11, 1999): `problems.json`, a list of
//   { name, n, m, P, A: entries as [row, column, value], q, l, u (null where there is no bound), optimum }
import { solveQp } from '../qp/dense.ts'
import { MAX_CONSTRAINTS, MAX_VARIABLES, type QuadraticProgram } from '../qp/program.ts'
import type { QpSolution } from '../qp/solution.ts'
import type { Device } from '../runtime/device.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import type { CaseResult } from './case.ts'

const FILE = 'problems.json'
/** Largest error of the objective, relative to its size, or to 0.01 where that is smaller. */
const BAR = 1e-4
const SMALLEST = 1e-2

type Entries = readonly (readonly [row: number, column: number, value: number])[]

/** A program of the file. */
export interface KnownProgram {
  name: string
  n: number
  m: number
  P: Entries
  q: readonly number[]
  A: Entries
  l: readonly (number | null)[]
  u: readonly (number | null)[]
  optimum: number
}

const isKnown = (entry: Partial<KnownProgram> | null): entry is KnownProgram =>
  typeof entry?.name === 'string' &&
  [entry.n, entry.m, entry.optimum].every(Number.isFinite) &&
  [entry.P, entry.q, entry.A, entry.l, entry.u].every(Array.isArray)

/** @throws FormatError unless the folder holds such a list */
export async function readPrograms(store: Store, source: string): Promise<KnownProgram[]> {
  if (!(await store.exists(FILE))) throw new FormatError(`${source} is no folder of programs: it has no ${FILE}`)
  try {
    const list = JSON.parse(await store.readText(FILE)) as Partial<KnownProgram>[]
    if (Array.isArray(list) && list.every(isKnown)) return list
  } catch (error) {
    if (error instanceof SyntaxError) throw new FormatError(`${source}/${FILE} is not JSON: ${error.message}`)
    throw error
  }
  throw new FormatError(`${source}/${FILE} is no list of programs with name, n, m, P, q, A, l, u and optimum`)
}

function dense(entries: Entries, rows: number, columns: number): Float64Array {
  const matrix = new Float64Array(rows * columns)
  for (const [row, column, value] of entries) matrix[row * columns + column] = value
  return matrix
}

const programOf = ({ n, m, P, q, A, l, u }: KnownProgram): QuadraticProgram => ({
  P: dense(P, n, n),
  q,
  A: dense(A, m, n),
  l: l.map((v) => v ?? -Infinity),
  u: u.map((v) => v ?? Infinity),
})

/** Passes where it is solved, and the objective is the one known. */
export function judgeProgram({ name, optimum }: KnownProgram, { status, objective }: QpSolution): CaseResult {
  const result = { name, kind: 'qp', tolerance: BAR, tensor: 'objective' }
  if (status !== 'solved') return { ...result, status: 'failed', error: `status is ${status}, expected solved` }
  const error = Math.abs(objective - optimum) / Math.max(SMALLEST, Math.abs(optimum))
  return { ...result, status: error <= BAR ? 'passed' : 'failed', error }
}

/**
 * Solves the programs of a folder with the defaults of `solveQp`; those beyond its sizes are skipped.
 * @throws FormatError unless the folder holds a list of programs
 */
export async function verifyPrograms(device: Device, store: Store, source: string): Promise<CaseResult[]> {
  const programs = await readPrograms(store, source)
  const fits = ({ n, m }: KnownProgram) => n <= MAX_VARIABLES && m <= MAX_CONSTRAINTS
  const solutions = await solveQp(device, programs.filter(fits).map(programOf))
  return programs.map((program) => {
    if (fits(program)) return judgeProgram(program, solutions.shift()!)
    const error = `${program.n} variables and ${program.m} constraints, at most ${MAX_VARIABLES} and ${MAX_CONSTRAINTS} are solved`
    return { name: program.name, kind: 'qp', status: 'skipped', error, tolerance: BAR }
  })
}
