// A table whose columns are known by their places: its header may say anything, and its rows need not be of one length.
import { isMissing, shown, ungroupedNumberOf } from '../formats/cells.ts'
import { visitRows } from '../formats/rows.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Source } from '../store/source.ts'
import { wholeText } from '../reading/text.ts'

/** Characters of a file among which its first lines are. */
const HEAD = 1 << 17

export interface PositionRow {
  cells: readonly string[]
  /** From 1. */
  line: number
}

/** A table as its rows, of which those of empty cells alone are left out. */
export class PositionTable {
  /** Decimal mark of the first number that had one. */
  #mark: string | undefined

  private constructor(
    readonly source: string,
    readonly rows: readonly PositionRow[],
    private readonly separator: string,
  ) {}

  /** @throws FormatError for bytes that are no text, and for quotes that are not closed */
  static async read(source: Source): Promise<PositionTable> {
    const text = source.size === 0 ? '' : await wholeText(source)
    const separator = separatorOf(text.slice(0, HEAD))
    const rows: PositionRow[] = []
    await visitRows(once(text), { separator, skip: 0 }, source.name, (cells, line) => {
      if (cells.some((cell) => cell.trim() !== '')) rows.push({ cells, line })
    })
    return new PositionTable(source.name, rows, separator)
  }

  /** Whether the first row is names, not numbers. */
  get hasHeader(): boolean {
    const cell = this.rows[0]?.cells[0] ?? ''
    return /^[^\d]*\p{L}/u.test(cell) && !isMissing(cell)
  }

  where({ line }: PositionRow): string {
    return `${this.source}:${line}`
  }

  /**
   * The number in a column, counted from 0; NaN where the cell is missing. Its decimal mark may be a comma where commas do not part cells.
   * @throws FormatError for text, for a number that is not finite, and for one whose decimal mark is not that of the numbers above
   */
  number(row: PositionRow, column: number): number {
    const cell = row.cells[column] ?? ''
    const mark = cell.includes(',') && this.separator !== ',' ? ',' : '.'
    const value = ungroupedNumberOf(cell, mark)
    const refused = (expected: string): FormatError =>
      new FormatError(`${this.where(row)}: column ${column + 1} is '${shown(cell.trim())}', expected ${expected}`)
    if (value === undefined) throw refused('a number')
    if (Math.abs(value) === Infinity) throw refused('a finite number')
    if (!Number.isNaN(value) && cell.includes(mark)) {
      this.#mark ??= mark
      if (mark !== this.#mark) throw refused(`'${this.#mark}' for a decimal mark, as other numbers have it`)
    }
    return value
  }
}

/** That of the first line that has one: a header may be shorter than its rows. Beside another one a comma is a decimal mark. */
function separatorOf(head: string): string {
  const line = /[^\r\n]*[,;\t][^\r\n]*/.exec(head)?.[0] ?? ''
  return [';', '\t', ','].find((mark) => line.includes(mark)) ?? ''
}

async function* once(text: string): AsyncGenerator<string> {
  yield await Promise.resolve(text)
}
