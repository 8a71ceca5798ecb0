// What is odd in the real datasets is odd in the look-alikes, and what each file holds is one truth.
import { describe, expect, it } from 'vitest'
import { deap } from '../../../src/datasets/lookalike/deap.ts'
import { hku956 } from '../../../src/datasets/lookalike/hku956.ts'
import { pmemo2018 } from '../../../src/datasets/lookalike/pmemo2018.ts'
import { frameCount, makeStudy } from '../../../src/datasets/lookalike/pmemo.ts'
import { parsePickledArrays } from '../../../src/formats/numpy_pickle.ts'
import { parseCsv } from '../../../src/formats/csv.ts'
import { madeOf, readBack, rowsOf } from './made.ts'

const FULL = { effects: { eda: 1, music: 1 }, seed: 2, full: true } as const
const counted = <T>(values: Iterable<T>): Map<T, number> => {
  const counts = new Map<T, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}
const within = (counts: Iterable<number>, least: number, most: number): boolean =>
  [...counts].every((count) => count >= least && count <= most)

describe('PMEmo 2018', async () => {
  const { store, paths, made } = await madeOf({ kind: 'pmemo2018', subjects: 12 })
  const traces = (letter: string) =>
    paths.flatMap((path) => path.match(RegExp(`^EDA/\\w+/(\\d+)_(\\d{6})_${letter}.csv$`)) ?? [])
  const pairs = (letter: string): string[][] => chunksOf(traces(letter), 3).map(([, song, person]) => [song!, person!])

  it('has two passes of the same people and songs, of 15 to 20 songs a person, none twice', () => {
    expect(pairs('A')).toEqual(pairs('V'))
    expect(made.recordings).toBe(2 * pairs('A').length)
    expect(within(counted(pairs('A').map(([, person]) => person)).values(), 15, 20)).toBe(true)
    expect(new Set(pairs('A').map(String)).size).toBe(pairs('A').length)
  })

  it('has ids with gaps, titles with commas, quotes and letters of others, and a song without recordings', async () => {
    const songs = parseCsv(await store.readText('metadata.csv'), '')
    const ids = songs.numbers('musicId')
    expect(ids).toEqual(ids.slice().sort())
    expect(ids.at(-1)).toBeGreaterThan(ids.length)
    expect(songs.text('title').slice(0, 5)).toEqual([
      'Synthetic Song No. 1',
      'A Song, Synthetic No. 2',
      'The "Synthetic" One No. 3',
      'Chanson synthétique No. 4',
      '合成的歌 No. 5',
    ])
    const heard = new Set(pairs('A').map(([song]) => Number(song)))
    expect([...ids].filter((id) => !heard.has(id))).toHaveLength(1)
    expect(
      (await rowsOf(store, 'chorus.csv')).every(([, ...times]) => times.every((time) => /^\d\d:\d\d$/.test(time))),
    ).toBe(true)
  })

  it('does not rate clips of less than 15.5 s', async () => {
    const songs = (await rowsOf(store, 'chorus.csv')).map(([id]) => id!)
    const rated = (await rowsOf(store, 'A_static.csv')).map(([id]) => id!)
    const unrated = songs.filter((id) => !rated.includes(id))
    expect(unrated).toHaveLength(1)
    const samples = async (path: string) => (await rowsOf(store, path)).length
    for (const [song, person] of pairs('A')) {
      const isShort = (await samples(`EDA/Arousal/${song}_${person}_A.csv`)) < 15.5 * 50
      expect(isShort, song).toBe(unrated.includes(song!))
    }
  })

  it('has traces at 50 Hz, other ones in the second listening', async () => {
    const [song, person] = pairs('A')[0]!
    const [first, second] = await Promise.all(
      ['Arousal', 'Valence'].map((pass) => rowsOf(store, `EDA/${pass}/${song}_${person}_${pass[0]}.csv`)),
    )
    expect(await store.readText(`EDA/Arousal/${song}_${person}_A.csv`)).toMatch(
      /^time\(s\),EDA\(microsiemens\)\n0\.0,\d/,
    )
    expect(first!.map(([time]) => Number(time))).toEqual(first!.map((_, i) => i / 50))
    expect(second).toHaveLength(first!.length)
    expect(second!.map(([, value]) => value)).not.toEqual(first!.map(([, value]) => value))
  })

  it('has ratings in eighths, of which those of one recording are lost in one dimension', async () => {
    const { trials, skipped } = await readBack(store)
    expect(skipped).toEqual([])
    const said = paths.filter((path) => /^Annotations\/Arousal\/\d+-A\.csv$/.test(path))
    const rows = (await Promise.all(said.map((path) => rowsOf(store, path)))).flat()
    expect(rows.every(([, rating]) => Number.isInteger(8 * Number(rating)))).toBe(true)
    const unrated = trials.filter(({ ratings, stimulusRatings }) => !ratings && stimulusRatings)
    expect(unrated.length).toBeGreaterThanOrEqual(2)
    expect(unrated.length).toBeLessThanOrEqual(made.recordings / 40)
  })

  it('has rows of dynamic ratings of unequal length under a shorter header', async () => {
    const text = await store.readText('A_dynamic_mean.csv')
    const widths = text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(',').length)
    expect(new Set(widths).size).toBeGreaterThan(3)
    expect(widths[0]).toBeLessThan(Math.max(...widths))
    expect(text).toMatch(/^musicId,15\.5s,16\.0s,/)
  })

  it('has 6,373 features of each song, of which some are the same for all', async () => {
    const [header = '', ...lines] = (await store.readText('static_features.csv')).trimEnd().split('\n')
    const rows = lines.map((line) => line.split(','))
    expect([header.split(',').length, rows.length]).toEqual([6374, 24])
    expect(header).toMatch(/^musicId,synthetic_energy\[0\],/)
    expect(rows.every((row) => row.every((cell) => Number.isFinite(Number(cell))))).toBe(true)
    const constant = header.split(',').filter((_, column) => new Set(rows.map((row) => row[column])).size === 1)
    expect(constant).toHaveLength(31)
  })

  it('is of the size of the real one in full', () => {
    const { files, recordings, stimuli } = pmemo2018.make({ ...FULL, subjects: 457 })
    expect([recordings, stimuli]).toEqual([2 * 7962, 794])
    const eda = files.filter(({ path }) => path.startsWith('EDA/Arousal/')).map(({ path }) => path.split(/[/_]/))
    expect(eda).toHaveLength(7962)
    expect(within(counted(eda.map(([, , song]) => song)).values(), 9, 11)).toBe(true)
    const { songs } = makeStudy({ ...FULL, subjects: 457 }, 1)
    expect(songs.filter(({ isRated }) => !isRated)).toHaveLength(27)
    expect(songs.filter((song) => frameCount(song, 'arousal') !== frameCount(song, 'valence'))).toHaveLength(20)
    expect(songs.reduce((sum, { seconds }) => sum + seconds, 0) / 794).toBeCloseTo(37, -0.5)
    expect(Math.max(...songs.map(({ id }) => id))).toBeLessThanOrEqual(1000)
  })
})

describe('PMEmo 2019', async () => {
  const options = { subjects: 12, seed: 5 }
  const { store, paths } = await madeOf({ kind: 'pmemo2019', ...options })
  const tables = paths.filter((path) => /^EDA\/\d+_EDA\.csv$/.test(path))
  const headers = await Promise.all(tables.map(async (path) => (await store.readText(path)).split('\n')[0]!.split(',')))

  it('has ids with a prefix in some tables, and columns that end early', async () => {
    const prefixed = headers.filter(([, id]) => /^\d+_\d{6}$/.test(id!))
    const plain = headers.filter(([, id]) => /^\d{6}$/.test(id!))
    expect([prefixed.length > 3, plain.length > 3]).toEqual([true, true])
    expect(prefixed.length + plain.length).toBe(tables.length)
    const empty = await Promise.all(
      tables.map(async (path) => (await rowsOf(store, path)).filter((row) => row.includes(''))),
    )
    expect(new Set(empty.map(({ length }) => length))).toEqual(new Set([0, 25]))
  })

  it('has what 2018 has of the first listening, where music decides as much', async () => {
    const earlier = await readBack((await madeOf({ kind: 'pmemo2018', ...options })).store)
    const later = await readBack(store)
    const first = new Map(
      earlier.trials
        .filter(({ pass }) => pass === 'arousal')
        .map((trial) => [`${trial.stimulus}_${trial.subject}`, trial]),
    )
    expect(later.trials).toHaveLength(first.size)
    for (const { stimulus, subject, eda, stimulusRatings } of later.trials) {
      const same = first.get(`${stimulus}_${subject}`)!
      expect([...eda]).toEqual([...same.eda.subarray(0, eda.length)])
      expect(stimulusRatings).toEqual(same.stimulusRatings)
    }
  })

  it('has a frame without one of the two dynamic ratings', async () => {
    const rows = await rowsOf(store, 'annotations/dynamic_annotations.csv')
    expect(rows[0]!.slice(1, 2)).toEqual(['15.5'])
    expect(rows.filter((row) => row.includes('')).map((row) => row.indexOf(''))).toEqual([2])
  })
})

describe('DEAP', async () => {
  const { store } = await madeOf({ kind: 'deap', subjects: 6, seconds: 10 })
  const bytes = async (number: number) => await store.read(`s0${number}.dat`)

  it('takes turns in the five encodings, and says that it is synthetic', async () => {
    const text = async (number: number) => new TextDecoder('latin1').decode((await bytes(number)).subarray(0, 400))
    const protocols = await Promise.all([1, 2, 3, 4, 5, 6].map(async (number) => (await bytes(number))[1]))
    expect(protocols).toEqual([2, 2, 3, 4, 5, 2])
    expect([/_codecs/.test(await text(1)), /_codecs/.test(await text(2))]).toEqual([false, true])
    expect(await text(5)).toMatch(/numpy\._core\.numeric/)
    for (const number of [1, 2, 3, 4, 5, 6]) expect(await text(number)).toMatch(/synthetic.{1,12}made by galvani/s)
  })

  it('has 40 trials of 40 channels, and ratings in hundredths', async () => {
    for (const number of [1, 2, 3, 4, 5]) {
      const { data, labels } = parsePickledArrays(await bytes(number), ['data', 'labels'], 's')
      expect([data.shape, labels.shape]).toEqual([
        [40, 40, 13 * 128],
        [40, 4],
      ])
      for (const column of [0, 1, 2, 3])
        expect(100 * labels.at(7, column)).toBeCloseTo(Math.round(100 * labels.at(7, column)), 9)
    }
  })

  it('has skin of both signs and no offset, in the channel of GSR alone', async () => {
    const { trials } = await readBack(store)
    for (const { eda } of trials.slice(0, 40)) {
      expect(Math.abs(eda.reduce((a, b) => a + b, 0) / eda.length)).toBeLessThan(0.01)
      expect(Math.max(...eda)).toBeGreaterThan(50)
    }
    const { data } = parsePickledArrays(await bytes(1), ['data'], 's')
    for (const channel of [0, 35, 37, 39]) {
      const values = Array.from({ length: 500 }, (_, i) => data.at(3, channel, i))
      expect(Math.max(...values.map(Math.abs))).toBeLessThan(6)
    }
  })

  it('is of the size of the real one in full', () => {
    const { files, recordings, facts } = deap.make({ ...FULL, subjects: 32 })
    expect([files.length, recordings]).toEqual([33, 1280])
    expect(facts[0]).toMatch(/^40 videos of 60 s and 3 s of baseline at 128 Hz/)
  })
})

describe('AMIGOS', async () => {
  const { store, paths } = await madeOf({ kind: 'amigos', subjects: 8, seconds: 10 })
  const { trials, skipped } = await readBack(store)

  it('has files in folders of their names', () => {
    const depths = paths.filter((path) => path.endsWith('.mat')).map((path) => path.split('/').length)
    expect(depths).toEqual([1, 2, 1, 1, 1, 2, 1, 1])
    expect(paths).toContain('Data_Preprocessed_P02/Data_Preprocessed_P02.mat')
  })

  it('has empty cells, and GSR that is missing in whole or in part', () => {
    expect(skipped.map(({ source }) => source)).toEqual([
      ...['N1', 'P1', 'B1', 'U1'].map((video) => `Data_Preprocessed_P03.mat (video ${video})`),
      'Data_Preprocessed_P05.mat (video 13)',
    ])
    const gaps = trials.filter(({ eda }) => eda.some(Number.isNaN))
    expect(gaps.map(({ id, eda }) => [id, eda.filter(Number.isNaN).length])).toEqual([['P05_138', 256]])
  })

  it('has the videos of the real one, numbers or texts, the last four long', () => {
    for (const person of ['P01', 'P04']) {
      const own = trials.filter(({ subject }) => subject === person)
      expect(own.map(({ stimulus }) => stimulus)).toEqual(
        '10 13 138 18 19 20 23 30 31 34 36 4 5 58 80 9 N1 P1 B1 U1'.split(' '),
      )
      const lengths = own.map(({ eda }) => eda.length / 128 - 5)
      expect(within(lengths.slice(0, 16), 7.5, 12.5)).toBe(true)
      expect(within(lengths.slice(16), 22.5, 37.5)).toBe(true)
    }
  })

  it('has whole ratings of some people', () => {
    const whole = counted(
      trials.filter(({ ratings }) => Number.isInteger(ratings!.arousal)).map(({ subject }) => subject),
    )
    expect([...whole].filter(([, count]) => count > 10).map(([subject]) => subject)).toEqual(['P02', 'P05', 'P08'])
  })
})

describe('HKU956', async () => {
  const { store, paths } = await madeOf({ kind: 'hku956', subjects: 9 })
  const eda = paths.filter((path) => path.includes('/EDA/'))

  it('has values without a header, of which a few begin with zeros', async () => {
    const texts = await Promise.all(eda.map((path) => store.readText(path)))
    expect(texts.every((text) => /^(\d+(\.\d+)?\n)+$/.test(text))).toBe(true)
    const lost = texts.filter((text) => /^(0\n){8}(?!0\n)/.test(text)).length
    expect(texts.filter((text) => /^0\n/.test(text))).toHaveLength(lost)
    expect(lost).toBeGreaterThanOrEqual(4)
    expect(lost).toBeLessThan(texts.length / 40)
  })

  it('has ratings on its own scale, in words as well, out of order', async () => {
    const rows = await rowsOf(store, '3. AV_ratings.csv')
    expect(rows).toHaveLength(eda.length)
    const orders = rows.filter(([person]) => person === 'hku1901').map(([, order]) => Number(order))
    expect(orders).not.toEqual(orders.slice().sort((a, b) => a - b))
    for (const [, , , valence, word] of rows)
      expect(word).toBe(Number(valence) > 0 ? 'positive' : Number(valence) < 0 ? 'negative' : 'neutral')
    expect(
      within(
        rows.map((row) => Number(row[3])),
        -10,
        10,
      ),
    ).toBe(true)
    expect(Math.min(...rows.map((row) => Number(row[3])))).toBeLessThan(-5)
  })

  it('has people who heard a song twice, and others', async () => {
    const { trials } = await readBack(store)
    const twice = new Set(
      [...counted(trials.map(({ subject, stimulus }) => `${subject} ${stimulus}`))]
        .filter(([, count]) => count > 1)
        .map(([name]) => name.split(' ')[0]),
    )
    expect([...twice]).toEqual(['hku1903', 'hku1906', 'hku1909'])
  })

  it('is of the size of the real one in full, with one who left the sliders alone', async () => {
    const { files, recordings, stimuli, facts } = hku956.make({ ...FULL, subjects: 30 })
    expect([recordings, stimuli]).toEqual([956, 592])
    expect(facts.join(' ')).toContain('all 0 of hku1914')
    const ratings = (await files[0]!.content(async () => undefined)) as string
    const own = ratings.split('\n').filter((row) => row.startsWith('hku1914,'))
    expect(own.length).toBeGreaterThanOrEqual(16)
    expect(own.every((row) => row.includes(',0,neutral,0,neutral,'))).toBe(true)
  })
})

describe('sessions of an Empatica E4', () => {
  it('begin with time and rate, in lines that end in CRLF', async () => {
    const { store, paths } = await madeOf({ kind: 'e4', subjects: 2, seconds: 30 })
    const lines = (await store.readText('synthetic_02/EDA.csv')).split('\r\n')
    expect(lines.slice(0, 2)).toEqual(['1480003600.000000', '4.000000'])
    expect(lines).toHaveLength(2 + 120 + 1)
    expect(lines.at(-1)).toBe('')
    expect(paths).toContain('synthetic_02/TEMP.csv')
    expect(await store.readText('SYNTHETIC.md')).toContain('synthetic_02 felt: arousal high, valence low.')
  })
})

const chunksOf = <T>(values: T[], size: number): T[][] =>
  Array.from({ length: values.length / size }, (_, i) => values.slice(size * i, size * (i + 1)))
