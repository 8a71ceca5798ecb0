// The options of how data are read, which every command with --data has, and those of `prepare` that only it has.
import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'
import * as dataset from '../../../src/train/dataset.ts'
import * as folder from '../../../src/train/prepare_folder.ts'
import { writeFiles } from '../support.ts'
import { documentOf, handedTo, path, readJson, refusesHere, start, study, trained, type Checks } from './start.ts'

type Given = Record<string, unknown> & { features?: { name: string }[] }

/** How each command is started that has data to read. */
const starts: Readonly<Record<string, () => Promise<string[]>>> = {
  prepare: () => Promise.resolve(['prepare', '--data', study(), '--out', path('never')]),
  experiment: () => Promise.resolve(['experiment', 'table8', '--data', study(), '--out', path('never'), '--plan']),
  train: () => Promise.resolve(['train', '--data', study(), '--out', path('never')]),
  eval: async () => ['eval', '--run', (await trained()).run, '--data', study()],
  predict: async () => ['predict', '--run', (await trained()).run, '--data', study()],
  explain: async () => ['explain', '--run', (await trained()).run, '--data', study()],
}
const PREPARES: readonly string[] = ['prepare', 'experiment']

/** What the library is asked to read. */
const commands: Readonly<Record<string, (...more: string[]) => Promise<Given>>> = Object.fromEntries(
  Object.entries(starts).map(([command, args]) => [
    command,
    async (...more) => {
      if (PREPARES.includes(command)) return (await preparation(command, ...more)).dataset as object as Given
      return (await handedTo(dataset, 'loadDataset', [...(await args()), ...more]))[1] as Given
    },
  ]),
)
const preparation = async (command: string, ...more: string[]): Promise<folder.PrepareFolderOptions> =>
  (await handedTo(folder, 'preparedBefore', [...(await starts[command]!()), ...more]))[2] as folder.PrepareFolderOptions

const dataChecks: Checks = Object.fromEntries(
  Object.entries(commands).flatMap(([command, given]): [string, () => Promise<void>][] => [
    [
      `${command} --gsr`,
      async () => {
        expect(await given('--gsr', 'negate')).toMatchObject({ gsr: 'negate' })
        expect(await given()).not.toHaveProperty('gsr')
      },
    ],
    [
      `${command} --resample`,
      async () => {
        expect(await given('--resample')).toMatchObject({ resample: true })
        expect(await given()).not.toHaveProperty('resample')
      },
    ],
    [
      `${command} --features`,
      async () => {
        writeFiles(path('songs'), { 'a.csv': 'stimulus,f\nx,1\n', 'b.csv': 'stimulus,f\ny,1\n' })
        const files = [path('songs', 'a.csv'), path('songs', 'b.csv')]
        const { features } = await given('--features', ...files)
        expect(features!.map(({ name }) => name)).toEqual(files)
        const missing = [...(await starts[command]!()), '--features', path('none.csv')]
        await refusesHere(missing, 3, 'none.csv: no such file')
      },
    ],
    [
      `${command} --music-features`,
      async () => {
        expect(await given('--music-features', 'any')).toMatchObject({ anyFeatures: true })
        expect(await given('--music-features', 'openSMILE')).not.toHaveProperty('anyFeatures')
      },
    ],
  ]),
)

const prepare = (out: string, ...more: string[]): string[] => [
  ...['prepare', '--data', study(), '--out', path(out), '--length', '400', '--device', 'cpu'],
  ...more,
]
const signals = (name: string): string => readFileSync(path(name, 'signals.safetensors')).toString('base64')

const prepareChecks: Checks = {
  'prepare --pass': async () => {
    const args = ['prepare', '--data', study(), '--out', path('never')]
    const given = async (...more: string[]) => (await handedTo(folder, 'preparedBefore', [...args, ...more]))[2]
    expect(await given('--pass', 'valence')).toMatchObject({ dataset: { pass: 'valence' } })
    expect((await given()) as { dataset: object }).not.toHaveProperty('dataset.pass')
  },
  'prepare --antialias': async () => {
    await start(prepare('plain'))
    await start(prepare('filtered', '--antialias', '--length', '32'))
    expect(readJson('filtered', 'manifest.json')).toMatchObject({ interpolation: 'antialias' })
    expect(readJson('plain', 'manifest.json')).not.toHaveProperty('interpolation')
    await refusesHere(prepare('never', '--antialias', '--resize', 'released'), 2, 'two ways to one number of points')
  },
  'prepare --resize': async () => {
    await start(prepare('folded', '--resize', 'released'))
    expect(readJson('folded', 'manifest.json')).toMatchObject({ interpolation: 'released' })
    await start(prepare('plain'))
    expect(signals('folded')).not.toBe(signals('plain'))
  },
  'prepare --exclude': async () => {
    writeFiles(path('torn'), {
      'trials.csv': 'trial,subject,sample_rate_hz\na,s1,4\nb,s2,4\n',
      'eda.csv': [
        'trial,i,eda_us',
        ...['a', 'b'].flatMap((id) =>
          [...Array(60).keys()].map((i) => `${id},${i},${id === 'b' && i === 9 ? 0 : 2 + Math.sin(i)}`),
        ),
      ].join('\n'),
    })
    const args = ['prepare', '--data', path('torn'), '--out', path('whole'), '--length', '40', '--device', 'cpu']
    expect(await documentOf([...args, '--exclude', 'quality:flat'])).toMatchObject({ usable: 2 })
    const found = await documentOf([...args, '--exclude', 'quality:zero,flat'])
    expect(found).toMatchObject({
      usable: 1,
      skipped: [{ source: 'trial b', reason: 'left out for its quality: zero' }],
    })
    expect(found.notes).toContain('1 of 2 trials are left out for their quality (zero, flat).')
    await refusesHere([...args, '--exclude', 'quality:dull'], 2, "--exclude is 'quality:dull', expected quality:")
  },
  'prepare --cache': async () => {
    await start(prepare('cached', '--cache', path('cache')))
    expect(readdirSync(path('cache'))).toEqual(['decompositions-1.safetensors'])
    await start(prepare('cached', '--cache', path('cache'), '--drop', '0'))
    expect(readdirSync(path('cache'))).toEqual(['decompositions-1.safetensors'])
    expect(readdirSync(path('cached'))).toEqual(['manifest.json', 'signals.safetensors'])
  },
  'prepare --device': async () => {
    expect(await documentOf(prepare('by', '--device', 'cpu'))).toMatchObject({ device: 'float64 on the CPU' })
    const { device } = await documentOf<{ device: string }>(prepare('by gpu', '--device', 'gpu'))
    expect(device).not.toMatch(/CPU$/)
  },
}

/** `experiment` prepares as `prepare` does. */
const experimentChecks: Checks = {
  'experiment --rate': async () => {
    expect(await commands['experiment']!('--rate', '8')).toMatchObject({ sampleRate: 8 })
    expect(await commands['experiment']!()).not.toHaveProperty('sampleRate')
  },
  'experiment --pass': async () => {
    expect(await preparation('experiment', '--pass', 'valence')).toMatchObject({ dataset: { pass: 'valence' } })
    expect((await preparation('experiment')).dataset).not.toHaveProperty('pass')
  },
  'experiment --antialias': async () => {
    expect(await preparation('experiment', '--antialias')).toMatchObject({ interpolation: 'antialias' })
    expect(await preparation('experiment')).not.toHaveProperty('interpolation')
    const both = [...(await starts['experiment']!()), '--antialias', '--resize', 'released']
    await refusesHere(both, 2, 'two ways to one number of points')
  },
  'experiment --resize': async () =>
    expect(await preparation('experiment', '--resize', 'released')).toMatchObject({ interpolation: 'released' }),
  'experiment --exclude': async () => {
    expect(await preparation('experiment', '--exclude', 'quality:flat')).toMatchObject({ exclude: ['flat'] })
    // What is prepared already is not read any more.
    const late = ['experiment', 'table8', '--data', path('for an experiment'), '--out', path('never'), '--plan']
    await start(prepare('for an experiment'))
    await refusesHere([...late, '--exclude', 'quality:flat'], 2, 'is prepared already, so --exclude comes too late')
    await refusesHere([...late, '--length', '40'], 2, /--length 40: .* was prepared with --length 400; leave/)
    await refusesHere([...late, '--drop', '0'], 2, /--drop 0: .* was prepared with --drop 3; leave/)
  },
  'experiment --cache': async () => {
    expect((await preparation('experiment', '--cache', path('cache'))).cache).toMatchObject({ root: path('cache') })
    expect(await preparation('experiment')).not.toHaveProperty('cache')
  },
}

export const dataOptionChecks: Checks = { ...dataChecks, ...prepareChecks, ...experimentChecks }
