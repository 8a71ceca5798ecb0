import { basename, dirname, resolve } from 'node:path'
import { NodeStore } from '../store/node.ts'

/** Reads a text file by the path a user typed. @throws FormatError when it cannot be read */
export function readTextFile(path: string): Promise<string> {
  const full = resolve(path)
  return new NodeStore(dirname(full)).readText(basename(full))
}
