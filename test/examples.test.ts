// Every file of examples/ as a stranger runs it: a process of its own, on the packed package, in a folder with a blank in its name.
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decompose as decomposeAll } from '../src/cvxeda/decompose.ts'
import { makeTrialTable } from '../src/datasets/synthetic.ts'
import { presets } from '../src/model/config.ts'
import { initialise } from '../src/model/init.ts'
import { summarise } from '../src/model/summary.ts'
import type { NdArray } from '../src/reference/array.ts'
import { rtcan1d } from '../src/reference/rtcan1d.ts'
import { toChannels } from '../src/signal/channels.ts'
import { inTab, misdrawn, traceOf } from './browser/tab.ts'
import { filesUnder, json, SMALL, succeeds, writeFiles } from './cli/support.ts'
import { installPacked, manifest } from './support/packed.ts'

const examples = fileURLToPath(new URL('../examples', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'galvani examples-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const text = (...path: string[]) => readFileSync(join(home, ...path), 'utf8')
const EDA = join(examples, 'synthetic_recording.csv')

beforeAll(async () => {
  const { dependencies, peerDependencies } = manifest
  await installPacked(home, Object.keys({ ...dependencies, ...peerDependencies }))
  cpSync(join(home, 'node_modules', 'galvani', 'examples'), join(home, 'my own'), { recursive: true })
})

/** Lines that a program prints; a program that fails, fails the test with its last words. */
async function run(args: readonly string[]): Promise<string[]> {
  const child = spawn(process.execPath, args, { cwd: home, env: { ...process.env, GALVANI_TUNE: 'off' } })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  expect(code, stderr).toBe(0)
  return stdout.trimEnd().split('\n')
}

interface Table {
  length: number
  column(name: string): number[]
}

/** A CSV file of numbers; an empty cell is NaN. */
function tableOf(csv: string): Table {
  const [head = '', ...rows] = csv.trimEnd().split('\n')
  const cells = rows.map((row) => row.split(',').map((cell) => (cell === '' ? NaN : Number(cell))))
  return { length: rows.length, column: (name) => cells.map((row) => row[head.split(',').indexOf(name)] ?? NaN) }
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/** The recording's parts add up to it, and each response has its mark and its row. */
function checkDecomposition(samples: Table, responses: Table): void {
  const recorded = tableOf(readFileSync(EDA, 'utf8')).column('eda_us')
  expect(recorded).toHaveLength(500)
  expect(samples.column('EDA_Raw')).toEqual(recorded)
  expect(samples.column('time_s')).toEqual(recorded.map((_, i) => i / 4))
  const [tonic, phasic, residual] = ['EDA_Tonic', 'EDA_Phasic', 'EDA_Residual'].map((name) => samples.column(name)) as [
    number[],
    number[],
    number[],
  ]
  const worst = Math.max(...recorded.map((value, i) => Math.abs(value - tonic[i]! - phasic[i]! - residual[i]!)))
  expect(worst).toBeLessThan(1e-7) // nine digits a number
  // The made-up listener has responses that stand out of a hundredth of a microsiemens of noise.
  expect(Math.sqrt(sum(residual.map((r) => r * r)) / 500)).toBeLessThan(0.03)
  expect(Math.max(...phasic)).toBeGreaterThan(0.5)
  expect(responses.length).toBeGreaterThan(3)
  expect(sum(samples.column('SCR_Peaks'))).toBe(responses.length)
  responses
    .column('SCR_Peaks')
    .forEach((peak) => expect(phasic[peak]! > phasic[peak - 1]! && phasic[peak]! > phasic[peak + 1]!).toBe(true))
}

async function decompose(): Promise<void> {
  // Where npm put it, with its own recording and folder.
  const lines = await run([join('node_modules', 'galvani', 'examples', 'decompose.mjs')])
  const [samples, responses] = ['csv', 'events.csv'].map((end) =>
    tableOf(text('decomposed', `synthetic_recording.${end}`)),
  ) as [Table, Table]
  checkDecomposition(samples, responses)
  const told = lines.flatMap((line) => /^response at ([\d.]+) s, ([\d.]+) µS/.exec(line)?.slice(1).map(Number) ?? [])
  expect(told).toEqual(
    responses
      .column('onset_s')
      .flatMap((onset, i) => [onset, Number(responses.column('SCR_Amplitude')[i]!.toFixed(3))]),
  )
  expect(lines[1]).toContain(`level ${(sum(samples.column('EDA_Tonic')) / 500).toFixed(2)} µS`)
  expect(text('decomposed', 'synthetic_recording.svg')).toMatch(/^<svg [^]*>synthetic_recording<[^]*<\/svg>\s*$/)
}

async function ownDevice(): Promise<void> {
  // A machine whose only driver is a package's has it loaded first, as `openGpu` does.
  writeFiles(home, { 'driver.mjs': "import { openGpu } from 'galvani/node'\nawait (await openGpu()).close()\n" })
  const lines = await run(['--import', pathToFileURL(join(home, 'driver.mjs')).href, join('my own', 'own_device.mjs')])

  const config = {
    ...presets.paper,
    channels: 16,
    stage_channels: [16, 16, 16, 16],
    length: 320,
    final_pool: 2,
    music_dim: 0,
  }
  const tensors = [...initialise(config, summarise(config), 'he', 3)].map(
    ([name, { shape, data }]): [string, NdArray] => [name, { shape: [...shape], data: Float64Array.from(data) }],
  )
  // The same in float64, by the decomposition of the CPU and the twin of the network.
  const recordings = [0, 1, 2, 3].map((person) =>
    Float32Array.from({ length: 478 }, (_, i) => {
      const [t, since] = [i / 4, (i / 4 + 5 * person) % 23]
      return 4 + person + 0.3 * Math.sin(t / 25) + Math.exp(-since / 2) - Math.exp(-since / 0.7)
    }),
  )
  const data = (await decomposeAll('cpu', recordings, { sampleRate: 4 })).flatMap(({ phasic, tonic }, person) => [
    ...toChannels({ origin: recordings[person]!, phasic, tonic }, { sampleRate: 4, length: 320, source: '' }).data,
  ])
  const eda = { shape: [4, 3, 320], data: Float64Array.from(data) }
  const running = (name: string) => name.includes('running_')
  const parameters = new Map(tensors.filter(([name]) => !running(name)))
  const { probs } = rtcan1d(config, parameters, new Map(tensors.filter(([name]) => running(name))), { eda }, false)

  expect(lines).toHaveLength(8)
  for (const line of lines.slice(0, 4)) expect(line).toMatch(/^person \d: solved in \d+ iterations$/)
  lines.slice(4).forEach((line, i) => {
    const [low, high] = /low ([\d.]+), high ([\d.]+)$/.exec(line)?.slice(1).map(Number) as [number, number]
    // Of a network with random weights, which tells small differences well.
    expect(Math.log(high / low) - Math.log(probs.data[2 * i + 1]! / probs.data[2 * i]!), line).toBeCloseTo(0, 1)
    expect(low + high).toBeCloseTo(1, 5)
  })
}

async function ownKernel(): Promise<void> {
  const [y, dx, slope] = await run([join('my own', 'own_kernel.mjs')])
  for (const line of [y!, dx!]) expect(Number(/error ([\d.e+-]+)$/.exec(line)?.[1])).toBeLessThan(1e-6)
  const [own, differences] = /^slope (.*), by differences (.*)$/.exec(slope!)!.slice(1).map(Number) as [number, number]
  expect(Math.abs(own)).toBeGreaterThan(0.1)
  expect(Math.abs(own - differences)).toBeLessThan(0.01 * Math.abs(own) + 0.005)
}

interface Prediction {
  trial: string
  probability: number
  predicted: 'low' | 'high'
}

interface FoldFile {
  predictions: { label: 0 | 1; probability: number; baselines: { majority: 0 | 1 } }[]
}

async function trainAndPredict(): Promise<void> {
  const lines = await run([join('my own', 'train_and_predict.mjs'), 'my run'])
  expect(lines.filter((line) => /^fold [01], epoch [1-8]: loss \d/.test(line))).toHaveLength(2 * 8)

  const tested = ['0', '1'].flatMap(
    (fold) => (JSON.parse(text('my run', 'folds', `fold-${fold}`, 'result.json')) as FoldFile).predictions,
  )
  expect(tested).toHaveLength(12 * 8)
  const share = (right: (p: FoldFile['predictions'][number]) => boolean) =>
    ((100 * tested.filter(right).length) / tested.length).toFixed(0)
  const model = share(({ label, probability }) => probability > 0.5 === (label === 1))
  const majority = share(({ label, baselines }) => baselines.majority === label)
  expect(lines).toContain(`on people held out: ${model} %, always the commoner class: ${majority} %`)
  expect(Number(model)).toBeGreaterThan(60)
  expect(text('my run', 'report.html')).toContain('synthetic')

  // The command reads the same run, and the same people from files.
  writeFiles(
    join(home, 'newcomers'),
    makeTrialTable({ subjects: 2, seed: 2, trialsPerSubject: 8, seconds: 30, effect: 1 }),
  )
  const { predictions } = await json<{ predictions: Prediction[] }>(
    ['predict', '--run', 'my run', '--data', 'newcomers'],
    { cwd: home },
  )
  expect(predictions).toHaveLength(16)
  expect(lines.slice(-16)).toEqual(
    predictions.map(({ trial, predicted, probability }) => `${trial}: ${predicted}, P(high) ${probability}`),
  )
}

/** What differs between two runs of the same: when, how long, and on which Node. */
const ofTheMoment = (key: string, value: unknown) => (['date', 'seconds', 'node'].includes(key) ? undefined : value)
const lasting = <T>(value: T): T => JSON.parse(JSON.stringify(value, ofTheMoment)) as T

/** The program of thirty lines beside the commands: the same files, the same numbers, to the last bit. */
async function commands(): Promise<void> {
  const study = (folder: string, subjects: number, seed: number) =>
    writeFiles(
      join(home, folder),
      makeTrialTable({ subjects, seed, trialsPerSubject: 4, stimuli: 4, seconds: 12, effect: 1 }),
    )
  study('study', 4, 1)
  study('others', 2, 2)
  const [line] = await run([join('my own', 'commands.mjs'), EDA, 'study', 'others', 'by calls'])
  type Document = Record<string, unknown>
  const [decomposition, trained, evaluation, prediction] = JSON.parse(line!) as [Document, Document, Document, Document]

  const there = { cwd: home }
  const trainOptions = ['--folds', 'subject:2', '--epochs', '2', ...SMALL, '--set', 'final_pool=1']
  const decomposed = await json<{ files: unknown[] }>(
    ['decompose', EDA, '--device', 'gpu', '--out', 'by command/decomposed'],
    there,
  )
  // By way of prepared files, which say what was cut and resampled.
  await succeeds(
    ['prepare', '--data', 'study', '--out', 'prepared', '--length', '160', '--drop', '3', '--device', 'gpu', '--quiet'],
    there,
  )
  await succeeds(['train', '--data', 'prepared', '--out', 'by command/run', ...trainOptions, '--quiet'], there)
  const evaluated = await json(['eval', '--run', 'by command/run'], there)
  const {
    run: _,
    dimension,
    models,
    labels,
    ...predicted
  } = await json(['predict', '--run', 'by command/run', '--data', 'others'], there)

  const { schema, ...recording } = decomposition
  expect([[recording], schema]).toEqual([decomposed.files, 2])
  expect(evaluation).toEqual(evaluated)
  expect(prediction).toEqual({ name: 'others', ...predicted })
  expect([dimension, models, labels]).toEqual(['arousal', ['0', '1'], 'two-means'])
  const inFolder = (folder: string) =>
    filesUnder(join(home, folder))
      .filter((name) => name !== 'source.json')
      .sort()
  expect(inFolder('by calls')).toEqual(inFolder('by command'))
  const same = ['csv', 'events.csv', 'json', 'svg'].map((end) => `decomposed/synthetic_recording.${end}`)
  const runFiles = [
    'config.json',
    'kernels.json',
    ...['0', '1'].flatMap((fold) => ['result.json', 'model.safetensors'].map((name) => `folds/fold-${fold}/${name}`)),
  ]
  for (const file of [...same, ...runFiles.map((name) => `run/${name}`)]) {
    expect(readFileSync(join(home, 'by calls', file)).equals(readFileSync(join(home, 'by command', file))), file).toBe(
      true,
    )
  }
  const kernels = JSON.parse(text('by calls', 'run', 'kernels.json')) as {
    adapter: { description: string; device: string }
  }
  const identity = {
    name: 'run',
    adapter: kernels.adapter.description || kernels.adapter.device,
    versions: { galvani: manifest.version },
  }
  expect(trained).toMatchObject(identity)
  const program = text('my own', 'commands.mjs')
    .split('\n')
    .filter((row) => row !== '' && !row.startsWith('//'))
  expect(program.length).toBeLessThanOrEqual(30)
  const result = (folder: string) => lasting(JSON.parse(text(folder, 'run', 'result.json')) as object)
  expect(result('by calls')).toEqual(result('by command'))
  expect(lasting(trained)).toEqual(result('by calls'))
}

/** Starts the server of a page on a free port for the time of `work`. */
async function served<T>(page: string, work: (url: string) => Promise<T>): Promise<T> {
  const child = spawn(process.execPath, [join('my own', 'serve.mjs'), page, '0'], {
    cwd: home,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()))
      child.once('exit', () => reject(new Error('the server ended')))
    })
    return await work(url)
  } finally {
    child.kill()
  }
}

const inPage = (page: string, work: (tab: Page, url: string) => Promise<void>): Promise<void> =>
  served(page, (url) =>
    inTab(url, async (tab) => {
      await work(tab, url)
      expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(tab.viewportSize()!.width)
      expect(await tab.evaluate("getComputedStyle(document.querySelector('h1')).fontSize")).toBe('24px') // the stylesheet is there
    }),
  )

async function page(): Promise<void> {
  await inPage('page', async (tab, url) => {
    // Nothing but what the page names leaves the server's folders.
    for (const path of [
      'page.js/..%2f..%2fdecompose.mjs',
      'node_modules/galvani/dist//etc/hostname',
      'node_modules/galvani/package.json',
    ]) {
      expect((await fetch(url + path)).status, path).toBe(404)
    }
    await tab.setInputFiles('input[type=file]', EDA)
    await tab.waitForSelector('figure svg')
    expect(await tab.textContent('output')).toMatch(/^solved on the GPU: level [\d.]+ µS, \d+ responses/)
    const download = async (name: string) => {
      const [file] = await Promise.all([tab.waitForEvent('download'), tab.click(`a[download="${name}"]`)])
      return tableOf(readFileSync(await file.path(), 'utf8'))
    }
    const samples = await download('synthetic_recording.csv')
    const responses = await download('synthetic_recording.events.csv')
    checkDecomposition(samples, responses)
    expect(await tab.textContent('output')).toContain(`${responses.length} responses`)

    // Typed: what lacks a rate says so, and does with one.
    await tab.fill('textarea', Array.from({ length: 200 }, (_, i) => (3 + Math.sin(i / 9)).toFixed(3)).join('\n'))
    await tab.click('button')
    await tab.locator('output', { hasText: 'recording.csv: no header and no time column' }).waitFor()
    expect(await tab.isVisible('figure')).toBe(false)
    await tab.fill('input[type=number]', '8')
    await tab.click('button')
    await tab.locator('output', { hasText: /^solved/ }).waitFor()
    expect(await tab.locator('figure svg').getAttribute('aria-label')).toMatch(/^recording: /)
  })
}

/** The mean of neighbours with the weights of a triangle, outside of the signal zeros. */
function smoothed(signal: ArrayLike<number>, halfWidth: number): number[] {
  const offsets = Array.from({ length: 2 * halfWidth + 1 }, (_, k) => k - halfWidth)
  const weight = (k: number) => (halfWidth + 1 - Math.abs(k)) / (halfWidth + 1) ** 2
  return Array.from(signal, (_, i) => sum(offsets.map((k) => weight(k) * (signal[i + k] ?? 0))))
}

const ORANGE = [217, 115, 26] as const
const BLUE = [26, 89, 191] as const

async function hostApp(): Promise<void> {
  const { makeRecording } = (await import(pathToFileURL(join(examples, 'host_app', 'recording.js')).href)) as {
    makeRecording: () => Float32Array
  }
  const [parts] = await decomposeAll('cpu', [makeRecording()], { sampleRate: 4 })
  const { phasic, tonic } = parts!
  await inPage('host_app', async (tab) => {
    await tab.locator('output', { hasText: /^$/ }).waitFor({ state: 'attached' })
    for (const [width, halfWidth] of [
      [390, 8],
      [1000, 16],
      [1000, 0],
    ] as const) {
      await tab.setViewportSize({ width, height: 740 })
      await tab.fill('input', String(halfWidth))
      await tab.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
      expect(misdrawn(await traceOf(tab, ORANGE), tonic, [-0.2, 4])).toEqual([])
      expect(misdrawn(await traceOf(tab, BLUE), smoothed(phasic, halfWidth), [-0.2, 4])).toEqual([])
    }
    expect(await tab.textContent('output')).toBe('')
  })
}

/** By what stands behind `node examples/`. */
const PROGRAMS: Record<string, { check: () => Promise<void>; with?: string[] }> = {
  'decompose.mjs': { check: decompose, with: ['synthetic_recording.csv'] },
  'own_device.mjs': { check: ownDevice },
  'own_kernel.mjs': { check: ownKernel },
  'train_and_predict.mjs': { check: trainAndPredict },
  'commands.mjs': { check: commands },
  'serve.mjs page': { check: page, with: ['page/index.html', 'page/page.js', 'page/page.css'] },
  'serve.mjs host_app': {
    check: hostApp,
    with: ['index.html', 'app.js', 'lines.js', 'recording.js', 'app.css'].map((name) => `host_app/${name}`),
  },
}

const fileOf = (name: string): string => name.split(' ')[0]!

describe('the example', () => {
  for (const [name, { check }] of Object.entries(PROGRAMS)) it(name, check)
})

describe('the folder', () => {
  it('has no file that is not run here, and all of it is packed', () => {
    const known = [
      ...new Set(Object.entries(PROGRAMS).flatMap(([name, { with: more = [] }]) => [fileOf(name), ...more])),
    ]
    const there = (folder: string) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) =>
          join(entry.parentPath, entry.name)
            .slice(folder.length + 1)
            .replaceAll('\\', '/'),
        )
        .sort()
    expect(there(examples)).toEqual(known.sort())
    expect(there(join(home, 'node_modules', 'galvani', 'examples'))).toEqual(known.sort())
  })

  it('reads to a strict compiler as it would in TypeScript, whose only request is types for parameters', () => {
    const programs = Object.keys(PROGRAMS)
      .filter((name) => !name.startsWith('serve.mjs'))
      .map((name) => join(home, 'my own', name))
    const program = ts.createProgram(programs, {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
      typeRoots: [fileURLToPath(new URL('../node_modules/@types', import.meta.url))],
      types: ['node'],
      allowJs: true,
      checkJs: true,
      strict: true,
      noImplicitAny: false,
      skipLibCheck: true,
      noEmit: true,
    })
    const complaints = ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
    expect(complaints).toEqual([])
  })

  it('says how each program is run, from a clone and from an installed package', () => {
    for (const name of Object.keys(PROGRAMS)) {
      const header = readFileSync(
        join(examples, name.startsWith('serve.mjs ') ? `${name.slice(10)}/index.html` : name),
        'utf8',
      )
        .split('\n')
        .slice(0, 12)
        .join('\n')
      expect(header).toContain(` node examples/${name}`)
      expect(header).toContain(` node node_modules/galvani/examples/${name}`)
    }
  })
})
