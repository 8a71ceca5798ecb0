import { readFileSync } from 'node:fs'
import { gzipSync, strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { adviceFor, HEAD_BYTES, type Kind, kindOf, kindOfZip } from '../../src/formats/magic.ts'

const fixture = (name: string) => readFileSync(new URL(`../reading/fixtures/${name}`, import.meta.url))
const head = (...bytes: number[]) => Uint8Array.from({ length: 600 }, (_, i) => bytes[i] ?? 0)
const matlab73 = strToU8('MATLAB 7.3 MAT-file, Platform: GLNXA64'.padEnd(512) + '\x89HDF\r\n\x1a\n', true)

describe('the kind of a file', () => {
  it.each<[Kind, Uint8Array]>([
    ['edf', fixture('plain.edf')],
    ['edf', fixture('interrupted.edf')],
    ['bdf', fixture('continuous.bdf')],
    ['xdf', fixture('lsl.xdf')],
    ['avro', fixture('embraceplus.avro')],
    ['zip', fixture('e4.zip')],
    ['gzip', gzipSync(strToU8('a'))],
    ['zip', zipSync({})],
    ['npy', head(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0)],
    ['xls', head(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1)],
    ['hdf5', head(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a)],
    ['hdf5', matlab73],
    ['matlab', strToU8('MATLAB 5.0 MAT-file, Platform: PCWIN64'.padEnd(128, '\0'))],
    ['spss', strToU8('$FL2@(#) SPSS DATA FILE')],
    ['stata', strToU8('<stata_dta><header>')],
    ['stata', head(115, 2, 1, 0)],
    ['parquet', strToU8('PAR1\x15\x04')],
    ['sqlite', strToU8('SQLite format 3\0')],
    ['pickle', Uint8Array.of(0x80, 4, 0x95)],
    ['pdf', strToU8('%PDF-1.7')],
    ['image', head(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
    ['html', strToU8('\n<!DOCTYPE html><html>')],
    ['acqknowledge', head(0, 0, 0x84, 0, 0, 0)],
    ['acqknowledge', head(0, 0, 0, 0, 0, 0x26)],
    ['gdf', strToU8('GDF 2.21')],
    ['brainvision', strToU8('Brain Vision Data Exchange Header File Version 1.0\r\n')],
    ['chart', strToU8('CFWB\x01\0\0\0', true)],
    ['binary', head(1, 2, 3, 4, 5, 6)],
    ['text', strToU8('time;eda\r\n0;1,5\r\n')],
    ['text', strToU8('Zeit;Leitfähigkeit\tµS', true)],
    ['text', Uint8Array.from(Buffer.from('time\teda\n0\t1\n', 'utf16le'))],
    ['text', Uint8Array.from(Buffer.from('\uFEFFZeit', 'utf16le'))],
    ['text', new Uint8Array()],
    ['text', strToU8('0,1\n0.25,2\n')],
  ])('is %s', (kind, bytes) => {
    expect(kindOf(bytes.subarray(0, HEAD_BYTES))).toBe(kind)
  })

  it.each<[Kind, string[]]>([
    ['excel', ['[Content_Types].xml', '_rels/.rels', 'xl/workbook.xml']],
    ['word', ['[Content_Types].xml', 'word/document.xml']],
    ['opendocument', ['mimetype', 'content.xml']],
    ['npz', ['eda.npy', 'time.npy']],
    ['zip', ['EDA.csv', 'eda.npy']],
    ['zip', []],
  ])('of an archive is %s by its names', (kind, names) => {
    expect(kindOfZip(names)).toBe(kind)
  })

  it('that is not read says what to do, and one that is read says nothing', () => {
    expect(`a.xlsx ${adviceFor('excel')}`).toBe(
      'a.xlsx is an Excel workbook; save its sheet as CSV (File, Save As, CSV UTF-8)',
    )
    expect(adviceFor('acqknowledge')).toContain('bioread')
    for (const kind of ['text', 'gzip', 'zip', 'npz', 'edf', 'bdf', 'xdf', 'avro', 'npy'] as const)
      expect(adviceFor(kind)).toBeUndefined()
    for (const kind of ['xls', 'hdf5', 'matlab', 'parquet', 'binary', 'rar'] as const)
      expect(adviceFor(kind)).toMatch(/^(is|was) .*; /)
  })
})
