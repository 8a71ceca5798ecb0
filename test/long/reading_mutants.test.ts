// Files as they should not be: whatever is damaged in one, it is read or refused in a sentence, in bounded memory and without reading on and
// on.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { memorySource, type Source } from '../../src/store/source.ts'
import { readRecordings } from '../../src/reading/read.ts'
import type { Recording } from '../../src/reading/recording.ts'
import { survives } from '../formats/mutants.ts'
import { chunk, double, file, le, stream } from '../formats/xdf_writer.ts'
import { rowsOf } from '../reading/tables.ts'

const N = 60
const HEADER = JSON.stringify({
  dev: {
    sensor: ['EDA'],
    column: ['nSeq', 'CH1'],
    'sampling rate': 100,
    device: 'biosignalsplux',
    resolution: [16],
    label: ['CH1'],
  },
})
const LAYOUTS: Readonly<Record<string, string[]>> = {
  plain: ['time_s,eda_uS', ...rowsOf(N, 4, (t, v) => `${t.toFixed(2)},${v}`)],
  german: ['Zeit;Leitfähigkeit (µS)', ...rowsOf(N, 4, (t, v) => `${t.toFixed(2)};${v}`.replaceAll('.', ','))],
  quoted: ['"id","time","eda"', ...rowsOf(N, 4, (t, v, i) => `"S${i > 30 ? 1 : 0}","${(t % 7.75).toFixed(2)}","${v}"`)],
  dates: ['timestamp\teda', ...rowsOf(N, 4, (t, v) => `2024-10-27 02:59:${(50 + (t % 10)).toFixed(2)}\t${v}`)],
  unix: ['# rate: 4 Hz', 'timestamp,eda', ...rowsOf(N, 4, (t, v) => `${1.7e12 + 1000 * t},${v}`)],
  acqknowledge: [
    'a.acq',
    '1 msec/sample',
    '1 channels',
    'EDA',
    'microsiemens',
    'milliSec\tCH1\t',
    ...rowsOf(N, 1000, (t, v) => `${1000 * t}\t${v}\t`),
  ],
  opensignals: [
    '# OpenSignals Text File Format',
    `# ${HEADER}`,
    '# EndOfHeader',
    ...rowsOf(N, 100, (_, v, i) => `${i}\t${Math.round(1000 * Number(v))}\t`),
  ],
  labchart: ['Interval=\t0.25 s', 'ChannelTitle=\tEDA', 'Range=\t40 µS', ...rowsOf(N, 4, (t, v) => `${t}\t${v}`)],
  bare: rowsOf(N, 4, (_, v) => v),
}

describe('a damaged table', () => {
  it.each(Object.entries(LAYOUTS))('in the layout %s is read or refused', async (name, lines) => {
    const options = name === 'bare' ? { sampleRate: 4 } : {}
    const read = async (bytes: Uint8Array) => await readRecordings(memorySource('a.txt', bytes), options)
    const base = new TextEncoder().encode(`${lines.join('\n')}\n`)
    await survives(base, 2000, read, (recordings, mutant) => {
      // A hole in time is filled up to a million samples.
      for (const { eda } of recordings) expect(eda.length).toBeLessThan(1e6 + mutant.length)
    })
  })
})

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../reading/fixtures/${name}`, import.meta.url)))
const gzip = (content: string | Uint8Array) => new Uint8Array(gzipSync(content))
/** Packets of skin conductance that come late, and a gap between them. */
const packets = file(
  stream(1, 'float32', 1, 4, '<name>Band</name><type>EDA</type>'),
  ...Array.from({ length: 12 }, (_, packet) =>
    chunk(3, [
      ...le(1, 4),
      ...[1, 4],
      ...Array.from({ length: 4 }, (_sample, i) => [
        ...[8, ...double(packet + i / 4 + ((packet * 7) % 5) / 10 + (packet > 7 ? 9 : 0))],
        ...new Uint8Array(Float32Array.of(5 + packet / 10).buffer),
      ]).flat(),
    ]),
  ),
)
const table = strToU8([...LAYOUTS['plain']!, ''].join('\n'))
const BIDS = 'sub-01_task-rest_physio'
const physio = gzip(rowsOf(N, 50, (_, v) => `0.1\t${v}\tn/a`).join('\n'))
const sidecar = strToU8(
  JSON.stringify({ SamplingFrequency: 50, StartTime: -2, Columns: ['cardiac', 'eda', 'x'], eda: { Units: 'uS' } }),
)

/** By their names, what is damaged and the files beside it; `gaps` may be as long as a day at 256 Hz. */
const FILES: Readonly<
  Record<string, [name: string, content: Uint8Array, beside?: Record<string, Uint8Array>, gaps?: 'long']>
> = {
  'E4 archive': ['p01.zip', fixture('e4.zip')],
  'archive of archives': ['study.zip', zipSync({ 'a.zip': fixture('e4.zip'), 'b/eda.csv': table }, { level: 0 })],
  'EmbracePlus, deflated': ['a.avro', fixture('embraceplus.avro')],
  'EmbracePlus, stored': ['a.avro', fixture('embraceplus_stored.avro')],
  'EDF+C': ['a.edf', fixture('continuous.edf'), {}, 'long'],
  'EDF+D': ['a.edf', fixture('interrupted.edf'), {}, 'long'],
  BDF: ['a.bdf', fixture('plain.bdf')],
  XDF: ['a.xdf', fixture('lsl.xdf')],
  'XDF in packets': ['a.xdf', packets],
  'BIDS table': [`${BIDS}.tsv.gz`, physio, { [`${BIDS}.json`]: sidecar }],
  'gzip of a table': ['a.csv.gz', gzip(table)],
}

/** Bytes that a reader asks for, in all, of a file of `size`: it may go back, but not again and again. */
const mostBytes = (size: number): number => 400 * size + 2 ** 20

function counted(source: Source): Source {
  let bytes = 0
  return {
    ...source,
    read: (start, end) => {
      bytes += Math.max(0, Math.min(end, source.size) - start)
      expect(bytes).toBeLessThan(mostBytes(source.size))
      return source.read(start, end)
    },
  }
}

function expectSound({ eda, sampleRate, start, markers = [], temperature }: Recording, most: number): void {
  expect(sampleRate).toBeGreaterThan(0)
  expect(Number.isFinite(sampleRate)).toBe(true)
  expect(eda.length).toBeLessThan(most)
  expect(temperature?.values.length ?? 0).toBeLessThan(most)
  expect(start === undefined || Number.isFinite(start.wallMs)).toBe(true)
  expect(markers.every(({ seconds, duration }) => Number.isFinite(seconds) && duration >= 0)).toBe(true)
}

describe('a damaged file', () => {
  it.each(Object.entries(FILES))('%s is read or refused', async (_, [name, base, others, gaps]) => {
    const read = async (bytes: Uint8Array) => await readRecordings(counted(memorySource(name, bytes, others)))
    await survives(base, 2000, read, (recordings, mutant) => {
      expect(recordings.length).toBeGreaterThan(0)
      for (const one of recordings) expectSound(one, (gaps === 'long' ? 2.3e7 : 1e6) + 1032 * mutant.length)
    })
  })

  it('beside a table, the JSON of BIDS, is read or refused', async () => {
    const read = async (json: Uint8Array) =>
      await readRecordings(memorySource(`${BIDS}.tsv.gz`, physio, { [`${BIDS}.json`]: json }))
    await survives(sidecar, 2000, read, (recordings) => {
      for (const one of recordings) expectSound(one, 1e6)
    })
  })
})
