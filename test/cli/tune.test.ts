// `galvani tune`, and the kernels that a run keeps whatever is tuned meanwhile.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { tuneMode } from '../../cli/shared/tuning.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { NodeStore } from '../../src/store/node.ts'
import { makeTask } from '../../src/train/task.ts'
import { loadPrepared } from '../../src/train/prepared_files.ts'
import { trainRun, type RunOptions } from '../../src/train/run.ts'
import { loadRunConfig } from '../../src/train/run_files.ts'
import type { RunSummary } from '../../src/train/run_summary.ts'
import { formatCache, type TuneCache, type TunedEntry } from '../../src/tune/cache.ts'
import { refusesHere, start } from './options/start.ts'
import { galvani, json, SMALL, succeeds, workFolder, writeFiles, writeStudy } from './support.ts'

const WRONG_USAGE = 2
const folder = workFolder()
const path = (name: string): string => join(folder, name)
const data = path('prepared')
const tuned = { env: { GALVANI_CACHE: path('cache'), GALVANI_TUNE: 'cached' } }

interface Kernels {
  schema: number
  kernel_set: string
  adapter: TuneCache['adapter']
  variants: Record<string, string>
}
const kernelsOf = (run: string): Kernels => JSON.parse(readFileSync(join(run, 'kernels.json'), 'utf8')) as Kernels
const modelsOf = (run: string): string[] =>
  readdirSync(join(run, 'folds'))
    .sort()
    .map((fold) => readFileSync(join(run, 'folds', fold, 'model.safetensors')).toString('base64'))

const train = (run: string): string[] => [
  'train',
  '--data',
  data,
  '--folds',
  'subject:2',
  '--epochs',
  '2',
  ...SMALL,
  '--out',
  run,
]
const resume = (run: string): string[] => ['train', '--out', run, '--resume']

type Shown = TuneCache & { file: string; left: string[] }
let cacheFile = ''

/** Other kernels than the presets for all convolutions of the study, as if they had been measured. */
function forcedCache({ kernel_set: engine, adapter, variants }: Kernels): TuneCache {
  const entry: TunedEntry = { variant: 'reg', ms: 1, defaultMs: 2, tried: [], at: '2026-01-01T00:00:00Z' }
  const keys = Object.keys(variants).filter((key) => key.startsWith('conv1d'))
  return { engine, adapter, entries: Object.fromEntries(keys.map((key) => [key, entry])) }
}

beforeAll(async () => {
  writeStudy(path('study'))
  await start(['prepare', '--data', path('study'), '--out', data, '--length', '320'])
  await start(train(path('presets')))
  cacheFile = (await json<Shown>(['tune', '--show'], tuned)).file
  expect(dirname(cacheFile)).toBe(path('cache'))
  writeFiles(folder, { 'cache/other.json': '' })
  writeFileSync(cacheFile, formatCache(forcedCache(kernelsOf(path('presets')))))
})

describe('a run with tuned kernels', () => {
  const whole = path('whole')
  beforeAll(async () => {
    await succeeds(train(whole), tuned)
  })

  it('uses them, says so in its folder, and repeats its bits', async () => {
    const presets = kernelsOf(path('presets')).variants
    const { variants } = kernelsOf(whole)
    expect(Object.keys(variants).sort()).toEqual(Object.keys(presets).sort())
    expect(Object.entries(variants).filter(([key, name]) => key.startsWith('conv1d') && name !== 'reg')).toEqual([])
    expect(Object.keys(presets).some((key) => key.startsWith('conv1d') && presets[key] !== 'reg')).toBe(true)
    expect(modelsOf(whole)).not.toEqual(modelsOf(path('presets'))) // or the tests below could not fail
    await succeeds(train(path('again')), tuned)
    expect(modelsOf(path('again'))).toEqual(modelsOf(whole))
  })

  it('that was killed goes on with the same bits when the cache has gone', async () => {
    const run = path('killed')
    let seen = ''
    const { code } = await galvani(train(run), {
      ...tuned,
      onStderr: (text, child) => {
        seen += text
        if (seen.includes('fold 1 epoch 1:')) child.kill('SIGKILL')
      },
    })
    expect(code).toBeNull()
    await succeeds(resume(run), { env: { GALVANI_CACHE: path('no cache') } })
    expect(modelsOf(run)).toEqual(modelsOf(whole))
  })

  it('is evaluated with them', async () => {
    const { results } = await json<{ results: { predictions: unknown }[] }>(['eval', '--run', whole])
    const stored = JSON.parse(readFileSync(join(whole, 'result.json'), 'utf8')) as {
      results: { predictions: unknown }[]
    }
    expect(results.map(({ predictions }) => predictions)).toEqual(stored.results.map(({ predictions }) => predictions))
  })

  it.each([
    [
      'another adapter',
      /this run was computed on another adapter, X 9000/,
      (k: Kernels) => ({ ...k, adapter: { ...k.adapter, vendor: 'x', description: 'X 9000' } }),
    ],
    [
      'another driver',
      /this run was begun with another driver, driver 1/,
      (k: Kernels) => ({ ...k, adapter: { ...k.adapter, description: 'driver 1' } }),
    ],
    ['other kernels', /the kernels have changed since this run was begun/, (k: Kernels) => ({ ...k, kernel_set: '0' })],
  ])('says that it goes on with %s', async (name, says, change) => {
    const run = path(name)
    cpSync(whole, run, { recursive: true })
    writeFiles(run, { 'kernels.json': JSON.stringify(change(kernelsOf(run))) })
    const { stderr } = await start(['eval', '--run', run])
    expect(stderr.split('\n').filter((line) => says.test(line))).toHaveLength(1)
  })

  it('that was resumed on another adapter by mistake still has them, up to its first new checkpoint', async () => {
    const run = path('by mistake')
    cpSync(whole, run, { recursive: true })
    rmSync(join(run, 'folds', 'fold-1', 'result.json'))
    const kernels = kernelsOf(run)
    const foreign = JSON.stringify({ ...kernels, adapter: { ...kernels.adapter, vendor: 'x', description: 'X 9000' } })
    writeFiles(run, { 'kernels.json': foreign })
    const store = new NodeStore(run)
    const task = makeTask(await loadPrepared(new NodeStore(data), data), await loadRunConfig(store, run))
    const gpu = await openGpu()
    const goOn = (options: RunOptions): Promise<RunSummary> =>
      trainRun(gpu, store, task, { name: '', adapter: '', versions: {} }, options)
    const stop = new AbortController()
    const file = (): string => readFileSync(join(run, 'kernels.json'), 'utf8')
    await expect(goOn({ signal: stop.signal, onStep: () => stop.abort() })).rejects.toThrow(/abort/)
    expect(file()).toBe(foreign)
    const during: string[] = []
    await goOn({ onEpoch: () => void during.push(file()) })
    expect(during[0]).toBe(foreign)
    expect(kernelsOf(run).adapter).toEqual(kernels.adapter)
    await gpu.close()
  })

  it('keeps its kernels', () =>
    refusesHere([...resume(whole), '--tune', 'force'], WRONG_USAGE, '--tune: a run that goes on keeps its kernels'))
})

it('a cache that cannot be read stops nothing', async () => {
  const env = { GALVANI_CACHE: path('damaged'), GALVANI_TUNE: 'cached' }
  writeFiles(path('damaged'), { [cacheFile.slice(dirname(cacheFile).length + 1)]: '{' })
  const run = path('with a damaged cache')
  const { lines } = await succeeds([...train(run), '--only-fold', '0'], { env })
  expect(
    lines.filter((line) => /tuned kernels of kernels-.*\.json are not used: it is not JSON/.test(line)),
  ).toHaveLength(1)
})

describe('galvani tune', () => {
  const own = { env: { GALVANI_CACHE: path('own cache') } }
  const model = [...SMALL.slice(0, -2), '--set', 'length=320', '--set', 'music_dim=4', '--batch', '4']
  const tune = (...more: string[]): string[] => ['tune', ...model, ...more]

  it('measures as far as the budget goes, keeps what it found, and goes on from there', async () => {
    const first = await json<Shown>(tune('--budget', '0.001', '--quiet'), own) // time for one op
    const second = await json<Shown>(tune('--budget', '3', '--quiet'), own)
    const found = Object.keys(second.entries)
    expect(found.length).toBeGreaterThan(Object.keys(first.entries).length)
    expect(second.entries).toMatchObject(first.entries)
    expect([...found, ...second.left].sort()).toEqual([...Object.keys(first.entries), ...first.left].sort())
    expect(await json<Shown>(['tune', '--show'], own)).toMatchObject({ entries: second.entries })
    const { stdout } = await succeeds(['tune', '--show'], own)
    expect(stdout).toContain(found[0])
    expect(stdout).toContain(second.file)
  })
})

describe('the mode', () => {
  afterEach(() => vi.unstubAllEnvs())

  it.each([
    [undefined, '', '', 'cached'],
    [undefined, '', 'true', 'off'],
    [undefined, 'on', 'true', 'on'],
    ['force', 'off', 'true', 'force'],
  ] as const)('with --tune %s, GALVANI_TUNE=%s and CI=%s', (option, wanted, ci, mode) => {
    vi.stubEnv('GALVANI_TUNE', wanted)
    vi.stubEnv('CI', ci)
    expect(tuneMode(option)).toBe(mode)
  })

  it('of a wrong name is refused', () => {
    vi.stubEnv('GALVANI_TUNE', 'maybe')
    expect(() => tuneMode(undefined)).toThrow("GALVANI_TUNE is 'maybe', expected off, cached, on, force")
  })
})
