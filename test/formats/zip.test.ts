import { readFileSync } from 'node:fs'
import { strToU8, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { zipDirectory } from '../../src/formats/zip.ts'
import { survives } from './mutants.ts'

const LOCAL_HEADER = 30
const sourceOf = (bytes: Uint8Array, name = 'a.zip') => ({
  name,
  size: bytes.length,
  read: (start: number, end: number) => {
    // What is asked for may be allocated: no size that the archive claims may get here unchecked.
    expect(end - start).toBeLessThanOrEqual(Math.max(bytes.length, LOCAL_HEADER))
    return Promise.resolve(bytes.slice(start, end))
  },
})
const files = {
  'b/EDA.csv': strToU8('1\n'.repeat(500)),
  'b/raw.bin': Uint8Array.of(0, 255, 7),
  'empty.txt': new Uint8Array(),
}
const archive = zipSync({ ...files, 'b/': new Uint8Array(), '__MACOSX/b/._EDA.csv': strToU8('x') }, { level: 9 })

/** Where the entry of the directory with this name begins. */
function directoryEntry(bytes: Uint8Array, name: string): number {
  const text = Buffer.from(bytes).toString('latin1')
  return text.lastIndexOf(name) - 46
}

function patched(name: string, patch: (view: DataView, at: number) => void, bytes = archive): Uint8Array {
  const copy = bytes.slice()
  patch(new DataView(copy.buffer), directoryEntry(copy, name))
  return copy
}

/** The archive as those above 4 GiB are: what may not fit into 32 bits stands in fields of 64. */
function large(bytes: Uint8Array, start?: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = bytes.length - 22
  const first = view.getUint32(end + 16, true)
  const count = view.getUint16(end + 10, true)
  const entries: Uint8Array[] = []
  for (let at = first, i = 0; i < count; i++) {
    const nameEnd = at + 46 + view.getUint16(at + 28, true)
    const next = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    const entry = new Uint8Array(nameEnd - at + 4 + 28)
    entry.set(bytes.subarray(at, nameEnd))
    const out = new DataView(entry.buffer)
    out.setUint16(30, 32, true)
    out.setUint16(32, 0, true)
    out.setUint16(nameEnd - at, 1, true)
    out.setUint16(nameEnd - at + 2, 24, true)
    for (const [k, field] of [24, 20, 42].entries()) {
      out.setBigUint64(nameEnd - at + 4 + 8 * k, BigInt(view.getUint32(at + field, true)), true)
      out.setUint32(field, 0xffffffff, true)
    }
    entries.push(entry)
    at = next
  }
  const length = entries.reduce((sum, entry) => sum + entry.length, 0)
  const tail = new Uint8Array(56 + 20 + 22)
  const out = new DataView(tail.buffer)
  out.setUint32(0, 0x06064b50, true)
  out.setBigUint64(32, BigInt(count), true)
  out.setBigUint64(40, BigInt(length), true)
  out.setBigUint64(48, BigInt(start ?? first), true)
  out.setUint32(56, 0x07064b50, true)
  out.setBigUint64(64, BigInt(first + length), true)
  tail.set(bytes.subarray(end), 76)
  out.setUint16(76 + 10, 0xffff, true)
  out.setUint32(76 + 12, 0xffffffff, true)
  out.setUint32(76 + 16, 0xffffffff, true)
  return Uint8Array.from(Buffer.concat([bytes.subarray(0, first), ...entries, tail]))
}

const unpackAll = async (bytes: Uint8Array) => {
  const entries = await zipDirectory(sourceOf(bytes))
  return Promise.all(entries.map(async ({ name, unpack }) => [name, await unpack()] as const))
}

describe('a zip archive', () => {
  it('gives its files without folders and what macOS adds, packed or stored', async () => {
    expect(Object.fromEntries(await unpackAll(archive))).toEqual(files)
    expect(Object.fromEntries(await unpackAll(zipSync(files, { level: 0 })))).toEqual(files)
    expect((await zipDirectory(sourceOf(archive))).map(({ size }) => size)).toEqual([1000, 3, 0])
  })

  it('of another program, behind a comment, gives them too', async () => {
    const bytes = readFileSync(new URL('../reading/fixtures/e4.zip', import.meta.url))
    const comment = Uint8Array.from([...bytes, 104, 105])
    comment[bytes.length - 2] = 2
    const entries = await unpackAll(comment)
    expect(entries.map(([name]) => name)).toContain('session/tags.csv')
    expect(new TextDecoder().decode(entries[3]![1])).toBe('1500000001.25\n1500000007.50\n')
  })

  it('of the form for more than 4 GiB gives them too', async () => {
    expect(Object.fromEntries(await unpackAll(large(archive)))).toEqual(files)
  })

  it('whose names are in no encoding that is told keeps them apart', async () => {
    const bytes = Buffer.from(zipSync({ 'a1.csv': strToU8('x'), 'a2.csv': strToU8('y') }))
    const text = bytes.toString('latin1').replaceAll('a1.csv', 'a\x84.csv').replaceAll('a2.csv', 'a\x94.csv')
    const entries = await unpackAll(new Uint8Array(Buffer.from(text, 'latin1')))
    expect(new Set(entries.map(([name]) => name)).size).toBe(2)
  })

  it('gives what lies beside an entry that is too large, or packed in another way', async () => {
    const both = zipSync({ 'EDA.csv': strToU8('1'), 'video.mp4': new Uint8Array(3e6) }, { level: 0 })
    for (const method of [8, 12]) {
      const bytes = patched(
        'video.mp4',
        (v, at) => {
          v.setUint16(at + 10, method, true)
          v.setUint32(at + 24, 2 ** 31, true)
        },
        both,
      )
      const [eda, video] = await zipDirectory(sourceOf(bytes))
      expect(await eda!.unpack()).toEqual(strToU8('1'))
      await expect(video!.unpack()).rejects.toThrow(
        method === 8 ? "a.zip: 'video.mp4' unpacks to 2147483648 bytes, which are too many" : 'packed by method 12',
      )
    }
  })

  it.each<[string, Uint8Array, RegExp]>([
    ['cut off', archive.slice(0, -23), /without its end; it was not copied or downloaded completely/],
    ['of a directory beyond its end', archive.slice(100), /directory of the zip archive is damaged/],
    ['of a large directory beyond its end', large(archive, 2 ** 40), /directory of the zip archive is damaged/],
    ['encrypted', patched('b/EDA.csv', (v, at) => v.setUint16(at + 8, 1, true)), /'b\/EDA.csv' is encrypted/],
    ['packed by LZMA', patched('b/EDA.csv', (v, at) => v.setUint16(at + 10, 14, true)), /packed by method 14/],
    ['of other bytes', patched('b/EDA.csv', (v, at) => v.setUint32(at + 16, 1, true)), /checksum does not match/],
    ['of too short a size', patched('b/EDA.csv', (v, at) => v.setUint32(at + 24, 99, true)), /more than the 99 bytes/],
    [
      'of an impossible size',
      patched('b/EDA.csv', (v, at) => v.setUint32(at + 24, 2 ** 31, true)),
      /claims 2147483648/,
    ],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(unpackAll(bytes)).rejects.toThrow(message)
  })

  it('that is a bomb is refused before anything is unpacked', async () => {
    const zeros = zipSync({ a: new Uint8Array(2 ** 24) }, { level: 9 })
    const large = patched('a', (v, at) => v.setUint32(at + 24, 2 ** 24, true), zeros)
    expect((await zipDirectory(sourceOf(large)))[0]!.size).toBe(2 ** 24)
    // A hundred entries of one and the same packed bytes.
    const start = directoryEntry(zeros, 'a')
    const record = zeros.slice(start, start + 47)
    const end = zeros.slice(-22)
    new DataView(end.buffer).setUint16(10, 100, true)
    new DataView(end.buffer).setUint32(12, 4700, true)
    const many = Uint8Array.from([
      ...zeros.subarray(0, start),
      ...Array.from({ length: 100 }, () => [...record]).flat(),
      ...end,
    ])
    await expect(zipDirectory(sourceOf(many))).rejects.toThrow('a.zip: the directory of the zip archive is damaged')
  })

  it('is refused or read, however damaged', async () => {
    for (const bytes of [archive, large(archive)])
      await survives(bytes, 2000, unpackAll, (entries) => {
        expect(entries.reduce((sum, [, unpacked]) => sum + unpacked.length, 0)).toBeLessThan(10_000)
      })
  })
})
