// Which recordings a command line names, and what their results will be called.
import { readdirSync, statSync } from 'node:fs'
import { basename, join, resolve, sep } from 'node:path'
import { fileNames, type Format } from '../../src/recording/files.ts'
import { largestOf } from '../../src/signal/extremes.ts'
import { FormatError, UsageError } from '../../src/runtime/errors.ts'

export interface Input {
  file: string
  /** What the files of its results are called. */
  name: string
  /** Found in a folder, where files of other kinds may lie too. */
  inFolder: boolean
  /** Bytes. */
  size: number
}

/** Endings of files in a folder that are looked into; what a file is, its content tells. */
const KINDS = ['csv', 'tsv', 'txt', 'edf', 'bdf', 'xdf', 'avro', 'npy', 'npz', 'zip', 'acq']
const EXTENSION = new RegExp(`\\.(${KINDS.join('|')})(\\.gz)?$`, 'i')

/** What galvani itself writes beside the table of a recording. */
const OWN_TABLE = /\.(events|epochs|intervals)\.csv$/

/** What else an Empatica folder holds beside its EDA.csv. */
const OTHER_SENSORS = ['ACC.csv', 'BVP.csv', 'HR.csv', 'IBI.csv', 'TEMP.csv', 'tags.csv']

/**
 * The named files, and all in the named folders and below that may be recordings, in order of their names; of an Empatica folder (one
 * with an EDA.csv) not those of the other sensors.
 * @throws UsageError when results would replace each other or a recording, FormatError for a folder without any
 */
export function listInputs(paths: readonly string[], out: string, format: Format): Input[] {
  const found = paths.flatMap((path) => {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [{ file: path, inFolder: false }]
    const files = recordingsUnder(path, resolve(out))
    if (files.length === 0)
      throw new FormatError(`${path}: no file in this folder or below may be a recording (${KINDS.join(', ')})`)
    return files.map((file) => ({ file, inFolder: true }))
  })
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new UsageError(`--out ${out} is a file; name a folder`)
  const names = outputNames(found.map(({ file }) => file))
  const inputs = found.map((input, i) => ({ ...input, name: names[i]!, size: sizeOf(input.file) }))
  requireOwnOutputs(inputs, out, format)
  return inputs
}

function recordingsUnder(folder: string, out: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  const files = entries
    .filter((entry) => EXTENSION.test(entry.name))
    .map(({ name }) => join(folder, name))
    .filter(isFile)
  const isEmpatica = files.some((file) => basename(file) === 'EDA.csv')
  const below = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name))
  const isTable = (file: string): boolean => OWN_TABLE.test(file) && files.includes(file.replace(OWN_TABLE, '.csv'))
  const recordings = files.filter((file) => !(isEmpatica && OTHER_SENSORS.includes(basename(file))) && !isTable(file))
  return [...recordings, ...below.filter((path) => resolve(path) !== out).flatMap((path) => recordingsUnder(path, out))]
}

/** A link to a file is one; links to folders are not followed, since they may lead round in a circle. */
const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false

/** What is not there has none; reading it says so. */
const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/** The files' own names; while these repeat (Empatica's are all EDA.csv) with one more folder's name in front. */
function outputNames(files: readonly string[]): string[] {
  const paths = files.map((file) => resolve(file.replace(/(?<=[^/\\])(\.[^./\\]+?)(\.gz)?$/i, '')).split(sep))
  const depth = largestOf(paths.map((path) => path.length))
  for (let parts = 1; parts < depth; parts++) {
    const names = paths.map((path) => path.slice(-parts).filter(Boolean).join('_'))
    if (new Set(names).size === names.length) return names
  }
  return paths.map((path) => path.at(-1)!)
}

/** @throws UsageError when two results, or a result and a recording, would be one file */
function requireOwnOutputs(inputs: readonly Input[], out: string, format: Format): void {
  const recordings = new Map(inputs.map(({ file }) => [resolve(file), file]))
  const written = new Set<string>()
  for (const { name } of inputs) {
    const { tables, json, picture } = fileNames(name, format)
    for (const output of [...tables, json, picture]) {
      const path = resolve(out, output)
      const recording = recordings.get(path)
      if (recording !== undefined)
        throw new UsageError(`--out ${out} would replace ${recording} by a result; choose another folder`)
      if (written.has(path))
        throw new UsageError(`two files would both become ${output}; decompose them into different --out folders`)
      written.add(path)
    }
  }
}
