// Tables in files of each form, read back by programs that are not ours where there are any.
import { tableFromIPC } from 'apache-arrow'
import { readParquet } from 'parquet-wasm'
import { expect, it } from 'vitest'
import { tableFile, type ExportTable } from '../../src/export/table.ts'
import { parseCsv } from '../../src/formats/csv.ts'
import { unzipSync } from 'fflate'

const table: ExportTable = {
  name: 'said',
  columns: [
    { name: 'who', kind: 'text', values: ['Zoë', 'a, "b"\nc', ''] },
    { name: 'label', kind: 'integer', values: [1, 0, -7] },
    { name: 'probability', kind: 'number', values: [0.1, NaN, 1e-300] },
  ],
}

it('CSV quotes texts and leaves missing numbers empty', () => {
  const csv = parseCsv(new TextDecoder().decode(tableFile(table, 'csv')), 'said.csv')
  expect(csv.text('who')).toEqual(table.columns[0]!.values)
  expect([...csv.numbers('label')]).toEqual([1, 0, -7])
  expect([...csv.numbers('probability', 'nan')]).toEqual([0.1, NaN, 1e-300])
})

it('Parquet keeps types and values', () => {
  const read = tableFromIPC(readParquet(tableFile(table, 'parquet')).intoIPCStream())
  expect(read.schema.fields.map(({ name, type }) => [name, String(type)])).toEqual([
    ['who', 'Utf8'],
    ['label', 'Int32'],
    ['probability', 'Float64'],
  ])
  for (const { name, values } of table.columns) expect([...read.getChild(name)!], name).toEqual(values)
})

it('npz has an array a column', () => {
  const files = unzipSync(tableFile(table, 'npz'))
  expect(Object.keys(files)).toEqual(['who.npy', 'label.npy', 'probability.npy'])
  const types = Object.values(files).map(
    (bytes) => /'descr': '(.{3})'/.exec(new TextDecoder('latin1').decode(bytes))?.[1],
  )
  expect(types).toEqual(['<U8', '<i4', '<f8'])
  expect([...new Int32Array(files['label.npy']!.slice(-12).buffer)]).toEqual([1, 0, -7])
})

it('a table without lines is refused by name', () => {
  const columns = table.columns.map((column) => ({ ...column, values: [] }))
  expect(() => tableFile({ name: 'said', columns }, 'parquet')).toThrow('the table said has no lines')
})
