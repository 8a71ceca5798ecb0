// Long work on the CPU that lets others work too.

/** Milliseconds of work after which other tasks have their turn. */
const TURN = 30

/** To be awaited between short pieces of work: gives other tasks their turn from time to time; throws the signal's reason. */
export function breather(abort: AbortSignal | undefined): () => Promise<void> {
  let last = performance.now()
  return async () => {
    if (performance.now() - last > TURN) {
      await new Promise((resolve) => setTimeout(resolve))
      last = performance.now()
    }
    abort?.throwIfAborted()
  }
}
