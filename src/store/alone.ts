// Waiting for a folder that another process works in.
import type { Holder } from './lock.ts'
import type { Store } from './store.ts'

/** Milliseconds between two looks at a folder that another process works in. */
const LOOK_AGAIN = 1000

/** Lets a moment pass. @throws the signal's reason, at once */
export const moment = (signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal!.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, LOOK_AGAIN)
    signal?.addEventListener('abort', stop, { once: true })
  })

/** Does what needs a folder alone, when nobody else works in it; at once where the store cannot tell. `onHeld` hears, once, who does. */
export async function alone<T>(
  store: Store,
  folder: string,
  work: () => Promise<T>,
  { signal, onHeld }: { signal?: AbortSignal; onHeld?: (holder: Holder) => void } = {},
): Promise<T> {
  let told = false
  for (;;) {
    signal?.throwIfAborted()
    const lock = await store.lock?.(folder)
    if (lock && !('release' in lock)) {
      if (!told) onHeld?.(lock)
      told = true
      await moment(signal)
      continue
    }
    try {
      return await work()
    } finally {
      await lock?.release()
    }
  }
}
