// What a fold keeps on disk comes back in every part, and what is no such file is refused.
import { describe, expect, it } from 'vitest'
import { DOCUMENT_KINDS } from '../../src/formats/document_kinds.ts'
import { serializeSafetensors } from '../../src/formats/safetensors.ts'
import type { HostTensors } from '../../src/model/weights.ts'
import { FormatError } from '../../src/runtime/errors.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import {
  loadCheckpoint,
  loadModel,
  saveCheckpoint,
  saveModel,
  type Checkpoint,
  type TrainedModel,
} from '../../src/train/checkpoint.ts'

const PATH = 'folds/fold-0/some.safetensors'

/** Two tensors whose numbers start here. */
const tensors = (from: number): HostTensors =>
  new Map([
    ['conv.weight', { shape: [2, 3], data: Float32Array.from([0, 1, 2, 3, 4, 5], (i) => from + i) }],
    ['conv.bias', { shape: [1], data: Float32Array.of(from - 0.5) }],
  ])

describe('a checkpoint', () => {
  const checkpoint = (slabs: number): Checkpoint => ({
    weights: tensors(100),
    best: tensors(200),
    optimizer: Array.from({ length: slabs }, (_, i) => tensors(300 + 10 * i)),
    progress: {
      epochs: [
        { epoch: 1, trainLoss: 0.1 + 0.2, validationLoss: 0, validationAccuracy: 1 },
        { epoch: 2, trainLoss: 1e-9 },
      ],
      bestEpoch: 1,
      steps: 6,
    },
    data: '0123456789abcdef',
  })

  // Eleven, so that their numbers have one digit and two.
  it.each([0, 1, 2, 11])('comes back with %i vectors of the optimizer', async (slabs) => {
    const store = new MemoryStore()
    await saveCheckpoint(store, PATH, checkpoint(slabs))
    expect(await loadCheckpoint(store, PATH)).toEqual(checkpoint(slabs))
  })

  it('is no model, and no model is one', async () => {
    const store = new MemoryStore()
    await saveModel(store, PATH, { weights: tensors(1), scaling: null, subjects: [] })
    await expect(loadCheckpoint(store, PATH)).rejects.toThrow(
      `${PATH} is no training checkpoint: it has no progress record`,
    )
    await saveCheckpoint(store, PATH, checkpoint(1))
    await expect(loadModel(store, PATH)).rejects.toThrow(FormatError)
  })
})

describe('a trained model', () => {
  it.each<[string, Omit<TrainedModel, 'weights'>]>([
    ['without music', { scaling: null, subjects: ['b', 'a', 'ünï "c"'] }],
    [
      'with music',
      { scaling: { mean: Float32Array.of(1, 2, 3), deviation: Float32Array.of(4, 0, 6) }, subjects: ['b'] },
    ],
  ])('comes back %s', async (_, rest) => {
    const store = new MemoryStore()
    const model = { weights: tensors(7), ...rest }
    await saveModel(store, PATH, model)
    expect(await loadModel(store, PATH)).toEqual(model)
  })

  const schema = DOCUMENT_KINDS['fold-model'].schema
  const floats = new Map([['w', { shape: [1], data: Float32Array.of(1) }]])
  it.each<[string, Uint8Array, string]>([
    [
      'of a newer galvani',
      serializeSafetensors(floats, { schema: String(schema + 1), subjects: '[]' }),
      `${PATH} was written by a newer galvani`,
    ],
    [
      'that knows nobody',
      serializeSafetensors(floats, { schema: String(schema) }),
      `${PATH} is no trained model of a run: it does not say whom it was trained on`,
    ],
    [
      'of whole numbers',
      serializeSafetensors(new Map([['w', { shape: [1], data: Int32Array.of(1) }]]), { subjects: '[]' }),
      `${PATH}: tensor 'w' is not float32`,
    ],
  ])('%s is refused', async (_, bytes, says) => {
    const loaded = loadModel(new MemoryStore({ [PATH]: bytes }), PATH)
    await expect(loaded).rejects.toThrow(FormatError)
    await expect(loaded).rejects.toThrow(says)
  })
})
