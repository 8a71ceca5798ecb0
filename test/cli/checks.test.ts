// What scripts rely on, whichever command it is: one JSON document on stdout with --json, and an exit code that says when a check failed.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeTrialTable } from '../../src/datasets/synthetic.ts'
import { parseSafetensors, serializeSafetensors } from '../../src/formats/safetensors.ts'
import { sine, wavOf } from '../support/sounds.ts'
import { expectDocument } from './documents.ts'
import { galvani, SMALL, SMALL_TRAINING, succeeds, workFolder, writeFiles } from './support.ts'

const NO_GPU = 4
const CHECK_FAILED = 5

const folder = workFolder()
const path = (...names: string[]): string => join(folder, ...names)

const recording = (samples: number): string =>
  [
    'time_s,eda_us',
    ...Array.from(
      { length: samples },
      (_, i) => `${i / 4},${(5 + Math.sin(i / 9) + 0.1 * Math.sin(i * i)).toFixed(5)}`,
    ),
  ].join('\n')

/** A case of a fixture folder whose answer is right, or off by one. */
const relu = (id: string, right: boolean) => ({
  id,
  kind: 'op',
  op: 'relu',
  file: `${right}.safetensors`,
  attrs: {},
  expect: { y: { atol: 1e-6, rel_l2: 1e-6 } },
})
const tensors = (y: number) =>
  serializeSafetensors(
    new Map(
      Object.entries({ x: 2, 'upstream.y': 1, y }).map(([name, value]) => [
        name,
        { shape: [1, 1, 1], data: new Float32Array([value]) },
      ]),
    ),
  )

beforeAll(() => {
  const { 'eda.csv': eda = '', ...study } = makeTrialTable({
    subjects: 4,
    trialsPerSubject: 4,
    stimuli: 4,
    seconds: 20,
    effect: 1,
    seed: 1,
  })
  // The first trial misses five seconds: it is skipped, and somebody has to be told.
  const [head = '', ...rows] = eda.split('\n')
  const gappy = rows.map((row, i) => (i >= 30 && i < 50 ? row.replace(/[^,]*$/, 'NaN') : row))
  writeFiles(path('study'), { ...study, 'eda.csv': [head, ...gappy].join('\n') })
  writeFiles(path('recordings'), { 'a.csv': recording(300), 'notes.csv': 'who,when\nme,now\n' })
  writeFiles(path('songs'), { '1.wav': wavOf([sine(440, 2, 8000)]) })
  writeFiles(path('fixtures'), {
    'index.json': JSON.stringify({
      cases: [relu('right', true), relu('off', false)],
    }),
    'true.safetensors': tensors(2),
    'false.safetensors': tensors(3),
  })
})

const SMALL_TUNING = [...SMALL.slice(0, -2), '--set', 'length=320', '--set', 'music_dim=4', '--batch', '4']

/** Objects whose keys are data, or names from elsewhere, in what a command prints. */
const KEYED: Readonly<Record<string, string[]>> = {
  prepare: ['statuses'],
  decompose: ['files.features'],
  train: ['versions', 'results.predictions.baselines'],
  eval: ['predictions.baselines'],
  verify: ['summaries.statuses'],
  tune: ['entries'],
}

/** Names of the commands that a help text lists; one without options of its own is a group of others. */
async function commandsOf(group: string[] = []): Promise<string[]> {
  const { stdout } = await succeeds([...group, '--help'])
  const listed = /\nCommands:\n((?: .*\n)+)/.exec(stdout)?.[1] ?? ''
  const found = [...listed.matchAll(/^ {2}(\w+)( \[options\])?/gm)].filter(([, name]) => name !== 'help')
  return (
    await Promise.all(
      found.map(async ([, name = '', options]) =>
        options ? [[...group, name].join(' ')] : commandsOf([...group, name]),
      ),
    )
  ).flat()
}

describe('with --json stdout is one JSON document, whatever else there is to say', () => {
  /** What is told on stderr meanwhile, if it has to be. In the order in which they build on each other. */
  const runs: [command: string, args: string[], told?: RegExp][] = [
    ['doctor', []],
    ['fixtures make', ['trials', path('made'), '--subjects', '3', '--trials', '4']],
    ['prepare', ['--data', path('study'), '--out', path('prepared'), '--length', '320']],
    ['inspect', [path('recordings', 'a.csv'), path('study'), path('prepared')]],
    ['music', [path('songs'), '--out', path('music.csv'), '--builtin']],
    ['decompose', [path('recordings'), '--out', path('decomposed'), '--device', 'cpu']],
    [
      'train',
      [
        '--data',
        path('study'),
        '--out',
        path('run'),
        '--folds',
        'random:2',
        '--only-fold',
        '0',
        '--epochs',
        '1',
        ...SMALL_TRAINING,
      ],
      /synthetic data[^]*folds random:2 are not subject-independent[^]*fold 0 epoch 1: loss/,
    ],
    ['eval', ['--run', path('run'), '--data', path('study')], /skipped .*gap|skipped .*missing/],
    ['predict', ['--run', path('run'), '--data', path('study')], /skipped .*gap|skipped .*missing/],
    [
      'explain',
      [
        '--run',
        path('run'),
        '--data',
        path('study'),
        '--trials',
        'synthetic1_01_00',
        'synthetic1_02_01',
        '--fold',
        '0',
        '--steps',
        '2',
      ],
      /trained on/,
    ],
    ['verify', ['--recordings', path('recordings'), '--windows', '5', '--form', 'per-signal'], /left out: notes.csv/],
    ['experiment', ['table1', '--data', path('prepared'), '--out', path('tables')]],
    ['report', ['--run', path('run')]],
    ['export', ['--run', path('run'), '--card', '--out', path('card')]],
    ['summary', []],
    ['tune', [...SMALL_TUNING, '--budget', '0.001', '--quiet']],
  ]
  /** These take long; `bench*.test.ts` runs them, and they have no way to print but `Output` either. */
  const measuring = ['bench all', 'bench step', 'bench kernels', 'bench cvxeda', 'bench peers', 'bench events']

  it('these are all commands', async () => {
    expect((await commandsOf()).sort()).toEqual([...runs.map(([command]) => command), ...measuring].sort())
  })

  it.each(runs)('%s', async (command, args, told = /^/) => {
    const { stdout, lines } = await succeeds([...command.split(' '), ...args, '--json'], {
      env: { GALVANI_CACHE: path('cache') },
    })
    expect(stdout).toBe(`${JSON.stringify(JSON.parse(stdout), null, 1)}\n`)
    expect(lines.join('\n')).toMatch(told)
    expectDocument(JSON.parse(stdout), KEYED[command], command)
  })

  it('and so is every file that they have written', () => {
    const files = ['prepared', 'decomposed', 'run', 'cache'].flatMap((name) =>
      readdirSync(path(name), { recursive: true, encoding: 'utf8' }).map((file) => `${name}/${file}`),
    )
    const documents = files.flatMap((file): [string, unknown][] => {
      const text = () => readFileSync(path(file), 'utf8')
      if (file.endsWith('.json')) return [[file, JSON.parse(text())]]
      if (!file.endsWith('.jsonl')) return []
      const lines = text().trim().split('\n')
      return lines.map((line, i): [string, unknown] => [`${file}:${i + 1}`, JSON.parse(line)])
    })
    const scores = ['scores', 'predictions.baselines', 'results.predictions.baselines']
    const keyed = ['trials.columns', 'features', 'versions', 'variants', 'entries', ...scores]
    for (const [file, document] of documents) expectDocument(document, keyed, file)
    const named = (file: string): string =>
      file
        .replace(/kernels-.*\.json$/, 'kernels-ADAPTER.json')
        .replace(/baselines\/([a-z-]+)-\w+\.json$/, 'baselines/$1-DIGEST.json')
        .replace(/trial-\w+\.json$/, 'trial-ID.json')
    expect(documents.map(([file]) => named(file)).sort()).toEqual([
      'cache/kernels-ADAPTER.json',
      'decomposed/a.json',
      'prepared/manifest.json',
      ...['forest', 'guesser', 'lda', 'logistic', 'rbf-svm', 'svm'].map((of) => `run/baselines/${of}-DIGEST.json`),
      'run/config.json',
      ...[1, 2, 3, 4].map((line) => `run/events.jsonl:${line}`),
      ...[1, 2].map(() => 'run/explain/fold-0/trial-ID.json'),
      'run/folds/fold-0/result.json',
      'run/kernels.json',
      'run/result.json',
      'run/source.json',
    ])
    for (const [file, schema] of [
      ['prepared/signals.safetensors', '3'],
      ['run/folds/fold-0/model.safetensors', '1'],
    ] as const) {
      const { metadata } = parseSafetensors(readFileSync(path(file)), file)
      expectDocument({ ...metadata, schema: Number(metadata['schema']) }, [], file)
      expect(metadata['schema'], file).toBe(schema)
    }
  })

  it('nothing but `Output` writes to stdout', () => {
    const sources = ['src', 'cli', 'bench'].flatMap((name) => {
      const root = fileURLToPath(new URL(`../../${name}`, import.meta.url))
      return readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => [`${name}/${file}`, readFileSync(join(root, file), 'utf8')] as const)
    })
    expect(sources.length).toBeGreaterThan(200)
    const writing = sources.filter(([, text]) =>
      /console\.|stdout\.write|process\.stdout(?!\.on\()|writeSync\(1/.test(text),
    )
    expect(writing.map(([file]) => file)).toEqual(['cli/shared/output.ts'])
  })
})

describe('a check that does not hold ends with exit code 5 and says what failed', () => {
  it('verify --fixtures', async () => {
    const { code, stdout, lines } = await galvani(['verify', '--fixtures', path('fixtures')])
    expect(code).toBe(CHECK_FAILED)
    expect(lines).toEqual(['galvani: 1 of 2 cases failed'])
    expect(stdout).toMatch(/^off +failed +y /m)
    expect(stdout).toMatch(/1 passed, 1 failed, 0 skipped\n$/)
  })

  it('verify --fixtures of which nothing was checked', async () => {
    const { code, stdout, lines } = await galvani(['verify', '--fixtures', path('fixtures'), '--device', 'cpu'])
    expect(code).toBe(CHECK_FAILED)
    expect(lines).toEqual([`galvani: ${path('fixtures')}: nothing was checked`])
    expect(stdout).toMatch(/0 passed, 0 failed, 2 skipped\n$/)
  })

  describe('on a device whose answers are off by a hundredth', () => {
    const wrong = { node: ['--import', pathToFileURL(path('wrong.mjs')).href] }
    beforeAll(() => {
      const webgpu = import.meta.resolve('webgpu')
      writeFileSync(
        path('wrong.mjs'),
        `
        const { globals } = await import(${JSON.stringify(webgpu)})
        const { prototype } = globals.GPUBuffer
        const { getMappedRange } = prototype
        prototype.getMappedRange = function (...args) {
          const bytes = getMappedRange.apply(this, args)
          const values = new Float32Array(bytes)
          values.forEach((value, i) => { values[i] = 1.01 * value })
          return bytes
        }`,
      )
    })

    it('verify --recordings', async () => {
      const args = ['verify', '--recordings', path('recordings'), '--windows', '5', '--form', 'per-signal']
      const { code, stdout, lines } = await galvani(args, wrong)
      expect(code).toBe(CHECK_FAILED)
      expect(lines).toEqual([expect.stringMatching(/^left out: notes.csv/), 'galvani: 5 of 5 windows failed'])
      expect(stdout.match(/^interior-point per-signal, .*, a\.csv +\d/gm)).toHaveLength(5)
      expect(stdout).toMatch(/0 of 5 windows passed\n$/)
    })

    it('verify --fixtures', async () => {
      const { code, stdout } = await galvani(['verify', '--fixtures', path('fixtures'), '--json'], wrong)
      expect(code).toBe(CHECK_FAILED)
      expect(JSON.parse(stdout)).toMatchObject({ passed: 0, failed: 2, skipped: 0 })
      expectDocument(JSON.parse(stdout))
    })

    it('doctor has no usable GPU', async () => {
      const { code, stdout, lines } = await galvani(['doctor', '--json'], wrong)
      expect(code).toBe(NO_GPU)
      expect(lines).toEqual([expect.stringContaining('a simple kernel computed wrong values')])
      expect(JSON.parse(stdout)).toMatchObject({
        adapter: null,
        problem: expect.stringContaining('wrong values') as string,
      })
      expectDocument(JSON.parse(stdout))
    })
  })
})
