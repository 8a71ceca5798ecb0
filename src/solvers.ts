// galvani/solvers: solvers of cvxEDA on a GPU, for `DecomposeOptions.solver`; a bundle holds those that it imports.

export { interiorPoint } from './cvxeda/interior_point.ts'
export { admm } from './cvxeda/admm.ts'
export { SOLVERS } from './cvxeda/solvers.ts'
export type { Solver, SolverName } from './cvxeda/solver.ts'
