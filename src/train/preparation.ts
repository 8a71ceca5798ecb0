// What a prepared folder says of itself: of what it was made, how, and what the recordings were like.
import type { DataSummary } from '../datasets/overview.ts'
import type { Dimension, TrialSet } from '../datasets/trial.ts'
import type { QualityFlag } from '../datasets/trial_quality.ts'
import type { Balance } from '../evaluation/class_balance.ts'
import type { Seen, SeenFile } from '../store/watched.ts'

/** What decides a preparation, beside the files. */
export interface PreparationSettings {
  name: string
  sampleRate?: number
  gsr?: string
  pass?: Dimension
  resample?: boolean
  anyFeatures?: boolean
  length: number
  dropSeconds: number
  interpolation?: string
  exclude?: QualityFlag[]
}

/** What a set was made of, how, and what the recordings are like. */
export interface Preparation {
  sources: Seen
  /** Tables of music features beside the dataset. */
  features: SeenFile[]
  settings: PreparationSettings
  versions: { galvani: string; decomposition: string; features?: string }
  /** What decomposed. */
  device: string
  summary: DataSummary
  usable: number
  statuses: Record<string, number>
  /** Classes, thresholds and separation of each subject by the paper's 2-means; null where ratings do not allow it. */
  labels: Record<Dimension, Balance | null>
  skipped: TrialSet['skipped']
  notes: string[]
}
