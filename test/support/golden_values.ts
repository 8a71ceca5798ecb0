// Shared by the tests that compare with golden values: their folders and files, and random arrays.
import { existsSync, readFileSync } from 'node:fs'
import { parseSafetensors } from '../../src/formats/safetensors.ts'
import type { ModelConfig } from '../../src/model/config.ts'
import { ndarray, sizeOf } from '../../src/reference/array.ts'
import type { NamedArrays, NdArray } from '../../src/reference/array.ts'
import type { Random } from '../../src/runtime/random.ts'
import type { ExpectedCase } from '../../src/verify/compare.ts'
import type { CvxedaCase } from '../../src/verify/cvxeda.ts'

/** Folders of golden values: the project's own, and those beside a checkout that has them. */
export const goldenFolders: readonly URL[] = [
  '../golden/',
  '../../../shared/fixtures/',
  '../../../shared/fixtures/cvxeda/',
]
  .map((path) => new URL(path, import.meta.url))
  .filter((folder) => existsSync(folder))

const own = goldenFolders[0]!

export interface FixtureCase extends ExpectedCase {
  id: string
  kind: string
  op: string
  file: string
  steps: number
  prefix: string
  config: ModelConfig
  attrs: Record<string, unknown>
  /** The folder that lists the case; `file` is relative to it. */
  folder: URL
  /** For the names of tests: the case of which folder. */
  title: string
}

export type CvxedaFixture = CvxedaCase & Pick<FixtureCase, 'file' | 'folder' | 'title'> & { n: number }

interface Index {
  cases: (FixtureCase | CvxedaFixture)[]
  more?: FixtureCase[]
}

const indexOf = (folder: URL): Index => JSON.parse(readFileSync(new URL('index.json', folder), 'utf8')) as Index

const indices = goldenFolders.map((folder) => {
  const { cases, more = [] } = indexOf(folder)
  const placed = <T extends FixtureCase | CvxedaFixture>(entry: T): T => {
    const named = 'tier' in entry ? entry.name : entry.id
    return { ...entry, folder, title: folder === own ? named : `${named} (shared)` }
  }
  return { cases: cases.map(placed), more: more.map(placed) }
})

/** The cases of all folders of these kinds; those of the project's own are never missing. */
export function fixtureCases(...kinds: string[]): FixtureCase[] {
  return indices.flatMap(({ cases }) =>
    cases.flatMap((entry) => (!('tier' in entry) && kinds.includes(entry.kind) ? [entry] : [])),
  )
}

/** The decompositions of all folders. */
export function cvxedaCases(): CvxedaFixture[] {
  return indices.flatMap(({ cases }) => cases.flatMap((entry) => ('tier' in entry ? [entry] : [])))
}

/** What the project's own folder lists besides cases that any program can be judged by: `kind` says which test reads it. */
export function moreGolden(kind: string): FixtureCase[] {
  return indices[0]!.more.filter((entry) => entry.kind === kind)
}

/** The JSON file of the one entry of this kind. */
export function goldenJson<T>(kind: string): T {
  return readJson<T>(moreGolden(kind)[0]!)
}

/** A case's file, as bytes. */
export const readBytes = ({ file, folder }: Pick<FixtureCase, 'file' | 'folder'>): Uint8Array =>
  readFileSync(new URL(file, folder))

export const readJson = <T>(fixture: Pick<FixtureCase, 'file' | 'folder'>): T =>
  JSON.parse(new TextDecoder().decode(readBytes(fixture))) as T

/** All tensors of a case's file, widened to float64. */
export function readTensors(fixture: FixtureCase): NamedArrays {
  const { tensors } = parseSafetensors(readBytes(fixture), fixture.file)
  return new Map([...tensors].map(([name, { shape, data }]) => [name, ndarray(shape, Array.from(data, Number))]))
}

/** The arrays whose names start with `prefix`, without it. */
export function withPrefix(arrays: NamedArrays, prefix: string): NamedArrays {
  return new Map(
    [...arrays].flatMap(([name, array]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), array] as const] : [],
    ),
  )
}

/** The same arrays under longer names. */
export function addPrefix(arrays: NamedArrays, prefix: string): NamedArrays {
  return new Map([...arrays].map(([name, array]) => [prefix + name, array]))
}

/** Values only, as judging wants them. */
export function dataOf(arrays: NamedArrays): Map<string, Float64Array> {
  return new Map([...arrays].map(([name, { data }]) => [name, data]))
}

/** Standard normal numbers. */
export function randomArray(random: Random, ...shape: number[]): NdArray {
  return ndarray(
    shape,
    Float64Array.from({ length: sizeOf(shape) }, () => random.normal()),
  )
}
