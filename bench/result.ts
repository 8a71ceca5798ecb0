// The whole of `galvani bench` as one JSON document.
import { parseUnrenamed } from '../src/formats/documents.ts'
import { FormatError } from '../src/runtime/errors.ts'
import type { KernelResult, RejectedKernel, TrafficResult } from './kernels.ts'
import type { ColdStart, StepResult } from './step.ts'
import type { Target } from './targets.ts'

export interface BenchResult {
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

/** @throws FormatError when the text is no document of `galvani bench`, or one of a schema that is not read */
export function parseBenchResult(text: string, source: string): BenchResult {
  const found = parseUnrenamed('bench', text, source) as Partial<BenchResult>
  const { step, kernels, traffic } = found
  if (step && Array.isArray(kernels) && Array.isArray(traffic)) return found as BenchResult
  throw new FormatError(`${source} is not what \`galvani bench --json\` or \`galvani bench kernels --json\` prints`)
}

export const benchResult = (version: string, parts: Omit<BenchResult, 'galvani' | 'date'>): BenchResult => ({
  galvani: version,
  date: new Date().toISOString(),
  ...parts,
})
