import { breather, inTurns, type Pieces } from '../runtime/breather.ts'

/** How a caller follows long work, and ends it. */
export interface WorkHooks {
  /** Ends the work by throwing the signal's reason. */
  signal?: AbortSignal
  /** Hears, about thirty times a second, which share of the work is done; a guess where that is not known beforehand. */
  onProgress?: (share: number) => void
}

/** Has work done between which other tasks have their turn; the work says which share of it is done. */
export async function workInTurns<T>(
  { signal, onProgress }: WorkHooks,
  work: (say: (share: number) => void) => Pieces<T>,
): Promise<T> {
  signal?.throwIfAborted()
  let share = 0
  const pieces = work((done) => {
    share = done
  })
  return inTurns(
    pieces,
    breather(signal, () => onProgress?.(share)),
  )
}
