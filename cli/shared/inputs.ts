// Which recordings a command line names, and what their results will be called.
import { readdirSync, statSync, type Dirent, type Stats } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { candidates, ENDINGS } from '../../src/reading/candidates.ts'
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
  /** Why it is refused before anything of it is read. */
  fault?: FormatError
}

/**
 * The named files, and all in the named folders and below that may be recordings, in order of their names; of an Empatica folder (one
 * with an EDA.csv) not those of the other sensors.
 * @throws UsageError when results would replace each other or a recording, FormatError for a folder without any
 */
export function listInputs(paths: readonly string[], out: string, format: Format): Input[] {
  const found = paths.flatMap((path): Found[] => {
    if (!statsOf(path)?.isDirectory()) return [{ file: path, inFolder: false }]
    const files = recordingsUnder(path, resolve(out))
    if (files.length === 0)
      throw new FormatError(`${path}: no file in this folder or below may be a recording (${ENDINGS.join(', ')})`)
    return files
  })
  if (statsOf(out)?.isDirectory() === false) throw new UsageError(`--out ${out} is a file; name a folder`)
  const names = outputNames(found.map(({ file }) => file))
  const inputs = found.map((input, i) => ({ ...input, name: names[i]!, size: statsOf(input.file)?.size ?? 0 }))
  requireOwnOutputs(inputs, out, format)
  return inputs
}

type Found = Omit<Input, 'name' | 'size'>

/** A folder that cannot be listed stands among them as one that is refused, so that it leaves the others alone. */
function recordingsUnder(folder: string, out: string): Found[] {
  const entries = entriesOf(folder)
  if (entries instanceof FormatError) return [{ file: folder, inFolder: true, fault: entries }]
  const names = entries.filter((entry) => isFile(entry, folder)).map(({ name }) => name)
  const below = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name))
  return [
    ...candidates(names).map((name) => ({ file: join(folder, name), inFolder: true })),
    ...below.filter((path) => resolve(path) !== out).flatMap((path) => recordingsUnder(path, out)),
  ]
}

function entriesOf(folder: string): Dirent[] | FormatError {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return new FormatError(`${folder}: this folder cannot be read (${code ?? message}); allow it, or leave it out`)
  }
}

/** The ending of a file's name, which its results leave out. */
const ENDING = /(?<=[^/\\])(\.[^./\\]+?)(\.gz)?$/i

/** A link to a file is one; links to folders are not followed, since they may lead round in a circle. */
const isFile = (entry: Dirent, folder: string): boolean =>
  entry.isFile() || (entry.isSymbolicLink() && (statsOf(join(folder, entry.name))?.isFile() ?? false))

/** What is not there, or may not be looked at, has none; reading it says so. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

/**
 * The files' own names, with their endings (`a_csv`, `a_edf`) where else they would be one; while these repeat (Empatica's are all EDA.csv)
 * with one more folder's name in front.
 */
function outputNames(files: readonly string[]): string[] {
  const stems = files.map((file) => resolve(file.replace(ENDING, '')))
  const paths = files.map((file, i) => {
    const isShared = stems.some((stem, k) => stem === stems[i] && k !== i)
    return (isShared ? resolve(file.replace(ENDING, (ending) => ending.replaceAll('.', '_'))) : stems[i]!).split(sep)
  })
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
  const written = new Map<string, string>()
  for (const { name, file } of inputs) {
    const { tables, json, picture } = fileNames(name, format)
    for (const output of [...tables, json, picture]) {
      const path = resolve(out, output)
      const recording = recordings.get(path)
      if (recording !== undefined)
        throw new UsageError(`--out ${out} would replace ${recording} by a result; choose another folder`)
      const other = written.get(path)
      if (other !== undefined)
        throw new UsageError(
          other === file
            ? `${file} is named twice; name it once`
            : `${other} and ${file} would both become ${output}; decompose them into different --out folders`,
        )
      written.set(path, file)
    }
  }
}
