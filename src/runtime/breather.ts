// Long work on the CPU that lets others work too.

/** Milliseconds of work after which other tasks have their turn. */
const TURN = 30

/** Samples that a piece of work goes over: a millisecond or two. */
export const PIECE = 1 << 15
/** Milliseconds of pieces after which it is asked whether others have waited long enough. */
const ASK = 4

/** Work in pieces, between which others may have their turn. */
export type Pieces<T> = Generator<undefined, T, undefined>

/** Has `visit` go over n things, from which to before which, in turns of `piece`. */
export function* inPieces(n: number, visit: (from: number, to: number) => void, piece = PIECE): Pieces<void> {
  for (let from = 0; from < n; from += piece) {
    visit(from, Math.min(n, from + piece))
    yield
  }
}

/** All pieces one after the other. */
export function atOnce<T>(work: Pieces<T>): T {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}

/** The same, with `breathe` awaited between pieces every few milliseconds. */
export async function inTurns<T>(work: Pieces<T>, breathe: () => Promise<void>): Promise<T> {
  let last = performance.now()
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
    if (performance.now() - last < ASK) continue
    await breathe()
    last = performance.now()
  }
}

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
