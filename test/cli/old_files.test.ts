// What an earlier galvani has written (test/old_files/README.md): a run goes on, the rest is read, or refused in one sentence.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseBenchResult } from '../../bench/result.ts'
import { parseSafetensors, serializeSafetensors } from '../../src/formats/safetensors.ts'
import { NodeStore } from '../../src/store/node.ts'
import { loadCheckpoint } from '../../src/train/checkpoint.ts'
import { loadPrepared } from '../../src/train/prepared_files.ts'
import { loadRunConfig, loadRunSummary } from '../../src/train/run_files.ts'
import { expectDocument } from './documents.ts'
import { documentOf, refusesHere, start } from './options/start.ts'
import { json, refuses, succeeds, workFolder, writeFiles } from './support.ts'

const BAD_DATA = 3
/** What is rightly said of a run that was begun long ago, perhaps elsewhere. */
const NOTES = /another version of the solvers|kernels have changed|another (adapter|driver)/
const folder = workFolder()
const path = (...names: string[]): string => join(folder, ...names)
const old = fileURLToPath(new URL('../old_files', import.meta.url))
const stopped = path('stopped')
const prepared = path('prepared')
const read = (...names: string[]): Record<string, unknown> =>
  JSON.parse(readFileSync(path(...names), 'utf8')) as Record<string, unknown>

beforeAll(() => {
  cpSync(old, folder, { recursive: true })
  writeFileSync(path('stopped', 'source.json'), JSON.stringify({ data: prepared }))
})

describe('a prepared set', () => {
  it('is read, with its columns as they are called', async () => {
    const { trials, musicDim, dropSeconds } = await loadPrepared(new NodeStore(prepared), 'prepared')
    expect({ trials: trials.length, musicDim, dropSeconds }).toEqual({ trials: 16, musicDim: 16, dropSeconds: 3 })
    expect(trials[1]).toMatchObject({ sampleRate: 4, ratings: { valence: expect.any(Number) as number } })
    expect(trials[1]?.columns).toMatchObject({ heart_rate: '61', heartRate: '71', 'Group A': 'y', sample_rate_hz: '4' })
  })
})

describe('a run', () => {
  it('that was stopped has its settings and its checkpoint', async () => {
    const store = new NodeStore(stopped)
    expect(await loadRunConfig(store, stopped)).toMatchObject({
      learningRate: 0.001,
      decayEpochs: 15,
      optimizer: { name: 'adamw', weightDecay: 0.01 },
      model: { stage_channels: [4, 4, 4, 4], sca_reduction: 2 },
    })
    const { progress } = await loadCheckpoint(store, 'folds/fold-1/checkpoint.safetensors')
    expect(progress).toMatchObject({ bestEpoch: 1, epochs: [{ trainLoss: 1.836106777191162 }] })
  })

  it('that is finished has its result', async () => {
    expect(await loadRunSummary(new NodeStore(old))).toMatchObject({
      dataset: { musicDim: 16 },
      folds: { subjectIndependent: true },
      results: [
        {
          bestEpoch: 2,
          testSubjects: ['synthetic1_00', 'synthetic1_01'],
          epochs: [{ trainLoss: 0.5749909281730652 }, {}],
        },
        {},
      ],
      config: { model: { in_channels: 3 }, optimizer: { weightDecay: 0.01 } },
    })
  })

  it('goes on, and is evaluated, reported and predicts', async () => {
    await succeeds(['train', '--out', stopped, '--resume'])
    for (const name of ['config.json', 'kernels.json', 'folds/fold-1/result.json'])
      expectDocument(read('stopped', name), ['variants'], name)
    const summary = read('stopped', 'result.json') as {
      results: { name: string; best_epoch: number; epochs: object[] }[]
    }
    expect(summary.results.map(({ name, best_epoch, epochs }) => [name, best_epoch, epochs.length])).toEqual([
      ['0', 2, 2],
      ['1', 2, 2],
    ])
    expect(summary.results[0]?.epochs[0]).toMatchObject({ train_loss: 0.5749909281730652 })
    const evaluated = await documentOf<{ results: unknown[] }>(['eval', '--run', stopped])
    expectDocument(evaluated)
    expect(evaluated.results).toHaveLength(2)
    expect(
      (await documentOf<{ predictions: unknown[] }>(['predict', '--run', stopped, '--data', prepared])).predictions,
    ).toHaveLength(16)
    await start(['report', '--run', stopped])
  })

  it.each(['config.json', 'kernels.json', 'source.json', 'folds/fold-0/result.json'])(
    'of a newer galvani is refused by its %s',
    async (name) => {
      const newer = path(`newer ${name.replaceAll('/', ' ')}`)
      cpSync(join(old, 'stopped'), newer, { recursive: true })
      writeFileSync(join(newer, 'source.json'), JSON.stringify({ data: prepared }))
      const document = JSON.parse(readFileSync(join(newer, name), 'utf8')) as object
      writeFileSync(join(newer, name), JSON.stringify({ ...document, schema: 99 }))
      await refuses(
        ['eval', '--run', newer],
        BAD_DATA,
        /json was written by a newer galvani \(schema 99, .*; update galvani$/,
        { progress: NOTES },
      )
    },
  )

  it('of a newer galvani is refused by its model', async () => {
    const newer = path('newer model')
    cpSync(join(old, 'stopped'), newer, { recursive: true })
    const file = join(newer, 'folds/fold-0/model.safetensors')
    const { tensors, metadata } = parseSafetensors(readFileSync(file), file)
    writeFileSync(file, serializeSafetensors(tensors, { ...metadata, schema: '99' }))
    await refuses(['eval', '--run', newer], BAD_DATA, /model.safetensors was written by a newer galvani \(schema 99/)
  })
})

it.each([
  ['"galvani-prepared/1"', /manifest.json was written by an older galvani \(schema 1, .*; run `galvani prepare` again/],
  ['4', /manifest.json was written by a newer galvani \(schema 4, .*; update galvani/],
])('a prepared set of schema %s is refused', async (schema, says) => {
  const other = path(`schema ${schema.replaceAll(/\W/g, '')}`)
  cpSync(join(old, 'prepared'), other, { recursive: true })
  const manifest = readFileSync(join(other, 'manifest.json'), 'utf8')
  writeFileSync(join(other, 'manifest.json'), manifest.replace('"galvani-prepared/2"', schema))
  await refusesHere(['predict', '--run', stopped, '--data', other], BAD_DATA, says)
})

it('a table of tuned kernels is left alone with a note', async () => {
  const env = { GALVANI_CACHE: path('cache') }
  const { file } = await json<{ file: string }>(['tune', '--show'], { env })
  const { adapter, kernel_set: engine } = read('stopped', 'kernels.json')
  const entry = { variant: 'reg', ms: 1, defaultMs: 2, tried: [], at: '' }
  const table = JSON.stringify({ schema: 1, engine, adapter, entries: { x: entry } })
  writeFiles(path('cache'), { [basename(file)]: table })
  const { stdout, lines } = await succeeds(['tune', '--show', '--json'], { env })
  expect((JSON.parse(stdout) as { entries: object }).entries).toEqual({})
  expect(lines).toEqual([
    expect.stringMatching(/are not used: it was written by an older galvani \(schema 1, this one reads 2\)/),
  ])
  expect(readFileSync(file, 'utf8')).toBe(table)
})

it('a measurement of schema 1 is compared with, and one of a newer galvani is not', async () => {
  const results = fileURLToPath(new URL('../../bench/results/2026-11-22-llvmpipe/bench-32.json', import.meta.url))
  const measured = JSON.parse(readFileSync(results, 'utf8')) as { schema: number }
  expect(parseBenchResult(JSON.stringify(measured), 'a').step.batch).toBe(32)
  writeFileSync(path('bench.json'), JSON.stringify({ ...measured, schema: 2 }))
  await refuses(
    ['bench', '--compare', path('bench.json')],
    BAD_DATA,
    /bench.json was written by a newer galvani \(schema 2, this one reads 1\)/,
  )
})
