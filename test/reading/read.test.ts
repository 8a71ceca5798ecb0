// Files as people have them, read to what they hold; each case stands for its kind.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { isoTime } from '../../src/reading/recording.ts'
import { memorySource } from '../../src/store/source.ts'
import { readRecording } from '../../src/reading/read.ts'
import { needs, NO_SHARED } from '../support/needs.ts'
import { level, read, readOne, rowsOf } from './tables.ts'

const shared = new URL('../../../shared/data/', import.meta.url)
const N = 480
const plain = rowsOf(N, 4, (t, value) => `${t.toFixed(2)},${value}`)
const table = (header: string, rows: readonly string[] = plain, end = '\n'): string => [header, ...rows, ''].join(end)
/** The same recording, whatever it was written like. */
async function expectPlain(content: string | Uint8Array, options?: Parameters<typeof readOne>[1]): Promise<void> {
  const { eda, sampleRate, unit } = await readOne(content, options)
  expect([sampleRate, eda.length, unit]).toEqual([4, N, 'µS'])
  expect(Array.from(eda, (value) => value.toFixed(4))).toEqual(rowsOf(N, 4, (_, value) => value))
}

describe('the dialect of a table', () => {
  const semicolons = plain.map((row) => row.replaceAll('.', '_').replace(',', ';').replaceAll('_', ','))
  it.each([
    ['a header', table('time,eda')],
    ['CRLF', table('time,eda', plain, '\r\n')],
    ['old Mac line ends', table('time,eda', plain, '\r')],
    ['no line end at the end', table('time,eda').trimEnd()],
    [
      'tabs',
      table(
        'time\teda',
        plain.map((row) => row.replace(',', '\t')),
      ),
    ],
    [
      'blanks',
      table(
        'time eda',
        plain.map((row) => `  ${row.replace(',', '   ')}`),
      ),
    ],
    [
      'bars',
      table(
        'time|eda',
        plain.map((row) => row.replace(',', '|')),
      ),
    ],
    ['semicolons and decimal commas', table('time;EDA', semicolons)],
    [
      'tabs and decimal commas',
      table(
        'time\tEDA',
        semicolons.map((row) => row.replace(';', '\t')),
      ),
    ],
    [
      'quoted decimal commas between commas',
      table(
        'time,EDA',
        semicolons.map((row) => `"${row.replace(';', '","')}"`),
      ),
    ],
    [
      'quotes around all cells',
      table(
        '"time","eda"',
        plain.map((row) => `"${row.replace(',', '","')}"`),
      ),
    ],
    [
      'a quoted cell over two lines',
      table(
        'time,eda,note',
        plain.map((row, i) => `${row},${i === 3 ? '"said\nso"' : ''}`),
      ),
    ],
    ['comments', `# device: X\n# made by hand\n${table('time,eda')}`],
    [
      'a header in a comment',
      table(
        '# time eda',
        plain.map((row) => row.replace(',', ' ')),
      ),
    ],
    ['a comment at the end', `${table('time,eda')}# end\n`],
    ['lines of words before', `Recording of subject 7\n\nDevice,X\nNotes,none\n\n${table('time,eda')}`],
    ['numbers in the lines before', `Sampling rate,4\nChannels,2\n${table('time,eda')}`],
    ['a row of units', table('time,EDA\ns,uS')],
    ['a row of units in brackets', table('time,EDA\n(s),(µS)')],
    ['rows of names, processing and units', table('Timestamp,GSR_Skin_Conductance\nCAL,CAL\ns,uS')],
    ['sep=', `sep=;\n${table('time;EDA', semicolons)}`],
    [
      'separators at row ends',
      table(
        'time,eda',
        plain.map((row) => `${row},`),
      ),
    ],
    [
      'separators at row ends and in the header',
      table(
        'time,eda,',
        plain.map((row) => `${row},`),
      ),
    ],
    ['rows of nothing at the end', `${table('time,eda')},\n,\n\n`],
    [
      'blank lines',
      table(
        'time,eda',
        plain.map((row) => `${row}\n`),
      ),
    ],
    [
      'two columns of one name',
      table(
        'time,EDA,EMG,EMG',
        plain.map((row) => `${row},0,0`),
      ),
    ],
    [
      'an index column of pandas',
      table(
        ',time,eda',
        plain.map((row, i) => `${i},${row}`),
      ),
    ],
    ['a byte order mark', `\uFEFF${table('time,eda')}`],
    ['no header', plain.join('\n')],
    [
      'exponents',
      table(
        'time,eda',
        rowsOf(N, 4, (t, value) => `${t.toExponential(6)},${Number(value).toExponential(5)}`),
      ),
    ],
    [
      'other columns',
      table(
        'time,HR,EDA (µS),TEMP',
        rowsOf(N, 4, (t, value) => `${t},61,${value},33.1`),
      ),
    ],
  ])('may have %s', async (_, content) => {
    await expectPlain(content)
  })

  it('may be one column of decimal commas', async () => {
    const commas = rowsOf(N, 4, (_, value) => value.replace('.', ','))
    await expectPlain(commas.join('\r\n'), { sampleRate: 4 })
    await expectPlain(`EDA\n${commas.join('\n')}`, { sampleRate: 4 })
    // Two columns of whole numbers are no decimals where the first one counts.
    const counts = await readOne(rowsOf(40, 4, (_, value, i) => `${i},${value.slice(2)}`).join('\n'), {
      timeUnit: 's',
      unit: 'counts',
    })
    expect([counts.sampleRate, counts.eda[1]]).toEqual([1, Number(level(0.25).toFixed(4).slice(2))])
  })

  it('may be any encoding', async () => {
    const german = table(
      'Zeit (s);Leitfähigkeit (µS)',
      plain.map((row) => row.replace(',', ';')),
    )
    const wide = (order: 'le' | 'be', mark: string): Uint8Array => {
      const bytes = Buffer.from(mark + german, 'utf16le')
      return order === 'be' ? bytes.swap16() : bytes
    }
    await expectPlain(Buffer.from(german, 'latin1'))
    await expectPlain(Buffer.from(german, 'utf8'))
    for (const order of ['le', 'be'] as const) for (const mark of ['\uFEFF', '']) await expectPlain(wide(order, mark))
    await expectPlain(gzipSync(german))
    await expectPlain(gzipSync(wide('le', '\uFEFF')))
    await expectPlain(Buffer.from(german, 'latin1'), { encoding: 'iso-8859-1' })
    await expect(readOne(german, { encoding: 'utf-99' })).rejects.toThrow(
      "a.csv: 'utf-99' is no encoding that is known",
    )
    await expect(readOne(gzipSync(german).subarray(0, 900))).rejects.toThrow(
      /a\.csv: its gzip data are damaged or cut off/,
    )
  })

  it('is taken from the user who knows better', async () => {
    await expectPlain(table('time;EDA', semicolons), { separator: ';', decimal: ',' })
    await expectPlain(`1,2\n3,4\n${table('time,eda')}`, { skip: 2 })
    await expect(readOne(table('time;EDA', semicolons), { decimal: '.' })).rejects.toThrow(/a\.csv/)
  })

  it('does not depend on where the pieces of a stream end', async () => {
    const bytes = new TextEncoder().encode(
      table(
        '"time","eda (µS)"',
        plain.map((row) => `"${row.replace(',', '","')}"`),
        '\r\n',
      ),
    )
    const source = { ...memorySource('a.csv', bytes) }
    const whole = await readRecording(source)
    for (const size of [1, 7, 64, 1000]) {
      const pieces = {
        ...source,
        read: async (from: number, to: number) => await source.read(from, Math.min(to, from + size)),
      }
      // A source that gives less than it is asked for is one that is cut off: what is read must not be less in silence.
      const found = await readRecording(pieces).catch((error: Error) => error)
      if (found instanceof Error) expect(found.message).toMatch(/a\.csv/)
      else expect(found.eda).toEqual(whole.eda)
    }
  })
})

describe('missing samples', () => {
  const mark = (text: string): string =>
    table(
      'time,eda',
      plain.map((row, i) => (i >= 100 && i < 103 ? row.replace(/,.*/, `,${text}`) : row)),
    )
  it.each(['', 'NaN', 'nan', 'NA', 'N/A', '#N/A', 'null', 'None', 'NULL', '-', '<NA>'])(
    'are written as %j',
    async (text) => {
      const { eda } = await readOne(mark(text))
      expect([eda.length, ...eda.slice(99, 104).map((value) => (Number.isNaN(value) ? 1 : 0))]).toEqual([
        N,
        0,
        1,
        1,
        1,
        0,
      ])
    },
  )
  it.each(['-9999', '-999', '-9999.0', '9999', '-99999'])('are written as %j, which is said', async (text) => {
    const { eda, notes } = await readOne(mark(text))
    expect(eda.filter(Number.isNaN)).toHaveLength(3)
    expect(notes).toEqual([`3 samples are ${Number(text)}, which was taken for a missing one`])
  })
  it('are no words and no infinities', async () => {
    await expect(readOne(mark('off'))).rejects.toThrow("a.csv:102: column 'eda' is 'off', expected a number")
    await expect(readOne(mark('inf'))).rejects.toThrow("a.csv:102: column 'eda' is 'inf', expected a number")
    await expect(readOne(mark('5,1'))).rejects.toThrow('a.csv:102: 3 cells, expected 2 as in the first line')
  })
})

describe('time', () => {
  const start = Date.UTC(2023, 10, 14, 22, 13, 20)
  const stamped = (header: string, stamp: (t: number) => string): string =>
    table(
      header,
      rowsOf(N, 4, (t, value) => `${stamp(t)},${value}`),
    )
  const iso = (t: number): string => new Date(start + 1000 * t).toISOString()

  it.each([
    ['Unix seconds', 'timestamp', (t: number) => (start / 1000 + t).toFixed(2), '2023-11-14T22:13:20.000Z'],
    ['Unix milliseconds', 'timestamp', (t: number) => String(start + 1000 * t), '2023-11-14T22:13:20.000Z'],
    ['Unix microseconds', 'unix_timestamp', (t: number) => `${start + 1000 * t}000`, '2023-11-14T22:13:20.000Z'],
    ['Unix nanoseconds', 'time', (t: number) => `${start + 1000 * t}000000`, '2023-11-14T22:13:20.000Z'],
    ['ISO with a zone', 'datetime', (t: number) => iso(t).replace('Z', '+02:00'), '2023-11-14T22:13:20.000+02:00'],
    ['ISO in Greenwich', 'time', iso, '2023-11-14T22:13:20.000Z'],
    ['ISO without a zone', 'time', (t: number) => iso(t).replace('T', ' ').replace('Z', ''), '2023-11-14T22:13:20.000'],
    [
      'German dates',
      'Zeit',
      (t: number) => iso(t).replace(/(\d+)-(\d+)-(\d+)T(.*)Z/, '$3.$2.$1 $4'),
      '2023-11-14T22:13:20.000',
    ],
    [
      'American dates',
      'time',
      (t: number) => iso(t).replace(/(\d+)-(\d+)-(\d+)T22(.*)Z/, '$2/$3/$1 10$4 PM'),
      '2023-11-14T22:13:20.000',
    ],
    ['times of day', 'time', (t: number) => iso(t).slice(11, -1), '22:13:20.000'],
    [
      'days of Excel',
      'time',
      (t: number) => ((start / 1000 + t) / 86400 + 25569).toFixed(9),
      '2023-11-14T22:13:20.000',
    ],
  ])('is told as %s, with the start', async (_, header, stamp, begin) => {
    const { sampleRate, eda, start: found } = await readOne(stamped(`${header},eda`, stamp))
    expect([sampleRate, eda.length]).toEqual([4, N])
    expect(isoTime(found!)).toBe(begin)
  })

  it('may be a date and a time of day in columns of their own', async () => {
    const rows = rowsOf(N, 4, (t, value) => `${iso(t).slice(0, 10)},${iso(t).slice(11, -1)},${value}`)
    const { sampleRate, start: found } = await readOne(table('date,time,eda', rows))
    expect([sampleRate, isoTime(found!)]).toEqual([4, '2023-11-14T22:13:20.000'])
  })

  it.each([
    ['time (ms)', 1e3],
    ['time_ms', 1e3],
    ['milliSec', 1e3],
    ['timestamp [us]', 1e6],
    ['Time (min)', 1 / 60],
    ['minutes', 1 / 60],
    ['hours', 1 / 3600],
    ['time_s', 1],
    ['Time (s)', 1],
    ['sec', 1],
  ])('has the unit of its name: %s', async (header, perSecond) => {
    const rows = rowsOf(N, 4, (t, value) => `${Number((t * perSecond).toPrecision(9))},${value}`)
    expect((await readOne(table(`${header},eda`, rows))).sampleRate).toBeCloseTo(4, 3)
    // 1 Hz in seconds is as good a rate as any where the column says so.
    const slow = rowsOf(60, 1, (t, value) => `${Number((t * perSecond).toPrecision(9))},${value}`)
    expect((await readOne(table(`${header},eda`, slow))).sampleRate).toBeCloseTo(1, 3)
  })

  it.each([
    [
      1000,
      (t: number) => Math.round(1000 * t),
      /seconds \(1 Hz, --time-unit s\) or milliseconds \(1000 Hz, --time-unit ms\)/,
    ],
    [
      2000,
      (t: number) => (1000 * t).toFixed(1),
      /seconds \(2 Hz, --time-unit s\) or milliseconds \(2000 Hz, --time-unit ms\)/,
    ],
    [4, (t: number) => (t / 60).toFixed(7), /seconds \(240 Hz, --time-unit s\) or minutes \(4 Hz, --time-unit min\)/],
  ])('is refused where two units are possible, at %d Hz', async (rate, print, both) => {
    const rows = rowsOf(600, rate, (t, value) => `${print(t)},${value}`)
    await expect(readOne(table('time,eda', rows))).rejects.toThrow(both)
    const units = { 1000: 'ms', 2000: 'ms', 4: 'min' } as const
    expect((await readOne(table('time,eda', rows), { timeUnit: units[rate as 4] })).sampleRate).toBeCloseTo(rate, 1)
  })

  it.each([
    [4, (t: number) => String(1000 * t), 'milliseconds'],
    [500, (t: number) => String(1000 * t), 'milliseconds'],
    [50, (t: number) => (t / 60).toFixed(7), 'minutes'],
    [1000, (t: number) => (t / 60).toFixed(9), 'minutes'],
    [4, (t: number) => String(1e6 * t), 'microseconds'],
  ])(
    'without a unit is what leaves a rate of skin conductance, which is said: %d Hz in %s',
    async (rate, print, unit) => {
      const { sampleRate, notes } = await readOne(
        table(
          'time,eda',
          rowsOf(900, rate, (t, value) => `${print(t)},${value}`),
        ),
      )
      expect(sampleRate).toBeCloseTo(rate, 1)
      expect(notes!.join()).toContain(`column 'time' was taken for ${unit}`)
    },
  )

  it.each([4, 8, 10, 12.5, 32, 50, 64, 100, 128, 250, 256, 500, 512, 1000, 2000])(
    'in seconds needs no word: %d Hz',
    async (rate) => {
      const { sampleRate, notes } = await readOne(
        table(
          'time,eda',
          rowsOf(900, rate, (t, value) => `${Number(t.toFixed(7))},${value}`),
        ),
      )
      expect(sampleRate).toBeCloseTo(rate, 3)
      expect(notes).toEqual([])
    },
  )

  it('as no unit would have it is refused', async () => {
    const rows = rowsOf(50, 4, (t, value) => `${4e4 * t},${value}`)
    await expect(readOne(table('time_s,eda', rows))).rejects.toThrow(/says seconds, which would be 0\.0001 Hz/)
  })

  it('that Unix stamps contradict the name of is told by the stamps', async () => {
    const { sampleRate, notes } = await readOne(stamped('time_s,eda', (t) => String(start + 1000 * t)))
    expect(sampleRate).toBe(4)
    expect(notes).toEqual([
      "column 'time_s' says seconds, but its numbers are Unix times in milliseconds; they were read so",
    ])
  })

  it('that dates may be read in two ways of is said', async () => {
    const { start: found, notes } = await readOne(
      stamped('time,eda', (t) => iso(t).replace(/.*T(.*)Z/, '03/04/2024 $1')),
    )
    expect(isoTime(found!)).toBe('2024-03-04T22:13:20.000')
    expect(notes).toEqual(['dates such as 03/04/2024 were read as month/day; the file cannot tell'])
  })

  it('may come in whole seconds at 4 Hz', async () => {
    const { sampleRate, eda, notes } = await readOne(stamped('time,eda', (t) => iso(t).replace(/\.\d+Z/, '')))
    expect([sampleRate, eda.length]).toEqual([4, N])
    expect(notes!.join()).toMatch(/the time stamps come in steps of 1 s, 4 rows to one/)
  })
})

describe('rows of uneven time', () => {
  const rows = (change: (row: string, i: number) => string[]): string => table('time,eda', plain.flatMap(change))

  it('that are missing are gaps', async () => {
    const one = await readOne(rows((row, i) => (i === 100 ? [] : [row])))
    expect([one.sampleRate, one.eda.length, one.eda[100]]).toEqual([4, N, NaN])
    expect(one.notes).toEqual(['1 row is missing in 1 place, the first before a.csv:102'])
    const many = await readOne(rows((row, i) => (i >= 100 && i < 150 ? [] : [row])))
    expect([many.eda.length, many.eda.filter(Number.isNaN).length]).toEqual([N, 50])
  })

  it('that repeat are dropped', async () => {
    const same = await readOne(rows((row, i) => (i === 100 ? [row, row] : [row])))
    expect([same.sampleRate, same.eda.length]).toEqual([4, N])
    expect(same.notes).toEqual(['1 row repeats the time of the row before and was dropped, the first at a.csv:103'])
    const other = await readOne(rows((row, i) => (i === 100 ? [row, row.replace(/,.*/, ',9')] : [row])))
    expect(other.eda[100]).toBe(Number(level(25).toFixed(4)))
    expect(other.notes!.join()).toContain('1 of them had another value')
  })

  it('that jitter are put onto the grid', async () => {
    const jittered = await readOne(
      table(
        'time,eda',
        rowsOf(N, 4, (t, value, i) => `${(t + 0.06 * Math.sin(i * i)).toFixed(4)},${value}`),
      ),
    )
    expect([jittered.sampleRate, jittered.eda.length]).toEqual([4, N])
    expect(jittered.notes!.join()).toMatch(
      /the time stamps jitter by 4\d\.?\d? ms \(root mean square\) about an even grid of 250 ms/,
    )
  })

  it('that follow no rate are refused', async () => {
    let t = 0
    const text = table(
      'time_s,eda',
      rowsOf(N, 4, (_, value, i) => `${(t += 0.2 + ((i * 7) % 11) / 11).toFixed(3)},${value}`),
    )
    await expect(readOne(text)).rejects.toThrow(
      /^a\.csv: time steps are 0\.2 to 1\.11 s, half of them .* s; need an even rate/,
    )
    expect((await readOne(text, { sampleRate: 4 })).eda).toHaveLength(N)
  })

  it('in which the clock is put back, or begins again at midnight, go on', async () => {
    const wall = (from: number, fall: number, print: (ms: number) => string): string =>
      table(
        'time,eda',
        rowsOf(N, 4, (t, value) => `${print(from + 1000 * t - (t >= 60 ? fall : 0))},${value}`),
      )
    const local = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').replace('Z', '')
    const autumn = await readOne(wall(Date.UTC(2024, 9, 27, 2, 59), 3_600_000, local))
    expect([autumn.sampleRate, autumn.eda.length]).toEqual([4, N])
    expect(autumn.notes!.join()).toMatch(/the clock is put back by one hour \(end of summer time\) at a\.csv:242/)
    const spring = await readOne(wall(Date.UTC(2024, 2, 31, 1, 59), -3_600_000, local))
    expect([spring.sampleRate, spring.eda.length]).toEqual([4, N])
    expect(spring.notes!.join()).toMatch(/put forward by one hour/)
    const night = await readOne(wall(Date.UTC(2024, 2, 1, 23, 59), 0, (ms) => local(ms).slice(11)))
    expect([night.sampleRate, night.eda.length]).toEqual([4, N])
    expect(night.notes!.join()).toMatch(/midnight/)
  })

  it('that go back otherwise are refused', async () => {
    const back = rows((row, i) => [i < 300 ? row : row.replace(/^[\d.]+/, (t) => String(Number(t) - 30))])
    await expect(readOne(back)).rejects.toThrow('a.csv:302: the time goes back by 29.8 s here')
  })

  it('with a hole of years are refused before any memory is taken', async () => {
    const hole = rows((row, i) => [i < 300 ? row : row.replace(/^[\d.]+/, (t) => String(Number(t) + 1e9))])
    await expect(readOne(hole)).rejects.toThrow(/^a\.csv:302: the time jumps by 1000000000 s here/)
  })

  it('that end in the middle of one lose it', async () => {
    const cut = await readOne(
      `${table(
        'time,eda,hr',
        plain.map((row) => `${row},60`),
      )}120.00,5.1`,
    )
    expect(cut.eda).toHaveLength(N)
    expect(cut.notes!.join()).toContain('the last row (line 482) is cut off and was left out')
  })
})

describe('several recordings in one table', () => {
  const people = (header: string, again = true): string =>
    [
      header,
      ...['S0', 'S1', 'S2'].flatMap((who, k) =>
        rowsOf(240, 4, (t, value) => `${who},${(again ? t : t + 60 * k).toFixed(2)},${value}`),
      ),
    ].join('\n')

  it.each(['participant_id', 'ID', 'subject', 'Session', 'file_name', 'condition', 'Block'])(
    'are told apart by %s where time starts again',
    async (id) => {
      const found = await read(people(`${id},time,eda`))
      expect(found.map(({ part, eda, sampleRate }) => [part, eda.length, sampleRate])).toEqual([
        ['S0', 240, 4],
        ['S1', 240, 4],
        ['S2', 240, 4],
      ])
      expect(found[1]!.notes![0]).toBe('its table holds several recordings; this is S1')
      expect(found[1]!.firstLine).toBe(242)
    },
  )

  it('are one where time goes on through conditions', async () => {
    expect((await readOne(people('condition,time,eda', false))).eda).toHaveLength(720)
    expect((await readOne(people('condition,time,eda'), { by: 'none', sampleRate: 4 })).eda).toHaveLength(720)
  })

  it('are refused, naming the column, where it is not clear', async () => {
    await expect(read(people('subject,time,eda', false))).rejects.toThrow(
      /column 'subject' names 3 different ones .* --by 'subject'/,
    )
    await expect(
      read(
        people('condition,time,eda')
          .replaceAll(/,[\d.]+,/g, ',x,')
          .replace('time', 'what'),
        { sampleRate: 4 },
      ),
    ).rejects.toThrow(/column 'condition'/)
    const mixed = ['subject,time,eda', ...rowsOf(240, 4, (t, value) => `A,${t},${value}\nB,${t},${value}`)].join('\n')
    await expect(read(mixed)).rejects.toThrow(/column 'subject'/)
    expect((await read(mixed, { by: 'subject' })).map(({ part, eda }) => [part, eda.length])).toEqual([
      ['A', 240],
      ['B', 240],
    ])
    await expect(read(mixed, { by: 'who' })).rejects.toThrow(
      "a.csv: no 'who' among its columns; they are subject, time, eda",
    )
  })

  it('are told apart by a time that starts again', async () => {
    const twice = table('time,eda', [...plain, ...plain])
    const found = await read(twice)
    expect(found.map(({ part, eda }) => [part, eda.length])).toEqual([
      ['1', N],
      ['2', N],
    ])
  })

  it('may have broken times where the rate is given', async () => {
    for (const broken of ['x', '', '12:xx'])
      for (const at of [0, 1, 300]) {
        const rows = plain.map((row, i) => (i === at ? row.replace(/^[^,]*/, broken) : row))
        const { eda, sampleRate } = await readOne(table('time,eda', rows), { sampleRate: 8 })
        expect([eda.length, sampleRate]).toEqual([N, 8])
      }
  })

  it('are one where the rate is given, which is said', async () => {
    const { eda, notes } = await readOne(table('time,eda', [...plain, ...plain]), { sampleRate: 4 })
    expect(eda).toHaveLength(2 * N)
    expect(notes!.join()).toMatch(/its time goes back, first at a\.csv:482, which the given rate passes over/)
  })

  it('may be two hands', async () => {
    const hands = table(
      'time,EDA_left,EDA_right',
      rowsOf(N, 4, (t, value) => `${t},${value},${(0.8 * Number(value)).toFixed(4)}`),
    )
    await expect(read(hands)).rejects.toThrow(
      'a.csv: 2 columns could be skin conductance: EDA_left, EDA_right; give --eda NAME',
    )
    const found = await read(hands, { edaColumns: ['EDA_left', 'EDA_right'] })
    expect(found.map(({ part, eda }) => [part, eda.length])).toEqual([
      ['EDA_left', N],
      ['EDA_right', N],
    ])
    await expect(
      readRecording(memorySource('a.csv', hands), { edaColumns: ['EDA_left', 'EDA_right'] }),
    ).rejects.toThrow(/holds 2 recordings/)
  })
})

describe('what a file does not say', () => {
  it('is asked for', async () => {
    await expect(readOne('')).rejects.toThrow('a.csv: the file is empty, expected rows of data')
    await expect(readOne('\n\n')).rejects.toThrow('a.csv: the file is empty, expected rows of data')
    for (const content of ['# only a comment\n', 'sep=;', '#\n# two\n\n'])
      await expect(readOne(content)).rejects.toThrow('a.csv: no line of it is a row of numbers')
    await expect(readOne('time,eda\n')).rejects.toThrow('a.csv: no line of it is a row of numbers')
    await expect(readOne('0.5\n0.7\n')).rejects.toThrow('a.csv: no header and no time column; give --rate HZ')
    await expect(readOne('5.1,1\n5.2,2\n5.0,3\n')).rejects.toThrow('a.csv: 2 columns without a header')
    await expect(
      readOne(
        table(
          'clock_,left,right',
          rowsOf(9, 4, (_, v) => `x,${v},${v}`),
        ),
      ),
    ).rejects.toThrow(
      'cannot tell which of its columns is skin conductance; give --eda NAME, one of clock_, left, right',
    )
    await expect(
      readOne(
        table(
          'a,eda',
          rowsOf(9, 4, (_, v) => `x,${v}`),
        ),
      ),
    ).rejects.toThrow('no time column; give --rate HZ, or --time COL, one of a, eda')
    await expect(readOne('time_s,eda\n0,1\n')).rejects.toThrow('1 samples are too few')
    await expect(readOne('time_s,eda\n0,1\n0,1\n0,1\n')).rejects.toThrow('the time column never increases')
  })

  it('is read from lines before the table', async () => {
    const bare = rowsOf(N, 4, (_, value) => value)
    const { sampleRate, start, recorder } = await readOne(
      ['# Device: Acme 7', '# Start: 2024-01-01 10:00:00', '# Sampling rate: 4 Hz', 'EDA (uS)', ...bare].join('\n'),
    )
    expect([sampleRate, isoTime(start!), recorder]).toEqual([4, '2024-01-01T10:00:00.000', 'Acme 7'])
  })

  it('is never binary on a terminal', async () => {
    await expect(readOne(Uint8Array.from({ length: 4000 }, (_, i) => (i * 37) % 256))).rejects.toThrow(/^[\x20-\x7e]*$/)
    await expect(
      readOne(
        table(
          'time,eda',
          plain.map((row, i) => (i === 9 ? `\u001b[31m${row}` : row)),
        ),
      ),
    ).rejects.toThrow(/^[\x20-\x7e]*$/)
  })
})

it('reads every sample recording', needs(existsSync(shared), NO_SHARED), async () => {
  const files = readdirSync(new URL('eda/', shared)).filter((name) => name.endsWith('.csv'))
  expect(files.length).toBeGreaterThan(10)
  for (const name of files) {
    const { sampleRate, eda } = await readOne(readFileSync(new URL(`eda/${name}`, shared)))
    expect(sampleRate, name).toBe(Number(/_(\d+)p?(\d*)hz/.exec(name)?.slice(1).filter(Boolean).join('.')))
    expect(eda.every(Number.isFinite), name).toBe(true)
  }
})
