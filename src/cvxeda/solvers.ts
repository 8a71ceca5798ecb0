// All solvers on a GPU by their names: for programs that are told a name, and carry all of them.

import { admm } from './admm.ts'
import { interiorPoint } from './interior_point.ts'
import type { Solver, SolverName } from './solver.ts'

/** Each solver by its name. */
export const SOLVERS: Readonly<Record<SolverName, Solver>> = { 'interior-point': interiorPoint, admm }
export const SOLVER_NAMES = ['interior-point', 'admm'] as const satisfies readonly SolverName[]
