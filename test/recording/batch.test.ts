// Recordings as `galvani decompose` treats them: several parts have one status, and what is written is what was found, in its own unit.
import { unzipSync } from 'fflate'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type * as Decompose from '../../src/cvxeda/decompose.ts'
import type { Decomposition } from '../../src/cvxeda/decomposition.ts'
import { memorySource } from '../../src/store/source.ts'
import { STAGES } from '../../src/recording/progress.ts'
import { analyseFiles, type BatchOptions } from '../../src/recording/batch.ts'
import { inputDigest, type Outcome } from '../../src/recording/result.ts'
import { parseCsv } from '../../src/formats/csv.ts'
import { MemoryStore } from '../../src/store/memory.ts'

type Status = Decomposition['status']

/** Statuses of the parts of a call, in place of their own; what was solved, and what was found. */
const parts = vi.hoisted(() => ({
  statuses: null as string[] | null,
  signals: [] as ArrayLike<number>[],
  found: [] as unknown[],
}))
vi.mock('../../src/cvxeda/decompose.ts', async (original) => {
  const real = await original<typeof Decompose>()
  return {
    ...real,
    decompose: async (...args: Parameters<typeof real.decompose>) => {
      const found = await real.decompose(...args)
      parts.signals = [...args[1]]
      parts.found = found.map((one, i) => ({ ...one, status: parts.statuses?.[i] ?? one.status }))
      return parts.found
    },
  }
})
beforeEach(() => {
  parts.statuses = null
})

const RATE = 4
const level = (i: number): number => 7 + 2 * Math.sin(i / 20) + 0.4 * Math.sin(i * i)
/** 100 samples, a gap of 3 s, 80 samples; with one more sample missing at 30. */
const isMissing = (i: number): boolean => (i >= 100 && i < 112) || i === 30
const SAMPLES = 192

async function decomposed(more: BatchOptions = {}): Promise<{ outcome: Outcome; store: MemoryStore }> {
  const rows = Array.from({ length: SAMPLES }, (_, i) => `${i / RATE},${isMissing(i) ? 'NaN' : level(i)}`)
  const store = new MemoryStore()
  const file = {
    file: 'EDA.csv',
    name: 'EDA',
    open: async () => memorySource('EDA.csv', ['time_s,eda', ...rows].join('\n')),
  }
  const [outcome] = await analyseFiles('cpu', [file], store, { gaps: 'split', ...more })
  return { outcome: outcome!, store }
}

describe('the status of a recording', () => {
  const fromBest: Status[] = ['trivial', 'solved', 'solved-inaccurate', 'max-iterations', 'badly-scaled']
  const pairs = fromBest.flatMap((one, i) =>
    fromBest.map((other, k) => [one, other, fromBest[Math.max(i, k)]!] as const),
  )

  it.each(pairs)('of parts that are %s and %s is %s', async (one, other, worst) => {
    parts.statuses = [one, other]
    const {
      outcome: { result, entry },
      store,
    } = await decomposed()
    expect([result.status, entry.status]).toEqual([worst, worst])
    expect(JSON.parse(await store.readText('EDA.json'))).toMatchObject({ status: worst })
    const doubt = {
      'solved-inaccurate': /nearly reached/,
      'max-iterations': /was not reached/,
      'badly-scaled': /leave --no-zscore out/,
    }[worst as string]
    if (doubt) expect(result.reason).toMatch(doubt)
    else expect(result.reason).toBeUndefined()
    expect(entry.notes[0] === result.reason).toBe(doubt !== undefined)
  })
})

describe('what is written of two parts', () => {
  const values = Array.from({ length: SAMPLES }, (_, i) => i)
    .filter((i) => !isMissing(i) || i === 30)
    .map((i) => (i === 30 ? (level(29) + level(31)) / 2 : level(i)))
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length
  const std = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)
  /** Column of the parts as they were found, scaled back by hand; NaN in the gap. */
  const own = (of: (part: Decomposition) => Float32Array, scale: (v: number) => number): number[] => {
    const [first, second] = (parts.found as Decomposition[]).map((part) => Array.from(of(part), scale))
    return [...first!, ...Array.from({ length: 12 }, () => NaN), ...second!]
  }
  const columns = () => ({
    EDA_Tonic: own(
      ({ tonic }) => tonic,
      (v) => v * std + mean,
    ),
    EDA_Phasic: own(
      ({ phasic }) => phasic,
      (v) => v * std,
    ),
    EDA_Driver: own(
      ({ driver }) => driver,
      (v) => v * std,
    ),
  })
  const expectClose = (found: ArrayLike<number>, expected: readonly number[]): void => {
    expect(found).toHaveLength(expected.length)
    expected.forEach((value, i) => {
      if (Number.isNaN(value)) expect(found[i], `at ${i}`).toBeNaN()
      else expect(Math.abs(found[i]! - value), `at ${i}`).toBeLessThan(1e-7 * Math.max(1, Math.abs(value)))
    })
  }

  it('are tables in the unit of the recording, on one scale', async () => {
    const {
      outcome: { result },
      store,
    } = await decomposed()
    const table = parseCsv(await store.readText('EDA.csv'), 'EDA.csv')
    for (const [name, expected] of Object.entries(columns())) expectClose(table.numbers(name, 'nan'), expected)
    parts.signals.forEach((signal, i) =>
      expectClose(
        signal,
        (i === 0 ? values.slice(0, 100) : values.slice(100)).map((v) => (v - mean) / std),
      ),
    )
    expect(result.zscore!.mean).toBeCloseTo(mean, 12)
    expect(result.zscore!.std).toBeCloseTo(std, 12)
    const [first, second] = parts.found as Decomposition[]
    expect(result).toMatchObject({
      samples: SAMPLES,
      sampleRate: RATE,
      filled: 1,
      objective: first!.objective + second!.objective,
      iterations: Math.max(first!.iterations, second!.iterations),
      device: 'cpu',
      solver: 'interior-point',
      quality: { missing: 13 / SAMPLES },
    })
    const tonic = columns().EDA_Tonic.filter((v) => !Number.isNaN(v))
    expect(result.features!.EDA_Tonic_Mean).toBeCloseTo(tonic.reduce((sum, v) => sum + v, 0) / tonic.length, 9)
    expect(result.features!.SCR_Rate).toBeCloseTo((result.features!.SCR_Peaks_N / 180) * RATE * 60, 9)
  })

  it('are the same numbers as arrays of NumPy', async () => {
    const { store } = await decomposed({ format: 'npz' })
    const files = unzipSync(await store.read('EDA.npz'))
    /** Little-endian doubles behind the header of a .npy file, whose length it tells. */
    const array = (name: string): Float64Array => {
      const bytes = files[`${name}.npy`]!
      const header = 10 + bytes[8]! + 256 * bytes[9]!
      return new Float64Array(bytes.slice(header).buffer)
    }
    for (const [name, expected] of Object.entries(columns())) expectClose(array(name), expected)
    expectClose(array('sampling_rate'), [RATE])
    const raw = array('EDA_Raw')
    const sum = array('EDA_Tonic').map((v, i) => v + array('EDA_Phasic')[i]! + array('EDA_Residual')[i]!)
    expectClose(
      sum.filter((v) => !Number.isNaN(v)),
      [...raw].filter((v) => !Number.isNaN(v)),
    )
    expectClose(
      raw.filter((v) => !Number.isNaN(v)),
      values,
    )
  })

  it('are the numbers themselves without a z-score', async () => {
    const {
      outcome: { result },
      store,
    } = await decomposed({ zscore: false })
    expect(result.zscore).toBeUndefined()
    const [first] = parts.found as Decomposition[]
    expectClose(
      parseCsv(await store.readText('EDA.csv'), 'EDA.csv')
        .numbers('EDA_Tonic', 'nan')
        .subarray(0, 100),
      [...first!.tonic],
    )
  })
})

const rows = (samples: number): string[] => Array.from({ length: samples }, (_, i) => `${i / RATE},${level(i)}`)
const table = (samples: number): string => ['time_s,eda', ...rows(samples)].join('\n')

describe('many recordings', () => {
  const file = (name: string, text: string, inFolder = false) => ({
    file: `${name}.csv`,
    name,
    inFolder,
    open: async () => memorySource(`${name}.csv`, text),
  })
  const inputs = [file('d', table(8)), file('c', table(60)), file('b', 'who,when\nme,now', true), file('a', table(40))]

  it('come back in their order, on a device that is asked for once, and only where there is work for it', async () => {
    const store = new MemoryStore()
    const device = vi.fn(async () => await Promise.resolve('cpu' as const))
    const progress: [number, number, number][] = []
    const outcomes = await analyseFiles(device, inputs, store, { onProgress: (...done) => progress.push(done) })
    expect(outcomes.map(({ result: { file, status, samples } }) => [file, status, samples])).toEqual([
      ['d.csv', 'refused', undefined],
      ['c.csv', 'solved', 60],
      ['b.csv', 'skipped', undefined],
      ['a.csv', 'solved', 40],
    ])
    expect(outcomes.map(({ error }) => error !== undefined)).toEqual([true, false, false, false])
    expect(device).toHaveBeenCalledTimes(1)
    // The first file is done with before anything is decomposed, and nothing is taken back.
    const files = progress.map(([done]) => done)
    expect([...new Set(files)]).toEqual([0, 1, 4])
    expect(files).toEqual(files.toSorted((a, b) => a - b))
    const shares = progress.map(([, , share]) => share)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect([progress.at(-1), shares[0]! < 0.25]).toEqual([[4, 4, expect.closeTo(1, 9)], true])
    for (const name of ['a', 'c']) {
      const table = parseCsv(await store.readText(`${name}.csv`), name)
      expect(table.numbers('EDA_Raw')[1]).toBeCloseTo(level(1), 6)
      expect(table.numbers('EDA_Raw')).toHaveLength(name === 'a' ? 40 : 60)
    }
    expect((await store.list('')).filter((name) => /^[bd]\./.test(name))).toEqual([])
    device.mockClear()
    await analyseFiles(device, [inputs[0]!, inputs[2]!], store)
    expect(device).not.toHaveBeenCalled()
  })

  it('are all refused by options that suit none of them, and by no other mistake', async () => {
    const asked = (files: typeof inputs, more: BatchOptions) => analyseFiles('cpu', files, new MemoryStore(), more)
    await expect(asked([inputs[1]!, inputs[3]!], { solving: { deltaKnot: 0.1 } })).rejects.toThrow(
      /deltaKnot puts 0 samples between/,
    )
    const mixed = await asked([inputs[1]!, inputs[0]!], { solving: { deltaKnot: 0.1 } })
    expect(mixed.map(({ result }) => result.status)).toEqual(['refused', 'refused'])
  })
})

describe('a batch that was interrupted', () => {
  const inputs = Array.from({ length: 12 }, (_, k) => ({
    file: `in/${k}.csv`,
    name: `r${k}`,
    open: async () => memorySource(`${k}.csv`, table(k === 5 ? 4 : 40 + k)),
  }))
  const filesOf = async (store: MemoryStore): Promise<[string, string][]> => {
    const names = await store.list('')
    return await Promise.all(names.map(async (name): Promise<[string, string]> => [name, await store.readText(name)]))
  }

  it('has whole recordings only, and ends with the same bytes when it is taken up again', async () => {
    const whole = new MemoryStore()
    const outcomes = await analyseFiles('cpu', inputs, whole)
    for (const stopAt of [1, 7, 20, 33]) {
      const store = new MemoryStore()
      const abort = new AbortController()
      let writes = 0
      const write = store.write.bind(store)
      store.write = async (...args) => {
        if (++writes === stopAt) abort.abort(new Error('stopped'))
        abort.signal.throwIfAborted()
        await write(...args)
      }
      await expect(analyseFiles('cpu', inputs, store, { signal: abort.signal })).rejects.toThrow('stopped')
      const left = await store.list('')
      for (const json of left.filter((name) => name.endsWith('.json'))) {
        const { outputs } = JSON.parse(await store.readText(json)) as { outputs: string[] }
        expect(left).toEqual(expect.arrayContaining(outputs))
      }
      store.write = write
      let solved = 0
      const again = await analyseFiles('cpu', inputs, store, { resume: true, onProgress: () => solved++ })
      expect(again).toEqual(outcomes)
      expect(await filesOf(store)).toEqual(await filesOf(whole))
    }
  })

  it('solves again what has other samples, settings or files missing, and nothing else', async () => {
    const store = new MemoryStore()
    await analyseFiles('cpu', inputs, store)
    const written: string[] = []
    const write = store.write.bind(store)
    store.write = async (name, content) => {
      written.push(name)
      await write(name, content)
    }
    const changed = inputs.map((input, k) =>
      k === 3 ? { ...input, open: async () => memorySource('3.csv', table(50)) } : input,
    )
    await store.remove('r4.svg')
    await analyseFiles('cpu', changed, store, { resume: true })
    expect([...new Set(written.map((name) => name.split('.')[0]))]).toEqual(['r3', 'r4'])
    written.length = 0
    await analyseFiles('cpu', inputs.slice(0, 2), store, { resume: true, minAmplitude: 0.2 })
    expect([...new Set(written.map((name) => name.split('.')[0]))]).toEqual(['r0', 'r1'])
    written.length = 0
    const columns = { resume: true, minAmplitude: 0.2, columns: ['EDA_Tonic'] } as const
    for (let run = 0; run < 2; run++) await analyseFiles('cpu', inputs.slice(0, 1), store, columns)
    expect(written.filter((name) => name.endsWith('.csv'))).toEqual(['r0.csv', 'r0.events.csv'])
    expect((await store.readText('r0.csv')).split('\n', 1)).toEqual(['EDA_Tonic'])
  })

  it.each([
    ['a temperature', { temperature: { sampleRate: 4, values: Float64Array.of(33, 34) } }],
    ['a place on the wrist', { wrist: true }],
    ['a recorder', { recorder: 'E4' }],
    ['markers', { markers: [{ seconds: 1, duration: 0, label: 'a' }] }],
    ['notes', { notes: ['odd'] }],
    ['a part', { part: 'left' }],
  ])('knows a recording with %s from one without', async (_, more) => {
    const plain = { eda: Float64Array.of(1, 2), sampleRate: 4, source: 'a.csv' }
    expect(await inputDigest({ ...plain, ...more })).not.toBe(await inputDigest(plain))
    expect(await inputDigest({ ...plain, ...more, source: 'b.csv' })).toBe(await inputDigest({ ...plain, ...more }))
  })

  it('knows one temperature from another', async () => {
    const digests = [33, 20].map((value) =>
      inputDigest({
        ...{ eda: Float64Array.of(1, 2), sampleRate: 4, source: 'a.csv' },
        temperature: { sampleRate: 4, values: Float64Array.of(value) },
      }),
    )
    expect(await digests[0]).not.toBe(await digests[1])
  })

  it('is warned of events that lie outside of its recordings', async () => {
    const events = [
      { seconds: 1, duration: 0, label: 'a' },
      { seconds: 1e4, duration: 0, label: 'b' },
    ]
    const [outcome] = await analyseFiles('cpu', inputs.slice(0, 1), new MemoryStore(), {
      epochs: { from: -1, to: 9, events },
    })
    expect(outcome!.result.warnings).toContainEqual(expect.stringMatching(/^1 of 2 events has its onset outside/))
  })

  it('is refused before anything is read where its columns are none', async () => {
    const open = vi.fn(inputs[0]!.open)
    const columns = ['EDA_Tonic', 'tonic'] as unknown as NonNullable<BatchOptions['columns']>
    await expect(analyseFiles('cpu', [{ ...inputs[0]!, open }], new MemoryStore(), { columns })).rejects.toThrow(
      "'tonic' is none of NAME.csv; did you mean EDA_Tonic?",
    )
    expect(open).not.toHaveBeenCalled()
  })

  it('keeps the device of what it has already', async () => {
    const store = new MemoryStore()
    await analyseFiles('cpu', inputs.slice(0, 2), store)
    const asked = vi.fn(async () => 'cpu' as const)
    await analyseFiles(asked, inputs.slice(0, 4), store, { resume: true })
    expect(asked.mock.calls).toEqual([[{ signals: 2, samples: 85 }, 'cpu']])
  })
})

describe('a file', () => {
  it('whose reading breaks in a way that nobody thought of is refused alone', async () => {
    const broken = { file: 'x.csv', name: 'x', open: async () => Promise.reject(new TypeError('x is undefined')) }
    const fine = { file: 'y.csv', name: 'y', open: async () => memorySource('y.csv', table(40)) }
    const outcomes = await analyseFiles('cpu', [broken, fine], new MemoryStore())
    expect(outcomes.map(({ result }) => [result.status, result.reason])).toEqual([
      [
        'refused',
        'x.csv: it was given up (x is undefined), which is a fault of galvani; please report it with the file',
      ],
      ['solved', undefined],
    ])
  })

  it('whose analysis breaks so is refused alone, too', async () => {
    const file = (name: string, text: string) => ({ file: name, name, open: async () => memorySource(name, text) })
    const files = [file('a', table(40)), file('broken', table(41)), file('c', table(42))]
    // The word for the worst status of the parts is where this one breaks.
    const real = Array.prototype.findLast
    const spy = vi.spyOn(Array.prototype, 'findLast').mockImplementation(function (this: unknown[], of) {
      if (parts.signals.some(({ length }) => length === 41) && this[0] === 'trivial')
        throw new TypeError('y is undefined')
      return real.call(this, of) as unknown
    })
    const outcomes = await analyseFiles('cpu', files, new MemoryStore()).finally(() => spy.mockRestore())
    expect(outcomes.map(({ result }) => result.status)).toEqual(['solved', 'refused', 'solved'])
    expect(outcomes[1]!.result.reason).toMatch(/^broken: it was given up \(y is undefined\)/)
  })

  it('that is solved again has no JSON while its tables are written', async () => {
    const store = new MemoryStore()
    const file = { file: 'y.csv', name: 'y', open: async () => memorySource('y.csv', table(40)) }
    await analyseFiles('cpu', [file], store)
    const seen: [string, boolean][] = []
    const write = store.write.bind(store)
    store.write = async (name, content) => {
      seen.push([name, await store.exists('y.json')])
      await write(name, content)
    }
    await analyseFiles('cpu', [file], store)
    expect(seen).toEqual([
      ['y.csv', false],
      ['y.events.csv', false],
      ['y.svg', false],
      ['y.json', false],
    ])
  })

  it('with several recordings has results of each, by names that no file system minds', async () => {
    const people = ['a/b', 'con', 'a:b'].flatMap((who) => rows(40).map((row) => `${who},${row}`))
    const file = {
      file: 'y.csv',
      name: 'y',
      open: async () => memorySource('y.csv', ['id,time_s,eda', ...people].join('\n')),
    }
    const store = new MemoryStore()
    const outcomes = await analyseFiles('cpu', [file], store)
    expect(outcomes.map(({ result: { part, outputs } }) => [part, outputs![0]])).toEqual([
      ['a/b', 'y_a_b.csv'],
      ['con', 'y_con.csv'],
      ['a:b', 'y_a_b-2.csv'],
    ])
    expect(outcomes[2]!.result.warnings!.join()).toContain('the files of its results are called y_a_b-2')
  })
})

it('a file of a folder that may be read in two ways is refused, one that is no recording is skipped', async () => {
  const inFolder = (name: string, text: string) => ({
    file: `${name}.csv`,
    name,
    inFolder: true,
    open: async () => memorySource(`${name}.csv`, text),
  })
  const counted = ['time,eda', ...Array.from({ length: 60 }, (_, i) => `${i},${level(i)}`)].join('\n')
  const files = [
    inFolder('ambiguous', counted),
    inFolder('words', 'who,when\nme,now'),
    inFolder('other', counted.replace('eda', 'temperature')),
    inFolder('empty', ''),
  ]
  const outcomes = await analyseFiles('cpu', files, new MemoryStore())
  expect(outcomes.map(({ result }) => result.status)).toEqual(['refused', 'skipped', 'skipped', 'refused'])
})

describe('the share of the work that is done', () => {
  const long = (name: string, samples: number) => {
    const text = table(samples)
    return { file: name, name, size: text.length, open: async () => memorySource(name, text) }
  }

  it('moves while one long recording is read, solved and written', async () => {
    const shares: number[] = []
    await analyseFiles('cpu', [long('long', 100_000)], new MemoryStore(), {
      onProgress: (...[, , share]) => shares.push(share),
    })
    const { reading, solving } = STAGES
    for (const [from, to] of [
      [0, reading],
      [reading, reading + solving],
      [reading + solving, 1],
    ])
      expect(shares.filter((share) => share > from! && share < to!).length).toBeGreaterThan(0)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares.at(-1)).toBeCloseTo(1, 9)
  })

  it('is of bytes: many short recordings beside a long one are little of it', async () => {
    const shares: number[] = []
    const last = long('long', 60_000)
    let before = 1
    const open = (): ReturnType<typeof last.open> => {
      before = shares.at(-1)!
      return last.open()
    }
    const files = [...Array.from({ length: 5 }, (_, i) => long(`short${i}`, 40)), { ...last, open }]
    await analyseFiles('cpu', files, new MemoryStore(), { onProgress: (...[, , share]) => shares.push(share) })
    expect([before > 0, before < 0.01]).toEqual([true, true])
  })

  it('leaves out what need not be done: a file that is refused, and a recording that is there already', async () => {
    const store = new MemoryStore()
    const files = [long('there', 400), long('new', 400)]
    await analyseFiles('cpu', files.slice(0, 1), store)
    const heard: number[] = []
    const onProgress = (...[, , share]: [number, number, number]): void => void heard.push(share)
    const broken = { ...long('broken', 400), open: () => Promise.reject(new TypeError('no')) }
    await analyseFiles('cpu', [files[0]!, broken, files[1]!], store, { resume: true, onProgress })
    // Two were read, one is to be solved and written.
    const read = 2 * STAGES.reading
    expect(heard).toContainEqual(expect.closeTo(read / (1 + STAGES.reading), 6))
    expect(heard.at(-1)).toBeCloseTo(1, 9)
  })
})

it('a recording that is stopped while it is written says why, and leaves no table', async () => {
  const store = new MemoryStore()
  const abort = new AbortController()
  const text = table(20_000)
  const file = { file: 'a', name: 'a', open: async () => memorySource('a', text) }
  const stopped = analyseFiles('cpu', [file], store, {
    signal: abort.signal,
    onProgress: (...[, , share]) => void (share > 0.7 && abort.abort(new Error('enough'))),
  })
  await expect(stopped).rejects.toThrow('enough')
  expect(await store.list('')).toEqual([])
})

it('a recording that is stopped between two of its tables leaves neither', async () => {
  const store = new MemoryStore()
  const abort = new AbortController()
  const write = store.write.bind(store)
  store.write = async (name, content) => {
    await write(name, content)
    abort.abort(new Error('enough'))
  }
  const file = { file: 'a', name: 'a', open: async () => memorySource('a', table(100)) }
  await expect(analyseFiles('cpu', [file], store, { signal: abort.signal })).rejects.toThrow('enough')
  expect(await store.list('')).toEqual([])
})
