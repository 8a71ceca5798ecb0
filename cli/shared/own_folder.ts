// A folder to write into, which no other process writes into meanwhile.
import { UsageError } from '../../src/runtime/errors.ts'
import { holderName } from '../../src/store/lock.ts'
import type { NodeStore } from '../../src/store/node.ts'

/**
 * Works in the folder of `--out`, called `name`; `lost` is aborted where another process has it since. @throws UsageError naming folder and
 * process where another one works in it
 */
export async function inOwnFolder<T>(
  store: NodeStore,
  name: string,
  work: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const lock = await store.lock('')
  if (!('release' in lock))
    throw new UsageError(`${name}: ${holderName(lock)} works in it; wait until it ends, or choose another --out`)
  try {
    return await work(lock.lost)
  } finally {
    await lock.release()
  }
}
