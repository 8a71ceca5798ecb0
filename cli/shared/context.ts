import { existsSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { Option } from 'commander'
import { FormatError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu, type OpenOptions } from '../../src/runtime/node.ts'
import { NodeStore } from '../../src/store/node.ts'
import { loadDataset, type Dataset } from '../../src/train/dataset.ts'
import type { ComputeHooks } from '../../src/train/trained_run.ts'
import { lateBar, type Output } from './output.ts'

/** The option of every command that computes. */
export const adapterOption = (): Option =>
  new Option('--adapter <name>', 'part of the name of the adapter to use (default: the fastest)')

/** Opens the adapter for the time of `work`. */
export async function withGpu<T>({ adapter }: OpenOptions, work: (gpu: Gpu) => Promise<T>): Promise<T> {
  const gpu = await openGpu(adapter === undefined ? {} : { adapter })
  try {
    return await work(gpu)
  } finally {
    await gpu.close()
  }
}

/** An aborted signal on the first Ctrl-C; the second one ends the process at once. */
export function interruptible(): AbortSignal {
  const controller = new AbortController()
  process.once('SIGINT', () => controller.abort(new Interrupted()))
  return controller.signal
}

export class Interrupted extends Error {
  override readonly name = 'AbortError'
  constructor() {
    super('interrupted')
  }
}

/** @throws FormatError unless `path` is a folder */
export function requireFolder(path: string): NodeStore {
  if (!existsSync(path)) throw new FormatError(`${path}: no such folder`)
  if (!statSync(path).isDirectory()) throw new FormatError(`${path} is a file; a folder is expected`)
  return new NodeStore(path)
}

/** Where data are: a folder, and the sampling rate in Hz if its files do not say. */
export interface DataSource {
  data: string
  rate?: number
}

/** Reads a folder of data; no device is needed yet. @throws FormatError */
export const openDataset = ({ data, rate }: DataSource): Promise<Dataset> =>
  loadDataset(requireFolder(data), { name: basename(resolve(data)), ...(rate !== undefined && { sampleRate: rate }) })

/** Hooks for work on trials: Ctrl-C, warnings as notes, and a bar over their decomposition where there is one. */
export function computing(output: Output, abort = interruptible()) {
  return async <T>(work: (hooks: Required<ComputeHooks>) => Promise<T>): Promise<T> => {
    const bar = lateBar(output, 'cvxEDA')
    const onWarning = (message: string): void => output.note(message)
    return await work({ signal: abort, onProgress: bar.update, onWarning }).finally(bar.stop)
  }
}
