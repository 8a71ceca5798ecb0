import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { groupBy } from '../../src/datasets/group.ts'
import type { Trial } from '../../src/datasets/trial.ts'
import { loadTrialTable } from '../../src/datasets/trial_table.ts'
import { NodeStore } from '../../src/store/node.ts'
import { fileURLToPath } from 'node:url'
import { needs, NO_SHARED } from '../support/needs.ts'
import { read, refusal, type Files } from './reading.ts'

const shared = fileURLToPath(new URL('../../../shared/data/hku956', import.meta.url))

const SIGNALS = '1. physiological_signals'
const HEADER = 'participant_id,song_no,song_id,valence_rating,valence,arousal_rating,arousal,play_duration\n'
const tree = {
  [`${SIGNALS}/hku1904/EDA/0_77.csv`]: '0.5\n0.6\n0.7\n0.8\n',
  [`${SIGNALS}/hku1903/EDA/10_55.csv`]: '1.5\n1.6\n1.7\n1.8\n',
  [`${SIGNALS}/hku1903/EDA/2_66.csv`]: '2.5\n2.6\n\n2.8\n',
  [`${SIGNALS}/hku1903/BVP/2_66.csv`]: '9\n9\n',
  '2. original_song_audio.csv': 'song_id,link\n',
  '3. AV_ratings.csv': `${HEADER}hku1904,0,77,-10,negative,10,positive,1\nhku1903,2,66,7.4,positive,-6,negative,1\nhku1903,10,55,0,neutral,0.5,positive,1\n`,
} satisfies Files

describe('HKU956', () => {
  it('is read listener by listener in the order in which they heard songs', async () => {
    const set = await read(tree)
    expect(set).toMatchObject({ kind: 'hku956', name: 'hku956', synthetic: false, expected: 3, skipped: [] })
    expect(set.trials[0]).toEqual({
      id: 'hku1903_02',
      subject: 'hku1903',
      stimulus: '66',
      sampleRate: 4,
      eda: Float64Array.of(2.5, 2.6, NaN, 2.8),
      unit: 'uS',
      ratings: { valence: 7.4, arousal: -6 },
      ratingScale: [-10, 10],
      dataset: 'hku956',
      baselineSeconds: 0,
      columns: { order: '2', play_duration: '1' },
      source: `hku956/${SIGNALS}/hku1903/EDA/2_66.csv`,
    })
    expect(set.trials.map(({ id, ratings }) => [id, ratings])).toEqual([
      ['hku1903_02', { valence: 7.4, arousal: -6 }],
      ['hku1903_10', { valence: 0, arousal: 0.5 }],
      ['hku1904_00', { valence: -10, arousal: 10 }],
    ])
    expect(set.notes).toEqual(['The files of HKU956 do not say their rate, which is taken as 4 Hz.'])
  })

  it('is the same in other spellings of its tables', async () => {
    const { trials } = await read(tree)
    for (const [form, of] of [
      ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
      ['BOM', (text: string) => `\uFEFF${text}`],
      ['a header', (text: string) => (text.includes(',') ? text : `EDA\n${text}`)],
      ['semicolons', (text: string) => text.replaceAll(',', ';')],
      ['quotes', (text: string) => text.replace(/[^,\n]+/g, '"$&"')],
    ] as const) {
      const files = Object.fromEntries(Object.entries(tree).map(([path, text]) => [path, of(text)]))
      expect((await read(files)).trials, form).toEqual(trials)
    }
    const renamed = Object.fromEntries(Object.entries(tree).map(([path, text]) => [path.replace(/^\d\. /, ''), text]))
    expect((await read(renamed)).trials.map(({ eda }) => eda)).toEqual(trials.map(({ eda }) => eda))
  })

  it('says what it lacks and what does not fit', async () => {
    const { '3. AV_ratings.csv': ratings, ...signals } = tree
    const unrated = await read(signals)
    expect(unrated.trials.map((trial) => trial.ratings)).toEqual([undefined, undefined, undefined])
    expect(unrated.notes[1]).toBe('There is no "3. AV_ratings.csv", so that no trial is rated.')
    const set = await read({
      ...signals,
      '3. AV_ratings.csv': `${HEADER}hku1903,2,66,7.4,positive,-6,negative,2\nhku1903,3,99,1,p,1,p,30\nhku1903,10,54,1,p,1,p,1\nhku1904,0,77,,n,1,p,1\n`,
      [`${SIGNALS}/hku1904/EDA/notes.csv`]: 'x',
      [`${SIGNALS}/hku1904/EDA/1_78.csv`]: '',
    })
    expect(set.notes.slice(1)).toEqual([
      'Ratings without EDA: 2 (hku1903/3_99, hku1903/10_54).',
      'Recordings without a rating: 3 (hku1903/10_55, hku1904/0_77, hku1904/1_78).',
      'Recordings whose length at 4 Hz differs from their play_duration by over 10 %: 1 (hku1903/2_66).',
    ])
    expect(set.skipped).toEqual([
      { source: `hku956/${SIGNALS}/hku1904/EDA/notes.csv`, reason: 'its name is not <order>_<song>.csv' },
      { source: `hku956/${SIGNALS}/hku1904/EDA/1_78.csv`, reason: 'it has no samples' },
    ])
  })

  it.each([
    [`${SIGNALS}/hku1903/EDA/2_66.csv`, '1\nx\n', ":2: column 1 is 'x', expected a number"],
    [`${SIGNALS}/hku1903/EDA/2_66.csv`, '1\n1e999\n', ":2: column 1 is '1e999', expected a finite number"],
    [
      `${SIGNALS}/hku1903/EDA/2_66.csv`,
      '1500000000.0\n4.0\n1\n2\n',
      ':1: 1500000000 is a time and no conductance, as in a file of the wristband itself; delete that line and the rate below it',
    ],
    [`${SIGNALS}/hku1903/EDA/2_66.csv`, '0,1\n0.25,2\n', ':1: 2 cells, expected one value a line'],
    [
      '3. AV_ratings.csv',
      `${HEADER}a,0,1,11,p,0,p,1\n`,
      ":2: column 'valence_rating' is 11, expected a rating from -10 to 10",
    ],
    [
      '3. AV_ratings.csv',
      `${HEADER}a,0,1,1,p,1e999,p,1\n`,
      ":2: column 'arousal_rating' is '1e999', expected a finite number",
    ],
    ['3. AV_ratings.csv', `${HEADER}a,0,1,1,p,0,p,1\na,0,1,1,p,0,p,1\n`, ':3: a/0_1 is rated twice; keep one row'],
    [
      '3. AV_ratings.csv',
      'participant_id,song_id\na,1\n',
      ": no column 'song_no'; the columns are participant_id, song_id",
    ],
  ])('is refused by file and line: %s %j', async (path, text, says) => {
    expect(await refusal({ ...tree, [path]: text })).toBe(`FormatError: hku956/${path}${says}`)
  })

  it('is refused without its EDA, and where two files have one place', async () => {
    expect(await refusal({ '3. AV_ratings.csv': tree['3. AV_ratings.csv'] })).toBe(
      'FormatError: hku956: this is HKU956 without its EDA; add "1. physiological_signals"/<listener>/EDA/<order>_<song>.csv',
    )
    expect(await refusal({ ...tree, [`${SIGNALS}/hku1903/EDA/02_67.csv`]: '1\n' })).toBe(
      `FormatError: ${SIGNALS}/hku1903/EDA/02_67.csv and ${SIGNALS}/hku1903/EDA/2_66.csv have one place in the order; keep one of them`,
    )
  })

  it('of real recordings is what the open form of them is', needs(existsSync(shared), NO_SHARED), async () => {
    const open = await loadTrialTable(new NodeStore(shared), { name: 'open' })
    const rows = readFileSync(`${shared}/eda.csv`, 'utf8').trim().split('\n').slice(1)
    const values = groupBy(rows, (row) => row.slice(0, row.indexOf(',')))
    const files: Record<string, string> = {}
    const ratings = [HEADER.trim()]
    for (const { id, subject, stimulus, columns } of open.trials) {
      const { order, valence, arousal, duration_s: seconds } = columns
      const own = values.get(id)!.map((row) => row.slice(row.lastIndexOf(',') + 1))
      files[`${SIGNALS}/${subject}/EDA/${order}_${stimulus}.csv`] = `${own.join('\n')}\n`
      ratings.push([subject, order, stimulus, valence, '', arousal, '', seconds].join(','))
    }
    const set = await read({ ...files, '3. AV_ratings.csv': ratings.join('\n') })
    const facts = (trials: readonly Trial[]) =>
      trials.map(({ id, subject, stimulus, sampleRate, eda, ratings: both }) => ({
        id,
        subject,
        stimulus,
        sampleRate,
        eda,
        both,
      }))
    expect(facts(set.trials)).toEqual(facts(open.trials))
    expect(set.notes).toHaveLength(1)
  })
})
