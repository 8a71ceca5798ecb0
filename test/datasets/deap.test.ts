import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { deap } from '../../src/datasets/deap.ts'
import type { OpenOptions } from '../../src/datasets/layout.ts'
import type { Trial } from '../../src/datasets/trial.ts'
import { GalvaniError } from '../../src/runtime/errors.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { mutantsOf } from '../formats/mutants.ts'
import { needs, NO_SHARED } from '../support/needs.ts'
import {
  type ArrayToPickle,
  pickleArrays,
  pickleCall,
  type PickleStyle,
  STYLES,
} from '../support/numpy_pickle_writer.ts'

const [TRIALS, CHANNELS, SAMPLES] = [2, 40, 16]
const PYTHON2 = STYLES['STRING of Python 2']!

/** Which trial, channel and sample a value is of can be told from it; the skin has both signs, as DEAP's does. */
const valueAt = (trial: number, channel: number, sample: number): number =>
  1000 * (trial + 1) + 10 * channel + sample / 4 - 1400
const gsr = (trial: number): number[] => Array.from({ length: SAMPLES }, (_, sample) => valueAt(trial, 36, sample))
const RATINGS = [
  [7.5, 2.25, 5, 9],
  [1, 8.5, 3.5, 4],
]

interface Subject {
  shape?: number[]
  ratings?: number[][]
  change?: (values: Float64Array) => void
  style?: PickleStyle
}
function subjectFile({
  shape = [TRIALS, CHANNELS, SAMPLES],
  ratings = RATINGS,
  change,
  style = PYTHON2,
}: Subject = {}) {
  const [trials, channels, samples] = shape as [number, number, number]
  const values = Float64Array.from({ length: trials * channels * samples }, (_, i) =>
    valueAt(Math.floor(i / samples / channels), Math.floor(i / samples) % channels, i % samples),
  )
  change?.(values)
  const labels: ArrayToPickle = { values: ratings.flat(), shape: [ratings.length, ratings[0]!.length] }
  return pickleArrays({ labels, data: { values, shape } }, style)
}
const gsrIndex = (trial: number, sample: number): number => (trial * CHANNELS + 36) * SAMPLES + sample

type Files = Record<string, Uint8Array | string>
async function read(files: Files, options: Partial<OpenOptions> = {}) {
  const opened = await deap.open(new MemoryStore(files), { name: 'deap', ...options })
  const trials: Trial[] = []
  for await (const trial of opened.trials()) trials.push(trial)
  return { ...opened, trials }
}
const refusal = async (file: Uint8Array): Promise<string> => {
  const error: unknown = await read({ 's07.dat': file }).catch((reason: unknown) => reason)
  if (error instanceof GalvaniError) return error.message
  throw new Error('was read', { cause: error })
}

describe('DEAP is recognised', () => {
  const recognises = (files: Files) => deap.recognises(new MemoryStore(files))
  const file = subjectFile()

  it('by a pickle of a subject', async () => {
    expect(await recognises({ 's32.dat': file })).toBe(true)
    expect(await recognises({ 'S32.DAT': file })).toBe(true)
    expect(await recognises({ 's01.dat': file, 'readme.txt': 'x' })).toBe(true)
    expect(await recognises({ 's01.dat': 'cut', 's02.dat': file })).toBe(true)
  })

  it('whatever the case of its name, unless there are two of a person', async () => {
    const opened = await deap.open(new MemoryStore({ 'S02.DAT': file, 's01.dat': file }), { name: 'deap' })
    const subjects: string[] = []
    for await (const { subject } of opened.trials()) subjects.push(subject)
    expect([...new Set(subjects)]).toEqual(['s01', 's02'])
    await expect(recognises({ 'S01.DAT': file, 's01.dat': file })).rejects.toThrow('keep one of them')
  })

  it('by nothing else', async () => {
    expect(await recognises({})).toBe(false)
    expect(await recognises({ 's33.dat': file, 's00.dat': file, 'as01.dat': file, 's1.dat': file })).toBe(false)
    expect(await recognises({ 's01.dat': 'time,eda\n', 's02.dat': '' })).toBe(false)
    expect(await recognises({ 'a/s01.dat': file })).toBe(false)
  })
})

describe('DEAP is read', () => {
  it.each(Object.entries(STYLES))('%s', async (_, style) => {
    const { trials, kind, synthetic, skipped } = await read({ 's03.dat': subjectFile({ style }) })
    expect({ kind, synthetic, skipped }).toEqual({ kind: 'deap', synthetic: false, skipped: [] })
    expect(trials).toEqual([
      {
        id: 's03_t01',
        subject: 's03',
        stimulus: '1',
        sampleRate: 128,
        eda: Float64Array.from(gsr(0)),
        unit: 'unknown',
        ratings: { valence: 7.5, arousal: 2.25 },
        ratingScale: [1, 9],
        dataset: 'deap',
        baselineSeconds: 3,
        columns: { dominance: '5', liking: '9' },
        source: 'deap/s03.dat (trial 1)',
      },
      expect.objectContaining({
        id: 's03_t02',
        stimulus: '2',
        eda: Float64Array.from(gsr(1)),
        ratings: { valence: 1, arousal: 8.5 },
        columns: { dominance: '3.5', liking: '4' },
      }),
    ])
  })

  it('one subject after the other, and says who is missing', async () => {
    const present = Array.from({ length: 32 }, (_, i) => `s${String(i + 1).padStart(2, '0')}`)
    const filesOf = (subjects: string[]): Files =>
      Object.fromEntries(subjects.map((subject) => [`${subject}.dat`, subjectFile()]))
    const all = await read(filesOf(present))
    expect(all.trials.map(({ id }) => id)).toEqual(present.flatMap((subject) => [`${subject}_t01`, `${subject}_t02`]))
    expect(all.trials[0]!.source).toBe('deap/s01.dat (trial 1)')
    expect(all.notes.join()).not.toMatch(/not there/)
    const some = await read(filesOf(present.filter((_, i) => i !== 4 && i !== 30)))
    expect(some.notes).toContain("2 of DEAP's 32 subjects are not there: s05, s31.")
  })

  it('only as far as it is asked for', async () => {
    const opened = await deap.open(new MemoryStore({ 's01.dat': subjectFile(), 's02.dat': 'damaged' }), {
      name: 'deap',
    })
    const trials = opened.trials()[Symbol.asyncIterator]()
    for (const id of ['s01_t01', 's01_t02']) expect(((await trials.next()).value as Trial).id).toBe(id)
    await expect(trials.next()).rejects.toThrow(/^deap\/s02\.dat: byte 0 is 0x64, which is no pickle instruction/)
  })

  it('with its sign changed, never as 1/x', async () => {
    const files = { 's01.dat': subjectFile() }
    expect((await read(files)).notes[0]).toMatch(
      /unit .* is not documented: it is read as it is, in the unit 'unknown'/,
    )
    const negated = await read(files, { gsr: 'negate' })
    expect([...negated.trials[1]!.eda]).toEqual(gsr(1).map((value) => -value))
    expect(negated.notes[0]).toMatch(/with its sign changed/)
    await expect(read(files, { gsr: 'invert' })).rejects.toThrow(/^deap: invert is not for the GSR of DEAP/)
  })

  it('at 128 Hz alone', async () => {
    const files = { 's01.dat': subjectFile() }
    expect((await read(files, { sampleRate: 128 })).trials[0]!.sampleRate).toBe(128)
    await expect(read(files, { sampleRate: 512 })).rejects.toThrow('deap: DEAP is recorded at 128 Hz, not 512')
  })

  it('with GSR that is constant or has holes, which is noted once', async () => {
    const change = (values: Float64Array): void => {
      values[gsrIndex(0, 3)] = NaN
      values.fill(2, gsrIndex(1, 0), gsrIndex(1, SAMPLES))
      values.fill(NaN, 0, SAMPLES)
    }
    const store = new MemoryStore({ 's01.dat': subjectFile({ change }), 's02.dat': subjectFile() })
    const { trials, notes } = await deap.open(store, { name: 'deap' })
    for (let pass = 0; pass < 2; pass++) {
      const read: Trial[] = []
      for await (const trial of trials()) read.push(trial)
      expect(read[0]!.eda[3]).toBeNaN()
      expect(new Set(read[1]!.eda)).toEqual(new Set([2]))
    }
    expect(notes.filter((note) => note.includes('is constant'))).toEqual([
      'deap/s01.dat: the GSR is constant or has missing samples in trial 1, 2.',
    ])
  })
})

describe('what is not DEAP is refused by its file', () => {
  it('other channels, other ratings, nothing', async () => {
    expect(await refusal(subjectFile({ shape: [2, 32, 16] }))).toBe(
      "deap/s07.dat: 'data' is [2, 32, 16], expected 40 channels. " +
        "This looks like DEAP's EEG-only copy; GSR is channel 37 of the full file.",
    )
    expect(await refusal(subjectFile({ shape: [2, 41, 16] }))).toBe(
      "deap/s07.dat: 'data' is [2, 41, 16], expected 40 channels.",
    )
    expect(await refusal(subjectFile({ shape: [2, 40, 0] }))).toMatch(/'data' is \[2, 40, 0\], which is empty/)
    expect(await refusal(subjectFile({ ratings: [[5, 5, 5, 5]] }))).toMatch(/'labels' is \[1, 4\], expected \[2, 4\]/)
    expect(await refusal(subjectFile({ ratings: [[5], [5]] }))).toMatch(/'labels' is \[2, 1\], expected \[2, 4\]/)
  })

  it('a rating outside its scale, a sample that is infinite', async () => {
    const ratings = (value: number) => [RATINGS[0]!, [5, value, 5, 5]]
    expect(await refusal(subjectFile({ ratings: ratings(0.5) }))).toBe(
      'deap/s07.dat (trial 2): arousal is 0.5, expected a rating from 1 to 9',
    )
    expect(await refusal(subjectFile({ ratings: ratings(9.01) }))).toMatch(/arousal is 9.01/)
    expect(await refusal(subjectFile({ ratings: ratings(NaN) }))).toMatch(/arousal is NaN/)
    const change = (values: Float64Array): void => void (values[gsrIndex(1, 3)] = -Infinity)
    expect(await refusal(subjectFile({ change }))).toBe('deap/s07.dat (trial 2): sample 3 of the GSR is infinite')
  })

  it('a program, a file that was cut off, a folder without any', async () => {
    expect(await refusal(pickleCall('os', 'system', 'touch owned'))).toBe(
      'deap/s07.dat: the pickle asks for os.system; only NumPy arrays are read. Nothing was run.',
    )
    expect(await refusal(subjectFile().subarray(0, 5000))).toMatch(
      /^deap\/s07\.dat: the pickle needs 10240 bytes at byte \d+, but only \d+ are left/,
    )
    await expect(read({})).rejects.toThrow('deap: no s01.dat … s32.dat')
  })

  it.each(Object.entries(STYLES))('mutants are read or refused: %s', { timeout: 60_000 }, async (_, style) => {
    let refused = 0
    for (const mutant of mutantsOf(subjectFile({ style }), 300)) {
      try {
        const { trials } = await read({ 's07.dat': mutant })
        for (const { eda, ratings } of trials) {
          expect(eda.length).toBeGreaterThan(0)
          expect(ratings!.valence).toBeGreaterThanOrEqual(1)
        }
      } catch (error) {
        expect(error).toBeInstanceOf(GalvaniError)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(50)
    expect(refused).toBeLessThan(300)
  })
})

const shared = new URL('../../../shared/data/formats/', import.meta.url)
describe('samples of Python', needs(existsSync(shared), NO_SHARED), () => {
  it.each(['deap_python2.dat', 'deap_python3_protocol2.dat', 'deap_python3_protocol4.dat'])('%s', async (name) => {
    const all = JSON.parse(readFileSync(new URL('expected.json', shared), 'utf8')) as Record<
      string,
      { labels: number[][]; gsr_first: number[]; gsr_sum: number[]; samples: number }
    >
    const expected = all[name]!
    const { trials } = await read({ 's01.dat': readFileSync(new URL(name, shared)) })
    expect(
      trials.map(({ ratings, columns }) => [
        ratings!.valence,
        ratings!.arousal,
        Number(columns.dominance),
        Number(columns.liking),
      ]),
    ).toEqual(expected.labels)
    trials.forEach(({ eda }, i) => {
      expect(eda.length).toBe(expected.samples)
      expect(eda[0]).toBe(expected.gsr_first[i])
      expect(eda.reduce((sum, value) => sum + value, 0)).toBeCloseTo(expected.gsr_sum[i]!, 6)
    })
  })
})
