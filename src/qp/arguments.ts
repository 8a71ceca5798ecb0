// What can be wrong with a call of solveQp, apart from the programs themselves.

import { Cpu } from '../runtime/cpu.ts'
import type { Device } from '../runtime/device.ts'
import { UsageError } from '../runtime/errors.ts'
import { inWords, type Program, type QuadraticProgram } from './program.ts'
import type { QpOptions } from './solution.ts'

function checkDevice(device: unknown): void {
  const isGpu = typeof (device as { bindingLimit?: unknown } | null | undefined)?.bindingLimit === 'number'
  if (isGpu || device === 'cpu' || device instanceof Cpu) return
  const found = device instanceof Promise ? 'a promise, which wants an await' : inWords(device)
  throw new UsageError(`solveQp: the device is ${found}; expected what openGpu or openCpu opens, or 'cpu'.`)
}

/** @throws UsageError */
export function checkCall(device: Device, programs: readonly QuadraticProgram[]): void {
  checkDevice(device)
  if (Array.isArray(programs)) return
  const isOne = typeof programs === 'object' && programs !== null && 'P' in programs
  const found = isOne ? 'one program' : inWords(programs)
  throw new UsageError(`solveQp: programs is ${found}, expected an array of programs; one goes in as [program].`)
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
    throw new UsageError(`solveQp: starts is ${inWords(starts)}, expected an array with one start for each program.`)
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
