// What can be wrong with a call of solveQp, apart from the programs themselves.

import { checkNames, nameOf, requireArray, type Known } from '../runtime/arguments.ts'
import { requireDevice, type Device } from '../runtime/device.ts'
import { UsageError } from '../runtime/errors.ts'
import type { Program, QuadraticProgram } from './program.ts'
import type { QpOptions } from './solution.ts'

const QP_OPTIONS: Known<QpOptions> = { tolerance: true, maxIterations: true, starts: true, signal: true }

/** @throws UsageError */
export function checkCall(device: Device, programs: readonly QuadraticProgram[], options: QpOptions): void {
  requireDevice('solveQp', device)
  requireArray('solveQp', 'programs', programs)
  checkNames('solveQp', options, QP_OPTIONS)
}

/** @throws UsageError */
export function checkOptions(programs: readonly Program[], { tolerance, maxIterations, starts }: QpOptions): void {
  for (const [name, value] of Object.entries({ tolerance, maxIterations })) {
    if (value !== undefined && !(value > 0 && Number.isFinite(value))) {
      throw new UsageError(`solveQp: ${name} is ${value}, expected a positive number.`)
    }
  }
  if (starts === undefined) return
  if (!Array.isArray(starts))
    throw new UsageError(`solveQp: starts is ${nameOf(starts)}, expected an array with one start for each program.`)
  if (starts.length !== programs.length) {
    throw new UsageError(
      `solveQp: starts has ${starts.length} entries for ${programs.length} programs, expected one for each.`,
    )
  }
  programs.forEach(({ n, m }, index) => {
    const { x, y } = (starts[index] ?? {}) as Partial<Record<'x' | 'y', ArrayLike<number> | null>>
    const holds = (values: ArrayLike<number> | null | undefined, length: number) =>
      values?.length === length && Array.from(values).every(Number.isFinite)
    if (!holds(x, n) || !holds(y, m))
      throw new UsageError(`solveQp: start ${index} must hold ${n} finite values of x and ${m} of y.`, { index })
  })
}
