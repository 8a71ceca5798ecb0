// How far a batch is, in one number that only rises: files weigh as many bytes as they have, and each stage of a file a share of them.

/** Reading and making ready, solving, writing: as a table of hours at 50 Hz takes its time on the CPU, to and from CSV. */
export const STAGES = { reading: 0.2, solving: 0.4, writing: 0.4 } as const

export class Progress {
  readonly #hear: (share: number) => void
  #total: number
  #done = 0
  #atHand = 0
  #share = 0

  /** @param hear called with the share of the work that is done, from 0 to 1 */
  constructor(work: number, hear: (share: number) => void) {
    this.#total = work
    this.#hear = hear
  }

  /** So much of what is at hand is done. */
  at(work: number): void {
    if (work <= this.#atHand) return
    this.#atHand = work
    this.tell()
  }

  /** What was at hand is done. */
  finish(work: number): void {
    this.#done += work
    this.#atHand = 0
    this.tell()
  }

  /** What is not done of `work` need not be done at all. */
  drop(work: number): void {
    this.#total -= work - this.#atHand
    this.finish(this.#atHand)
  }

  tell(): void {
    const share = this.#total > 0 ? Math.min(1, (this.#done + this.#atHand) / this.#total) : 1
    this.#share = Math.max(this.#share, share) // sums are rounded
    this.#hear(this.#share)
  }
}
