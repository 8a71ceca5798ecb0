// An experiment as data: rows that are runs, and what they have in common. No code per table.
import type { Dimension } from '../datasets/trial.ts'
import type { ScoreName } from '../evaluation/judgement.ts'
import type { RunSettings } from '../train/defaults.ts'

/** How models are trained and judged; docs/protocol.md has the differences. */
export const PROTOCOLS = ['honest', 'paper', 'released'] as const
export type Protocol = (typeof PROTOCOLS)[number]

/** Datasets by what they are, however their folder is called. `any`: whatever was given. */
export const GRID_DATASETS = ['pmemo', 'deap', 'amigos', 'any'] as const
export type GridDataset = (typeof GRID_DATASETS)[number]

/** Scores that somebody published, shares of 1. */
export type Reported = Partial<Record<ScoreName, number>>

/** One line of a table. */
export interface GridRow {
  /** What the line is called, a text for each of the grid's `heads`. */
  cells: string[]
  /** Default `any`. */
  dataset?: GridDataset
  /** `network`: a run (default). `svm`: the linear SVM on the same input alone. `quoted`: others' figures, nothing is computed. */
  method?: 'network' | 'svm' | 'quoted'
  /**
   * Whether its model hears music: `true` asks for data that have music features, `false` leaves them out; absent as the data are.
   * `listeners`: what other listeners of the training part said of the song.
   */
  music?: boolean | 'listeners'
  /** How its run differs from what all rows share. */
  settings?: RunSettings
  /** Start from the weights of this row of the same grid, by its cells joined with a blank (transfer). */
  from?: string
  reported?: Partial<Record<Dimension, Reported>>
  note?: string
}

/** A table or figure of runs. */
export interface Grid {
  /** Of its files: `table8`. */
  name: string
  /** Of the table, as a caption begins. */
  title: string
  /** Over the columns that name a line. */
  heads: string[]
  /** `rating`: all rows predict the rating itself, as a row may by its own settings. */
  target?: 'rating'
  /** What of each run of classes is shown; none where all rows are of ratings, which have scores of their own. */
  scores: ScoreName[]
  dimensions: Dimension[]
  rows: GridRow[]
  /** Where the reported figures are from. */
  source?: string
  notes?: string[]
}

/** Whether a row's model predicts the rating itself. */
export const predictsRating = (
  { target }: Pick<Grid, 'target'>,
  { settings = {} }: Pick<GridRow, 'settings'>,
): boolean => (settings.target ?? target) === 'rating'
