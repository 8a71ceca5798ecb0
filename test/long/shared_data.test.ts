// What takes minutes on the data beside a clone: all their golden values by each method, and their recordings as streams.
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decomposeStream } from '../../src/cvxeda/stream.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { errors, feed, offline, settledBeforeEnd, settledOf, TOLERANCE } from '../cvxeda/stream_comparison.ts'
import { goldenFolders } from '../support/golden_values.ts'
import { needs, NO_SHARED } from '../support/needs.ts'
import { expectGolden } from '../verify/golden_folder.ts'

const shared = goldenFolders.slice(1)
describe('golden values', needs(shared.length > 0, NO_SHARED), () => {
  let gpu: Gpu
  beforeAll(async () => {
    gpu = await openGpu()
  })
  afterAll(() => gpu.close())

  it.each(shared.map((url) => [url.pathname.split('/').slice(-3, -1).join('/'), url] as const))(
    '%s',
    async (_, url) => await expectGolden(gpu, url),
  )
})

const folder = new URL('../../../shared/data/eda/', import.meta.url)
const recordings = [
  ['laboratory, 100 Hz, rest', 'nk_resting_100hz', 100],
  ['laboratory, 100 Hz, events', 'nk_eventrelated_100hz', 100],
  ['laboratory, 128 Hz', 'biosppy_128hz', 128],
  ['wrist, 4 Hz, office', 'e4_office_4hz', 4],
  ['wrist, 4 Hz, low level', 'e4_lowlevel_4hz', 4],
] as const
describe('real recordings, streamed, are settled as offline, to 1e-2', needs(existsSync(folder), NO_SHARED), () => {
  it.each(recordings)('%s', async (_, name, sampleRate) => {
    const rows = readFileSync(new URL(`${name}.csv`, folder), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
    const eda = Float64Array.from(rows, (row) => Number(row.split(',')[1])).subarray(0, 9000 + 100 * sampleRate)
    const stream = decomposeStream('cpu', { sampleRate, hopSeconds: 10 })
    const updates = await feed(stream, eda, 10 * sampleRate)
    const parts = settledOf(updates)
    const found = errors(parts, await offline(eda, sampleRate, stream.scale!), eda, settledBeforeEnd(updates))
    expect(found.phasic).toBeLessThan(TOLERANCE)
    expect(found.tonic).toBeLessThan(TOLERANCE)
    expect(new Set(parts.map((p) => p.status))).toEqual(new Set(['solved']))
  })
})
