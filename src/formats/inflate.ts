// Raw deflate whose output is bounded while it grows: what a file claims of its size is not believed.
import { Inflate } from 'fflate'
import { FormatError } from '../runtime/errors.ts'

/** Compressed bytes at a time; each can grow to at most 1032 times its size. */
const STEP = 1 << 16

/** @throws FormatError that begins with `what` for damaged data, and for data of more than `limit` bytes */
export function inflateUpTo(compressed: Uint8Array, limit: number, what: string): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = []
  let total = 0
  const stream = new Inflate((piece) => {
    total += piece.length
    pieces.push(piece)
  })
  try {
    for (let at = 0; at === 0 || at < compressed.length; at += STEP) {
      stream.push(compressed.subarray(at, at + STEP), at + STEP >= compressed.length)
      if (total > limit) throw new FormatError(`${what} unpacks to more than the ${limit} bytes that it should have`)
    }
  } catch (error) {
    if (error instanceof FormatError) throw error
    throw new FormatError(`${what} is damaged (${(error as Error).message}); copy or download it again`)
  }
  const bytes = new Uint8Array(total)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
