// What a command line names: files and folders of recordings, files of weights, and the values of options.
import type * as fs from 'node:fs'
import { mkdirSync, symlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { loadWeightsFile, readTextFile } from '../../cli/shared/files.ts'
import { listInputs } from '../../cli/shared/inputs.ts'
import { cacheStore } from '../../cli/shared/tuning.ts'
import { integer, oneOf, positive, real } from '../../cli/shared/values.ts'
import { count } from '../../cli/bench/options.ts'
import { serializeSafetensors } from '../../src/formats/safetensors.ts'
import { FormatError, UsageError } from '../../src/runtime/errors.ts'
import { needs } from '../support/needs.ts'
import { workFolder, writeFiles } from './support.ts'

/** A folder that nobody may list: whoever runs the tests may be root, who may list all. */
const closed = vi.hoisted(() => ({ folder: '' }))
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  const readdirSync = (...args: Parameters<typeof real.readdirSync>): unknown => {
    if (args[0] === closed.folder) throw Object.assign(new Error('closed'), { code: 'EACCES' })
    return real.readdirSync(...args)
  }
  return { ...real, readdirSync }
})

const folder = workFolder()
const path = (...names: string[]): string => join(folder, ...names)
/** Files that are found, by their paths below the folder, with the names of their results. */
const found = (paths: string[], out = path('out'), format: 'csv' | 'npz' = 'csv'): [string, string][] =>
  listInputs(paths, out, format).map(({ file, name }) => [relative(folder, file), name])

const empty = (...names: string[]): void => writeFiles(folder, Object.fromEntries(names.map((name) => [name, ''])))

describe('recordings', () => {
  it('of a folder come in the order of their names, before those of the folders in it', () => {
    empty('order/b.csv', 'order/a.CSV', 'order/c.doc', 'order/d.txt.gz', 'order/b/z.csv', 'order/a/y.csv')
    mkdirSync(path('order/no file.csv'))
    expect(found([path('order')])).toEqual([
      ['order/a.CSV', 'a'],
      ['order/b.csv', 'b'],
      ['order/d.txt.gz', 'd'],
      ['order/a/y.csv', 'y'],
      ['order/b/z.csv', 'z'],
    ])
  })

  it('of an Empatica folder are its EDA.csv and what is of no other sensor; elsewhere these names mean nothing', () => {
    const others = ['ACC', 'BVP', 'HR', 'IBI', 'TEMP', 'tags'].map((name) => `${name}.csv`)
    empty(...['EDA.csv', 'mine.csv', ...others].map((name) => `wrist/${name}`))
    empty(...others.map((name) => `plain/${name}`))
    expect(found([path('wrist')]).map(([file]) => file)).toEqual(['wrist/EDA.csv', 'wrist/mine.csv'])
    expect(found([path('plain')])).toHaveLength(others.length)
  })

  it('of a study in BIDS are not the tables that tell of them', () => {
    const run = 'bids/sub-01/func/sub-01_task-rest'
    empty('bids/dataset_description.json', 'bids/participants.tsv', 'bids/task-rest_events.tsv')
    empty(`${run}_physio.tsv.gz`, `${run}_events.tsv`, 'bids/sub-01/sub-01_scans.tsv')
    expect(found([path('bids')]).map(([file]) => file)).toEqual([`${run}_physio.tsv.gz`])
    empty('tables/participants.tsv', 'tables/my_events.tsv')
    expect(found([path('tables')])).toHaveLength(2)
  })

  it(
    'are files and links to files; links to folders are not followed',
    needs(process.platform !== 'win32', 'links need rights on Windows'),
    () => {
      empty('links/a.csv', 'apart/b.csv')
      symlinkSync(path('apart', 'b.csv'), path('links', 'b.csv'))
      symlinkSync(path('links'), path('links', 'round'))
      symlinkSync(path('gone.csv'), path('links', 'c.csv'))
      expect(found([path('links')]).map(([file]) => file)).toEqual(['links/a.csv', 'links/b.csv'])
    },
  )

  it('keep the order of the command line, and are called by as many folders as tell them apart', () => {
    empty('p/s2/x/EDA.csv', 'p/s1/x/EDA.csv', 'p/s1/x/other.csv')
    expect(found([path('p/s2/x/EDA.csv'), path('p/s1/x/EDA.csv'), path('p/s1/x/other.csv')])).toEqual([
      ['p/s2/x/EDA.csv', 's2_x_EDA'],
      ['p/s1/x/EDA.csv', 's1_x_EDA'],
      ['p/s1/x/other.csv', 's1_x_other'],
    ])
  })

  it('never have results that would be one file', () => {
    empty('same/a.csv', 'same/a.txt', 'same/a.events.csv')
    const both =
      (...names: string[]) =>
      () =>
        found(names.map((name) => path('same', name)))
    expect(both('a.csv', 'a.csv')).toThrow(new UsageError(`${path('same', 'a.csv')} is named twice; name it once`))
    expect(both('a.csv', 'a.events.csv')).toThrow(
      `${path('same', 'a.csv')} and ${path('same', 'a.events.csv')} would both become a.events.csv; decompose them into`,
    )
    // As arrays the responses have no table of their own.
    expect(
      found(
        ['a.csv', 'a.events.csv'].map((name) => path('same', name)),
        path('out'),
        'npz',
      ),
    ).toHaveLength(2)
  })

  it('that differ in their endings alone are called by these too, and no others are', () => {
    empty('ends/x/a.csv', 'ends/x/a.edf', 'ends/x/b.txt.gz', 'ends/x/b.txt', 'ends/y/a.csv', 'ends/y/a.edf')
    expect(found([path('ends/x')]).map(([, name]) => name)).toEqual(['a_csv', 'a_edf', 'b_txt', 'b_txt_gz'])
    expect(found([path('ends')]).map(([, name]) => name)).toEqual([
      'x_a_csv',
      'x_a_edf',
      'x_b_txt',
      'x_b_txt_gz',
      'y_a_csv',
      'y_a_edf',
    ])
  })

  it('leave a folder that cannot be listed alone, which is refused by its name', () => {
    empty('shut/a.csv', 'shut/closed/b.csv', 'shut/z/c.csv')
    closed.folder = path('shut', 'closed')
    const inputs = listInputs([path('shut')], path('out'), 'csv')
    closed.folder = ''
    expect(inputs.map(({ file, fault }) => [relative(path('shut'), file), fault?.message])).toEqual([
      ['a.csv', undefined],
      ['closed', `${path('shut', 'closed')}: this folder cannot be read (EACCES); allow it, or leave it out`],
      ['z/c.csv', undefined],
    ])
  })

  it('are never replaced by a result of whatever kind', () => {
    for (const ending of ['csv', 'json', 'svg'])
      expect(() => found([path(`raw/b.${ending}`)], path('raw')), ending).toThrow(
        `raw would replace ${path('raw', `b.${ending}`)} by a result; choose another folder`,
      )
    // The responses of the one would be written over the other.
    expect(() => found([path('b.csv'), path('raw/b.events.csv')], path('raw'))).toThrow(/replace .*b\.events\.csv by/)
    expect(found([path('raw/b.csv')], path('raw'), 'npz')).toEqual([['raw/b.csv', 'b']])
  })
})

it('a file that cannot be read is the data’s mistake, in one sentence', async () => {
  await expect(readTextFile(path('none'))).rejects.toThrow(new FormatError(`${path('none')}: no such file`))
  await expect(readTextFile(folder)).rejects.toThrow(new FormatError(`${folder} is a folder; a file is expected`))
})

it('a file of weights has those of the network and the scaling of its music; what PyTorch wrote is told by its ending', async () => {
  const tensor = { shape: [2], data: new Float32Array([1, 2]) }
  const names = ['head.weight', 'music.mean', 'bn.num_batches_tracked'] as const
  const bytes = serializeSafetensors(new Map(names.map((name) => [name, tensor])))
  writeFiles(folder, { 'w.safetensors': bytes, 'w.pt': bytes, 'w.pth': bytes })
  expect(await loadWeightsFile(path('w.safetensors'))).toEqual(new Map(names.slice(0, 2).map((name) => [name, tensor])))
  for (const name of ['w.pt', 'w.pth']) await expect(loadWeightsFile(path(name)), name).rejects.toThrow(FormatError)
})

describe('the value of an option', () => {
  const refused = '--x'
  it.each([
    ['an integer', integer, { '3': 3, '-2': -2, '0': 0, '1e3': 1000 }, ['', ' ', '2.5', 'two', 'Infinity']],
    [
      'a number',
      real,
      { '0.5': 0.5, '-1': -1, '0': 0, '1e-3': 0.001 },
      ['', ' ', 'two', 'Infinity', '-Infinity', 'NaN'],
    ],
    ['a positive number', positive, { '0.5': 0.5, '1e-9': 1e-9 }, ['', ' ', '0', '-1', 'Infinity']],
    ['a count', count, { '1': 1, '7': 7 }, ['', ' ', '0', '-1', '1.5']],
  ] as const)('is %s', (_, parser, values, wrong) => {
    for (const [text, value] of Object.entries(values)) expect(parser(refused)(text)).toBe(value)
    for (const text of wrong) expect(() => parser(refused)(text), text).toThrow(`--x is '${text}', expected `)
  })

  it('is a word of a list, as it is written there', () => {
    const word = oneOf('--x', ['csv', 'npz'])
    expect(word('npz')).toBe('npz')
    for (const text of ['', 'CSV', 'np']) expect(() => word(text)).toThrow(`--x is '${text}', expected csv, npz`)
  })
})

describe('tuned kernels are kept', () => {
  afterEach(() => vi.unstubAllEnvs())
  it.each([
    ['in the folder that is named', path('own'), path('caches'), path('own')],
    ['among the user’s caches', '', path('caches'), path('caches', 'galvani')],
    ['in the home folder', '', '', join(homedir(), '.cache', 'galvani')],
  ])('%s', (_, own, caches, kept) => {
    vi.stubEnv('GALVANI_CACHE', own)
    vi.stubEnv('XDG_CACHE_HOME', caches)
    expect(cacheStore().root).toBe(kept)
  })
})
