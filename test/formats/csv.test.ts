import { describe, expect, it } from 'vitest'
import { formatCsv, parseCsv } from '../../src/formats/csv.ts'
import { FormatError } from '../../src/runtime/errors.ts'

describe('csv', () => {
  it('reads quotes, CRLF, BOM, semicolons, tabs and blank lines', () => {
    const table = parseCsv('\uFEFFa;"b;c"\r\n1;"x ""y"""\r\n\r\n2;z\r\n', 'f.csv')
    expect(table.columns).toEqual(['a', 'b;c'])
    expect(table.text('b;c')).toEqual(['x "y"', 'z'])
    expect([...table.numbers('a')]).toEqual([1, 2])
    expect(table.where(1)).toBe('f.csv:4')
    expect(table.row(0)).toEqual({ a: '1', 'b;c': 'x "y"' })
    expect(parseCsv('a\tb\n1\t2\n', 'f').columns).toEqual(['a', 'b'])
  })

  it('counts lines over cells that span several', () => {
    const table = parseCsv('a,b\n"1\n2",3\n4,x\n', 'f.csv')
    expect(() => table.numbers('b')).toThrow("f.csv:4: column 'b' is 'x', expected a number")
  })

  it('writes what it reads', () => {
    const text = formatCsv(
      ['a', 'b,c'],
      [
        ['say "hi"', 1.5],
        ['two\nlines', -2e-7],
      ],
    )
    const table = parseCsv(text, 'f')
    expect(table.text('a')).toEqual(['say "hi"', 'two\nlines'])
    expect([...table.numbers('b,c')]).toEqual([1.5, -2e-7])
  })

  it('names the file, line and column of what is wrong', () => {
    const table = parseCsv('time,eda\n0,1\n1,abc\n2,\n3,0x1F\n', 'f.csv')
    expect(() => table.numbers('eda')).toThrow("f.csv:3: column 'eda' is 'abc', expected a number")
    expect(() => table.numbers('gsr')).toThrow("f.csv: no column 'gsr'; the columns are time, eda")
    expect(() => parseCsv('a\n1\n\n', 'f').numbers('a')).not.toThrow()
    expect(() => parseCsv('a,b\n1,\n', 'f').numbers('b')).toThrow("f:2: column 'b' is '', expected a number")
    expect([...parseCsv('a,b\n1,\n2,NaN\n3,7\n', 'f').numbers('b', 'nan')]).toEqual([NaN, NaN, 7])
    expect(() => parseCsv('a,b\n1,0x1F\n', 'f').numbers('b', 'nan')).toThrow(FormatError)
    expect(() => parseCsv('a,b\n1,2\n1,2,3\n', 'f.csv')).toThrow('f.csv:3: 3 cells, expected 2 as in the first line')
    expect(() => parseCsv('a,b\n1,"2\n', 'f.csv')).toThrow(/^f\.csv:\d: Quote Not Closed/)
    expect(() => parseCsv('a,a\n1,2\n', 'f.csv')).toThrow("f.csv:1: two columns are called 'a'; rename one")
    for (const text of ['', ' \n\n', '\uFEFF']) {
      expect(() => parseCsv(text, 'f.csv')).toThrow('f.csv: the file is empty')
    }
  })
})
