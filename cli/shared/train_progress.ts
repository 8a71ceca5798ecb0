// What a person sees while a run trains: one bar over all of its folds, a line an epoch.
import { doubtOfLabels } from '../../src/evaluation/labels.ts'
import { describeAlternative } from '../../src/train/alternatives.ts'
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

/** Part of the work on each fold: how long it has taken, for how much, and how much is done; a fold is 1. */
class Phase {
  #time = 0
  #first: number | undefined
  done = 0

  add(time: number, done: number): void {
    this.#first ??= this.done
    this.#time += time
    this.done = done
  }

  /** Of `folds`, at the pace so far; unknown before there is one. */
  left(folds: number): number | undefined {
    const worked = this.done - (this.#first ?? this.done)
    return worked > 0 ? (this.#time / worked) * (folds - this.done) : undefined
  }
}

/**
 * Hooks of `trainRun` that print; `stop` takes the bar away. A fold may take `epochs`. What is left is that of the whole run: baselines and training of each fold at the pace that each had so far.
 */
export function trainingProgress(output: Output, epochs: number, now: () => number = () => performance.now()) {
  let bar: Progress | null = null
  let folds: string[] = []
  const [baselines, training] = [new Phase(), new Phase()]
  const began = now()
  let last = began
  /** Time since it was last asked for. */
  const lap = (): number => -last + (last = now())
  const show = (fold: string, doing: string): void => {
    const left = training.left(folds.length)
    const elapsed = last - began
    const share = left === undefined ? 0 : elapsed / (elapsed + left + (baselines.left(folds.length) ?? 0))
    bar ??= output.progress('folds', folds.length)
    bar.update(training.done, `| fold ${fold}: ${doing}`, share)
  }
  const hooks = {
    onBegin: (all) => {
      folds = all.map(({ name }) => name)
    },
    onBaselines: ({ name }, share) => {
      const before = folds.indexOf(name)
      training.done = before
      if (baselines.done < before) baselines.done = before
      baselines.add(lap(), before + share)
      show(name, `baselines ${Math.floor(100 * share)} %`)
    },
    onStep: ({ name }, done, total, settings?) => {
      const before = folds.indexOf(name)
      baselines.done = before + 1
      // What a fold that goes on had done already took no time of this run.
      if (training.done <= before) training.done = before + (done - 1) / total
      training.add(lap(), before + done / total)
      show(name, settings ? describeAlternative(settings) : `epoch ${Math.ceil((done * epochs) / total)} of ${epochs}`)
    },
    onWarning: (message) => output.note(message),
    onEpoch: (fold, { epoch, trainLoss, validationLoss, validationAccuracy }, settings?) => {
      const validation =
        validationLoss === undefined
          ? ''
          : `, validation loss ${validationLoss.toFixed(4)}${validationAccuracy === undefined ? '' : `, accuracy ${validationAccuracy.toFixed(3)}`}`
      const under = settings ? `, ${describeAlternative(settings)},` : ''
      output.note(`fold ${fold.name}${under} epoch ${epoch}: loss ${trainLoss.toFixed(4)}${validation}`)
    },
  } satisfies RunOptions
  return { hooks, stop: () => bar?.stop() }
}
