// Damaged files: what a reader must refuse or read, but never crash, hang or run out of memory on.
import { expect } from 'vitest'
import { FormatError, UsageError } from '../../src/runtime/errors.ts'
import { Random } from '../../src/runtime/random.ts'

/** Bytes changed, cut off, doubled or moved, and lengths blown up, in binary and in digits; the same ones for each seed. */
export function* mutantsOf(file: Uint8Array, count: number, seed = 1): Generator<Uint8Array> {
  const random = new Random(seed)
  const at = (): number => random.integer(file.length)
  const ways: (() => Uint8Array)[] = [
    () =>
      changed(
        file,
        Array.from({ length: 1 + random.integer(4) }, () => [at(), random.integer(256)] as const),
      ),
    () => changed(file, [[at(), 1 << random.integer(8)]]),
    () => file.slice(0, at()),
    () => splice(file, at(), at(), file.subarray(at(), at())),
    () => filled(file, at(), [1, 2, 4, 8][random.integer(4)]!, [0, 0x7f, 0xff, 0x39][random.integer(4)]!),
  ]
  for (let i = 0; i < count; i++) yield ways[i % ways.length]!()
}

function changed(file: Uint8Array, bytes: readonly (readonly [number, number])[]): Uint8Array {
  const mutant = file.slice()
  for (const [at, byte] of bytes) mutant[at] = byte
  return mutant
}

/** Bytes between two places are replaced by others. */
function splice(file: Uint8Array, a: number, b: number, others: Uint8Array): Uint8Array {
  const [from, to] = a < b ? [a, b] : [b, a]
  return Uint8Array.from([...file.subarray(0, from), ...others, ...file.subarray(to)])
}

const filled = (file: Uint8Array, at: number, length: number, byte: number): Uint8Array =>
  file.slice().fill(byte, at, at + length)

/**
 * Reads every mutant: it is refused by an error of ours, or read. `check` judges what was read.
 * Both must happen, else nothing was tested.
 */
export async function survives<T>(
  file: Uint8Array,
  count: number,
  read: (mutant: Uint8Array) => T | Promise<T>,
  check: (value: T, mutant: Uint8Array) => void,
): Promise<void> {
  let refused = 0
  for (const mutant of mutantsOf(file, count)) {
    try {
      check(await read(mutant), mutant)
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof UsageError)) throw error
      refused++
    }
  }
  expect(refused).toBeGreaterThan(count / 50)
  expect(refused).toBeLessThan(count)
}
