// Long work on the CPU that lets others work too.

/** Milliseconds of work after which other tasks have their turn. */
const TURN = 30

/**
 * To be awaited between short pieces of work, perhaps with the share of the work that is done: gives other tasks their turn from time to
 * time, and says so to `onTurn` before; throws the signal's reason.
 */
export function breather(
  abort: AbortSignal | undefined,
  onTurn?: (share: number) => void,
): (share?: number) => Promise<void> {
  let last = performance.now()
  return async (share = 0) => {
    if (performance.now() - last > TURN) {
      onTurn?.(share)
      await new Promise((resolve) => setTimeout(resolve))
      last = performance.now()
    }
    abort?.throwIfAborted()
  }
}
