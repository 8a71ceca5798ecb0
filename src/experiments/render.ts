// The files of an experiment, drawn of its results alone: the same results give the same bytes.
import type { Collected } from './collected.ts'
import type { Figure } from './figure.ts'
import { calibrationFigures } from './figure_calibration.ts'
import { forestFigures } from './figure_forest.ts'
import { shareFigures } from './figure_shares.ts'
import { longCsv, longJson } from './long_table.ts'
import { sheetsOf } from './sheet.ts'
import { experimentPage } from './sheet_html.ts'
import { experimentLatex } from './sheet_latex.ts'
import { experimentMarkdown } from './sheet_markdown.ts'

/** A file to be written. */
export interface Rendered {
  path: string
  content: string
}

/** All pictures that the results allow. */
export const figuresOf = (collected: Collected): Figure[] => [
  ...shareFigures(collected),
  ...forestFigures(collected),
  ...calibrationFigures(collected),
]

/** Tables as CSV, JSON, HTML, Markdown and LaTeX, and each figure as SVG; all named after the experiment. */
export function renderExperiment(collected: Collected): Rendered[] {
  const { name } = collected.grid
  const sheets = sheetsOf(collected)
  const figures = figuresOf(collected)
  return [
    { path: `${name}.csv`, content: longCsv(collected) },
    { path: `${name}.json`, content: longJson(collected) },
    { path: `${name}.html`, content: experimentPage(collected, sheets, figures) },
    { path: `${name}.md`, content: experimentMarkdown(collected, sheets) },
    { path: `${name}.tex`, content: experimentLatex(collected, sheets) },
    ...figures.map((figure) => ({ path: `${figure.name}.svg`, content: `${figure.svg}\n` })),
  ]
}
