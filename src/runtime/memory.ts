import type { Storage } from './tensor.ts'

export interface Slot {
  bytes: number
  storages: Storage[]
  /** The last dispatch that touches what is in it now. */
  until: number
}

/**
 * Linear scan over recorded lifetimes: storages that are never alive together share a slot (one GPUBuffer each). Whole
 * buffers, not ranges of one, since WebGPU checks read against read_write usage per buffer.
 */
export function planMemory(uses: readonly (readonly Storage[])[], keep: ReadonlySet<Storage>): Slot[] {
  const last = new Map<Storage, number>()
  uses.forEach((storages, at) => {
    for (const storage of storages)
      if (storage.kind === 'transient') last.set(storage, keep.has(storage) ? Infinity : at)
  })
  const slots: Slot[] = []
  uses.forEach((storages, at) => {
    for (const storage of storages) {
      const until = last.get(storage)
      if (until === undefined) continue
      last.delete(storage) // it has its place
      const free = slots.filter((slot) => slot.until < at)
      const slot = bestFit(free, storage.bytes) ?? { bytes: 0, storages: [], until }
      if (slot.storages.length === 0) slots.push(slot)
      slot.bytes = Math.max(slot.bytes, storage.bytes)
      slot.storages.push(storage)
      slot.until = until
    }
  })
  return slots
}

/** The smallest free slot that is large enough, else the largest one (it grows). */
function bestFit(free: Slot[], bytes: number): Slot | undefined {
  free.sort((a, b) => a.bytes - b.bytes)
  return free.find((slot) => slot.bytes >= bytes) ?? free.at(-1)
}
