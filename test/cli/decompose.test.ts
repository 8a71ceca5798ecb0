// galvani decompose as a process: tables, pictures and the page over them, and what is wrong with single recordings.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { unzipSync } from 'fflate'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseCsv } from '../../src/formats/csv.ts'
import { Random } from '../../src/runtime/random.ts'
import { filesUnder, galvani, json, refuses, succeeds, workFolder, writeFiles } from './support.ts'

const USAGE = 2
const BAD_DATA = 3

const folder = workFolder()
const path = (...names: string[]): string => join(folder, ...names)
/** No adapter needs to be opened where only files and tables matter. */
const CPU = ['--device', 'cpu']

/** A recording as CSV: times in seconds, and what stands in each row of the other column. */
const csv = (
  times: number[],
  value: (i: number) => number | string = (i) => 2 + Math.sin(i / 10),
  header = 'time_s,eda_us',
): string => [header, ...times.map((time, i) => `${time},${value(i)}`)].join('\n')
const even = (samples: number): number[] => Array.from({ length: samples }, (_, i) => i / 4)
const values = (samples: number): string[] => even(samples).map((time) => (1 + 0.3 * Math.sin(time)).toFixed(6))
const empatica = ['1600000000.000000', '4.000000', ...values(120), ''].join('\r\n')

const bateman = (t: number): number => (t <= 0 ? 0 : Math.exp(-t / 2) - Math.exp(-t / 0.7))
/** A level of 5 µS and a little more each sample, with responses of the given driver areas (µS) every 20 s, at 4 Hz. */
const responding =
  (areas: number[], scale = 1) =>
  (i: number): number =>
    scale * areas.reduce((sum, area, k) => sum + area * bateman(i / 4 - 10 - 20 * k), 5 + 2e-4 * i)

interface File {
  file: string
  status: string
  reason?: string
  warnings?: string[]
  outputs?: string[]
  features?: Record<string, number>
  zscore?: { mean: number; std: number }
}
const run = async (args: string[]): Promise<File[]> => (await json<{ files: File[] }>(['decompose', ...args])).files
const columnsOf = (...names: string[]) => parseCsv(readFileSync(path(...names), 'utf8'), names.join('/'))

describe('a recording that cannot be decomposed', () => {
  const sparse = (i: number): string | number => (i >= 40 && i < 60 ? 'NaN' : 2 + Math.sin(i / 10))
  const cases: [string, string | null, string[], string | RegExp][] = [
    ['is missing', null, [], 'bad.csv: no such file'],
    ['is empty', '', [], 'bad.csv: the file is empty'],
    ['has a header only', 'time_s,eda_us\n', [], 'bad.csv: no line of it is a row of numbers'],
    [
      'lacks the column',
      csv(even(80)),
      ['--eda', 'gsr'],
      "bad.csv: no 'gsr' among its columns; they are time_s, eda_us",
    ],
    [
      'has text for a number',
      csv(even(80), (i) => (i === 7 ? 'abc' : i)),
      [],
      "bad.csv:9: column 'eda_us' is 'abc', expected a number",
    ],
    ['has a long gap', csv(even(200), sparse), [], 'bad.csv:42: 5.00 s of samples are missing (NaN) from 10.00 s on'],
    ['is too short', csv(even(8)), [], 'bad.csv: 8 samples (2 s) at 4 Hz are too short'],
    [
      'is sampled unevenly',
      csv(even(80).map((t, i) => (i % 7 ? t : t + 0.2))),
      [],
      /bad.csv: time steps are .* need an even rate/,
    ],
    ['has no rate', values(80).join('\n'), [], 'bad.csv: no header and no time column; give --rate HZ'],
    [
      'counts milliseconds',
      csv(even(80).map((t) => 1000 * t)),
      [],
      /bad.csv: column 'time_s' says seconds, which would be 0.004 Hz \(--time-unit s\), and in milliseconds .* 4 Hz \(--time-unit ms\)/,
    ],
    [
      'is a table of several',
      `trial,eda_us\n${even(80)
        .map((t, i) => `${i % 2},${t}`)
        .join('\n')}`,
      ['--rate', '4'],
      /bad.csv: column 'trial' names 2 different ones .* give --by 'trial'/,
    ],
    ['has ragged rows', 'time_s,eda_us\n0,1\n0.25\n', [], 'bad.csv:3: 1 cells, expected 2'],
  ]
  it.each(cases)('%s', async (_, content, options, says) => {
    if (content !== null) writeFiles(folder, { 'bad.csv': content })
    await refuses(['decompose', path('bad.csv'), '--out', path('refused'), ...options], BAD_DATA, says)
    expect(filesUnder(path('refused'))).toEqual([])
  })

  it('alone is a document all the same with --json', async () => {
    writeFiles(folder, { 'alone.csv': csv(even(8)) })
    const { code, stdout, lines } = await galvani([
      'decompose',
      path('alone.csv'),
      '--out',
      path('alone'),
      ...CPU,
      '--json',
    ])
    expect(code).toBe(BAD_DATA)
    const reason = expect.stringMatching(/alone\.csv: 8 samples .* are too short/) as string
    expect(JSON.parse(stdout)).toMatchObject({ files: [{ file: path('alone.csv'), status: 'refused', reason }] })
    expect(lines).toEqual([expect.stringMatching(/^galvani: .*alone\.csv: 8 samples/)])
  })

  it('leaves the others alone', async () => {
    writeFiles(folder, { 'good.csv': csv(even(80)), 'bad.csv': csv(even(8)) })
    const { code, stdout, lines } = await galvani([
      'decompose',
      path('good.csv'),
      path('bad.csv'),
      '--out',
      path('mixed'),
      '--json',
    ])
    const { files } = JSON.parse(stdout) as { files: { status: string }[] }
    expect(files.map(({ status }) => status)).toEqual(['solved', 'refused'])
    expect(lines).toEqual([
      expect.stringMatching(/^galvani: 1 of 2 files were refused; the first: .*bad.csv: 8 samples/),
    ])
    expect(code).toBe(BAD_DATA)
    expect(filesUnder(path('mixed')).sort()).toEqual([
      'good.csv',
      'good.events.csv',
      'good.json',
      'good.svg',
      'index.html',
    ])
  })

  it('leaves the others alone when the knots are too dense for its rate alone', async () => {
    writeFiles(folder, { 'slow.csv': csv(even(120)), 'fast.csv': csv(Array.from({ length: 1200 }, (_, i) => i / 100)) })
    const dense = ['--out', path('dense'), '--knots', '1', '--device', 'gpu'] // the CPU takes them
    const { code, stdout } = await galvani(['decompose', path('slow.csv'), path('fast.csv'), ...dense, '--json'])
    expect(code).toBe(BAD_DATA)
    const [slow, fast] = (JSON.parse(stdout) as { files: File[] }).files
    expect(slow).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('deltaKnot is 1 s, expected at least 1.25 s') as string,
    })
    expect(fast).toMatchObject({ status: 'solved' })
    await refuses(['decompose', path('slow.csv'), ...dense], USAGE, /deltaKnot is 1 s/)
  })

  it('writes into folders only', async () => {
    writeFiles(folder, { 'good.csv': csv(even(120)) })
    await refuses(
      ['decompose', path('good.csv'), '--out', path('good.csv')],
      USAGE,
      /good.csv is a file; name a folder/,
    )
  })

  it('leaves the others alone when its numbers leave float32', async () => {
    writeFiles(folder, { 'good.csv': csv(even(80)), 'huge.csv': csv(even(80), (i) => `${2 + Math.sin(i / 10)}e200`) })
    const args = ['decompose', path('huge.csv'), path('good.csv'), '--no-zscore', '--out', path('huge'), '--json']
    const { code, stdout } = await galvani(args)
    const { files } = JSON.parse(stdout) as { files: { status: string; reason?: string }[] }
    expect(files).toMatchObject([
      { status: 'refused', reason: expect.stringContaining('float32') as string },
      { status: 'solved' },
    ])
    expect(code).toBe(BAD_DATA)
  })

  it.each([
    ['0', 0],
    ['1', 1],
    ['spline_offset', 'spline_offset'],
  ])(
    'is decomposed with the parameters that were asked for, drift %s among them',
    async (drift, baseline_correction) => {
      writeFiles(folder, { 'asked.csv': csv(even(120)) })
      const asked = '--tau0 3 --tau1 0.5 --knots 8 --alpha 0.001 --gamma 0.02 --min-amplitude 0.5'.split(' ')
      const files = await run([path('asked.csv'), '--out', path('asked'), ...CPU, ...asked, '--baseline', drift])
      const parameters = { tau0: 3, tau1: 0.5, delta_knot: 8, alpha: 0.001, gamma: 0.02, baseline_correction }
      expect(files).toMatchObject([{ status: 'solved', min_amplitude: 0.5, parameters, device: 'cpu' }])
    },
  )

  it('says what to do when its numbers do not fit alpha', async () => {
    writeFiles(folder, { 'large.csv': csv(even(80), (i) => 1e4 * (2 + Math.sin(i / 10))) })
    const result = await json<{ files: unknown[] }>([
      'decompose',
      path('large.csv'),
      '--no-zscore',
      '--out',
      path('large'),
    ])
    expect(result.files).toMatchObject([
      { status: 'badly-scaled', reason: expect.stringContaining('leave --no-zscore out') as string },
    ])
  })

  it('is never replaced by its own result', async () => {
    const before = csv(even(80))
    writeFiles(folder, { 'raw/good.csv': before })
    await refuses(['decompose', 'good.csv', '--out', '.'], USAGE, '--out . would replace good.csv', {
      cwd: path('raw'),
    })
    expect(readFileSync(path('raw', 'good.csv'), 'utf8')).toBe(before)
    expect(filesUnder(path('raw'))).toEqual(['good.csv'])
  })
})

describe('Empatica', () => {
  it('reads Empatica files of one name, with Windows line ends; --rate wins', async () => {
    writeFiles(folder, { 's1/EDA.csv': empatica, 's2/EDA.csv': empatica })
    interface Decomposed {
      files: { status: string; sample_rate: number; samples: number }[]
    }
    const files = ['s1/EDA.csv', 's2/EDA.csv']
    const own = await json<Decomposed>(['decompose', ...files, '--out', 'e 4'], { cwd: folder })
    expect(own.files).toMatchObject([1, 2].map(() => ({ status: 'solved', sample_rate: 4, samples: 120 })))
    expect(filesUnder(path('e 4')).sort()).toEqual(
      ['s1', 's2']
        .flatMap((s) => [`${s}_EDA.csv`, `${s}_EDA.events.csv`, `${s}_EDA.json`, `${s}_EDA.svg`])
        .concat('index.html')
        .sort(),
    )
    const lines = readFileSync(path('e 4', 's1_EDA.csv'), 'utf8').trim().split('\n')
    expect(lines).toHaveLength(121)
    expect(lines.slice(1).every((line) => line.split(',').every((cell) => Number.isFinite(Number(cell))))).toBe(true)
    const faster = await json<Decomposed>(['decompose', path('s1/EDA.csv'), '--rate', '8', '--out', path('e4')])
    expect(faster.files[0]).toMatchObject({ status: 'solved', sample_rate: 8 })
  })
})

describe('the tables of a recording', () => {
  const AREAS = [1, 0.5, 2]
  writeFiles(folder, {
    'three.csv': csv(even(280), responding(AREAS)),
    'nano.csv': csv(even(280), responding(AREAS, 1024)),
  })
  let result: File
  beforeAll(async () => {
    result = (await run([path('three.csv'), '--out', path('three'), ...CPU]))[0]!
  })

  it("add up to the recording in its own unit, under NeuroKit2's names", () => {
    const table = columnsOf('three', 'three.csv')
    expect(table.columns).toEqual([
      'time_s',
      'EDA_Raw',
      'EDA_Tonic',
      'EDA_Phasic',
      'EDA_Driver',
      'EDA_Residual',
      'SCR_Onsets',
      'SCR_Peaks',
      'SCR_Height',
      'SCR_Amplitude',
      'SCR_RiseTime',
      'SCR_Recovery',
      'SCR_RecoveryTime',
    ])
    const [raw, tonic, phasic, residual] = ['Raw', 'Tonic', 'Phasic', 'Residual'].map((name) =>
      table.numbers(`EDA_${name}`),
    ) as [Float64Array, Float64Array, Float64Array, Float64Array]
    expect(raw).toHaveLength(280)
    raw.forEach((value, i) => {
      expect(value).toBeCloseTo(responding(AREAS)(i), 7)
      expect(tonic[i]! + phasic[i]! + residual[i]!).toBeCloseTo(value, 7)
    })
  })

  it('hold the responses that were put in, in microsiemens', () => {
    const events = columnsOf('three', 'three.events.csv')
    expect(events.columns).toEqual([
      'onset_s',
      'peak_s',
      'SCR_Onsets',
      'SCR_Peaks',
      'SCR_Height',
      'SCR_Amplitude',
      'SCR_RiseTime',
      'SCR_Recovery',
      'SCR_RecoveryTime',
      'SCR_DriverArea',
      'doubt',
    ])
    // The ends of a decomposition make small ones, which are in doubt and in no feature.
    const counted = (name: string): number[] => {
      const doubts = events.text('doubt')
      return [...events.numbers(name)].filter((_, row) => doubts[row] === '')
    }
    expect(counted('SCR_Peaks')).toHaveLength(3)
    expect(events.text('doubt').length).toBeGreaterThan(3)
    expect(result.features).toMatchObject({ SCR_Peaks_N: 3, SCR_Rate: expect.closeTo((3 * 60) / 70, 9) as number })
    counted('onset_s').forEach((onset, i) => expect(Math.abs(onset - 10 - 20 * i)).toBeLessThanOrEqual(0.5))
    counted('SCR_Amplitude').forEach((amplitude, i) => expect(amplitude / (0.369 * AREAS[i]!)).toBeCloseTo(1, 0.6))
    counted('SCR_DriverArea').forEach((area, i) => expect(area / AREAS[i]!).toBeCloseTo(1, 0.6))
    expect(result.features?.['EDA_Tonic_Mean']).toBeGreaterThan(4.8)
    expect(result.features?.['EDA_Tonic_Mean']).toBeLessThan(5.1)
    const marks = columnsOf('three', 'three.csv').numbers('SCR_Peaks')
    expect(counted('SCR_Peaks')).toEqual([...marks.entries()].filter(([, mark]) => mark === 1).map(([i]) => i))
  })

  it('grow with the unit', async () => {
    await run([path('three.csv'), path('nano.csv'), '--out', path('units'), '--unit', 'V', ...CPU])
    const [small, large] = ['three', 'nano'].map((name) => columnsOf('units', `${name}.events.csv`))
    expect(large?.text('SCR_Peaks')).toEqual(small?.text('SCR_Peaks'))
    small
      ?.numbers('SCR_Amplitude')
      .forEach((amplitude, i) => expect(large!.numbers('SCR_Amplitude')[i]! / amplitude / 1024).toBeCloseTo(1, 5))
    expect(readFileSync(path('units', 'nano.svg'), 'utf8')).toContain('Phasic (V)')
  })

  it('have a row for every sample of a long recording', async () => {
    const samples = 20_000
    writeFiles(folder, {
      'long.csv': Array.from({ length: samples }, (_, i) => responding(AREAS)(i / 25).toFixed(6)).join('\n'),
    })
    await run([path('long.csv'), '--out', path('long'), '--rate', '100', ...CPU])
    const times = columnsOf('long', 'long.csv').numbers('time_s')
    expect(times).toEqual(Float64Array.from({ length: samples }, (_, i) => Number((i / 100).toPrecision(9))))
  })

  it('leave out responses below --min-amplitude', async () => {
    const counts = [0.01, 0.3, 5].map((least) =>
      run([path('three.csv'), '--out', path(`least ${least}`), '--min-amplitude', String(least), ...CPU]),
    )
    const found = (await Promise.all(counts)).map(([file]) => file!.features!['SCR_Peaks_N']!)
    expect(found.slice(1)).toEqual([2, 0])
    expect(found[0]).toBeGreaterThanOrEqual(3)
  })

  it('are arrays of NumPy with --format npz', async () => {
    const [file] = await run([path('three.csv'), '--out', path('npz'), '--format', 'npz', ...CPU])
    expect(file?.outputs).toEqual(['three.npz', 'three.json', 'three.svg'])
    expect(filesUnder(path('npz')).sort()).toEqual(['three.json', 'three.npz', 'three.svg'])
    const arrays = unzipSync(readFileSync(path('npz', 'three.npz')))
    expect(Object.keys(arrays)).toEqual(
      [
        'sampling_rate',
        'EDA_Raw',
        'EDA_Tonic',
        'EDA_Phasic',
        'EDA_Driver',
        'EDA_Residual',
        'SCR_Onsets',
        'SCR_Peaks',
        'SCR_Height',
        'SCR_Amplitude',
        'SCR_RiseTime',
        'SCR_Recovery',
        'SCR_RecoveryTime',
        'SCR_DriverArea',
        'doubt',
      ].map((name) => `${name}.npy`),
    )
    expect(new TextDecoder('latin1').decode(arrays['EDA_Phasic.npy'])).toMatch(/'descr': '<f8', .*'shape': \(280,\)/)
    expect(new TextDecoder('latin1').decode(arrays['SCR_Peaks.npy'])).toMatch(/'descr': '<i4', .*'shape': \(5,\)/)
  })

  it('are the same from the GPU', async () => {
    await run([path('three.csv'), '--out', path('gpu'), '--device', 'gpu'])
    for (const column of ['EDA_Raw', 'EDA_Phasic', 'EDA_Tonic', 'EDA_Residual']) {
      const [cpu, gpu] = ['three', 'gpu'].map((name) => columnsOf(name, 'three.csv').numbers(column)) as [
        Float64Array,
        Float64Array,
      ]
      gpu.forEach((value, i) => expect(Math.abs(value - cpu[i]!), column).toBeLessThan(2e-3))
    }
    expect(columnsOf('gpu', 'three.events.csv').text('SCR_Peaks')).toEqual(
      columnsOf('three', 'three.events.csv').text('SCR_Peaks'),
    )
  })
})

describe('gaps', () => {
  const gappy = (i: number): number | string =>
    (i >= 80 && i < 100) || (i >= 108 && i < 120) || i === 30 ? 'NaN' : responding([1, 1, 1])(i)

  it('split a recording with --gaps split, and stay empty', async () => {
    writeFiles(folder, { 'gappy.csv': csv(even(280), gappy) })
    await refuses(
      ['decompose', path('gappy.csv'), '--out', path('gaps'), ...CPU],
      BAD_DATA,
      /gappy.csv:82: 5.00 s of samples are missing \(NaN\) from 20.00 s on; .*add --gaps split/,
    )
    const [file] = await run([path('gappy.csv'), '--out', path('gaps'), '--gaps', 'split', ...CPU])
    expect(file).toMatchObject({
      status: 'solved',
      filled: 1,
      quality: { missing: expect.closeTo(33 / 280) as number },
    })
    expect(file?.warnings).toContainEqual(expect.stringContaining('2.0 s between gaps are too short'))
    const table = columnsOf('gaps', 'gappy.csv')
    for (const name of ['EDA_Raw', 'EDA_Tonic', 'EDA_Phasic', 'EDA_Driver', 'EDA_Residual']) {
      const missing = [...table.numbers(name, 'nan').entries()]
        .filter(([, value]) => Number.isNaN(value))
        .map(([i]) => i)
      const between = Array.from({ length: 40 }, (_, i) => 80 + i)
      // What was recorded between two gaps is told, though too short to decompose.
      expect(missing).toEqual(name === 'EDA_Raw' ? between.filter((i) => i < 100 || i >= 108) : between)
    }
    expect(readFileSync(path('gaps', 'gappy.svg'), 'utf8')).not.toContain('NaN')
  })
})

describe('a folder', () => {
  const wave = csv(even(120), responding([1]))
  writeFiles(path('study'), {
    's1/EDA.csv': empatica,
    's1/ACC.csv': '1600000000,1600000000,1600000000\n32,32,32\n1,2,3\n',
    's1/TEMP.csv': empatica,
    's2/deep/EDA.csv': empatica,
    'b.csv': wave,
    'a.csv': wave,
    'notes.csv': 'who,when,what\nme,now,this\n',
    'short.csv': csv(even(8)),
    'read.me': 'no',
    'cut.csv': csv(even(120), (i) => (i > 90 ? 8 : 2 + i / 20 + Math.sin(i))),
  })

  it('is searched for recordings; what is none is skipped, what cannot be decomposed is refused', async () => {
    const { code, stdout, lines } = await galvani([
      'decompose',
      path('study'),
      '--out',
      path('study', 'out'),
      '--json',
      ...CPU,
    ])
    const { files } = JSON.parse(stdout) as { files: File[] }
    const status = Object.fromEntries(files.map((file) => [file.file.slice(path('study').length + 1), file.status]))
    expect(status).toEqual({
      'a.csv': 'solved',
      'b.csv': 'solved',
      'cut.csv': 'solved',
      'notes.csv': 'skipped',
      'short.csv': 'refused',
      's1/EDA.csv': 'solved',
      's2/deep/EDA.csv': 'solved',
    })
    expect(files.find(({ status }) => status === 'skipped')?.reason).toContain('no line of it is a row of numbers')
    expect(files.find(({ file }) => file.endsWith('cut.csv'))?.warnings).toContainEqual(
      expect.stringContaining('largest or least value'),
    )
    expect(lines).toEqual([
      expect.stringMatching(/^galvani: 1 of 7 files were refused; the first: .*short.csv: 8 samples/),
    ])
    expect(code).toBe(BAD_DATA)
    const names = ['study_a', 'study_b', 'study_cut', 's1_EDA', 'deep_EDA']
    expect(filesUnder(path('study', 'out')).sort()).toEqual(
      [
        'index.html',
        ...names.flatMap((name) => ['csv', 'events.csv', 'json', 'svg'].map((ending) => `${name}.${ending}`)),
      ].sort(),
    )
    const again = await galvani(['decompose', path('study'), '--out', path('study', 'out'), '--json', ...CPU])
    expect(again.stdout).toBe(stdout)
  })

  it('has a page with a picture, a link and the notes of each', () => {
    const page = readFileSync(path('study', 'out', 'index.html'), 'utf8')
    expect(page).toContain('7 recordings: 5 solved, 1 skipped, 1 refused')
    const links = [...page.matchAll(/href="([^"]*)"/g)].map(([, link]) => link!)
    expect(links).toHaveLength(5)
    for (const link of links) expect(existsSync(path('study', 'out', decodeURIComponent(link)))).toBe(true)
    expect(page.match(/<svg/g)).toHaveLength(5)
    expect(page).toContain('no line of it is a row of numbers')
    expect(page).not.toContain('NaN')
  })

  it('needs a recording in it', async () => {
    writeFiles(path('no study'), { 'notes.doc': '' })
    await refuses(
      ['decompose', path('no study'), '--out', path('o'), ...CPU],
      BAD_DATA,
      'no file in this folder or below may be a recording',
    )
    writeFiles(path('no study'), { 'notes.csv': 'who,when\nme,now\n' })
    await refuses(
      ['decompose', path('no study'), '--out', path('o'), ...CPU],
      BAD_DATA,
      'none of 1 files is a recording; the first: ',
    )
    expect(existsSync(path('o'))).toBe(false)
  })
})

describe('a table on the screen', () => {
  it('has a row a recording, and below it what is to be said of single ones', async () => {
    writeFiles(folder, {
      'good.csv': csv(even(280), responding([1, 1, 1])),
      'signs.csv': csv(even(280), (i) => responding([1, 1, 1])(i) - 5.1),
    })
    const { stdout } = await succeeds(['decompose', 'good.csv', 'signs.csv', '--out', 'screen', ...CPU], {
      cwd: folder,
    })
    const lines = stdout.trim().split('\n')
    expect(lines[0]).toMatch(/^file +status +Hz +s +level +responses +per min +amplitude$/)
    expect(lines[1]).toMatch(/^good.csv +solved +4 +70 +[45]\.\d+ +3 +2\.6 +0\.\d+$/)
    expect(lines.slice(3)).toEqual([
      'signs.csv: values below 0 are no skin conductance in µS; name the unit of the recording by --unit',
    ])
  })
})

describe('a result to distrust', () => {
  it('says so: noise that hides responses; what is too small to be one is none', async () => {
    const random = new Random(3)
    writeFiles(folder, {
      'noise.csv': csv(even(400), () => 3 + random.uniform()),
      'faint.csv': csv(even(280), responding([0.01, 0.01, 0.01])),
    })
    const [noise, faint] = await run([path('noise.csv'), path('faint.csv'), '--out', path('doubtful'), ...CPU])
    expect(noise?.warnings).toEqual([
      expect.stringMatching(/^noise or coarse steps hide responses under 1\.9 µS/),
      expect.stringMatching(/^the tonic part leaves the range of the recording by \d+ µS: noise/),
    ])
    expect(noise).toMatchObject({ event_threshold_us: expect.closeTo(1.9, 0) as number, features: { SCR_Peaks_N: 0 } })
    expect(faint).toMatchObject({ warnings: [], event_threshold_us: 0.01, features: { SCR_Peaks_N: 0 } })
  })
})

describe('a batch that is stopped', () => {
  it.each([
    ['SIGINT', 130, 'interrupted'],
    ['SIGTERM', 143, 'terminated'],
  ] as const)('by %s leaves finished recordings whole and nothing half-written', async (signal, code, said) => {
    rmSync(path('stopped'), { recursive: true, force: true })
    const count = 300
    writeFiles(
      path('many'),
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`r${i}.csv`, csv(even(40), responding([1]))])),
    )
    const written = (): string[] => (existsSync(path('stopped')) ? readdirSync(path('stopped')) : [])
    const finished = await galvani(['decompose', path('many'), '--out', path('stopped'), ...CPU], {
      onStart: (child) => {
        const timer = setInterval(() => {
          if (child.exitCode !== null || written().some((name) => name.endsWith('.json'))) {
            child.kill(signal)
            clearInterval(timer)
          }
        }, 5)
      },
    })
    expect(finished.code).toBe(code)
    expect(finished.lines).toEqual([`galvani: ${said}`])
    const done = written().filter((name) => name.endsWith('.json'))
    expect(done.length).toBeGreaterThan(0)
    expect(done.length).toBeLessThan(count)
    const outputs = done.flatMap((name) => (JSON.parse(readFileSync(path('stopped', name), 'utf8')) as File).outputs!)
    expect(written().sort()).toEqual(outputs.sort())
  })
})
