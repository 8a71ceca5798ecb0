// What workers are asked for, in Node and in a page alike: signals to decompose, or programs to solve.
import { decomposeShare } from './cvxeda/worker.ts'
import { solveShare } from './qp/worker.ts'

export const answerShare: typeof decomposeShare = (message, post) =>
  'programs' in (message as object) ? solveShare(message, post) : decomposeShare(message, post)
