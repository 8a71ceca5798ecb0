import type { Storage } from './tensor.ts'

/** First and last dispatch that touches a storage. */
interface Lifetime {
  storage: Storage
  first: number
  last: number
}

export interface Slot {
  bytes: number
  storages: Storage[]
}

/**
 * Linear scan over recorded lifetimes: storages that are never alive together share a slot (one GPUBuffer each). Whole
 * buffers, not ranges of one, since WebGPU checks read against read_write usage per buffer.
 */
export function planMemory(uses: readonly (readonly Storage[])[], keep: ReadonlySet<Storage>): Slot[] {
  const lifetimes = new Map<Storage, Lifetime>()
  uses.forEach((storages, at) => {
    for (const storage of storages) {
      if (storage.kind !== 'transient') continue
      const known = lifetimes.get(storage)
      if (known) known.last = at
      else lifetimes.set(storage, { storage, first: at, last: keep.has(storage) ? Infinity : at })
      if (keep.has(storage)) lifetimes.get(storage)!.last = Infinity
    }
  })
  const slots: Slot[] = []
  const free = new Set<Slot>()
  const busy: { slot: Slot; last: number }[] = []
  for (const life of [...lifetimes.values()].sort((a, b) => a.first - b.first)) {
    for (let i = busy.length - 1; i >= 0; i--) {
      const entry = busy[i] as { slot: Slot; last: number }
      if (entry.last < life.first) {
        free.add(entry.slot)
        busy.splice(i, 1)
      }
    }
    const slot = bestFit(free, life.storage.bytes) ?? { bytes: 0, storages: [] }
    if (slot.storages.length === 0) slots.push(slot)
    free.delete(slot)
    slot.bytes = Math.max(slot.bytes, life.storage.bytes)
    slot.storages.push(life.storage)
    busy.push({ slot, last: life.last })
  }
  return slots
}

/** The smallest free slot that is large enough, else the largest one (it grows). */
function bestFit(free: ReadonlySet<Slot>, bytes: number): Slot | undefined {
  let best: Slot | undefined
  for (const slot of free) {
    if (!best) best = slot
    else if (slot.bytes >= bytes ? best.bytes < bytes || slot.bytes < best.bytes : slot.bytes > best.bytes) best = slot
  }
  return best
}
