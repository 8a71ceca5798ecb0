// Physiological recordings of BIDS: a table without a header, and what its JSON says of it.
import { gzipSync } from 'node:zlib'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { memorySource } from '../../src/store/source.ts'
import { readEvents } from '../../src/reading/events.ts'
import { readRecordings } from '../../src/reading/read.ts'
import { wholeText } from '../../src/reading/text.ts'
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
  describe('has the events of its run as markers', () => {
    const events = 'onset\tduration\ttrial_type\n0\t2\tgo\n1.5\tn/a\tstop\n'
    const besides = async (json: object, others: Record<string, string>, of = name) => {
      const own = { 'sub-01_task-rest_run-01_physio.json': JSON.stringify({ ...sidecar, ...json }) }
      return (await readRecordings(memorySource(of, rows, { ...own, ...others })))[0]!
    }

    it('by their onsets, which count from the first scan, minus its StartTime', async () => {
      const { markers, sinceScan, notes } = await besides({}, { 'sub-01_task-rest_run-01_events.tsv': events })
      expect(sinceScan).toBe(-22.345)
      expect(markers).toEqual([
        { seconds: 22.345, duration: 2, label: 'go' },
        { seconds: 23.845, duration: 0, label: 'stop' },
      ])
      expect(notes?.at(-1)).toBe(
        'its markers are the events of sub-01_task-rest_run-01_events.tsv: their onsets minus StartTime',
      )
    })

    it('whatever the name of the recording says of its sensor', async () => {
      const of = 'sub-01_task-rest_run-01_recording-eda_physio.tsv.gz'
      const { markers, notes } = await besides({ StartTime: 0 }, { 'sub-01_task-rest_run-01_events.tsv': events }, of)
      expect([markers?.map(({ seconds }) => seconds), notes]).toEqual([[0, 1.5], []])
      expect((await besides({}, { 'sub-01_task-other_run-01_events.tsv': events }, of)).markers).toBeUndefined()
    })

    it('and says what it cannot take, or does not know', async () => {
      const broken = await besides({ StartTime: 0 }, { 'task-rest_events.tsv': 'when\n3\n' })
      expect([broken.markers, broken.notes]).toEqual([
        undefined,
        [expect.stringMatching(/^the events beside it were left out: task-rest_events\.tsv:1: no column of onsets/)],
      ])
      expect((await besides({ StartTime: undefined }, { 'task-rest_events.tsv': events })).notes).toEqual([
        'sub-01_task-rest_run-01_physio.json has no StartTime, so the onsets of task-rest_events.tsv were taken to count from the first sample',
      ])
    })

    it('in whatever encoding they are', async () => {
      const utf16 = Buffer.from('\uFEFFonset\ttrial_type\n1\tgrün\n', 'utf16le')
      const text = await wholeText(memorySource('events.tsv', utf16))
      expect(readEvents(text, 'events.tsv')).toEqual([{ seconds: 1, duration: 0, label: 'grün' }])
      const windows = Buffer.from('onset\ttrial_type\n1\tgrün\n', 'latin1')
      expect(await wholeText(memorySource('events.tsv', windows))).toContain('grün')
    })
  })

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
