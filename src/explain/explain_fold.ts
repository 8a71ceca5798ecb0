// One fold's trials under its model.
import { classNames } from '../evaluation/targets.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { answerOf, classOf } from '../train/answer.ts'
import { Predictor } from '../train/predictor.ts'
import { Explainer } from './explainer.ts'
import type { Explanation } from './explanation.ts'
import { withNetwork, type FoldTrials } from './fold_models.ts'
import { integratedGradients, type IntegratedGradients } from './integrated_gradients.ts'
import type { Maps } from './map_array.ts'
import type { Module } from './maps.ts'
import { ScoreGradients } from './score_gradients.ts'

/** What is made of each trial. */
interface FoldOptions {
  modules: readonly Module[]
  /** Of integrated gradients; 0 leaves them out. */
  steps: number
  onWarning?: (message: string) => void
  signal?: AbortSignal
}

/** More between what a run says of a trial and what its model says now than the last digits of another adapter. */
const ANOTHER_PROBABILITY = 1e-3

/** Explains every trial's predicted class, in batches; `visit` takes each in turn. */
export async function explainFold(
  gpu: Gpu,
  of: FoldTrials,
  options: FoldOptions,
  visit: (explanation: Explanation) => Promise<void>,
): Promise<void> {
  const { config, model, trials, inputs } = of
  const { steps, modules, signal } = options
  const batch = Math.min(config.batch, trials.length)
  await withNetwork(gpu, config, model.weights, async (network) => {
    const rows = await usingIt(Predictor.create(gpu, network, batch), (p) => p.predict(inputs, trials, signal))
    const classes = new Map(trials.map((trial, i) => [trial, classOf(answerOf(rows[i]!))]))
    const classAt = (trial: number): number => classes.get(trial)!
    const explainer = await Explainer.create(gpu, network, batch, modules)
    const gradients = steps > 0 ? await ScoreGradients.create(gpu, network, config.batch) : null
    try {
      for (let start = 0; start < trials.length; start += batch) {
        const own = trials.slice(start, start + batch)
        const found = new Map<number, Maps>()
        await explainer.visit(inputs, own, classAt, (row, maps) => found.set(row, maps), signal)
        const asked = { trials: own, classes: own.map(classAt), steps }
        const integrated = gradients ? await integratedGradients(gradients, inputs, asked, signal) : []
        for (const [i, trial] of own.entries()) {
          const explanation = explanationOf(of, start + i, rows[start + i]!, found.get(trial)!)
          warnOf(of, start + i, explanation, options)
          await visit(integrated[i] ? withIntegrated(explanation, integrated[i], steps) : explanation)
        }
      }
    } finally {
      explainer.destroy()
      gradients?.destroy()
    }
  })
}

/** Of one trial, by its place among the fold's. */
function explanationOf(
  { fold, config, model, set, trials, assignments }: FoldTrials,
  place: number,
  probabilities: Float32Array,
  maps: Maps,
): Explanation {
  const { id: trial, subject, stimulus } = set.trials[trials[place]!]!
  const winner = classOf(answerOf(probabilities))
  const { tested } = assignments[place]!
  return {
    ...{ trial, subject, stimulus, fold, seen: model.subjects.includes(subject) },
    ...{ class: winner, predicted: classNames(config.dimension, config.levels)[winner]! },
    ...{ probability: probabilities[winner]!, logit: maps.logits!.data[winner]! },
    ...(tested && { label: tested.label }),
    maps,
  }
}

function withIntegrated(
  explanation: Explanation,
  { attributions, baselineScore, gap }: IntegratedGradients,
  steps: number,
): Explanation {
  const { shape } = explanation.maps.signals!
  const maps = { ...explanation.maps, integrated_gradients: { shape, data: attributions } }
  return { ...explanation, integrated: { steps, baselineLogit: baselineScore, gap }, maps }
}

/** What the reader should doubt. */
function warnOf(
  { assignments, fold }: FoldTrials,
  place: number,
  explanation: Explanation,
  { onWarning }: FoldOptions,
): void {
  const { trial, subject, class: winner, probability, seen } = explanation
  const { tested } = assignments[place]!
  if (seen)
    onWarning?.(
      `trial '${trial}': the model of fold ${fold} was trained on ${subject}; what it sees there it may know by heart`,
    )
  if (!tested) return
  const before = tested.predicted === undefined && winner === 0 ? 1 - tested.probability : tested.probability
  if (classOf(tested) !== winner || Math.abs(before - probability) > ANOTHER_PROBABILITY)
    onWarning?.(
      `trial '${trial}': fold ${fold} gives its class ${probability.toFixed(3)}, and gave ${before.toFixed(3)} in the run; ` +
        'these are not the data that the run was made from, or they were prepared otherwise',
    )
}

async function usingIt<T extends { destroy(): void }, R>(made: Promise<T>, work: (of: T) => Promise<R>): Promise<R> {
  const it = await made
  try {
    return await work(it)
  } finally {
    it.destroy()
  }
}
