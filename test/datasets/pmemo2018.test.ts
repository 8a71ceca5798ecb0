import { describe, expect, it } from 'vitest'
import { pmemo2018 } from '../../src/datasets/pmemo2018.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { read, refusal, type Files } from './reading.ts'

/** 50 Hz. */
const trace = (...samples: (number | string)[]): string =>
  `time(s),EDA(microsiemens)\n${samples.map((value, i) => `${(i * 0.02).toFixed(2)},${value}\n`).join('')}`
const tree = {
  'EDA/Arousal/10_100081_A.csv': trace(1, 2, 3),
  'EDA/Arousal/9_100083_A.csv': trace(4, 5, 6),
  'EDA/Arousal/9_100081_A.csv': trace(7, 8, 9),
  'EDA/Valence/9_100081_V.csv': trace(1, 1.5, 2),
  'EDA/Valence/10_100081_V.csv': trace(3, 3.5, 4),
  // More cells than the header has, as each listener moved the slider.
  'Annotations/Arousal/9-A.csv': 'subject,static\n100081,0.25,0.1,0.2,0.3\n100083,0.5,0.1\n',
  'Annotations/Valence/9-V.csv': 'subject,static\n100081,0.75,0.1\n100083,,0.1\n',
  'Annotations/Arousal/10-A.csv': 'id\n100081,0,0.4\n',
  'Annotations/Valence/10-V.csv': 'id\n100081,1,0.4\n',
  'A_static.csv': 'musicId,mean_A,std_A\n9,0.375,0.1\n10,0.2,0.1\n634,0.5,0\n',
  'V_static.csv': 'musicId,mean_V,std_V\n9,0.7,0.1\n634,0.5,0\n',
  'A_dynamic_mean.csv': 'musicId,15.0\n9,0.1,0.2,0.3\n10,0.1\n',
  'metadata.csv': 'musicId,fileName,title,artists\n9,9.mp3,Nine,"A, B"\n10,10.mp3,Ten,C\n',
  'chorus.csv': 'musicId,start,end\n9,00:10,00:40\n',
} satisfies Files

describe('PMEmo 2018/01', () => {
  it('is read listening by listening, with what each listener said in both', async () => {
    const set = await read(tree)
    expect(set).toMatchObject({ kind: 'pmemo2018', name: 'pmemo2018', synthetic: false, expected: 5, skipped: [] })
    expect(set.trials[0]).toEqual({
      id: '9_100081_A',
      subject: '100081',
      stimulus: '9',
      pass: 'arousal',
      sampleRate: 50,
      eda: Float64Array.of(7, 8, 9),
      unit: 'uS',
      ratings: { arousal: 0.25, valence: 0.75 },
      ratingScale: [0, 1],
      stimulusRatings: { arousal: 0.375, valence: 0.7 },
      dataset: 'pmemo2018',
      baselineSeconds: 0,
      columns: { fileName: '9.mp3', title: 'Nine', artists: 'A, B' },
      source: 'pmemo2018/EDA/Arousal/9_100081_A.csv',
    })
    expect(set.trials.map(({ id, pass, ratings, eda }) => [id, pass, ratings, eda[0]])).toEqual([
      ['9_100081_A', 'arousal', { arousal: 0.25, valence: 0.75 }, 7],
      ['9_100083_A', 'arousal', undefined, 4],
      ['10_100081_A', 'arousal', { arousal: 0, valence: 1 }, 1],
      ['9_100081_V', 'valence', { arousal: 0.25, valence: 0.75 }, 1],
      ['10_100081_V', 'valence', { arousal: 0, valence: 1 }, 3],
    ])
    // Its valence has no average.
    expect(set.trials[2]!.stimulusRatings).toBeUndefined()
    expect(set.notes).toEqual([
      'Songs with EDA, but without ratings: 1 of 2 (10).',
      'Recordings whose listener did not rate both dimensions: 1.',
    ])
  })

  it('is known by its traces or by what its listeners said, and by nothing else', async () => {
    const knows = (files: Files): Promise<boolean> => pmemo2018.recognises(new MemoryStore(files))
    expect(await knows({ 'EDA/Arousal/10_100081_A.csv': trace(1) })).toBe(true)
    expect(await knows({ 'Annotations/Valence/10-V.csv': 'id,static\n' })).toBe(true)
    expect(await knows({ 'EDA/10_EDA.csv': 'time(s),100081\n', 'A_static.csv': '' })).toBe(false)
  })

  it('is read in one of its listenings alone, with the ratings of both', async () => {
    for (const pass of ['arousal', 'valence'] as const) {
      const set = await read(tree, { pass })
      expect(new Set(set.trials.map((trial) => trial.pass))).toEqual(new Set([pass]))
      expect(set.expected).toBe(set.trials.length)
      expect(set.trials.at(-1)!.ratings).toEqual({ arousal: 0, valence: 1 })
    }
  })

  it('says what it lacks', async () => {
    const only = (part: RegExp): Files => Object.fromEntries(Object.entries(tree).filter(([path]) => part.test(path)))
    expect((await read(only(/^EDA/))).notes).toEqual([
      'There is no metadata.csv, so that songs have numbers only.',
      'There are no A_static.csv and V_static.csv with average ratings of songs.',
      'There are no Annotations of listeners for arousal, so that no trial is rated.',
      'There are no Annotations of listeners for valence, so that no trial is rated.',
      'Recordings whose listener did not rate both dimensions: 5.',
    ])
    expect((await read(only(/^(EDA.Val|Ann|meta)/))).notes[0]).toBe('There is no EDA of the listening for arousal.')
    expect((await read(only(/^(EDA.Val|Ann|meta)/), { pass: 'valence' })).notes[0]).toMatch(/^There are no A_static/)
    expect(await refusal(only(/^Annotations/))).toBe(
      'FormatError: pmemo2018: this is PMEmo 2018/01, but its folder EDA has no files <song>_<listener>_A.csv for arousal and ' +
        '<song>_<listener>_V.csv for valence; add them',
    )
    expect(await refusal(only(/^EDA.Ar/), { pass: 'valence' })).toMatch(
      /has no files <song>_<listener>_V\.csv for valence; add/,
    )
  })

  it('passes over what is called otherwise, empty, or of nobody, and says so', async () => {
    const set = await read({
      ...tree,
      'EDA/Arousal/.DS_Store': 'x',
      'EDA/Arousal/._9_100081_A.csv': 'x',
      'EDA/Arousal/9_100081_A (1).csv': trace(1, 2),
      'EDA/Arousal/9_100081_V.csv': trace(1, 2),
      'EDA/Arousal/11_100081_A.csv': '',
      'EDA/Arousal/12_100081_A.csv': trace('NaN', ''),
      'Annotations/Arousal/9-A.csv': 'subject,static\n100081,0.25\nmean,0.3\n',
    })
    expect(set.trials).toHaveLength(5)
    expect(set.skipped).toEqual([
      { source: 'pmemo2018/EDA/Arousal/9_100081_A (1).csv', reason: 'its name is not <song>_<listener>_A.csv' },
      { source: 'pmemo2018/EDA/Arousal/9_100081_V.csv', reason: 'its name is not <song>_<listener>_A.csv' },
      { source: 'pmemo2018/Annotations/Arousal/9-A.csv:3', reason: 'its first cell is no id of six digits' },
      { source: 'pmemo2018/EDA/Arousal/11_100081_A.csv', reason: 'it has no samples' },
      { source: 'pmemo2018/EDA/Arousal/12_100081_A.csv', reason: 'it has no samples' },
    ])
  })

  it('joins listeners by their six digits, however their ids are written', async () => {
    const ratings = async (file: string, annotation: string) => {
      const { 'EDA/Arousal/9_100081_A.csv': eda, ...others } = tree
      const files = { ...others, [`EDA/Arousal/${file}`]: eda, 'Annotations/Arousal/9-A.csv': annotation }
      return (await read(files, { pass: 'arousal' })).trials[0]!.ratings
    }
    for (const [file, id] of [
      ['9_P 100081_A.csv', '100081.0'],
      ['009_100081_a.CSV', '"PMEmo 100081 "'],
    ] as const)
      expect(await ratings(file, `id,rating\n${id},0.125\n`), file).toEqual({ arousal: 0.125, valence: 0.75 })
    // The first row is a listener's as well where no header stands above it.
    expect(await ratings('9_100081_A.csv', '100081,0.5\n')).toEqual({ arousal: 0.5, valence: 0.75 })
    expect(await ratings('9_100081_A.csv', 'id\n100081;0,5;0,25\n')).toEqual({ arousal: 0.5, valence: 0.75 })
  })

  it('takes nobody at two words', async () => {
    const twice = { ...tree, 'Annotations/Arousal/9-A.csv': 'id,x\n100081,0.25\n100081,0.5\n' }
    const set = await read(twice)
    expect(set.trials[0]!.ratings).toBeUndefined()
    expect(set.notes).toContain('Listeners who rated the arousal of a song in two ways count as unrated: 9_100081.')
    const same = { ...tree, 'Annotations/Arousal/9-A.csv': 'id,x\n100081,0.25\n100081,0.25\n' }
    expect((await read(same)).trials[0]!.ratings).toEqual({ arousal: 0.25, valence: 0.75 })
  })

  it('finds average ratings among the annotations too', async () => {
    const { 'A_static.csv': arousal, 'V_static.csv': valence, ...others } = tree
    const moved = { ...others, 'Annotations/A_static.csv': arousal, 'Annotations/Valence/V_static.csv': valence }
    expect((await read(moved)).trials[0]!.stimulusRatings).toEqual({ arousal: 0.375, valence: 0.7 })
  })

  it('has music features where their table lies at the top or in its folder', async () => {
    const header = ['musicId', ...Array.from({ length: 6373 }, (_, i) => `f${i}`)].join(',')
    const features = `${header}\n${['9.0', ...new Array<string>(6373).fill('0.5')].join(',')}\n`
    for (const path of ['static_features.csv', 'features/static_features.csv']) {
      const set = await read({ ...tree, [path]: features })
      expect(set.musicDim, path).toBe(6373)
      expect(set.trials.map(({ music }) => music?.[6372])).toEqual([0.5, 0.5, undefined, 0.5, undefined])
    }
    expect(await refusal({ ...tree, 'static_features.csv': 'musicId,f0,f1\n9,1,2\n' })).toMatch(
      /^FormatError: pmemo2018\/static_features\.csv: 2 feature columns, expected 6373 \(openSMILE/,
    )
    expect(await refusal({ ...tree, 'static_features.csv': features, 'features/static_features.csv': features })).toBe(
      'FormatError: pmemo2018: static_features.csv and features/static_features.csv could be the same; keep one of them',
    )
  })

  it.each([
    ['EDA/Arousal/9_100081_A.csv', trace(1, 'x'), "EDA/Arousal/9_100081_A.csv:3: column 2 is 'x', expected a number"],
    [
      'EDA/Arousal/9_100081_A.csv',
      'time(s),100081,100083\n0,1,2\n',
      'EDA/Arousal/9_100081_A.csv:1: 3 cells, expected two: time(s) and EDA(microsiemens)',
    ],
    [
      'EDA/Arousal/9_100081_A.csv',
      'time(s),EDA(kohm)\n0,1\n0.02,2\n',
      'EDA/Arousal/9_100081_A.csv:1: the EDA is in kΩ, expected microsiemens as PMEmo has them',
    ],
    [
      'EDA/Arousal/9_100081_A.csv',
      'time(s),EDA\n0,1\n0.02,2\n0.04,1\n0.10,1\n0.12,1\n',
      'EDA/Arousal/9_100081_A.csv: time steps are 0.02 to 0.06 s; need an even rate. Add --resample.',
    ],
    [
      'Annotations/Arousal/9-A.csv',
      'id,x\n100081,7\n',
      'Annotations/Arousal/9-A.csv:2: the rating in column 2 is 7, expected 0 to 1',
    ],
    [
      'Annotations/Arousal/9-A.csv',
      'id,x\n100081,-0.125\n',
      'Annotations/Arousal/9-A.csv:2: the rating in column 2 is -0.125, expected 0 to 1',
    ],
    [
      'Annotations/Arousal/9-A.csv',
      'id,x\n100081,high\n',
      "Annotations/Arousal/9-A.csv:2: column 2 is 'high', expected a number",
    ],
    ['V_static.csv', 'musicId,mean\n9,0.5\n9,0.5\n', 'V_static.csv:3: song 9 occurs twice; keep one row'],
  ])('is refused by file and line: %s %j', async (path, text, says) => {
    expect(await refusal({ ...tree, [path]: text })).toBe(`FormatError: pmemo2018/${says}`)
  })

  it.each([
    [
      'EDA/Arousal/9_X100081_A.csv',
      'EDA/Arousal/9_100081_A.csv and EDA/Arousal/9_X100081_A.csv are of one song and listener; keep one of them',
    ],
    [
      'Annotations/Arousal/09-A.csv',
      'Annotations/Arousal/09-A.csv and Annotations/Arousal/9-A.csv are both of song 9; keep one of them',
    ],
    ['annotations/Arousal/9-A.csv', 'Annotations and annotations could be the same; keep one of them'],
  ])('is refused where two files could be one: %s', async (path, says) => {
    expect(await refusal({ ...tree, [path]: trace(1, 2) })).toBe(`FormatError: ${says}`)
  })

  it('beside the release of 2019 is two datasets', async () => {
    expect(await refusal({ ...tree, 'EDA/9_EDA.csv': 'time(s),100081\n0,1\n0.02,2\n' })).toMatch(
      /^FormatError: the folder could be two datasets, by EDA\/Arousal .* and by EDA\/<song>_EDA\.csv/,
    )
  })

  it('interpolates uneven steps where that is asked for', async () => {
    const files = { ...tree, 'EDA/Arousal/9_100081_A.csv': 'time(s),EDA\n0,1\n0.02,2\n0.04,4\n0.08,8\n0.1,9\n' }
    const set = await read(files, { resample: true })
    expect(set.trials[0]!.eda).toEqual(Float64Array.of(1, 2, 4, 6, 8, 9))
    expect(set.notes).toContain('Uneven time steps were interpolated to even ones: EDA/Arousal/9_100081_A.csv.')
  })
})
