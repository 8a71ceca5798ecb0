// `train --tensorboard`: each epoch's losses as TensorBoard reads them, a folder a fold, while the run goes on.
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { eventFileStart, scalarRecord } from '../../src/formats/event_file.ts'
import { describeAlternative } from '../../src/train/alternatives.ts'
import type { RunOptions } from '../../src/train/run.ts'

/** Where it lies in a run folder; `tensorboard --logdir` of this folder shows every fold as a run. */
const FOLDER = 'tensorboard'

/** The hook of `trainRun` that writes them. A run that goes on begins files of its own, which TensorBoard reads after those before. */
export function tensorBoard(out: string, now: () => number = Date.now): Required<Pick<RunOptions, 'onEpoch'>> {
  const files = new Map<string, string>()
  const fileOf = (name: string): string => {
    const known = files.get(name)
    if (known !== undefined) return known
    const folder = join(out, FOLDER, name)
    mkdirSync(folder, { recursive: true })
    const file = join(folder, `events.out.tfevents.${now()}.galvani`)
    appendFileSync(file, eventFileStart(now() / 1000))
    files.set(name, file)
    return file
  }
  return {
    onEpoch: ({ name }, { epoch, trainLoss, validationLoss, validationAccuracy }, settings) => {
      const of = settings ? `${name}, ${describeAlternative(settings)}` : name
      const scalars = {
        'loss/train': trainLoss,
        ...(validationLoss !== undefined && { 'loss/validation': validationLoss }),
        ...(validationAccuracy !== undefined && { 'accuracy/validation': validationAccuracy }),
      }
      appendFileSync(fileOf(`fold-${encodeURIComponent(of)}`), scalarRecord(now() / 1000, epoch, scalars))
    },
  }
}
