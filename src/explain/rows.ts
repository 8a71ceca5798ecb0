// Rows that are fed to a model in batches of one size.
import type { InputRows } from '../train/inputs.ts'

/** Rows made of others: row i is row `of(i)` with its signals [channels, length] changed in place; the music stays. */
export function changedRows(
  rows: InputRows,
  of: (row: number) => number,
  change: (eda: Float32Array, row: number) => void,
): InputRows {
  return {
    eda(wanted) {
      const eda = rows.eda(wanted.map(of))
      const size = eda.length / wanted.length
      wanted.forEach((row, i) => change(eda.subarray(i * size, (i + 1) * size), row))
      return eda
    },
    music: (wanted) => rows.music(wanted.map(of)),
  }
}

/** A batch of rows: those that are meant, and the same filled up to the batch's size by repeating the first. */
export interface FilledBatch {
  own: readonly number[]
  filled: readonly number[]
}

/** All rows, in batches. Stops between them on `abort`. */
export async function inBatches(
  rows: readonly number[],
  size: number,
  work: (batch: FilledBatch) => Promise<void>,
  abort?: AbortSignal,
): Promise<void> {
  for (let start = 0; start < rows.length; start += size) {
    abort?.throwIfAborted()
    const own = rows.slice(start, start + size)
    await work({ own, filled: Array.from({ length: size }, (_, i) => own[i] ?? own[0]!) })
  }
}
