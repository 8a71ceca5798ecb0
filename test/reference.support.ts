// Shared by the tests of the float64 twins: random arrays, and the fixture folder where a checkout has one.
import { existsSync, readFileSync } from 'node:fs'
import { parseSafetensors } from '../src/formats/safetensors.ts'
import type { ModelConfig } from '../src/model/config.ts'
import { ndarray, sizeOf } from '../src/reference/array.ts'
import type { NamedArrays, NdArray } from '../src/reference/array.ts'
import type { Random } from '../src/runtime/random.ts'
import type { ExpectedCase } from '../src/verify/compare.ts'

const root = new URL('../../shared/fixtures/', import.meta.url)

export interface FixtureCase extends ExpectedCase {
  id: string
  kind: string
  op: string
  file: string
  steps: number
  prefix: string
  config: ModelConfig
  attrs: Record<string, unknown>
}

/** The cases of the fixture folder of these kinds; none where there is no such folder. */
export function fixtureCases(...kinds: string[]): FixtureCase[] {
  if (!existsSync(root)) return []
  const index = JSON.parse(readFileSync(new URL('index.json', root), 'utf8')) as { cases: FixtureCase[] }
  return index.cases.filter(({ kind }) => kinds.includes(kind))
}

/** All tensors of a case's file, widened to float64. */
export function readTensors({ file }: FixtureCase): NamedArrays {
  const { tensors } = parseSafetensors(readFileSync(new URL(file, root)), file)
  return new Map([...tensors].map(([name, { shape, data }]) => [name, ndarray(shape, Array.from(data, Number))]))
}

/** The arrays whose names start with `prefix`, without it. */
export function withPrefix(arrays: NamedArrays, prefix: string): NamedArrays {
  return new Map([...arrays].flatMap(([name, array]) =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), array] as const] : []))
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
  return ndarray(shape, Float64Array.from({ length: sizeOf(shape) }, () => random.normal()))
}
