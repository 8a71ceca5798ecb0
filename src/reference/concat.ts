// Joining arrays along one axis, and its backward pass: cutting.
import { ShapeError } from '../runtime/errors.ts'
import { sizeOf, zeros } from './array.ts'
import type { NdArray } from './array.ts'

/** Joins arrays that differ only in the extent of `axis`. */
export function concat(parts: readonly NdArray[], axis: number): NdArray {
  const first = parts[0]
  if (!first) throw new ShapeError('concat: there is nothing to join.')
  for (const part of parts) {
    const differs = (extent: number, i: number): boolean => i !== axis && extent !== first.shape[i]
    if (part.shape.length !== first.shape.length || part.shape.some(differs)) {
      const shapes = parts.map(({ shape }) => `[${shape.join(',')}]`).join(' and ')
      throw new ShapeError(`concat: ${shapes} differ beyond axis ${axis}.`)
    }
  }
  const joined = zeros(
    first.shape.with(
      axis,
      parts.reduce((sum, part) => sum + part.shape[axis]!, 0),
    ),
  )
  const width = sizeOf(joined.shape.slice(axis))
  let offset = 0
  for (const part of parts) {
    const chunk = sizeOf(part.shape.slice(axis))
    for (let row = 0; row * chunk < part.data.length; row++) {
      joined.data.set(part.data.subarray(row * chunk, (row + 1) * chunk), row * width + offset)
    }
    offset += chunk
  }
  return joined
}

/** Cuts `x` along `axis` into consecutive parts of the given extents; the backward pass of concat. */
export function split(x: NdArray, extents: readonly number[], axis: number): NdArray[] {
  if (extents.reduce((sum, extent) => sum + extent, 0) !== x.shape[axis]) {
    throw new ShapeError(`split: [${extents.join(',')}] do not add up to axis ${axis} of [${x.shape.join(',')}].`)
  }
  const inner = sizeOf(x.shape.slice(axis + 1))
  const width = sizeOf(x.shape.slice(axis))
  let offset = 0
  return extents.map((extent) => {
    const part = zeros(x.shape.with(axis, extent))
    const chunk = extent * inner
    for (let row = 0; row * chunk < part.data.length; row++) {
      const from = row * width + offset
      part.data.set(x.data.subarray(from, from + chunk), row * chunk)
    }
    offset += chunk
    return part
  })
}
