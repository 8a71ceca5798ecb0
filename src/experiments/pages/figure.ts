// A picture of an experiment.

export interface Figure {
  /** Of its file: `table8_forest_honest_valence`. */
  name: string
  caption: string
  svg: string
}
