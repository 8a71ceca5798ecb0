// Channels that nobody asks for: noise that is the same wherever it is made, and costs a copy.

import type { Random } from '../../runtime/random.ts'

/** Values in the bank. */
const BANK = 1 << 16

/** Noise of deviation 1 in thousandths, any stretch of which is drawn from the same bank. */
export class Noise {
  readonly #bank: Float64Array

  constructor(private readonly random: Random) {
    this.#bank = Float64Array.from({ length: BANK }, () => Math.round(1000 * random.normal()) / 1000)
  }

  /** Fills an array from a place in the bank of its own. */
  fill(values: Float64Array): void {
    for (let at = 0, from = this.random.integer(BANK); at < values.length; from = 0) {
      const piece = this.#bank.subarray(from, from + values.length - at)
      values.set(piece, at)
      at += piece.length
    }
  }
}
