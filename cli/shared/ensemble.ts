// All models of a run together, on data that may hold people whom they know.
import type { Gpu } from '../../src/runtime/gpu.ts'
import type { TrainedModel } from '../../src/train/checkpoint.ts'
import type { RunConfig } from '../../src/train/config.ts'
import type { PreparedSet } from '../../src/train/prepare.ts'
import { probabilitiesOf } from '../../src/train/predictor.ts'

/** Mean probability of class 1 over the models, for each trial. */
export async function ensemble(
  gpu: Gpu,
  config: RunConfig,
  models: readonly TrainedModel[],
  set: PreparedSet,
  signal: AbortSignal,
): Promise<number[]> {
  const trials = [...set.trials.keys()]
  const sums = new Array<number>(trials.length).fill(0)
  for (const model of models) {
    const own = await probabilitiesOf(gpu, config, model, set, trials, signal)
    own.forEach((probability, i) => (sums[i] = (sums[i] as number) + probability / models.length))
  }
  return sums
}

/** How much of the data is of people that some model was trained on: their results are no test. */
export interface Seen {
  seenSubjects: number
  seenTrials: number
}

/** People are compared by name. */
export function seenIn(models: readonly TrainedModel[], trials: readonly { subject: string }[]): Seen {
  const known = new Set(models.flatMap(({ subjects }) => subjects))
  const seen = trials.filter(({ subject }) => known.has(subject))
  return { seenSubjects: new Set(seen.map(({ subject }) => subject)).size, seenTrials: seen.length }
}

export function describeSeen({ seenSubjects, seenTrials }: Seen, trials: number): string {
  if (seenSubjects === 0) return 'people never seen in training'
  return `${seenTrials} of ${trials} trials are of ${seenSubjects} people seen in training`
}
