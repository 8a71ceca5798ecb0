// Pictures, and the files that hold them.

/** A picture with what stands under it. */
export interface Figure {
  /** Of its file: `table8_forest_honest_valence`. */
  name: string
  caption: string
  svg: string
}

/** A file to be written. */
export interface Rendered {
  path: string
  content: string
}
