// The files of an experiment, drawn of its results alone: the same results give the same bytes.
import type { Collected } from '../collected.ts'
import type { Figure, Rendered } from '../../charts/figure.ts'
import { calibrationFigures } from './figure_calibration.ts'
import { forestFigures } from './figure_forest.ts'
import { shareFigures } from './figure_shares.ts'
import { longCsv, longJson } from './long_table.ts'
import { documentOf } from './sheet.ts'
import { sheetPage } from './sheet_html.ts'
import { sheetLatex } from './sheet_latex.ts'
import { sheetMarkdown } from './sheet_markdown.ts'

/** All pictures that the results allow. */
export const figuresOf = (collected: Collected): Figure[] => [
  ...shareFigures(collected),
  ...forestFigures(collected),
  ...calibrationFigures(collected),
]

/** Tables as CSV, JSON, HTML, Markdown and LaTeX, and each figure as SVG; all named after the experiment. */
export function renderExperiment(collected: Collected): Rendered[] {
  const { name } = collected.grid
  const document = documentOf(collected)
  const figures = figuresOf(collected)
  return [
    { path: `${name}.csv`, content: longCsv(collected) },
    { path: `${name}.json`, content: longJson(collected) },
    { path: `${name}.html`, content: sheetPage(document, figures) },
    { path: `${name}.md`, content: sheetMarkdown(document) },
    { path: `${name}.tex`, content: sheetLatex(document) },
    ...figures.map((figure) => ({ path: `${figure.name}.svg`, content: `${figure.svg}\n` })),
  ]
}
