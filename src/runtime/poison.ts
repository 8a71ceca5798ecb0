import type { Plan } from './plan.ts'

/** Fills every tensor of a compiled plan that a kernel should write with NaN, so that a value left unwritten shows. */
export function poison({ gpu, dispatches }: Plan): void {
  for (const { tensors } of dispatches) {
    for (const { storage } of Object.values(tensors)) {
      if (storage.kind === 'transient' && storage.buffer)
        gpu.writeBuffer('poisoning', storage.buffer, 0, new Uint8Array(storage.buffer.size).fill(0xff))
    }
  }
}
