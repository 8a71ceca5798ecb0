// Files as a flat table of contents by path: what stores without folders of their own have in common.

import type { Content } from './store.ts'

export function toBytes(content: Content): Uint8Array {
  const pieces = [...piecesOf(content)]
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  for (const piece of pieces) {
    bytes.set(piece, end)
    end += piece.length
  }
  return bytes
}

/** A content as the pieces it comes in. */
export function piecesOf(content: Content): Iterable<Uint8Array> {
  if (typeof content === 'string') return [new TextEncoder().encode(content)]
  return content instanceof Uint8Array ? [content] : content
}

/** One spelling for each path; `''` is the root. */
export const normalise = (path: string): string =>
  path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')

/** The content with one more line. */
export function withLine(before: Uint8Array, line: string): Uint8Array {
  const added = new TextEncoder().encode(`${line}\n`)
  const joined = new Uint8Array(before.length + added.length)
  joined.set(before)
  joined.set(added, before.length)
  return joined
}

/** True for a file among these, and for a folder of one. */
export function isThere(files: readonly string[], path: string): boolean {
  const name = normalise(path)
  return name === '' || files.some((file) => file === name || file.startsWith(`${name}/`))
}

/** Names of the files and folders directly inside `dir`, sorted. */
export function namesIn(files: readonly string[], dir: string): string[] {
  const prefix = normalise(dir) === '' ? '' : `${normalise(dir)}/`
  const below = files.filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length))
  return [...new Set(below.map((file) => file.split('/')[0]!))].sort()
}
