// Physiological recordings of BIDS: a table without a header, and what its JSON says of it.
import { gzipSync } from 'node:zlib'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { memorySource } from '../../src/store/source.ts'
import { readRecordings } from '../../src/reading/read.ts'
import { fileSource } from '../../src/store/node_source.ts'
import { rowsOf } from './tables.ts'

const name = 'sub-01_task-rest_run-01_physio.tsv.gz'
const rows = gzipSync(rowsOf(200, 50, (_, value) => `0.1\t${value}\tn/a`).join('\n'))
const sidecar = {
  SamplingFrequency: 50,
  StartTime: -22.345,
  Columns: ['cardiac', 'skin conductance', 'trigger'],
  'skin conductance': { Units: 'uS' },
  Manufacturer: 'Acme',
}
const read = async (json: object) =>
  await readRecordings(memorySource(name, rows, { 'sub-01_task-rest_run-01_physio.json': JSON.stringify(json) }))

describe('a recording of BIDS', () => {
  it('has the columns, the rate, the unit and the maker that its JSON says', async () => {
    const [recording] = await read(sidecar)
    expect(recording).toMatchObject({
      sampleRate: 50,
      unit: 'µS',
      recorder: 'Acme',
      notes: ['it begins -22.345 s after the first scan (StartTime)'],
      reading: { format: 'BIDS physio', eda: 'skin conductance', encoding: 'utf-8, gzip' },
    })
    expect([recording!.eda.length, recording!.eda[0]]).toEqual([200, 5.0002])
  })

  it('without a rate, columns, or JSON that is one, is refused by the name of that file', async () => {
    await expect(read({ ...sidecar, SamplingFrequency: 'n/a' })).rejects.toThrow(
      /_physio\.json: SamplingFrequency is n\/a/,
    )
    await expect(read({ SamplingFrequency: 4 })).rejects.toThrow(/_physio\.json: has no list of Columns/)
    const broken = memorySource(name, rows, { 'sub-01_task-rest_run-01_physio.json': '{' })
    await expect(readRecordings(broken)).rejects.toThrow(/_physio\.json: is no JSON object/)
  })

  const folder = mkdtempSync(join(tmpdir(), 'bids-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  it('takes the nearest JSON above it that says nothing else', async () => {
    mkdirSync(join(folder, 'sub-01', 'func'), { recursive: true })
    const write = (path: string, content: string | Uint8Array): void => writeFileSync(join(folder, path), content)
    write(`sub-01/func/${name}`, rows)
    write('sub-01/func/sub-01_task-other_physio.json', '{}')
    write('task-rest_physio.json', JSON.stringify({ ...sidecar, SamplingFrequency: 40 }))
    const rate = async (): Promise<number> =>
      (await readRecordings(await fileSource(join(folder, 'sub-01/func', name))))[0]!.sampleRate
    expect(await rate()).toBe(40)
    write('sub-01/sub-01_task-rest_physio.json', JSON.stringify(sidecar))
    expect(await rate()).toBe(50)
  })
})
