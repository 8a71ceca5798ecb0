// What is heard of a file while it is read, and how the reading is stopped.
import { gzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { readRecordings } from '../../src/reading/read.ts'
import { memorySource } from '../../src/store/source.ts'
import { rowsOf } from './tables.ts'

/** Of some three pieces. */
const text = ['time_s,eda', ...rowsOf(250_000, 4, (t, value) => `${t},${value}`)].join('\n')
const bytes = new TextEncoder().encode(text)
const files: [string, Uint8Array][] = [
  ['a table', bytes],
  ['a table in gzip', gzipSync(bytes)],
  ['an archive of two tables', zipSync({ 'a.csv': bytes, 'b.csv': bytes }, { level: 1 })],
]

describe.each(files)('%s', (_, content) => {
  it('tells how far its reading is', async () => {
    const shares: number[] = []
    await readRecordings(memorySource('x', content), { onProgress: (done, total) => shares.push(done / total) })
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares.at(-1)).toBe(1)
    expect(new Set(shares).size).toBeGreaterThan(1)
  })

  it('lets other tasks run, and stops when one says so', async () => {
    const stop = new AbortController()
    let last = 0
    const read = readRecordings(memorySource('x', content), {
      signal: stop.signal,
      onProgress: (done, total) => (last = done / total),
    })
    setTimeout(() => stop.abort(new Error('enough'))) // cannot fire unless the reader gives way
    await expect(read).rejects.toThrow('enough')
    expect(last).toBeLessThan(1)
  })
})
