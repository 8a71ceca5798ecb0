// Text as it should not be: whatever is damaged in a table, it is read or refused in a sentence.
import { describe, expect, it } from 'vitest'
import { memorySource } from '../../src/store/source.ts'
import { readRecordings } from '../../src/reading/read.ts'
import { survives } from '../formats/mutants.ts'
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
