// One recording as thirty devices and programs write it: what `galvani decompose` makes of each file.
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isoTime } from '../../src/reading/recording.ts'
import { memorySource } from '../../src/store/source.ts'
import { readRecordings } from '../../src/reading/read.ts'
import { analyse, type Analysis } from '../../src/recording/analyse.ts'
import type { Recording } from '../../src/reading/recording.ts'
import type { ReadingOptions } from '../../src/reading/options.ts'
import { FormatError, GalvaniError } from '../../src/runtime/errors.ts'
import { needs, NO_SHARED } from '../support/needs.ts'

const folder = new URL('../../../shared/data/eda-dialects/', import.meta.url)
const isThere = existsSync(folder)
const load = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))

interface Expected {
  refuse?: string
  warn?: string
  never_warn?: string
  rate?: number
  seconds?: number
  recordings?: number
  status?: string
  events?: { recall?: number; false: number }
}
interface Case {
  file: string
  args?: string[]
  expect: 'base' | Expected | ('base' | Expected)[]
  warn?: string
  start?: number
}
const { cases } = isThere ? (load('expected.json') as { cases: Case[] }) : { cases: [] }
const truth = isThere ? (load('truth.json') as Record<string, { onset_s: number[] }>) : {}

const OPTIONS: Readonly<Record<string, (value: string) => ReadingOptions>> = {
  '--rate': (value) => ({ sampleRate: Number(value) }),
  '--eda': (value) => ({ edaColumns: [value] }),
  '--time': (value) => ({ timeColumn: value }),
}
function optionsOf(args: readonly string[] = []): ReadingOptions {
  const pairs = args.flatMap((name, i) => (i % 2 === 0 ? [OPTIONS[name]!(args[i + 1]!)] : []))
  return Object.assign({}, ...pairs) as ReadingOptions
}

interface Found {
  recordings: Recording[]
  analyses: Analysis[]
  refusal?: string
}

async function found({ file, args }: Case): Promise<Found> {
  try {
    const recordings = await readRecordings(memorySource(file, readFileSync(new URL(file, folder))), optionsOf(args))
    const results = await analyse('cpu', recordings)
    const wrong = results.find((one) => one instanceof GalvaniError)
    if (wrong) throw wrong
    return { recordings, analyses: results as Analysis[] }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return { recordings: [], analyses: [], refusal: error.message }
  }
}

/** What is not as it should be; empty where all is. */
function unmet(expected: 'base' | Expected, one: Case, { recordings, analyses, refusal }: Found): string {
  const want: Expected = expected === 'base' ? { rate: 4, ...(one.warn !== undefined && { warn: one.warn }) } : expected
  if (want.refuse !== undefined)
    return refusal !== undefined && new RegExp(want.refuse, 'i').test(refusal)
      ? ''
      : `not refused by ${want.refuse}: ${refusal}`
  const [analysis, recording] = [analyses[0], recordings[0]]
  if (!analysis || !recording) return `refused: ${refusal}`
  if (want.recordings !== undefined)
    return recordings.length === want.recordings ? '' : `${recordings.length} recordings`
  const warnings = analysis.warnings.join('\n')
  if (want.rate !== undefined && Math.abs(recording.sampleRate / want.rate - 1) > 0.01)
    return `${recording.sampleRate} Hz`
  const seconds = recording.eda.length / recording.sampleRate
  if (want.seconds !== undefined && Math.abs(seconds / want.seconds - 1) > 0.02) return `${seconds} s`
  if (want.status !== undefined && analysis.status !== want.status) return analysis.status
  if (want.warn !== undefined && !new RegExp(want.warn, 'i').test(warnings))
    return `no warning of ${want.warn}: ${warnings}`
  if (want.never_warn !== undefined && new RegExp(want.never_warn, 'i').test(warnings)) return `warned: ${warnings}`
  if (want.events) return unmetEvents(want.events, truth[one.file]!.onset_s, analysis)
  if (expected !== 'base') return ''
  const { EDA_Tonic_Mean: level, SCR_Peaks_N: count, SCR_Peaks_Amplitude_Mean: amplitude } = analysis.features
  if (Math.abs(level / 5.381 - 1) > 0.005) return `level ${level}`
  if (count !== 8) return `${count} responses`
  if (Math.abs(amplitude / 0.155 - 1) > 0.05) return `amplitude ${amplitude}`
  if (one.start !== undefined && Math.abs(Date.parse(isoTime(recording.start!)) / 1000 - one.start) >= 1)
    return `start ${isoTime(recording.start!)}`
  return ''
}

function unmetEvents(
  { recall, false: most }: { recall?: number; false: number },
  onsets: number[],
  analysis: Analysis,
): string {
  const counted = analysis.events.filter((event) => !('doubt' in event) || event.doubt === '')
  const times = counted.map(({ onset }) => onset / analysis.signals.sampleRate)
  const used = new Set<number>()
  for (const onset of onsets) {
    const hit = times.findIndex((time, i) => !used.has(i) && Math.abs(time - onset) <= 1)
    if (hit >= 0) used.add(hit)
  }
  if (recall !== undefined && used.size / onsets.length < recall) return `recall ${used.size} of ${onsets.length}`
  return times.length - used.size > most ? `${times.length - used.size} false responses` : ''
}

describe('dialects of recordings', needs(isThere, NO_SHARED), () => {
  it.each(cases.map((one) => [one.file, one] as const))('%s', async (_, one) => {
    const result = await found(one)
    const wants = Array.isArray(one.expect) ? one.expect : [one.expect]
    const open = wants.map((want) => unmet(want, one, result))
    expect(open.includes('') ? '' : open[0]).toBe('')
  })
})
