// One fold's trials under its model.
import { classNames } from '../evaluation/targets.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { answerOf, classOf } from '../train/answer.ts'
import { Predictor } from '../train/predictor.ts'
import type { Explanation } from './explanation.ts'
import { using, withNetwork, type FoldTrials } from './fold_models.ts'
import type { IntegratedGradients } from './integrated_gradients.ts'
import type { Maps } from './map_array.ts'
import type { Module } from './maps.ts'
import { TrialMaps } from './trial_maps.ts'

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
  const { modules, steps, signal } = options
  const batch = Math.min(config.batch, trials.length)
  await withNetwork(gpu, config, model.weights, async (network) => {
    const rows = await using(Predictor.create(gpu, network, batch), (p) => p.predict(inputs, trials, signal))
    const probabilities = new Map(trials.map((trial, i) => [trial, rows[i]!]))
    const classOf = (trial: number): number => winnerOf(probabilities.get(trial)!)
    await using(TrialMaps.create(gpu, network, { modules, steps, batch }), (made) => {
      return made.visit(inputs, { trials, classOf, signal }, async (trial, maps, integrated) => {
        const place = trials.indexOf(trial)
        const explanation = explanationOf(of, place, probabilities.get(trial)!, maps)
        warnOf(of, place, explanation, options)
        await visit(integrated ? { ...explanation, integrated: factsOf(integrated, steps) } : explanation)
      })
    })
  })
}

/** The class that a row of probabilities predicts. */
export const winnerOf = (probabilities: ArrayLike<number>): number => classOf(answerOf(probabilities))

const factsOf = ({ baselineScore, gap }: IntegratedGradients, steps: number) => ({
  steps,
  baselineLogit: baselineScore,
  gap,
})

/** Of one trial, by its place among the fold's. */
function explanationOf(
  { fold, config, model, set, trials, assignments }: FoldTrials,
  place: number,
  probabilities: Float32Array,
  maps: Maps,
): Explanation {
  const { id: trial, subject, stimulus } = set.trials[trials[place]!]!
  const winner = winnerOf(probabilities)
  const { tested } = assignments[place]!
  return {
    ...{ trial, subject, stimulus, fold, seen: model.subjects.includes(subject) },
    ...{ class: winner, predicted: classNames(config.dimension, config.levels)[winner]! },
    ...{ probability: probabilities[winner]!, logit: maps.logits!.data[winner]! },
    ...(tested && { label: tested.label }),
    maps,
  }
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
