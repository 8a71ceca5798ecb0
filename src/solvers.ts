// galvani/solvers: solvers of cvxEDA on a GPU, for `DecomposeOptions.solver`, and cvxEDA from tensor to tensor; a bundle holds what it imports.

export { interiorPoint } from './cvxeda/interior_point.ts'
export { admm } from './cvxeda/admm.ts'
export { SOLVERS } from './cvxeda/solvers.ts'
export type { Solver, SolverName } from './cvxeda/solver.ts'

// From tensor to tensor
export {
  decomposeOn,
  type DecomposeOnOptions,
  type DecomposeReport,
  type DeviceDecomposition,
} from './cvxeda/decompose_on.ts'
export type { Part as DecompositionPart, PartTensors } from './cvxeda/device_ends.ts'
