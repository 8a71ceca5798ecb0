// What a network takes of the weights of another.
import { describe, expect, it } from 'vitest'
import { presets, type ModelConfig } from '../../src/model/config.ts'
import { initialise } from '../../src/model/init.ts'
import { summarise } from '../../src/model/summary.ts'
import { transferWeights } from '../../src/model/transfer.ts'
import type { HostTensor } from '../../src/model/weights.ts'
import { FormatError } from '../../src/runtime/errors.ts'

const base: ModelConfig = {
  ...presets.paper,
  ...{ channels: 8, stage_channels: [8, 8], length: 97, sca_reduction: 2, final_pool: 2, hidden: [6, 5] },
}
const FIRST = 'classifier.0.weight'

/** Weights of a network with that much music; as a fold's file has them, with the scaling of the music. */
function fileOf(config: ModelConfig, seed = 5): Map<string, HostTensor> {
  const weights = initialise(config, summarise(config), 'he', seed)
  const music = { shape: [config.music_dim], data: new Float32Array(config.music_dim) }
  if (config.music_dim > 0) for (const name of ['music.mean', 'music.deviation']) weights.set(name, music)
  return weights
}

function take(config: ModelConfig, from: ReadonlyMap<string, HostTensor>) {
  const summary = summarise(config)
  const start = initialise(config, summary, 'he', 1)
  return { start, features: summary.features, ...transferWeights(summary, start, from, 'w.safetensors') }
}

const column = ({ shape, data }: HostTensor, c: number) =>
  Array.from({ length: shape[0]! }, (_, r) => data[r * shape[1]! + c])

it('all of a network of the same shapes is taken, and nothing is told of its music’s scaling', () => {
  const config = { ...base, music_dim: 3 }
  const from = fileOf(config)
  from.get('shallow.bn.running_mean')!.data = Float32Array.from({ length: 8 }, (_, i) => i)
  const { weights, transfer } = take(config, from)
  expect([transfer.cut, transfer.left, transfer.unused]).toEqual([[], [], []])
  expect(transfer.taken).toContain('shallow.bn.running_mean')
  expect([...weights.keys()].sort()).toEqual([...transfer.taken].sort())
  for (const [name, tensor] of weights) expect(tensor, name).toBe(from.get(name))
})

describe('where the music is another, the columns of the EDA features are taken', () => {
  it.each([
    [3, 0],
    [3, 7],
    [0, 4],
    // The authors' file does not tell that its music is openSMILE's.
    [6373, 0],
  ])('from %i features to %i', (there, here) => {
    const from = fileOf({ ...base, music_dim: there })
    if (there === 6373) for (const name of ['music.mean', 'music.deviation']) from.delete(name)
    const { start, weights, transfer, features } = take({ ...base, music_dim: here }, from)
    expect(transfer.cut).toEqual([{ name: FIRST, columns: features }])
    expect(transfer.left).toEqual([])
    expect(transfer.taken).toContain('classifier.0.bias')
    const [taken, given, own] = [weights, from, start].map((tensors) => tensors.get(FIRST)!) as HostTensor[]
    expect(taken!.shape).toEqual([6, features + here])
    for (let c = 0; c < features + here; c++)
      expect(column(taken!, c), String(c)).toEqual(column(c < features ? given! : own!, c))
    expect(column(given!, 0)).not.toEqual(column(own!, 0))
  })

  it('but not where it is not told which they are, nor of other EDA features', () => {
    const from = fileOf({ ...base, music_dim: 3 })
    const shapes = (columns: number) => `it is [6,${columns}] there and [6,24] here`
    const left = (of: ReadonlyMap<string, HostTensor>) => take({ ...base, music_dim: 0 }, of).transfer.left
    from.delete('music.mean')
    expect(take({ ...base, music_dim: 0 }, from).features).toBe(24)
    expect(left(from)).toEqual([
      { name: FIRST, reason: `${shapes(27)}, and which of its columns read music is not told` },
    ])
    const shorter = fileOf({ ...base, music_dim: 3, length: 80 })
    expect(left(shorter)).toEqual([{ name: FIRST, reason: shapes(19) }])
    const otherUnits = fileOf({ ...base, music_dim: 3, hidden: [7, 5] })
    expect(left(otherUnits).map(({ name }) => name)).toEqual([FIRST, 'classifier.0.bias', 'classifier.1.weight'])
  })
})

it('what differs or is missing keeps its start, and what the network does not have is named', () => {
  const from = fileOf({ ...base, music_dim: 0, classes: 3, depth: 2 })
  from.delete('shallow.conv.bias')
  const { start, weights, transfer } = take({ ...base, music_dim: 0 }, from)
  expect(transfer.left).toEqual([
    { name: 'shallow.conv.bias', reason: 'it is not there' },
    { name: 'classifier.2.weight', reason: 'it is [3,5] there and [2,5] here' },
    { name: 'classifier.2.bias', reason: 'it is [3] there and [2] here' },
  ])
  for (const { name } of transfer.left) expect(weights.get(name)).toBe(start.get(name))
  expect(transfer.unused.length).toBe(2 * 2 * 5)
  expect(transfer.unused).toContain('residual.stages.1.units.1.layers.1.bn.running_var')
})

describe('refused is', () => {
  it('a file from which nothing can be taken', () => {
    const foreign = new Map([['head.weight', { shape: [2], data: [1, 2] }]])
    const tensors = summarise(base).parameters.length + summarise(base).buffers.length
    expect(() => take(base, foreign)).toThrow(
      new FormatError(
        `w.safetensors: nothing of it fits this network: of its 1 tensors none has a name and shape of these ${tensors}`,
      ),
    )
    expect(() => take(base, new Map())).toThrow(FormatError)
  })

  it('a value that is not finite', () => {
    const from = fileOf({ ...base, music_dim: 3 })
    const first = from.get(FIRST)!
    from.set(FIRST, { ...first, data: Float32Array.from(first.data, (v, i) => (i === 1 ? NaN : v)) })
    expect(() => take({ ...base, music_dim: 0 }, from)).toThrow(
      new FormatError(`w.safetensors: tensor '${FIRST}' is not finite at element 1`),
    )
  })
})
