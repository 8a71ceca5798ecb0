// Whether the mark in `1,002` is one of decimals or of thousands, judged by all numbers of a column.
import { isGrouped, type DecimalMark } from './cells.ts'

/** Three digits before the mark at most and just three behind it: either reading is possible. */
const EITHER = { '.': /^[+-]?[1-9]\d{0,2}\.\d{3}$/, ',': /^[+-]?[1-9]\d{0,2},\d{3}$/ } as const

/** How the numbers of a column were read that may be read in another way. */
export interface MarkDoubt {
  /** `refused`: with thousands the column goes on more evenly; `decimals` and `thousands`: what was assumed. */
  reading: 'refused' | 'decimals' | 'thousands'
  cell: string
  line: number
}

/** Sees the numbers of one column, row by row. */
export class Marks {
  readonly #decimal: DecimalMark
  #isTold = false
  #first: { cell: string; line: number } | undefined
  #grouped: { cell: string; line: number } | undefined
  #plain = 0
  #last: { value: number; isEither: boolean } | undefined
  /** How far the numbers jump where one with a mark and one without meet. */
  #jump = { decimals: 0, thousands: 0 }

  constructor(decimal: DecimalMark) {
    this.#decimal = decimal
  }

  see(cell: string, value: number, line: number): void {
    if (this.#isTold || Number.isNaN(value)) return
    const text = cell.trim()
    const isEither = EITHER[this.#decimal].test(text)
    if (isEither) this.#first ??= { cell: text, line }
    else if (text.includes(this.#decimal) || /e/i.test(text)) this.#isTold = true
    else if (isGrouped(text, this.#decimal)) this.#grouped ??= { cell: text, line }
    else if (Math.abs(value) >= 1000) this.#isTold = true
    else this.#plain++
    const last = this.#last
    if (last && last.isEither !== isEither) {
      this.#jump.decimals += Math.abs(value - last.value)
      this.#jump.thousands += Math.abs(value * (isEither ? 1000 : 1) - last.value * (last.isEither ? 1000 : 1))
    }
    this.#last = { value, isEither }
  }

  doubt(): MarkDoubt | undefined {
    if (this.#isTold) return undefined
    if (this.#first && this.#plain > 0)
      return this.#jump.thousands < this.#jump.decimals ? { reading: 'refused', ...this.#first } : undefined
    if (this.#first) return this.#decimal === ',' ? { reading: 'decimals', ...this.#first } : undefined
    return this.#grouped && /[.,]/.test(this.#grouped.cell) ? { reading: 'thousands', ...this.#grouped } : undefined
  }
}
