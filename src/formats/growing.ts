// Numbers as they come, of which nobody knows how many there will be.

/** Values of one piece. */
const PIECE = 1 << 16

/** In typed pieces: a plain array of a day at 2000 Hz is more than an engine holds. */
export class Growing {
  readonly #pieces: Float64Array[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    const at = this.#length++ % PIECE
    if (at === 0) this.#pieces.push(new Float64Array(PIECE))
    this.#pieces.at(-1)![at] = value
  }

  values(): Float64Array {
    const all = new Float64Array(this.#length)
    this.#pieces.forEach((piece, i) => all.set(piece.subarray(0, this.#length - i * PIECE), i * PIECE))
    return all
  }
}
