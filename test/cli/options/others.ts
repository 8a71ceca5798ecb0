// The options of the commands that make, prepare, read, check and show.
import * as ort from 'onnxruntime-web'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect, vi } from 'vitest'
import { makeRecording, makeTrialTable, type SyntheticStudy } from '../../../src/datasets/synthetic.ts'
import * as lookalikes from '../../../src/datasets/lookalike/make.ts'
import * as tunedKernels from '../../../src/train/tuned_kernels.ts'
import * as fixtures from '../../../src/verify/fixtures.ts'
import * as programs from '../../../src/verify/programs.ts'
import * as windows from '../../../src/verify/recordings.ts'
import { parseSafetensors } from '../../../src/formats/safetensors.ts'
import { galvani, succeeds } from '../support.ts'
import {
  asksForAdapter,
  Arrived,
  documentOf,
  drawnUntilArrived,
  DOCUMENTS,
  handedTo,
  isQuiet,
  path,
  prepared,
  RATE,
  readJson,
  recordings,
  start,
  study,
  trained,
  type Checks,
} from './start.ts'

/** A study is the library's with this one setting; the files differ from those without it. */
const makes = (option: string, value: string, setting: Partial<SyntheticStudy>) => async (): Promise<void> => {
  await start(['fixtures', 'make', 'trials', path('made'), option, value])
  const plain = { subjects: 12, trialsPerSubject: 12, effect: 1, seed: 1 }
  const files = Object.entries(makeTrialTable({ ...plain, ...setting }))
  expect(files).not.toEqual(Object.entries(makeTrialTable(plain)))
  expect(files.filter(([name, text]) => made(name) !== text).map(([name]) => name)).toEqual([])
}
const made = (name: string): string => readFileSync(path('made', name), 'utf8')
const column = (name: string): string[] => {
  const [head = [], ...rows] = made('trials.csv')
    .trimEnd()
    .split('\n')
    .map((row) => row.split(','))
  return rows.map((row) => row[head.indexOf(name)]!)
}

const fixtureChecks: Checks = {
  'fixtures make --seed': async () => {
    await makes('--seed', '0', { seed: 0 })()
    await start(['fixtures', 'make', 'recording', path('made'), '--seed', '0'])
    expect(made('synthetic.csv')).toBe(makeRecording({ seed: 0 }))
    rmSync(path('made'), { recursive: true })
  },
  'fixtures make --seconds': async () => {
    await makes('--seconds', '30', { seconds: 30 })()
    const seconds = column('duration_s').map(Number)
    expect([Math.min(...seconds) >= 24, Math.max(...seconds) <= 36]).toEqual([true, true])
    await start(['fixtures', 'make', 'recording', path('made'), '--seconds', '30'])
    expect(made('synthetic.csv')).toBe(makeRecording({ seed: 1, seconds: 30 }))
    rmSync(path('made'), { recursive: true })
  },
  'fixtures make --subjects': async () => {
    await makes('--subjects', '3', { subjects: 3 })()
    expect(new Set(column('subject')).size).toBe(3)
  },
  'fixtures make --effect': makes('--effect', '0', { effect: 0 }),
  'fixtures make --trials': async () => {
    await makes('--trials', '4', { trialsPerSubject: 4 })()
    expect(column('trial')).toHaveLength(12 * 4)
  },
  'fixtures make --kind': async () => {
    expect(await responsesOf()).toMatchObject({ rows: 2401, truth: expect.any(Number) as number })
    expect((await responsesOf()).truth).toBeGreaterThan(10)
    expect((await responsesOf('--kind', 'non-responder')).truth).toBe(1)
    await expect(start(['fixtures', 'make', 'recording', path('made'), '--kind', 'noisy'])).rejects.toThrow(/--kind/)
  },
  'fixtures make --rate': async () => {
    expect((await responsesOf('--rate', '8')).rows).toBe(4801)
  },
  'fixtures make --eda-effect': async () => {
    expect(await alikeOf('--eda-effect', '0')).toMatchObject({ eda_effect: 0, music_effect: 1 })
    const skin = alike('hku1901', 'EDA')
    await alikeOf()
    expect(alike('hku1901', 'EDA')).not.toBe(skin)
    await expect(start(['fixtures', 'make', 'trials', path('made'), '--eda-effect', '1'])).rejects.toThrow(
      '--eda-effect belongs to a look-alike: galvani fixtures make pmemo2018',
    )
  },
  'fixtures make --music-effect': async () => {
    expect(await alikeOf('--music-effect', '0.5', '--effect', '0')).toMatchObject({ eda_effect: 0, music_effect: 0.5 })
    await expect(start(['fixtures', 'make', 'recording', path('made'), '--music-effect', '1'])).rejects.toThrow(
      /^--music-effect belongs to a look-alike/,
    )
  },
  'fixtures make --full': async () => {
    const write = async (...more: string[]): Promise<unknown> => {
      const args = ['fixtures', 'make', 'amigos', path('new'), ...more]
      return (await handedTo(lookalikes, 'makeLookalike', args))[1]
    }
    expect(await write('--full')).toEqual({ kind: 'amigos', name: path('new'), effect: 1, seed: 1, full: true })
    expect(await write()).not.toHaveProperty('full')
  },
  'fixtures make --quiet': async () => {
    const drawn = async (...more: string[]): Promise<string> => {
      rmSync(path('alike'), { recursive: true, force: true })
      return (await start(['fixtures', 'make', 'e4', path('alike'), ...more], { terminal: true })).stderr
    }
    expect(await drawn()).toMatch(/e4 .*\d\/\d/)
    expect(await drawn('--quiet')).toBe('')
  },
  'fixtures make --json': DOCUMENTS,
}

/** A look-alike of two listeners in a folder that was empty; what is printed of it, and its first trace. */
async function alikeOf(...more: string[]): Promise<Record<string, unknown>> {
  rmSync(path('alike'), { recursive: true, force: true })
  return await documentOf(['fixtures', 'make', 'hku956', path('alike'), '--subjects', '2', '--seconds', '20', ...more])
}
function alike(person: string, signal: string): string {
  const folder = path('alike', '1. physiological_signals', person, signal)
  return readFileSync(`${folder}/${readdirSync(folder)[0]!}`, 'utf8')
}

const prepare = (...more: string[]): string[] => ['prepare', '--data', study(), '--out', path('ready'), ...more]
const prepareChecks: Checks = {
  'prepare --data': async () => {
    await prepared()
    expect(readJson('prepared', 'manifest.json')).toMatchObject({ name: 'study' })
  },
  'prepare --out': async () => expect(readdirSync(await prepared())).toContain('signals.safetensors'),
  'prepare --rate': RATE,
  'prepare --length': async () => {
    await prepared()
    expect(readJson('prepared', 'manifest.json')).toMatchObject({ length: 320, drop_seconds: 3 })
  },
  'prepare --drop': async () => {
    await start(prepare('--length', '320', '--drop', '0'))
    expect(readJson('ready', 'manifest.json')).toMatchObject({ length: 320, drop_seconds: 0 })
    const signals = (name: string) => readFileSync(path(name, 'signals.safetensors')).toString('base64')
    expect((await prepared()) && signals('ready')).not.toBe(signals('prepared'))
  },
  'prepare --adapter': asksForAdapter(() => prepare()),
  'prepare --json': DOCUMENTS,
  'prepare --quiet': isQuiet(() => prepare('--length', '320')),
}

/** The study's first three people, in a folder of another name. */
function otherData(): string {
  cpSync(study(), path('other'), { recursive: true })
  const rows = readFileSync(path('study', 'trials.csv'), 'utf8').split('\n')
  writeFileSync(path('other', 'trials.csv'), rows.slice(0, 19).join('\n'))
  return path('other')
}

const evaluates = async (): Promise<string[]> => ['eval', '--run', (await trained()).run]
const predicts = async (): Promise<string[]> => ['predict', '--run', (await trained()).run, '--data', otherData()]
const readChecks: Checks = {
  'eval --run': async () => {
    const { run } = await trained()
    const { results } = await documentOf<{ results: object[] }>(await evaluates())
    const [stored] = readJson<{ results: { predictions: object }[] }>('run', 'result.json').results
    expect(run && results).toMatchObject([{ predictions: stored!.predictions }])
  },
  'eval --data': async () => {
    const found = await documentOf<{ predictions: object[] }>([...(await evaluates()), '--data', otherData()])
    expect(found).toMatchObject({ dataset: { name: 'other' } })
    expect(found.predictions).toHaveLength(18)
  },
  'eval --rate': RATE,
  'eval --adapter': asksForAdapter(evaluates),
  'eval --json': DOCUMENTS,
  'eval --quiet': isQuiet(async () => [...(await evaluates()), '--data', otherData()]),
  'predict --run': async () =>
    expect(await documentOf(await predicts())).toMatchObject({ run: path('run'), models: ['0'] }),
  'predict --data': async () => {
    expect((await documentOf<{ predictions: object[] }>(await predicts())).predictions).toHaveLength(18)
  },
  'predict --rate': RATE,
  'predict --adapter': asksForAdapter(predicts),
  'predict --json': DOCUMENTS,
  'predict --quiet': isQuiet(predicts),
  'report --run': async () => {
    const { run } = await trained()
    rmSync(path('run', 'report.html'))
    expect(await documentOf(['report', '--run', run])).toMatchObject({ report: `${run}/report.html` })
    expect(readFileSync(path('run', 'report.html'), 'utf8')).toContain('</html>')
  },
  'report --json': DOCUMENTS,
}

const exports = async (...more: string[]): Promise<string[]> => ['export', '--run', (await trained()).run, ...more]
const exported = (name: string): Buffer => readFileSync(path('run', 'export', name))
/** What the exported model of the fold says of the trials of the prepared set, by ONNX Runtime. */
async function saidByOnnx(...more: string[]): Promise<number[]> {
  await start(await exports('--format', 'onnx', ...more))
  ort.env.wasm.numThreads = 1
  const session = await ort.InferenceSession.create(new Uint8Array(exported('fold-0.onnx')), { logSeverityLevel: 3 })
  const { tensors } = parseSafetensors(readFileSync(path('prepared', 'signals.safetensors')), 'prepared')
  const input = (name: string): ort.Tensor => {
    const { data, shape } = tensors.get(name)!
    return new ort.Tensor('float32', data as Float32Array, shape)
  }
  const { probabilities } = await session.run({ eda: input('signals'), music: input('music') })
  return Array.from({ length: 36 }, (_, i) => probabilities!.data[2 * i + 1] as number)
}
const exportChecks: Checks = {
  'export --run': async () => {
    const { run } = await trained()
    expect(await documentOf(await exports('--card'))).toMatchObject({
      run,
      files: ['model_card.md', 'methods.md', 'references.bib'].map((name) => path('run', 'export', name)),
    })
    expect(exported('model_card.md').toString()).toContain('study')
    const none = ['export', '--run', path('nowhere'), '--card']
    await expect(start(none)).rejects.toThrow(/nowhere: no such folder/)
  },
  'export --format': async () => {
    const data = await prepared()
    const { predictions } = await documentOf<{ predictions: { probability: number }[] }>(
      ['predict', '--run', (await trained()).run, '--data', data], //
    )
    const said = await saidByOnnx()
    expect(Math.max(...predictions.map(({ probability }, i) => Math.abs(probability - said[i]!)))).toBeLessThan(1e-5)
    await start(await exports('--format', 'safetensors'))
    const { tensors } = parseSafetensors(exported('fold-0.safetensors'), 'exported')
    expect(tensors.get('shallow.conv.weight')?.shape).toEqual([8, 3, 7])
    await start(await exports('--format', 'npz'))
    expect(exported('fold-0.npz').subarray(0, 2).toString()).toBe('PK')
    await expect(start(await exports())).rejects.toThrow('nothing is asked for')
  },
  'export --fold': async () => {
    expect(await documentOf(await exports('--format', 'npz', '--fold', '0'))).toMatchObject({
      files: [path('run', 'export', 'fold-0.npz')],
    })
    await expect(start(await exports('--format', 'npz', '--fold', '7'))).rejects.toThrow(
      /no trained fold '7'; it has 0/,
    )
    await expect(start(await exports('--card', '--fold', '0'))).rejects.toThrow('--fold chooses a model')
  },
  'export --music-scaling': async () => {
    // Features that are not scaled are taken for features that are.
    const [inGraph, outside] = [await saidByOnnx(), await saidByOnnx('--music-scaling', 'metadata')]
    expect(Math.max(...inGraph.map((p, i) => Math.abs(p - outside[i]!)))).toBeGreaterThan(1e-4)
    const belongs = start(await exports('--card', '--music-scaling', 'nodes'))
    await expect(belongs).rejects.toThrow('--music-scaling belongs to --format onnx')
  },
  'export --tables': async () => {
    const { files } = await documentOf<{ files: string[] }>(await exports('--tables', 'csv'))
    const names = ['predictions', 'subjects', 'folds', 'trials']
    expect(files).toEqual(names.map((name) => path('run', 'export', `${name}.csv`)))
    const lines = names.map((name) => exported(`${name}.csv`).toString().trimEnd().split('\n').length - 1)
    expect(lines).toEqual([12, 6, 3 * 36, 36])
    expect((await documentOf<{ files: string[] }>(await exports('--tables', 'parquet'))).files).toHaveLength(4)
    expect(exported('trials.parquet').subarray(0, 4).toString()).toBe('PAR1')
  },
  'export --card': async () => {
    await start(await exports('--card'))
    expect(exported('references.bib').toString()).toMatch(/^@article/)
  },
  'export --out': async () => {
    await start(await exports('--card', '--out', path('elsewhere')))
    expect(readFileSync(path('elsewhere', 'model_card.md'), 'utf8')).toContain('study')
    await expect(start(await exports('--card', '--out', ''))).rejects.toThrow('--out is empty')
  },
  'export --json': DOCUMENTS,
  'export --quiet': async () => {
    // The data are gone.
    cpSync((await trained()).run, path('moved'), { recursive: true })
    writeFileSync(
      path('moved', 'source.json'),
      readFileSync(path('run', 'source.json'), 'utf8').replace('/prepared', '/gone'),
    )
    const given = ['export', '--run', path('moved'), '--tables', 'csv']
    expect((await start(given)).stderr).toMatch(/^without the tables folds and trials: .*gone: no such folder\n$/)
    expect((await start([...given, '--quiet'])).stderr).toBe('')
  },
}

const checkWindows = (...more: string[]): string[] => ['verify', '--recordings', recordings(), ...more]
/** What reaches the check of windows, or of fixtures. */
const windowOptions = async (...more: string[]): Promise<unknown> =>
  (await handedTo(windows, 'verifyRecordings', checkWindows(...more)))[2]
const fixtureArguments = (...more: string[]): Promise<unknown[]> =>
  handedTo(fixtures, 'verifyFixtures', ['verify', '--fixtures', recordings(), ...more])
const programArguments = (...more: string[]): Promise<unknown[]> =>
  handedTo(programs, 'verifyPrograms', ['verify', '--programs', recordings(), ...more])
const verifyChecks: Checks = {
  'verify --fixtures': async () => expect((await fixtureArguments())[2]).toBe(recordings()),
  'verify --programs': async () => expect((await programArguments())[2]).toBe(recordings()),
  'verify --recordings': async () => {
    const [, found] = await handedTo(windows, 'verifyRecordings', checkWindows())
    expect(found).toMatchObject([{ sampleRate: 4 }])
  },
  'verify --windows': async () => {
    expect(await windowOptions('--windows', '7')).toMatchObject({ windows: 7, seed: 1 })
  },
  'verify --seed': async () => expect(await windowOptions('--seed', '0')).toMatchObject({ windows: 1000, seed: 0 }),
  'verify --solver': async () => {
    expect(await windowOptions('--solver', 'admm')).toMatchObject({ solver: 'admm' })
    expect((await fixtureArguments('--solver', 'admm'))[3]).toMatchObject({ solver: 'admm' })
  },
  'verify --form': async () => {
    expect(await windowOptions('--form', 'along-time')).toMatchObject({ form: 'along-time' })
    expect((await fixtureArguments('--form', 'along-time'))[3]).toMatchObject({ form: 'along-time' })
  },
  'verify --device': async () => {
    expect((await fixtureArguments('--device', 'cpu'))[0]).toBe('cpu')
    expect((await fixtureArguments())[0]).not.toBe('cpu')
    expect((await programArguments('--device', 'cpu'))[0]).toBe('cpu')
    expect((await programArguments())[0]).not.toBe('cpu')
  },
  'verify --adapter': asksForAdapter(() => checkWindows()),
  'verify --json': DOCUMENTS,
  'verify --quiet': isQuiet(() => checkWindows('--windows', '2', '--form', 'per-signal')),
}

interface Summary {
  config: Record<string, unknown>
  parameter_count: number
}
const summary = async (option: string, value: string, config: object): Promise<void> => {
  const [plain, found] = [await documentOf<Summary>(['summary']), await documentOf<Summary>(['summary', option, value])]
  expect(found.config).toMatchObject(config)
  expect(plain.config).not.toMatchObject(config)
  expect(found).not.toEqual({ ...plain, config: found.config })
}

/** The workload and the mode that the tuner gets. */
async function tuning(...more: string[]): Promise<unknown> {
  const [, , mode, workload, hooks] = await handedTo(tunedKernels, 'useTunedKernels', ['tune', ...more])
  return { mode, ...(workload as object), ...(hooks as object) }
}
const tunes = (option: string, value: string, arrived: object) => async (): Promise<void> => {
  expect(await tuning(option, value)).toMatchObject(arrived)
  expect(await tuning()).not.toMatchObject(arrived)
}

/** Lines of the recording that is made with its responses, and of these. */
async function responsesOf(...more: string[]): Promise<{ rows: number; truth: number }> {
  await start(['fixtures', 'make', 'responses', path('made'), ...more])
  const lines = (name: string): number => readFileSync(path('made', name), 'utf8').trim().split('\n').length
  return { rows: lines('synthetic.csv'), truth: lines('truth.csv') }
}

export const otherChecks: Checks = {
  ...fixtureChecks,
  ...prepareChecks,
  ...readChecks,
  ...exportChecks,
  ...verifyChecks,
  '--version': async () => expect((await succeeds(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/),
  '--debug': async () => {
    const args = ['report', '--run', path('nowhere')]
    expect((await galvani(args)).lines).toHaveLength(1)
    expect((await galvani(['--debug', ...args])).lines.slice(1).join('\n')).toMatch(/^FormatError: .*\n +at /)
  },
  'doctor --adapter': async () => {
    const asked = start(['doctor', '--adapter', 'of no name'])
    await expect(asked).rejects.toThrow("no adapter has 'of no name' in its name")
  },
  'doctor --json': DOCUMENTS,
  'summary --preset': () => summary('--preset', 'released', { preset: 'released' }),
  'summary --signals': () => summary('--signals', 'tonic', { in_channels: 1 }),
  'summary --set': () => summary('--set', 'depth=2', { depth: 2 }),
  'summary --width': () => summary('--width', '1/8', { channels: 8, hidden: [32, 16] }),
  'summary --music': () => summary('--music', '0', { music_dim: 0 }),
  'summary --json': DOCUMENTS,
  'tune --batch': tunes('--batch', '5', { batch: 5 }),
  'tune --mode': tunes('--mode', 'force', { mode: 'force' }),
  'tune --budget': tunes('--budget', '0.5', { budget: 0.5 }),
  'tune --show': async () => {
    process.env['GALVANI_CACHE'] = path('no cache')
    expect(await documentOf(['tune', '--show'])).toMatchObject({ entries: {}, left: [] })
    delete process.env['GALVANI_CACHE']
  },
  'tune --preset': tunes('--preset', 'released', { model: { preset: 'released' } }),
  'tune --signals': tunes('--signals', 'tonic', { model: { in_channels: 1 } }),
  'tune --set': tunes('--set', 'depth=2', { model: { depth: 2 } }),
  'tune --width': tunes('--width', '0.125', { model: { channels: 8, hidden: [32, 16] } }),
  'tune --adapter': asksForAdapter(() => ['tune', '--show']),
  'tune --json': DOCUMENTS,
  'tune --quiet': async () => {
    const draws = async (...more: string[]): Promise<string> => {
      vi.spyOn(tunedKernels, 'useTunedKernels').mockImplementation(async (_, __, ___, ____, hooks) => {
        await Promise.resolve(hooks?.onProgress?.(1, 2, 'an op'))
        throw new Arrived()
      })
      return drawnUntilArrived(['tune', ...more])
    }
    expect(await draws()).toContain('tuning')
    expect(await draws('--quiet')).toBe('')
  },
}
