// The files of an experiment, drawn of its results alone: the same results give the same bytes.
import type { Collected } from '../collected.ts'
import type { Figure, Rendered } from '../../charts/figure.ts'
import { calibrationFigures } from './figure_calibration.ts'
import { forestFigures } from './figure_forest.ts'
import { shareFigures } from './figure_shares.ts'
import { subjectFigures } from './figure_subjects.ts'
import { longCsv, longJson } from './long_table.ts'
import { foldsCsv, subjectsCsv } from './part_tables.ts'
import { longRatings, ratingCsv, ratingSheets } from './rating_sheet.ts'
import { documentOf } from './sheet.ts'
import { sheetPage } from './sheet_html.ts'
import { sheetLatex } from './sheet_latex.ts'
import { sheetMarkdown } from './sheet_markdown.ts'

/** All pictures that the results allow. */
export const figuresOf = (collected: Collected): Figure[] => [
  ...shareFigures(collected),
  ...forestFigures(collected),
  ...subjectFigures(collected),
  ...calibrationFigures(collected),
]

/** Tables as CSV, JSON, HTML, Markdown and LaTeX, and each figure as SVG; all named after the experiment. */
export function renderExperiment(collected: Collected): Rendered[] {
  const { name } = collected.grid
  const { sheets, ...about } = documentOf(collected)
  const document = { ...about, sheets: [...sheets, ...ratingSheets(collected)] }
  const ratings = longRatings(collected)
  const isOfRatings = ratings.length > 0 && collected.cells.length === 0
  const figures = figuresOf(collected)
  return [
    ...(isOfRatings
      ? []
      : [
          { path: `${name}.csv`, content: longCsv(collected) },
          { path: `${name}_folds.csv`, content: foldsCsv(collected) },
          { path: `${name}_subjects.csv`, content: subjectsCsv(collected) },
        ]),
    ...(ratings.length > 0 ? [{ path: `${name}_ratings.csv`, content: ratingCsv(ratings) }] : []),
    { path: `${name}.json`, content: longJson(collected, ratings) },
    { path: `${name}.html`, content: sheetPage(document, figures) },
    { path: `${name}.md`, content: sheetMarkdown(document) },
    { path: `${name}.tex`, content: sheetLatex(document) },
    ...figures.map((figure) => ({ path: `${figure.name}.svg`, content: `${figure.svg}\n` })),
  ]
}
