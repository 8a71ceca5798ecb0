// A layout is how a dataset is distributed: which files a folder has, and what is in them.

import type { Store } from '../store/store.ts'
import type { Dimension, Trial, TrialSet } from './trial.ts'

/** The layouts, by the names of their datasets; `trials` is the open form, `recordings` a folder of them without ratings. */
export type DatasetKind = 'pmemo2018' | 'pmemo2019' | 'deap' | 'amigos' | 'hku956' | 'trials' | 'recordings'

/** What is done to a skin signal whose unit nobody documents: nothing; -x; or 1/x, a conductance of a resistance. */
export const GSR = ['as-is', 'negate', 'invert'] as const
/** One of `GSR`. */
export type Gsr = (typeof GSR)[number]

/** How a dataset is opened. */
export interface OpenOptions {
  /** What messages and reports call it; default the name of its layout. */
  name?: string
  /** Hz, if the files do not say. */
  sampleRate?: number
  /** Of a dataset with a listening for each dimension, only this one; default both. */
  pass?: Dimension
  /** Recordings with uneven time steps are interpolated to even ones, not refused. */
  resample?: boolean
  /** Of DEAP `as-is` or `negate`, of AMIGOS `as-is` or `invert`; default `as-is`. */
  gsr?: Gsr
}

/** Options after `openDataset` gave the dataset a name. */
export type NamedOptions = OpenOptions & { name: string }

/** A dataset that was recognised; its trials are read one file after the other, as they are asked for. */
export interface OpenedDataset {
  kind: DatasetKind
  name: string
  /** Generated data; every report must say so. */
  synthetic: boolean
  trials: () => AsyncIterable<Trial>
  /** How many trials its files should hold, by their names and headers alone: for progress. */
  expected: number
  /** Length of each trial's `music`; absent where there is none. */
  musicDim?: number
  /** Which features `music` holds, such as `IS13_ComParE`, where that is known. */
  musicSet?: string
  /** What was left out so far, and why. */
  skipped: TrialSet['skipped']
  /** What was assumed so far, a sentence each. */
  notes: string[]
}

/** One layout: how a folder of it is known, and how it is read. */
export interface Layout {
  kind: DatasetKind
  /** For the sentence about a folder that is of none. */
  looksFor: string
  /** Options that it does not take, each with the reason why. */
  refuses: Readonly<Partial<Record<Exclude<keyof OpenOptions, 'name'>, string>>>
  /** By the files in it, never by the folder's own name. */
  recognises: (store: Store) => Promise<boolean>
  /** @throws FormatError naming the file, UsageError for an option that it does not take */
  open: (store: Store, options: NamedOptions) => Promise<OpenedDataset>
}
