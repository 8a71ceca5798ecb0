// The folder of golden values is what its index says.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseSafetensors } from '../../src/formats/safetensors.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const read = (path: string) => readFileSync(join(folder, path))

interface Entry {
  id?: string
  name?: string
  kind?: string
  file: string
  checkpoint?: string
  expect?: Record<string, { sliced?: boolean }>
}
const index = JSON.parse(read('index.json').toString()) as Record<'cases' | 'more', Entry[]>
const entries = [...index.cases, ...index.more]

const MOST_BYTES = 2 * 2 ** 20
/** Beside the values: what makes them, and what is said of them. */
const notValues = /^(index\.json|README\.md|index\.test\.ts|generate\/\w+\.py)$/

const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll('\\', '/'))

describe('the golden folder', () => {
  it('has every file that the index lists, and no other', () => {
    const listed = new Set(entries.flatMap(({ file, checkpoint }) => (checkpoint ? [file, checkpoint] : [file])))
    expect(files.filter((file) => !notValues.test(file)).sort()).toEqual([...listed].sort())
  })

  it('is no larger than 2 MiB', () => {
    expect(files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)).toBeLessThanOrEqual(MOST_BYTES)
  })

  it('names each case once', () => {
    const names = entries.map(({ id, name }) => id ?? name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('has a tensor for everything it expects', () => {
    for (const { file, expect: expected = {} } of entries.filter(({ file }) => file.endsWith('.safetensors'))) {
      const { tensors } = parseSafetensors(read(file), file)
      const wanted = Object.entries(expected).flatMap(([name, { sliced }]) =>
        sliced ? [`${name}@index`, `${name}@value`, `${name}@stats`] : [name],
      )
      expect(
        wanted.filter((name) => !tensors.has(name)),
        file,
      ).toEqual([])
    }
  })

  // Enough of each, so that a case that is lost by mistake is missed.
  it.each([
    ['op', 70],
    ['optimizer', 8],
    ['schedule', 3],
    ['model', 3],
    ['train', 4],
    ['cam', 3],
    ['checkpoint', 2],
    ['metrics', 3],
  ] as const)('has cases of the kind %s', (kind, least) => {
    expect(index.cases.filter((entry) => entry.kind === kind).length).toBeGreaterThanOrEqual(least)
  })
})
