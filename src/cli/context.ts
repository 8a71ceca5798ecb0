import { existsSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { loadTrialTable } from '../data/trial_table.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { openGpu } from '../runtime/node.ts'
import { NodeStore } from '../store/node.ts'
import { prepareTrials, type PreparedSet } from '../train/prepare.ts'
import { isPrepared, loadPrepared } from '../train/prepared_files.ts'
import type { Output } from './output.ts'

/** Opens the adapter for the time of `work`. */
export async function withGpu<T>(work: (gpu: Gpu) => Promise<T>): Promise<T> {
  const gpu = await openGpu()
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

export const datasetName = (path: string): string => basename(resolve(path))

export interface LoadOptions {
  length: number
  dropSeconds: number
  /** Hz, for trial tables that do not say. */
  rate?: number
  signal?: AbortSignal
}

/** Trials ready for the model: from a prepared folder as they are, from a trial table by preparing them now. */
export async function loadOrPrepare(gpu: Gpu, path: string, options: LoadOptions, output: Output): Promise<PreparedSet> {
  const store = requireFolder(path)
  const name = datasetName(path)
  if (await isPrepared(store)) {
    const set = await loadPrepared(store, name)
    if (set.length === options.length && set.dropSeconds === options.dropSeconds) return set
    throw new FormatError(
      `${path} was prepared with --length ${set.length} --drop ${set.dropSeconds}; ` +
        `this run needs --length ${options.length} --drop ${options.dropSeconds}: prepare it again`,
    )
  }
  const set = await loadTrialTable(store, { name, ...(options.rate !== undefined && { sampleRate: options.rate }) })
  const bar = output.progress('cvxEDA', set.trials.length)
  const { length, dropSeconds, signal } = options
  try {
    return await prepareTrials(gpu, set, { length, dropSeconds, onProgress: (done: number) => bar.update(done), ...(signal && { signal }) })
  } finally {
    bar.stop()
  }
}
