import { ShapeError } from '../runtime/errors.ts'

/**
 * Row bounds [0, …, L] that cut the time axis into clips. An operator that treats clips apart (BN statistics, squeeze, attention,
 * pooling) takes them instead of being run clip by clip, so each shared weight is used once and its gradient written once.
 */
export type Segments = readonly number[]

/** Bounds of one segment, the whole length. */
export const wholeSegment = (length: number): Segments => [0, length]

/** Bounds of `clips` nearly equal clips: floor(s L / clips). */
export function clipSegments(length: number, clips: number): Segments {
  if (length < clips) throw new ShapeError(`cannot cut ${length} rows into ${clips} clips`)
  return Array.from({ length: clips + 1 }, (_, s) => Math.floor((s * length) / clips))
}

export const segmentCount = (segments: Segments): number => segments.length - 1

export const segmentLengths = (segments: Segments): number[] =>
  segments.slice(1).map((end, s) => end - (segments[s] as number))

/** Bounds from lengths. */
export function segmentsOf(lengths: readonly number[]): Segments {
  const bounds = [0]
  for (const n of lengths) bounds.push((bounds[bounds.length - 1] as number) + n)
  return bounds
}
