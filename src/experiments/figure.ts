// Pictures of an experiment: which there are, and how they are called.
import type { Collected } from './collected.ts'
import { calibrationFigures } from './figure_calibration.ts'
import { forestFigures } from './figure_forest.ts'
import { shareFigures } from './figure_shares.ts'

/** A picture by its name within the experiment. */
export interface Figure {
  /** Of its file: `table8_forest_honest`. */
  name: string
  caption: string
  svg: string
}

/** All pictures that the results allow. */
export const figuresOf = (collected: Collected): Figure[] => [
  ...shareFigures(collected),
  ...forestFigures(collected),
  ...calibrationFigures(collected),
]
