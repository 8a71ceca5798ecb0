// The choice among alternatives within a fold: nested in the cross-validation, on the fold's validation part alone.
import { NumericError } from '../runtime/errors.ts'
import type { Alternative } from './alternatives.ts'
import type { EpochRecord, TriedAlternative } from './run_summary.ts'

/** What training gave: its epochs, and the one whose weights were kept. */
interface Learnt {
  progress: { epochs: EpochRecord[]; bestEpoch: number }
}

export interface Choice<T> {
  settings: Alternative
  /** What training under these settings gave. */
  learnt: T
  /** Every alternative, in the order in which they were tried. */
  tried: TriedAlternative[]
}

/**
 * Trains every alternative and takes that with the least validation loss, of equal ones the first. One whose loss is no number
 * any more is out. Of the others' weights none are kept.
 * @param onTried hears of each alternative before the next one begins
 * @throws NumericError of the first alternative when all are out
 */
export async function leastLoss<T extends Learnt>(
  alternatives: readonly Alternative[],
  train: (alternative: Alternative, place: number) => Promise<T>,
  onTried: (tried: TriedAlternative) => Promise<void> = async () => undefined,
): Promise<Choice<T>> {
  const tried: TriedAlternative[] = []
  let [least, failure] = [Infinity, undefined as NumericError | undefined]
  let best: Omit<Choice<T>, 'tried'> | undefined
  for (const [place, settings] of alternatives.entries()) {
    const learnt = await train(settings, place).catch(numeric)
    if (learnt instanceof NumericError) {
      failure ??= learnt
      tried.push({ settings, epochs: [], failure: learnt.message })
    } else {
      const { epochs, bestEpoch } = learnt.progress
      const validationLoss = epochs[bestEpoch - 1]!.validationLoss!
      tried.push({ settings, epochs, bestEpoch, validationLoss })
      if (validationLoss < least) [least, best] = [validationLoss, { settings, learnt }]
    }
    await onTried(tried.at(-1)!)
  }
  if (!best) throw failure!
  return { ...best, tried }
}

/** A loss that is no number is an answer here; every other error is none. */
function numeric(error: unknown): NumericError {
  if (error instanceof NumericError) return error
  throw error
}
