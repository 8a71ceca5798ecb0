// The program in test/golden/generate makes the files that are committed.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { parseSafetensors } from '../../src/formats/safetensors.ts'

const golden = fileURLToPath(new URL('../golden', import.meta.url))
const made = mkdtempSync(join(tmpdir(), 'galvani-golden-'))
afterAll(() => rmSync(made, { recursive: true }))

const NEEDS = 'import torch, numpy, scipy, sklearn, cvxopt'
const python = ['/usr/bin/python3', 'python3'].find((program) => spawnSync(program, ['-c', NEEDS]).status === 0)

/** What rounding on another CPU, or another version, may change in a float32 number: the last bits. */
const TENSORS = 1e-6
const NUMBERS = 1e-9
/** These say how exact PyTorch's float32 is, which differs from CPU to CPU. */
const BOUNDS = ['f32_err', 'f32_rel_l2', 'atol', 'rel_l2', 'absmax', 'kink_ratio']
const FACTOR = 4

const valuesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => /\.(safetensors|json|pt)$/.test(name) && !name.startsWith('generate'))
    .sort()

/** Where two JSON documents differ by more than rounding. */
function differences(a: unknown, b: unknown, path: string): string[] {
  if (typeof a === 'number' && typeof b === 'number') {
    const isBound = BOUNDS.some((name) => path.endsWith(`.${name}`))
    const fits = isBound
      ? a <= FACTOR * b + 1e-6 && b <= FACTOR * a + 1e-6
      : Math.abs(a - b) <= NUMBERS * Math.max(1, Math.abs(b))
    return fits ? [] : [`${path}: ${a}, ${b}`]
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return a === b ? [] : [`${path}: ${String(a)}, ${String(b)}`]
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return keys.flatMap((key) => differences(a[key as keyof typeof a], b[key as keyof typeof b], `${path}.${key}`))
}

/** Where a file of tensors differs from the committed one by more than rounding. */
function changedTensors(name: string, [own, again]: readonly [Uint8Array, Uint8Array]): string[] {
  const [expected, found] = [parseSafetensors(own, name).tensors, parseSafetensors(again, name).tensors]
  if ([...expected.keys()].join() !== [...found.keys()].join()) return [`${name}: other tensors`]
  return [...expected].flatMap(([tensor, { shape, dtype, data }]) => {
    const other = found.get(tensor)!
    if (other.dtype !== dtype || other.shape.join() !== shape.join())
      return [`${name}: ${tensor} is ${other.dtype} [${other.shape.join()}]`]
    const values = Array.from(data, Number)
    const finite = values.filter((value) => !Number.isNaN(value)).map(Math.abs)
    const bound = TENSORS * Math.max(0, ...finite) + NUMBERS
    const at = Array.from(other.data, Number).findIndex(
      (value, i) => !Object.is(value, values[i]) && !(Math.abs(value - values[i]!) <= bound),
    )
    return at < 0 ? [] : [`${name}: ${tensor}[${at}] is ${String(other.data[at])}, ${values[at]} is committed`]
  })
}

it('makes the golden values that are committed', (ctx) => {
  if (!python) return ctx.skip(`needs Python with what test/golden/README.md lists (${NEEDS})`)
  const { status, stderr } = spawnSync(python, [join(golden, 'generate'), made], { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  expect(valuesUnder(made)).toEqual(valuesUnder(golden))
  const changed = valuesUnder(golden).flatMap((name) => {
    const files = [golden, made].map((folder) => readFileSync(join(folder, name))) as [Buffer, Buffer]
    if (files[0].equals(files[1])) return []
    if (name.endsWith('.safetensors')) return changedTensors(name, files)
    if (!name.endsWith('.json')) return [`${name}: other bytes`] // nothing in a checkpoint was computed
    const [own, again] = files.map((bytes) => ({
      ...(JSON.parse(bytes.toString()) as object),
      generator: 'of any version',
    }))
    return differences(again, own, name)
  })
  expect(changed).toEqual([])
})
