// What a person sees while folds train: a bar a fold, a line an epoch.
import { doubtOfLabels } from '../../src/evaluation/labels.ts'
import type { Task } from '../../src/train/task.ts'
import type { RunOptions } from '../../src/train/run.ts'
import type { Output, Progress } from './output.ts'

/** What the reader of the results should know before there are any. */
export function noteDoubts({ set, labelled, plan }: Task, output: Output): void {
  for (const note of set.notes ?? []) output.note(note)
  if (set.synthetic) output.note('synthetic data: results say nothing about people')
  if (!plan.subjectIndependent) output.note(`folds ${plan.scheme} are not subject-independent`)
  const doubt = doubtOfLabels(labelled.scheme)
  if (doubt !== undefined) output.note(doubt)
}

/** Hooks of `trainRun` that print; `stop` takes the last bar away. */
export function trainingProgress(output: Output) {
  let bar: Progress | null = null
  let current = ''
  const hooks = {
    onStep: (fold, done, total) => {
      if (fold.name !== current) {
        bar?.stop()
        bar = output.progress(`fold ${fold.name}`, total)
        current = fold.name
      }
      bar?.update(done)
    },
    onWarning: (message) => output.note(message),
    onEpoch: (fold, { epoch, trainLoss, validationLoss, validationAccuracy }) => {
      const validation =
        validationLoss === undefined
          ? ''
          : `, validation loss ${validationLoss.toFixed(4)}, accuracy ${(validationAccuracy ?? 0).toFixed(3)}`
      output.note(`fold ${fold.name} epoch ${epoch}: loss ${trainLoss.toFixed(4)}${validation}`)
    },
  } satisfies RunOptions
  return { hooks, stop: () => bar?.stop() }
}
