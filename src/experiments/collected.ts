// An experiment with its results, as plain data: what its tables and figures are drawn of.
import type { Dimension } from '../datasets/trial.ts'
import type { Judgement } from '../evaluation/judgement.ts'
import type { RatingJudgement } from '../evaluation/rating_judgement.ts'
import type { Departure } from '../train/paper_settings.ts'
import type { Grid, Protocol, Reported } from './grid.ts'

/** One model of a table: a row, in one dimension, under one protocol. */
export interface Cell {
  /** Of the grid's rows, from 0. */
  row: number
  dimension: Dimension
  protocol: Protocol
  /** Labels were shuffled within subjects: must give chance. */
  control: boolean
  reported?: Reported
  /** Parameters of the network; absent where there is none. */
  parameters?: number
  /** Absent until all of its jobs are done. */
  judgement?: Judgement
  /** p of accuracy by fold against the majority class, corrected by Holm within the table's dimension and protocol. */
  holm?: number
  /** Why there is no judgement and will be none, such as a dataset that was not given. */
  missing?: string
}

/** One model that predicts ratings: the paper has none, so nothing was reported. */
export interface RatingCell extends Omit<Cell, 'reported' | 'judgement' | 'holm'> {
  /** Absent until all of its jobs are done. */
  judgement?: RatingJudgement
}

/** What a caption says of one dataset. */
export interface CollectedDataset {
  kind: string
  name: string
  synthetic: boolean
  trials: number
  subjects: number
  stimuli: number
  musicDim: number
}

/** What a protocol means here, as its note under a table says. */
export interface ProtocolFacts {
  protocol: Protocol
  /** People of the test part are in no other part, and nothing is chosen on it. */
  leaks: boolean
  /** How it is trained and judged, a clause each. */
  says: string[]
}

/** An experiment and all that is known of it. */
export interface Collected {
  grid: Grid
  cells: Cell[]
  /** Of the rows that predict ratings; absent where there are none. */
  ratings?: RatingCell[]
  datasets: CollectedDataset[]
  protocols: ProtocolFacts[]
  seeds: number[]
  adapter: string
  versions: Record<string, string>
  /** Jobs that are done, of all. */
  done: number
  jobs: number
  /** Settings of all rows that are not the paper's: name, the paper's, here. */
  departures: Departure[]
}
