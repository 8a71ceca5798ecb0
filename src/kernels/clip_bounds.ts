import { ShapeError } from '../runtime/errors.ts'

/**
 * Row bounds [0, …, L] that cut the time axis into clips. An operator that treats clips apart (BN statistics, squeeze, attention,
 * pooling) takes them instead of being run clip by clip, so each shared weight is used once and its gradient written once.
 */
export type ClipBounds = readonly number[]

/** Bounds of one clip, the whole length. */
export const oneClip = (length: number): ClipBounds => [0, length]

/** Bounds of `clips` nearly equal clips: floor(s L / clips). */
export function clipBounds(length: number, clips: number): ClipBounds {
  if (length < clips) throw new ShapeError(`cannot cut ${length} rows into ${clips} clips`)
  return Array.from({ length: clips + 1 }, (_, s) => Math.floor((s * length) / clips))
}

export const clipCount = (clips: ClipBounds): number => clips.length - 1

export const clipLengths = (clips: ClipBounds): number[] => clips.slice(1).map((end, s) => end - clips[s]!)

/** Bounds from lengths. */
export function boundsOfLengths(lengths: readonly number[]): ClipBounds {
  const bounds = [0]
  for (const n of lengths) bounds.push(bounds[bounds.length - 1]! + n)
  return bounds
}
