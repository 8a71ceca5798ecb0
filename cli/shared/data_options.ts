// Where data are and how they are read: the options that every command with --data has in common.
import { existsSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import type { Command } from 'commander'
import { GSR, type Gsr } from '../../src/datasets/layout.ts'
import { isDimension, type Target } from '../../src/evaluation/targets.ts'
import { FormatError } from '../../src/runtime/errors.ts'
import { NodeStore } from '../../src/store/node.ts'
import { fileSource } from '../../src/store/node_source.ts'
import { loadDataset, type Dataset, type DatasetOptions } from '../../src/train/dataset.ts'
import { oneOf, positive } from './values.ts'

/** Where data are, and how they are read. */
export interface DataSource {
  data: string
  /** Hz. */
  rate?: number
  gsr?: Gsr
  resample?: boolean
  /** Files of music features. */
  features?: string[]
  musicFeatures?: MusicFeatures
}

const MUSIC_FEATURES = ['openSMILE', 'any'] as const
type MusicFeatures = (typeof MUSIC_FEATURES)[number]

/** The options of how data are read, by their names in a program. */
export const READ_WITH = ['rate', 'gsr', 'resample', 'features', 'musicFeatures'] as const

/** As it is on the command line. */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** What may stand at --data. */
export const DATA = 'folder of PMEmo, DEAP, AMIGOS, HKU956, recordings or trials.csv and eda.csv (docs/datasets.md)'

/** The options beside --data. */
export function addDataOptions(command: Command): Command {
  return command
    .option('--rate <hz>', 'sampling rate, when the files do not say', positive('--rate'))
    .option('--gsr <how>', "DEAP's and AMIGOS's signal of unknown unit: as-is, negate or invert", oneOf('--gsr', GSR))
    .option('--resample', 'make uneven time steps even by interpolation')
    .option('--features <files...>', "tables of music features, such as openSMILE's, in the place of the dataset's own")
    .option(
      '--music-features <which>',
      "openSMILE (6,373 columns), or any: the tables' own number of columns",
      oneOf('--music-features', MUSIC_FEATURES),
    )
}

/** What was given of them, with paths that hold wherever they are read from. */
export function dataSource({ data, ...rest }: Partial<DataSource>): Partial<DataSource> {
  const { rate, gsr, resample, features, musicFeatures } = rest
  return {
    ...(data !== undefined && { data: resolve(data) }),
    ...(rate !== undefined && { rate }),
    ...(gsr !== undefined && { gsr }),
    ...(resample !== undefined && { resample }),
    ...(features !== undefined && { features: features.map((file) => resolve(file)) }),
    ...(musicFeatures !== undefined && { musicFeatures }),
  }
}

/** The same as the library takes it. @throws FormatError for a file that cannot be read */
export async function datasetOptions(source: DataSource): Promise<DatasetOptions> {
  const { data, rate, gsr, resample, features, musicFeatures } = source
  return {
    name: basename(resolve(data)),
    ...(rate !== undefined && { sampleRate: rate }),
    ...(gsr !== undefined && { gsr }),
    ...(resample && { resample }),
    ...(features && { features: await Promise.all(features.map((file) => fileSource(file))) }),
    ...(musicFeatures === 'any' && { anyFeatures: true }),
  }
}

/** Reads a folder of data, of two passes the one of `target`; no device is needed yet. @throws FormatError */
export async function openDataset(source: DataSource, target: Target): Promise<Dataset> {
  const pass = isDimension(target) ? { pass: target } : {}
  return loadDataset(requireFolder(source.data), { ...(await datasetOptions(source)), ...pass })
}

/** @throws FormatError unless `path` is a folder */
export function requireFolder(path: string): NodeStore {
  if (!existsSync(path)) throw new FormatError(`${path}: no such folder`)
  if (!statSync(path).isDirectory()) throw new FormatError(`${path} is a file; a folder is expected`)
  return new NodeStore(path)
}
