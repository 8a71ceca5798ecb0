import type { SafeTensor } from '../formats/safetensors.ts'
import type { ModelConfig } from '../model/config.ts'
import type { ExpectedCase, Judgement } from './compare.ts'

/** A case of a fixture folder's `index.json`: the fields that one kind or another uses. */
export interface FixtureCase extends ExpectedCase {
  id: string
  kind: string
  op?: string
  file: string
  attrs?: Readonly<Record<string, unknown>>
  config?: ModelConfig
  modes?: readonly ('eval' | 'train')[]
  /** Train: names of the trace's tensors start with this. */
  prefix?: string
  /** Checkpoint: the .pt file. */
  checkpoint?: string
  tolerance?: Readonly<Record<string, number>>
}

export interface CaseResult {
  name: string
  kind: string
  status: 'passed' | 'failed' | 'skipped'
  /** Largest error against its tolerance; a sentence when the case could not be run. */
  error: number | string
  tolerance: number
  /** The tensor whose error is reported. */
  tensor?: string
  /** Solver and form, where the case is a decomposition. */
  method?: string
}

/** A judgement as a result; an error that is no number (missing or not finite) in words, since JSON has no infinity. */
export function resultOf(name: string, kind: string, judged: Judgement & { tensor: string }): CaseResult {
  const { ok, error, tolerance, tensor } = judged
  const shown = Number.isFinite(error) ? error : `${tensor} is missing, not finite or of another size`
  return { name, kind, status: ok ? 'passed' : 'failed', error: shown, tolerance, tensor }
}

/** Cases by their status. */
export function countsOf(cases: readonly CaseResult[]): Record<CaseResult['status'], number> {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { status } of cases) counts[status]++
  return counts
}

/** Tensors of a case's file. */
export type FixtureTensors = ReadonlyMap<string, SafeTensor>
