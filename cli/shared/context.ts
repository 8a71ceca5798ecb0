import { existsSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { Option } from 'commander'
import type { TrialSet } from '../../src/datasets/trial.ts'
import { loadTrialTable } from '../../src/datasets/trial_table.ts'
import { FormatError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu, type OpenOptions } from '../../src/runtime/node.ts'
import { NodeStore } from '../../src/store/node.ts'
import { prepareTrials, type PreparedSet } from '../../src/train/prepare.ts'
import { isPrepared, loadPrepared } from '../../src/train/prepared_files.ts'
import type { Output } from './output.ts'

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

/** A prepared set as it is, or trials that are still to be prepared. */
export type Dataset = { kind: 'prepared'; set: PreparedSet } | { kind: 'table'; set: TrialSet }

/** Reads a trial table, or what `galvani prepare` wrote; no device is needed yet. @throws FormatError */
export async function loadDataset({ data, rate }: DataSource): Promise<Dataset> {
  const store = requireFolder(data)
  const name = basename(resolve(data))
  if (await isPrepared(store)) return { kind: 'prepared', set: await loadPrepared(store, name) }
  return { kind: 'table', set: await loadTrialTable(store, { name, ...(rate !== undefined && { sampleRate: rate }) }) }
}

interface PrepareSettings {
  length: number
  dropSeconds: number
  signal: AbortSignal
}

/** Trials ready for the model. @throws FormatError when they were prepared for a model of another input */
export async function prepareDataset(gpu: Gpu, { kind, set }: Dataset, settings: PrepareSettings, output: Output): Promise<PreparedSet> {
  const { length, dropSeconds } = settings
  if (kind === 'prepared') {
    if (set.length === length && set.dropSeconds === dropSeconds) return set
    throw new FormatError(
      `${set.name} was prepared with --length ${set.length} --drop ${set.dropSeconds}, but ${length} points after ` +
        `${dropSeconds} s are needed; prepare it again`,
    )
  }
  const bar = output.progress('cvxEDA', set.trials.length)
  try {
    return await prepareTrials(gpu, set, { ...settings, onProgress: (done: number) => bar.update(done) })
  } finally {
    bar.stop()
  }
}
