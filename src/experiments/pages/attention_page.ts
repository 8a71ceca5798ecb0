// Figures 5 to 8 as pictures and one page: columns over the signals and strips, valence and arousal, a picture for each model.
import type { Rendered } from '../../charts/figure.ts'
import { htmlPage } from '../../charts/page.ts'
import type { ExplainedRun } from '../../explain/explain.ts'
import type { Explanation } from '../../explain/explanation.ts'
import type { Module } from '../../explain/maps.ts'
import { picturesOf, type Drawn } from '../../explain/pages/drawn.ts'
import {
  beliefSection,
  charts,
  drawnMarkup,
  element,
  EXPLAIN_STYLE,
  section,
  soft,
  syntheticWarning,
  warning,
} from '../../explain/pages/page_parts.ts'
import { readSpan } from '../../explain/pages/time_span.ts'
import { pictureTitle } from '../../explain/pages/words.ts'
import { headline } from '../../explain/pages/trial_page.ts'
import type { Protocol } from '../grid.ts'
import { protocols } from '../protocols.ts'

/** The dimensions that the paper shows. */
export type FigureDimension = 'valence' | 'arousal'

/** A trial as the model of one line of the table sees it; `file` is what its pictures are called after. */
export interface SeenTrial {
  row: string
  file: string
  module: Module
  dimension: FigureDimension
  run: ExplainedRun
  explanation: Explanation
}

/** The paper's numbers, and which form each has. */
const FIGURES = [
  { number: 5, dimension: 'valence', form: 'columns' },
  { number: 6, dimension: 'valence', form: 'strips' },
  { number: 7, dimension: 'arousal', form: 'columns' },
  { number: 8, dimension: 'arousal', form: 'strips' },
] as const

/** What the page says beside its figures. */
interface PageFacts {
  trial: string
  protocol: Protocol
  notes: readonly string[]
}

/** `figures5-8.html`, and `figure5_sca.svg` and the like. */
export function attentionPage(seen: readonly SeenTrial[], { trial, protocol, notes }: PageFacts): Rendered[] {
  const drawn = FIGURES.map(({ number, dimension, form }) => {
    const own = seen.filter((one) => one.dimension === dimension)
    return { number, dimension, own, pictures: own.map((one) => pictureOf(one, number, form)) }
  })
  const title = `Figures 5 to 8: trial ${trial}`
  const body = [
    element('h1', title),
    protocols[protocol].leaks
      ? warning('Leaks.', `The protocol ${protocol} lets models know more than they should.`)
      : '',
    syntheticWarning(seen.some(({ run }) => run.synthetic)),
    ...notes.map(soft),
    beliefSection(undefined),
    ...drawn.map(({ number, dimension, own, pictures }) =>
      section(
        `Figure ${number}: ${dimension}`,
        ...own.map((one) => soft(`${one.row}: ${headline(one.run, one.explanation)}`)),
        charts(pictures.map((picture) => drawnMarkup(picture, true))),
      ),
    ),
  ]
  const figures = drawn.flatMap(({ pictures }) => pictures.map(({ figure }) => figure))
  return [
    { path: 'figures5-8.html', content: htmlPage(title, body.join('\n'), EXPLAIN_STYLE) },
    ...figures.map(({ name, svg }) => ({ path: `${name}.svg`, content: `${svg}\n` })),
  ]
}

/** Guided Grad-CAM from the output of the model's attention to the signals. */
function pictureOf(
  { row, file, module, dimension, run, explanation }: SeenTrial,
  number: number,
  form: 'columns' | 'strips',
): Drawn {
  const name = `${module}_guided_grad_cam`
  const { trial, predicted, seconds, maps } = explanation
  const { columns, strips } = picturesOf({
    title: pictureTitle(`${row}, trial ${trial}, ${dimension} ${predicted}`, run),
    span: readSpan(run.dropSeconds, seconds),
    names: run.signals,
    maps: { signals: maps.signals!, [name]: maps[name]! },
  })
  const { figure, table } = form === 'columns' ? columns[0]! : strips
  return { figure: { ...figure, name: `figure${number}_${file}`, caption: `${row}: ${dimension} ${predicted}` }, table }
}
