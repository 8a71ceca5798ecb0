import { readFile } from 'node:fs/promises'
import { renameReleased } from '../../src/formats/released_names.ts'
import { parseSafetensors } from '../../src/formats/safetensors.ts'
import { parseTorchCheckpoint } from '../../src/formats/torch.ts'
import type { HostTensors } from '../../src/model/weights.ts'
import { FormatError } from '../../src/runtime/errors.ts'

/** Reads a text file by the path a user typed. @throws FormatError when it cannot be read */
export const readTextFile = async (path: string): Promise<string> => new TextDecoder().decode(await readBytes(path))

async function readBytes(path: string): Promise<Uint8Array> {
  return await readFile(path).catch(({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'ENOENT') throw new FormatError(`${path}: no such file`)
    if (code === 'EISDIR') throw new FormatError(`${path} is a folder; a file is expected`)
    throw new FormatError(`${path} cannot be read (${code ?? message})`)
  })
}

/** Weights by our names, with what a run's file scales music by, from safetensors or from the authors' `.pt` checkpoint. @throws FormatError */
export async function loadWeightsFile(path: string): Promise<HostTensors> {
  const bytes = await readBytes(path)
  const isTorch = /\.(pt|pth)$/.test(path)
  const tensors = isTorch
    ? renameReleased(parseTorchCheckpoint(bytes, path), path)
    : parseSafetensors(bytes, path).tensors
  // PyTorch's batch counters are no weights.
  const own = [...tensors].filter(([name]) => !name.endsWith('num_batches_tracked'))
  return new Map(
    own.map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data as ArrayLike<number>) }]),
  )
}
