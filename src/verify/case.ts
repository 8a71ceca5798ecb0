import type { ModelConfig } from '../model/config.ts'
import type { SafeTensor } from '../formats/safetensors.ts'
import type { ExpectedCase } from './compare.ts'

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
  /** Train: the id or name of the model whose file it is. */
  model?: string
  /** Checkpoint: the .pt file, and its names -> ours. */
  checkpoint?: string
  name_map?: Readonly<Record<string, string | null>>
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
}

export type FixtureTensors = ReadonlyMap<string, SafeTensor>
