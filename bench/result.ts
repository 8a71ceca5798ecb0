// The whole of `galvani bench` as one JSON document.
import { FormatError } from '../src/runtime/errors.ts'
import type { KernelResult, RejectedKernel, TrafficResult } from './kernels.ts'
import type { ColdStart, StepResult } from './step.ts'
import type { Target } from './targets.ts'

const SCHEMA = 1

export interface BenchResult {
  schema: typeof SCHEMA
  galvani: string
  /** ISO 8601. */
  date: string
  step: StepResult
  /** The first step of a process that found no compiled kernels on disk, if it was asked for. */
  cold?: ColdStart
  /** Ops with several kernels, by shape. */
  kernels: KernelResult[]
  rejected: RejectedKernel[]
  /** Everything else, by kernel and size. */
  traffic: TrafficResult[]
  targets: Target[]
}

/** @throws FormatError when the text is no document of `galvani bench` */
export function parseBenchResult(text: string, source: string): BenchResult {
  let found: Partial<BenchResult>
  try {
    found = JSON.parse(text) as Partial<BenchResult>
  } catch (error) {
    throw new FormatError(`${source} is no JSON document: ${error instanceof Error ? error.message : String(error)}`)
  }
  const { schema, step, kernels, traffic } = found ?? {}
  if (schema === SCHEMA && step && Array.isArray(kernels) && Array.isArray(traffic)) return found as BenchResult
  throw new FormatError(
    `${source} is not what \`galvani bench --json\` or \`galvani bench kernels --json\` prints (schema ${SCHEMA})`,
  )
}

export const benchDocument = (
  version: string,
  parts: Omit<BenchResult, 'schema' | 'galvani' | 'date'>,
): BenchResult => ({ schema: SCHEMA, galvani: version, date: new Date().toISOString(), ...parts })
