// What a fold keeps on disk: `checkpoint.safetensors` while it trains, `model.safetensors` when it is done.
import { DOCUMENT_KINDS } from '../formats/document_kinds.ts'
import { parseDocument, requireSchema, toDocument } from '../formats/documents.ts'
import { parseSafetensors, serializeSafetensors } from '../formats/safetensors.ts'
import type { HostTensor, HostTensors } from '../model/weights.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import type { MusicScaling } from './inputs.ts'
import type { ListenerRatings } from './listeners.ts'
import type { RatingScale } from './rating_scale.ts'
import type { EpochRecord } from './run_summary.ts'

/** A fold after a whole number of epochs: enough to go on with the same bits. */
export interface FoldState {
  weights: HostTensors
  /** Optimizer state, one set of named tensors per slab. */
  optimizer: HostTensors[]
  /** Weights of the best epoch so far. */
  best: HostTensors
  progress: Progress
}

/** A fold's state with the digest of the data that it was trained on. */
export interface Checkpoint extends FoldState {
  data: string
}

export interface Progress {
  epochs: EpochRecord[]
  bestEpoch: number
  /** Optimizer steps done. */
  steps: number
}

/** A finished fold's weights, what its inputs were scaled by, and whom it knows. */
export interface TrainedModel {
  weights: HostTensors
  scaling: MusicScaling | null
  /** People of the training and validation parts. */
  subjects: string[]
  /** Of a model whose music is what others said of it: their ratings. */
  listeners?: ListenerRatings
  /** Of a model of ratings: what its output is a deviation from, and in what measure. */
  scale?: RatingScale
}

type Written = Map<string, { shape: readonly number[]; data: Float32Array }>

function addPrefixed(to: Written, prefix: string, tensors: HostTensors): void {
  for (const [name, { shape, data }] of tensors) to.set(prefix + name, { shape, data: Float32Array.from(data) })
}

/** Of the i-th vector of an optimizer's state. */
const optimizerPrefix = (i: number): string => `optimizer.${i}.`

function takePrefixed(tensors: HostTensors, prefix: string): HostTensors {
  const taken = [...tensors].filter(([name]) => name.startsWith(prefix))
  return new Map(taken.map(([name, tensor]): [string, HostTensor] => [name.slice(prefix.length), tensor]))
}

export async function saveCheckpoint(store: Store, path: string, checkpoint: Checkpoint): Promise<void> {
  const tensors: Written = new Map()
  addPrefixed(tensors, 'model.', checkpoint.weights)
  addPrefixed(tensors, 'best.', checkpoint.best)
  checkpoint.optimizer.forEach((state, i) => addPrefixed(tensors, optimizerPrefix(i), state))
  const { progress, data } = checkpoint
  const schema = String(DOCUMENT_KINDS['fold-checkpoint'].schema)
  const texts = { schema, progress: JSON.stringify(toDocument('fold-checkpoint', progress)), data }
  await store.write(path, serializeSafetensors(tensors, texts))
}

/** @throws FormatError when the file is truncated or is no checkpoint */
export async function loadCheckpoint(store: Store, path: string): Promise<Checkpoint> {
  const { tensors, metadata } = readTensors(await store.read(path), path)
  const optimizer: HostTensors[] = []
  for (let i = 0; ; i++) {
    const state = takePrefixed(tensors, optimizerPrefix(i))
    if (state.size === 0) break
    optimizer.push(state)
  }
  if (metadata.progress === undefined)
    throw new FormatError(`${path} is no training checkpoint: it has no progress record`)
  const progress = parseDocument('fold-checkpoint', metadata.progress, path) as unknown as Progress
  return {
    weights: takePrefixed(tensors, 'model.'),
    best: takePrefixed(tensors, 'best.'),
    optimizer,
    progress,
    data: metadata.data ?? '',
  }
}

/** A fold's weights and its scaling of the music, by the names of its file: what another run can start from. */
export function modelTensors({ weights, scaling }: Pick<TrainedModel, 'weights' | 'scaling'>): Written {
  const tensors: Written = new Map()
  addPrefixed(tensors, '', weights)
  if (scaling) {
    tensors.set('music.mean', { shape: [scaling.mean.length], data: scaling.mean })
    tensors.set('music.deviation', { shape: [scaling.deviation.length], data: scaling.deviation })
  }
  return tensors
}

export async function saveModel(store: Store, path: string, model: TrainedModel): Promise<void> {
  const schema = String(DOCUMENT_KINDS['fold-model'].schema)
  const { subjects, listeners, scale } = model
  const texts = {
    schema,
    subjects: JSON.stringify(subjects),
    ...(listeners && { listeners: JSON.stringify(listeners) }),
    ...(scale && { scale: JSON.stringify(scale) }),
  }
  await store.write(path, serializeSafetensors(modelTensors(model), texts))
}

/** Reads the trained model of a fold from its file. @throws FormatError when the file is truncated or is no such model */
export async function loadModel(store: Store, path: string): Promise<TrainedModel> {
  const { tensors, metadata } = readTensors(await store.read(path), path)
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith('music.')))
  const [mean, deviation] = ['music.mean', 'music.deviation'].map((name) => tensors.get(name)?.data)
  const scaling = mean && deviation ? { mean: Float32Array.from(mean), deviation: Float32Array.from(deviation) } : null
  requireSchema('fold-model', metadata.schema, path)
  const subjects = parseText<string[]>(metadata.subjects, path)
  const { listeners, scale } = metadata
  return {
    ...{ weights, scaling, subjects },
    ...(listeners !== undefined && { listeners: parseText<ListenerRatings>(listeners, path) }),
    ...(scale !== undefined && { scale: parseText<RatingScale>(scale, path) }),
  }
}

function parseText<T>(text: string | undefined, path: string): T {
  try {
    return JSON.parse(text ?? '') as T
  } catch {
    throw new FormatError(`${path} is no trained model of a run: it does not say whom it was trained on`)
  }
}

function readTensors(bytes: Uint8Array, source: string): { tensors: HostTensors; metadata: Record<string, string> } {
  const { tensors, metadata } = parseSafetensors(bytes, source)
  const floats = [...tensors].map(([name, { shape, data }]): [string, HostTensor] => {
    if (!(data instanceof Float32Array)) throw new FormatError(`${source}: tensor '${name}' is not float32`)
    return [name, { shape, data }]
  })
  return { tensors: new Map(floats), metadata }
}
