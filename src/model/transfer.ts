// A network that starts from the weights of another: what fits is taken, and all of it is told.
import { FormatError } from '../runtime/errors.ts'
import { formatShape, sameShape } from '../runtime/shape.ts'
import { OPENSMILE_FEATURES } from './config.ts'
import type { ModelSummary } from './summary.ts'
import { checkWeights, type HostTensor, type HostTensors } from './weights.ts'

/** What a network took of other weights, by the names of its tensors. */
export interface Transfer {
  /** Of equal name and shape, parameters and running statistics. */
  taken: string[]
  /** Of a first classifier layer that reads other music, the columns of the EDA features. */
  cut: { name: string; columns: number }[]
  /** These keep the values they had. */
  left: { name: string; reason: string }[]
  /** Tensors that the network does not have. */
  unused: string[]
}

/** What a fold's model scales music by; its length tells how many columns of the first classifier layer read music. */
const SCALING = ['music.mean', 'music.deviation']
const FIRST_LAYER = 'classifier.0.weight'

/**
 * The tensors of `start`, which are all of a network's, with those of `from` in their place that have the same name and shape. Of the first
 * classifier layer [units, EDA features + music features] the EDA columns are taken where only the music is another.
 *
 * @param from tensors by name, such as a fold's model.safetensors with its `music.mean`, or a checkpoint under our names
 * @param source what `from` is called in messages
 * @throws FormatError when nothing can be taken, or what is taken is not finite
 */
export function transferWeights(
  summary: ModelSummary,
  start: HostTensors,
  from: HostTensors,
  source: string,
): { weights: Map<string, HostTensor>; transfer: Transfer } {
  const weights = new Map(start)
  const transfer: Transfer = { taken: [], cut: [], left: [], unused: [] }
  for (const { name, shape } of [...summary.parameters, ...summary.buffers]) {
    const given = from.get(name)
    if (given && sameShape(given.shape, shape)) {
      weights.set(name, given)
      transfer.taken.push(name)
      continue
    }
    const columns = name === FIRST_LAYER && given ? sharedColumns(summary.features, shape, from, given) : 0
    if (typeof columns === 'number' && columns > 0) {
      weights.set(name, withColumns(start.get(name)!, given!, columns))
      transfer.cut.push({ name, columns })
      continue
    }
    const shapes = given ? `it is ${formatShape(given.shape)} there and ${formatShape(shape)} here` : 'it is not there'
    transfer.left.push({ name, reason: typeof columns === 'string' ? `${shapes}, ${columns}` : shapes })
  }
  transfer.unused = [...from.keys()].filter((name) => !start.has(name) && !SCALING.includes(name))
  if (transfer.taken.length === 0 && transfer.cut.length === 0)
    throw new FormatError(
      `${source}: nothing of it fits this network: of its ${from.size} tensors none has a name and shape of these ${start.size}`,
    )
  checkWeights(summary, weights, source)
  return { weights, transfer }
}

/** How many columns of the layer read the same EDA features there as here, 0 for none; or why that cannot be said. */
function sharedColumns(
  features: number,
  [units]: readonly number[],
  from: HostTensors,
  { shape }: HostTensor,
): number | string {
  const [others, columns] = shape
  if (shape.length !== 2 || others !== units || columns === undefined) return 0
  const music = from.get('music.mean')?.shape[0]
  // Without its scaling the music is the authors' or none.
  if (music === undefined && columns !== features && columns !== features + OPENSMILE_FEATURES)
    return 'and which of its columns read music is not told'
  return columns - (music ?? (columns === features ? 0 : OPENSMILE_FEATURES)) === features ? features : 0
}

/** A matrix with the first columns of another that has as many rows. */
function withColumns(to: HostTensor, from: HostTensor, columns: number): HostTensor {
  const [rows, width] = to.shape as [number, number]
  const stride = from.shape[1]!
  const data = Float32Array.from(to.data)
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) data[r * width + c] = from.data[r * stride + c]!
  return { shape: to.shape, data }
}
