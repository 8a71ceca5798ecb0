// Raw deflate whose output is bounded while it grows: what a file claims of its size is not believed.
import { Inflate } from 'fflate'
import { FormatError } from '../runtime/errors.ts'

/** Compressed bytes at a time. */
const STEP = 1 << 16
/** Deflate packs no tighter. */
export const BEST_RATIO = 1032

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

/**
 * The first `size` bytes of the data, fewer where they end earlier. Nothing behind them is looked at, be it more data, a checksum or padding,
 * and of `size` no more is allocated than the compressed bytes can hold.
 * @throws FormatError that begins with `what` for damaged data
 */
export function inflateFirst(compressed: Uint8Array, size: number, what: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.min(size, compressed.length * BEST_RATIO))
  let filled = 0
  const stream = new Inflate((piece) => {
    const wanted = piece.subarray(0, bytes.length - filled)
    bytes.set(wanted, filled)
    filled += wanted.length
  })
  // No push is called the last one: that would refuse data which end before their end mark, where all that is wanted may be there.
  const step = Math.min(STEP, size + STEP / 256)
  try {
    for (let at = 0; at < compressed.length && filled < bytes.length; at += step)
      stream.push(compressed.subarray(at, at + step))
  } catch (error) {
    throw new FormatError(`${what} is damaged (${(error as Error).message}); copy or download it again`)
  }
  return bytes.subarray(0, filled)
}
