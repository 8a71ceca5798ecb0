// One trial under one model as one HTML file: no scripts, no requests.
import { htmlPage } from '../../charts/page.ts'
import type { ExplainedRun } from '../explain.ts'
import type { Explanation } from '../explanation.ts'
import type { Sanity } from '../sanity_tally.ts'
import type { Pictures } from './drawn.ts'
import {
  beliefSection,
  charts,
  drawnMarkup,
  element,
  EXPLAIN_STYLE,
  factList,
  section,
  soft,
  syntheticWarning,
  warning,
} from './page_parts.ts'
import { valueText } from './words.ts'

/** `home`: the page of all trials, from this one. */
export function trialPage(
  run: ExplainedRun,
  explanation: Explanation,
  pictures: Pictures,
  { sanity, home }: { sanity?: Sanity | undefined; home: string },
): string {
  const { trial, predicted } = explanation
  const title = `Trial ${trial}: ${run.dimension} ${predicted}`
  const body = [
    element('a', 'All trials', { href: home }),
    element('h1', title),
    syntheticWarning(run.synthetic),
    warnings(explanation),
    element('p', headline(run, explanation), { class: 'headline' }),
    facts(run, explanation),
    beliefSection(sanity),
    overTime(explanation, pictures),
    inside(pictures),
  ]
  return htmlPage(title, body.join('\n'), EXPLAIN_STYLE)
}

function warnings({ seen, subject, fold }: Explanation): string {
  const text = `The model of fold ${fold} was trained on ${subject}; what it sees here it may know by heart.`
  return seen ? warning('Seen in training.', text) : ''
}

/** What was predicted, how sure the model is, and whether it is right. */
export function headline(
  { dimension, classes }: ExplainedRun,
  { predicted, probability, fold, label, class: winner }: Explanation,
): string {
  const says = `The model of fold ${fold} predicts ${dimension} ${predicted}, with probability ${probability.toFixed(3)}.`
  if (label === undefined) return `${says} The fold did not test this trial, so there is no label to compare with.`
  const right = label === winner ? 'it is right' : 'it is wrong, and the maps are of the class that it took for right'
  return `${says} The label of the trial is ${classes[label]!}: ${right}.`
}

function facts({ name, dimension, classes, modules }: ExplainedRun, explanation: Explanation): string {
  const { trial, subject, stimulus, fold, predicted, probability, label, logit, seconds } = explanation
  return factList([
    ['Trial', trial],
    ['Person', subject],
    ['Stimulus', stimulus],
    ['Data', name],
    ['Length', seconds === undefined ? undefined : `${seconds.toFixed(1)} s`],
    ['Fold', fold],
    [`Predicted ${dimension}`, `${predicted}, P ${probability.toFixed(3)}`],
    ['Label', label === undefined ? undefined : classes[label]],
    ['Logit', valueText(logit)],
    ['Attention modules', modules.length > 0 ? modules.map((module) => module.toUpperCase()).join(', ') : 'none'],
  ])
}

function overTime({ integrated, logit, seconds }: Explanation, { columns, strips }: Pictures): string {
  const notes = [
    'Maps are of the predicted class. In pictures sizes are shares of the largest one of each map; the numbers below them are means, as they are.',
    ...(seconds === undefined ? ['The data were prepared before, so that seconds are not known here.'] : []),
    ...(integrated ? [secondOpinion(integrated, logit)] : []),
  ]
  return section(
    'Over time',
    notes.map(soft).join(''),
    charts([strips, ...columns].map((drawn) => drawnMarkup(drawn, true))),
  )
}

/** Whether integrated gradients add up to what they should. */
function secondOpinion({ steps, baselineLogit, gap }: NonNullable<Explanation['integrated']>, logit: number): string {
  const rise = logit - baselineLogit
  return (
    `Integrated gradients are a second opinion that owes nothing to attention: over ${steps} steps from signals of zeros they should ` +
    `add up to ${valueText(rise)}, the rise of the logit from ${valueText(baselineLogit)} to ${valueText(logit)}, and miss that by ${valueText(gap)}` +
    `${Math.abs(gap) > 0.05 * Math.abs(rise) ? ', which is more than a twentieth of it: take more steps' : ''}.`
  )
}

function inside({ attention, gates }: Pictures): string {
  const parts = [
    ...(attention.length > 0
      ? [
          element('h3', 'Attention of RNTA'),
          soft('Which moments each moment of a clip reads from; not what the class owes to them.'),
          charts(attention.map((drawn) => drawnMarkup(drawn, false))),
        ]
      : []),
    ...gates.flatMap((drawn) => [
      element('h3', 'Gates of SCA'),
      soft('What each channel is multiplied by in each clip; colours go from the least gate to the largest.'),
      charts([drawnMarkup(drawn, true)]),
    ]),
  ]
  return parts.length === 0 ? '' : section('Inside the attention modules', ...parts)
}
