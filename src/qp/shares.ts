// A call's programs, shared out among workers: what goes to a worker, and what it does with it.

import type { Cpu, Task } from '../runtime/cpu.ts'
import type { Program, QuadraticProgram } from './program.ts'
import type { QpOptions, QpSolution } from './solution.ts'

/** Programs for one worker, and the settings of the call. */
export interface QpShare {
  programs: QuadraticProgram[]
  options: Omit<QpOptions, 'signal'>
}

/** Shares that each worker gets where there are programs enough, and programs of a share at most. */
const SHARES = 16
const LARGEST = 64

/** Solves by workers; the arrays of the programs go to them for good. Results in the order of the programs. */
export async function solveByWorkers(
  cpu: Cpu,
  programs: readonly Program[],
  { signal, starts, ...settings }: QpOptions,
): Promise<QpSolution[]> {
  const size = Math.min(LARGEST, Math.ceil(programs.length / (cpu.workers * SHARES)))
  const tasks = Array.from({ length: Math.ceil(programs.length / Math.max(1, size)) }, (_, s): Task => () => {
    const [from, to] = [s * size, (s + 1) * size]
    const own = programs.slice(from, to).map(({ P, q, A, l, u }) => ({ P, q, A, l, u }))
    const copies = starts?.slice(from, to).map(({ x, y }) => ({ x: Float64Array.from(x), y: Float64Array.from(y) }))
    const message: QpShare = { programs: own, options: { ...settings, ...(copies && { starts: copies }) } }
    return {
      message,
      transfer: own.flatMap((program) => Object.values(program).map(({ buffer }) => buffer as ArrayBuffer)),
    }
  })
  return ((await cpu.run(tasks, { signal, onAnswer: () => {} })) as QpSolution[][]).flat()
}
