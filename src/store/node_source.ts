// A file of the file system that is read in pieces.
import { open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FormatError } from '../runtime/errors.ts'
import type { Source } from './source.ts'

/** A file as a source, by its path. @throws FormatError when there is no such file, or it cannot be read */
export async function fileSource(path: string): Promise<Source> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw cannotBeRead(path, error)
  })
  if (found.isDirectory()) throw new FormatError(`${path} is a folder; a file is expected`)
  if (!found.isFile()) throw new FormatError(`${path} is no file that can be read; save it to one first`)
  return {
    name: path,
    size: found.size,
    read: (start, end) => readPiece(path, start, Math.min(end, found.size)),
    beside: async (name) => {
      if (!/^(\.\.\/){0,3}[^/\\]+$/.test(name)) return undefined
      const other = join(dirname(path), name)
      return (await stat(other).catch(() => undefined))?.isFile() ? await fileSource(other) : undefined
    },
  }
}

async function readPiece(path: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const file = await open(path)
    try {
      const bytes = new Uint8Array(Math.max(0, end - start))
      let filled = 0
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return bytes.subarray(0, filled)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw cannotBeRead(path, error as NodeJS.ErrnoException)
  }
}

function cannotBeRead(path: string, { code, message }: NodeJS.ErrnoException): FormatError {
  if (code === 'ENOENT') return new FormatError(`${path}: no such file`)
  return new FormatError(`${path} cannot be read (${code ?? message})`)
}
