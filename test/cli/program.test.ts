// What commands do with what the library gives them, started inside this process: where a library function would compute, it is
// told what to answer. Defaults, Ctrl-C and progress are held for all commands at once.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, relative } from 'node:path'
import type { Command } from 'commander'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import * as cvxeda from '../../bench/cvxeda_bench.ts'
import * as benchKernels from '../../bench/kernels.ts'
import * as peerPrograms from '../../bench/peer_programs.ts'
import * as peers from '../../bench/peers.ts'
import type { PeersResult } from '../../bench/peers.ts'
import { parseBenchResult } from '../../bench/result.ts'
import * as steps from '../../bench/step.ts'
import * as targets from '../../bench/targets.ts'
import * as cold from '../../cli/bench/cold.ts'
import * as kernelsCommand from '../../cli/bench/kernels.ts'
import * as kernelTables from '../../cli/bench/kernel_tables.ts'
import * as stepTables from '../../cli/bench/step_tables.ts'
import { program } from '../../cli/program.ts'
import * as context from '../../cli/shared/context.ts'
import * as dataOptions from '../../cli/shared/data_options.ts'
import { addDecomposeOptions, batchOptions, type DecomposeFlags } from '../../cli/shared/decompose_options.ts'
import { Output } from '../../cli/shared/output.ts'
import { checkParams } from '../../src/cvxeda/params.ts'
import { Command as Parser } from 'commander'
import type { OpenedDataset } from '../../src/datasets/layout.ts'
import * as batch from '../../src/recording/batch.ts'
import { CheckError, DeviceError } from '../../src/runtime/errors.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import * as datasets from '../../src/train/dataset.ts'
import * as evaluateRun from '../../src/train/evaluate_run.ts'
import * as tasks from '../../src/train/task.ts'
import * as prepare from '../../src/train/prepare.ts'
import * as preparedFiles from '../../src/train/prepared_files.ts'
import * as runs from '../../src/train/run.ts'
import * as trainedRun from '../../src/train/trained_run.ts'
import * as tunedKernels from '../../src/train/tuned_kernels.ts'
import type { TuneCache } from '../../src/tune/cache.ts'
import * as fixtures from '../../src/verify/fixtures.ts'
import * as windows from '../../src/verify/recordings.ts'
import { VERSION } from '../../src/version.ts'
import { sampleRun } from '../report/summary.ts'
import { Arrived, documentOf, path, readJson, recordings, start, study } from './options/start.ts'
import { filesUnder, SMALL_TRAINING, writeFiles } from './support.ts'

beforeAll(() => void vi.stubEnv('GALVANI_TUNE', 'off'))
afterAll(() => void vi.unstubAllEnvs())
afterEach(() => void vi.restoreAllMocks())

const cellsOf = (text: string): string[][] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/))
/** No adapter is opened; what would use it is told what to answer. */
const withoutGpu = (info: object = {}): void =>
  void vi.spyOn(context, 'withGpu').mockImplementation((_, work) => work({ info } as Gpu))
type Functions = Record<string, (...args: never[]) => unknown>
const answers = (library: object, name: string, answer: (...args: never[]) => unknown) =>
  vi.spyOn(library as Functions, name).mockImplementation(answer)
/** The same of a function that takes its time. */
const resolves = (library: object, name: string, answer: (...args: never[]) => unknown) =>
  answers(library, name, async (...args: never[]) => await Promise.resolve(answer(...args)))

describe('defaults', () => {
  const trains = {
    ...{ preset: 'paper', signals: 'mixed', set: {}, dimension: 'arousal', target: 'class', levels: 2 },
    ...{
      folds: 'subject:10',
      validation: 0.15,
      seed: 1,
      music: 'auto',
      init: 'he',
      optimizer: 'adam',
      lr: 0.001,
      momentum: 0,
      weightDecay: 0,
    },
    ...{ decay: 0.9, decayEpochs: 15, epochs: 30, batch: 32, patience: 10 },
  }
  const step = { preset: 'paper', batch: 32, rounds: 7 }
  const expected: Record<string, object> = {
    '': {},
    doctor: {},
    fixtures: {},
    'fixtures make': { seed: 1, effect: 1, trials: 12, kind: 'clean' },
    music: {},
    prepare: { length: 2500, drop: 3, device: 'auto' },
    inspect: {},
    decompose: { format: 'csv', timeOut: 'relative', gaps: 'refuse', zscore: true, device: 'auto' },
    train: trains,
    experiment: { protocol: 'honest', repeats: 1, jobs: 1 },
    eval: {},
    predict: {},
    explain: { module: 'both' },
    export: {},
    verify: {},
    report: {},
    summary: { preset: 'paper', signals: 'mixed', set: {}, music: 6373 },
    bench: {},
    'bench all': step,
    'bench step': step,
    'bench kernels': step,
    'bench cvxeda': {
      ...{
        device: 'gpu',
        signals: 256,
        n: 1500,
        seed: 1,
        solver: 'interior-point',
        rounds: 7,
        python: 'python3',
        referenceSignals: 32,
      },
    },
    'bench peers': { batch: 32, rounds: 7, python: 'python3', threads: expect.any(Number) as number },
    'bench events': { recordings: 50, seed: 1, events: 'phasic' },
    tune: { preset: 'paper', signals: 'mixed', set: {}, batch: 32, mode: 'on' },
  }
  const defaultsOf = (command: Command, name: string[] = []): [string, object][] => [
    [name.join(' '), command.opts()],
    ...command.commands.flatMap((below) => defaultsOf(below, [...name, below.name()])),
  ]

  it('of all options of all commands', () => {
    expect(Object.fromEntries(defaultsOf(program()))).toEqual(expected)
  })

  it('that are the library’s are what the help says', () => {
    const decompose = addDecomposeOptions(new Parser())
    const asked = batchOptions(decompose.opts<DecomposeFlags>())
    expect(asked).toEqual({ format: 'csv', times: 'relative', gaps: 'refuse', zscore: true, reading: {}, solving: {} })
    const { deltaKnot, baselineCorrection, ...same } = checkParams(4, {})
    const known = { ...same, knots: deltaKnot, baseline: baselineCorrection }
    expect(known).toEqual({ tau0: 2, tau1: 0.7, knots: 10, alpha: 0.0008, gamma: 0.01, baseline: 2 })
    for (const [name, value] of Object.entries(known))
      expect(decompose.options.find((option) => option.attributeName() === name)?.description).toMatch(
        new RegExp(`\\(${String(value)}\\)$`),
      )
  })
})

it.each([
  ...[
    'doctor',
    'fixtures make',
    'prepare',
    'inspect',
    'decompose',
    'train',
    'eval',
    'predict',
    'export',
    'verify',
    'report',
    'summary',
    'tune',
  ],
  ...['bench', 'bench step', 'bench kernels', 'bench cvxeda', 'bench peers'],
])('%s --help has an example', async (command) => {
  const printed = { stdout: '', stderr: '' }
  await expect(start([...command.split(' '), '--help'], { printed })).rejects.toMatchObject({ exitCode: 0 })
  expect(printed.stdout).toMatch(new RegExp(`^Usage: galvani ${command} [^]*Examples?:\\n  galvani ${command}`))
})

/** Presses Ctrl-C where the library computes, and looks whether it hears of it. */
async function hearsOfInterrupt(args: string[], library: object, name: string, signalAt: number): Promise<void> {
  const before = process.rawListeners('SIGINT').length
  let heard: AbortSignal | undefined
  answers(library, name, (...given: unknown[]) => {
    const last = process.rawListeners('SIGINT').at(-1) as (signal: string) => void
    expect(process.rawListeners('SIGINT').length).toBeGreaterThan(before)
    heard = (given[signalAt] as { signal?: AbortSignal }).signal
    expect(heard?.aborted).toBe(false)
    const terms = process.rawListeners('SIGTERM').length
    const listening = process.rawListeners('SIGINT').length
    last('SIGINT')
    // The second one is Node's own, which ends the process, whichever of the two it is.
    expect(process.rawListeners('SIGINT')).toHaveLength(listening - 1)
    expect(process.rawListeners('SIGTERM')).toHaveLength(terms - 1)
    throw new Arrived()
  })
  await expect(start(args)).rejects.toThrow(Arrived)
  expect(heard?.aborted).toBe(true)
  expect(heard?.reason).toBeInstanceOf(context.Interrupted)
}

const training = (...more: string[]): string[] => [
  ...['train', '--data', study(), '--folds', 'subject:3', ...SMALL_TRAINING, '--quiet', ...more],
]
/** All of a run but its training, on data as they are. */
function withoutTraining(): void {
  withoutGpu()
  resolves(tunedKernels, 'useTunedKernels', () => ({}))
  resolves(datasets, 'prepareDataset', (_, { set }: { set: object }) => set)
  answers(tasks, 'makeTask', (set: object, config: object) => ({
    set,
    config,
    plan: { subjectIndependent: true },
    labelled: { scheme: 'two-means' },
  }))
}

describe('Ctrl-C reaches what takes long:', () => {
  const bench = (of: string) => (): string[] => ['bench', of, '--quiet']
  const step = (): void => {
    resolves(steps, 'withStep', (_, __, use: (step: object) => unknown) => use({ plan: { choices: [] } }))
    resolves(steps, 'benchStep', () => ({ profile: [] }))
  }
  const peer = (): void => void answers(peerPrograms, 'findPeers', () => ({ programs: [{}], missing: [] }))
  const recorded = (command: string) => (): string[] => [
    command,
    ...(command === 'verify' ? ['--recordings'] : []),
    recordings(),
  ]
  it.each<[string, () => string[], object, string, number, (() => void)?]>([
    ['prepare', () => ['prepare', '--data', study(), '--out', path('o')], prepare, 'prepareTrials', 2],
    ['decompose', () => [...recorded('decompose')(), '--out', path('o')], batch, 'analyseFiles', 3],
    ['train while it prepares', () => training('--out', path('o')), datasets, 'prepareDataset', 3],
    ['train while it tunes', () => training('--out', path('o')), tunedKernels, 'useTunedKernels', 4, withoutTraining],
    ['train', () => training('--out', path('o2')), runs, 'trainRun', 4, withoutTraining],
    ['verify', recorded('verify'), windows, 'verifyRecordings', 2],
    ['tune', () => ['tune'], tunedKernels, 'useTunedKernels', 4],
    ['bench all', bench('all'), benchKernels, 'benchKernels', 3, step],
    ['bench kernels', bench('kernels'), benchKernels, 'benchKernels', 3, step],
    ['bench step', () => [...bench('step')(), '--tuned'], tunedKernels, 'useTunedKernels', 4],
    ['bench cvxeda', bench('cvxeda'), cvxeda, 'benchCvxeda', 1],
    ['bench peers', bench('peers'), peers, 'comparePeers', 0, peer],
  ])('%s', async (_, args, library, name, signalAt, around) => {
    withoutGpu()
    around?.()
    await hearsOfInterrupt(args(), library, name, signalAt)
  })
})

describe('progress is counted of all that there is:', () => {
  it.each<[string, () => string[], object, string, (...args: never[]) => unknown, string[], (() => void)?]>([
    [
      'decompose',
      () => ['decompose', `${recordings()}/a.csv`, path('b.csv'), '--out', path('o')],
      batch,
      'analyseFiles',
      (_, __, ___, { onProgress }: { onProgress: (done: number, total: number) => void }) => onProgress(1, 2),
      ['cvxEDA 1/2'],
    ],
    [
      'prepare',
      () => ['prepare', '--data', study(), '--out', path('o')],
      prepare,
      'prepareTrials',
      (_, __, { onProgress }: { onProgress: (done: number, total: number) => void }) => onProgress(3, 36),
      ['trials 3/36'],
    ],
    [
      'verify --fixtures',
      () => ['verify', '--fixtures', recordings()],
      fixtures,
      'verifyFixtures',
      (_, __, ___, { onCase }: { onCase: (of: object, done: number, total: number) => void }) =>
        onCase({ name: 'relu' }, 2, 9),
      ['verify 2/9 relu'],
    ],
    [
      'eval',
      () => ['eval', '--run', 'r', '--data', 'd'],
      evaluateRun,
      'evaluateElsewhere',
      (_, __, ___, ____, { onProgress, onBaselines }: Required<trainedRun.ComputeHooks>) => {
        onProgress(7, 8)
        onBaselines(0.5)
      },
      ['cvxEDA 7/8', 'baselines 50/100'],
      () => {
        answers(dataOptions, 'requireFolder', () => ({}))
        resolves(dataOptions, 'openDataset', () => ({}))
        resolves(trainedRun, 'loadRun', () => ({ config: { dimension: 'valence' } }))
        answers(evaluateRun, 'requireRated', () => undefined)
      },
    ],
    [
      'bench peers',
      () => ['bench', 'peers', '--rounds', '4'],
      peers,
      'comparePeers',
      ({ onProgress }: { onProgress: (done: number, name: string) => void }) => onProgress(5, 'torch'),
      ['peers 5/15 torch'], // two peers and we, a first step and four rounds each
      () => answers(peerPrograms, 'findPeers', () => ({ programs: [{}, {}], missing: [] })),
    ],
  ])('%s', async (_, args, library, name, work, drawn, around) => {
    withoutGpu()
    around?.()
    const told: string[] = []
    const stopped = vi.fn()
    vi.spyOn(Output.prototype, 'progress').mockImplementation((label, total) => ({
      update: (done, note = '') => void told.push(`${label} ${done}/${total} ${String(note)}`.trimEnd()),
      stop: stopped,
    }))
    answers(library, name, async (...given: never[]) => {
      await Promise.resolve(work(...given))
      throw new Arrived()
    })
    await expect(start(args())).rejects.toThrow(Arrived)
    expect(told).toEqual(drawn)
    expect(stopped).toHaveBeenCalled() // and leaves no bar behind
  })
})

describe('train', () => {
  /** What it does for a run that ends with these folds. */
  async function trains(args: string[]) {
    withoutTraining()
    const trained = resolves(runs, 'trainRun', () => sampleRun())
    const printed = await start(args)
    return { ...printed, given: trained.mock.lastCall! }
  }

  it('keeps where data and weights are, wherever it is started, and says where its page is', async () => {
    const out = path('by relative paths')
    const weights = path('w.safetensors')
    resolves(await import('../../cli/shared/files.ts'), 'loadWeightsFile', () => new Map())
    const transfer = { taken: [], cut: [], left: [], unused: [] }
    answers(await import('../../src/train/learning.ts'), 'startingWeights', () => ({ weights: new Map(), transfer }))
    const here = (name: string): string => relative(process.cwd(), name)
    const args = training('--out', here(out), '--weights', here(weights), '--only-fold', '2').map((word) =>
      word === study() ? here(study()) : word,
    )
    const { stdout, given } = await trains([...args, '--json'])
    const document = JSON.parse(stdout) as object
    expect(document).toMatchObject({ run: here(out), report: `${here(out)}/report.html`, name: 'runs/a1' })
    expect(readJson(basename(out), 'source.json')).toMatchObject({ data: study(), weights })
    expect(given[3]).toEqual({ name: basename(out), versions: { node: process.versions.node } })
    expect(given[4]).toMatchObject({ onlyFold: '2', initial: new Map() })
    expect(readFileSync(path(basename(out), 'report.html'), 'utf8')).toContain('Arousal, lab7')

    // It goes on with the weights that it has, by whichever path.
    const stored = { ...readJson(basename(out), 'source.json') }
    const { config } = sampleRun()
    const { toDocument, formatDocument } = await import('../../src/formats/documents.ts')
    writeFileSync(path(basename(out), 'config.json'), formatDocument(toDocument('run-config', config)))
    answers(tasks, 'splitTrials', () => ({ plan: {} }))
    const again = ['train', '--resume', '--out', out, '--weights', here(weights), '--quiet']
    expect((await trains(again)).stdout).toMatch(new RegExp(`^arousal, lab7: [^]*\\nreport: ${out}/report.html\\n$`))

    // Data that turn out to be others leave the run with its own.
    resolves(runs, 'trainRun', () => {
      throw new Arrived()
    })
    writeFiles(path('nothing'), { 'README.txt': 'no data' })
    await expect(start(['train', '--resume', '--out', out, '--data', path('nothing'), '--quiet'])).rejects.toThrow(
      /^nothing is no dataset that is known: looked for .*trials.csv/,
    )
    writeFiles(
      path('elsewhere'),
      Object.fromEntries(readdirSync(study()).map((name) => [name, readFileSync(path('study', name))])),
    )
    await expect(start(['train', '--resume', '--out', out, '--data', path('elsewhere'), '--quiet'])).rejects.toThrow(
      Arrived,
    )
    expect(readJson(basename(out), 'source.json')).toEqual(stored)
    await trains(['train', '--resume', '--out', out, '--data', here(path('elsewhere')), '--quiet'])
    expect(readJson(basename(out), 'source.json')).toEqual({ ...stored, data: path('elsewhere') })
  })

  it('refuses a fold or weights that do not fit before anything is prepared', async () => {
    withoutTraining()
    const prepares = vi.mocked(datasets.prepareDataset)
    await expect(start(training('--out', path('never'), '--only-fold', '3'))).rejects.toThrow(
      "fold '3' has no subjects",
    )
    resolves(await import('../../cli/shared/files.ts'), 'loadWeightsFile', () => new Map())
    await expect(start(training('--out', path('never'), '--weights', 'w.safetensors'))).rejects.toThrow('w.safetensors')
    expect(prepares).not.toHaveBeenCalled()
    expect(existsSync(path('never'))).toBe(false)
  })
})

describe('prepare', () => {
  it('tells of a study as it was recorded, and of each rating apart', async () => {
    // Two people with four songs each; arousal is high in one of four, valence in two of four, and has no middle in the second.
    const rows = ['a', 'b'].flatMap((subject) =>
      [0, 1, 2, 3].map((song) => `${subject}${song},${subject},song${song},${song < 2 ? 2 : 8},${song < 3 ? 2 : 8},4`),
    )
    /** 40 samples, one of them missing, one 0. The last trial is longer, and does not move for 6 of its seconds. */
    const flaws: Readonly<Record<string, string>> = { '0 5': 'NaN', '1 7': '0' }
    const value = (trial: number, i: number): string => {
      if (trial === 7 && i < 24) return '7'
      const flaw = flaws[`${trial} ${i}`]
      return flaw ?? (i % 3 === 0 ? '3' : '2.3456')
    }
    const samples = Array.from({ length: 8 }, (_, trial) =>
      Array.from(
        { length: trial === 7 ? 120 : 40 },
        (_, i) => `${'ab'[trial >> 2]}${trial % 4},${i},${value(trial, i)}`,
      ),
    ).flat()
    writeFiles(path('by hand'), {
      'trials.csv': ['trial,subject,stimulus,valence,arousal,sample_rate_hz', ...rows].join('\n'),
      'eda.csv': ['trial,sample,eda_us', ...samples].join('\n'),
    })
    withoutGpu()
    const skipped = [{ source: 'trials.csv:3', reason: 'too short' }]
    const statuses = ['solved', 'trivial', 'solved', 'max-iterations', 'solved']
    type Watched = { onTrial: (trial: object) => void }
    answers(prepare, 'prepareTrials', async (_: never, { trials }: OpenedDataset, { onTrial }: Watched) => {
      const prepared: object[] = []
      for await (const trial of trials()) {
        onTrial(trial)
        prepared.push({ ...trial, status: statuses[prepared.length % statuses.length] })
      }
      return { trials: prepared, skipped }
    })
    resolves(preparedFiles, 'savePrepared', () => undefined)
    const args = ['prepare', '--data', path('by hand'), '--out', path('ready')]
    const document = await documentOf<{ labels: Record<string, { high: number; trials: number }> }>(args)
    expect(document).toMatchObject({
      ...{ out: path('ready'), trials: 8, subjects: 2, stimuli: 4, usable: 8, skipped },
      ...{ statuses: { solved: 5, trivial: 2, 'max-iterations': 1 } },
      ...{ labels: { arousal: { trials: 8, high: 2 }, valence: { trials: 8, high: 4 } } },
    })
    expect(cellsOf((await start(args)).stdout)).toEqual([
      ['trials', '8 (8 usable)'],
      ['subjects', '2'],
      ['stimuli', '4'],
      ['sampling rate', '4 Hz'],
      ['seconds', '10.0 to 30.0, median 10.0'],
      ['level', '2.35 uS'],
      ['missing, zero, flat', '0.3 %, 0.3 %, 6.0 %'], // 1, 1 and 24 of 400 samples
      ['cvxEDA', '5 solved, 2 trivial, 1 max-iterations'],
      ['arousal, 2-means', '25.0 % high; centres close together in 0 subjects'],
      ['valence, 2-means', '50.0 % high; centres close together in 0 subjects'],
      ['skipped trials.csv:3: too short'],
      [`wrote ${path('ready')}`],
    ])
  })
})

describe('predictions', () => {
  const skipped = [{ source: 'trials.csv:9', reason: 'a gap' }]
  const run = { config: { dimension: 'valence', labels: 'two-means', model: { classes: 2 } }, folds: ['0', 'b'] }
  const loads = (): void => {
    withoutGpu()
    answers(dataOptions, 'requireFolder', () => ({}))
    resolves(dataOptions, 'openDataset', () => ({}))
    resolves(trainedRun, 'loadRun', () => run)
  }

  it('have a row a trial, and what was skipped is told beside them', async () => {
    loads()
    answers(trainedRun, 'requireReadable', () => undefined)
    const predictions = [
      { trial: 't1', subject: 'p1', stimulus: 's1', probability: 0.98765, predicted: 'high' },
      { trial: 't2', subject: 'p2', stimulus: 's2', probability: 0.0004, predicted: 'low' },
    ]
    resolves(trainedRun, 'predict', () => ({ name: 'new', predictions, skipped, seenSubjects: 1, seenTrials: 1 }))
    const args = ['predict', '--run', 'r', '--data', 'd']
    expect(await documentOf(args)).toMatchObject({
      ...{ run: 'r', dimension: 'valence', models: ['0', 'b'], predictions, skipped, seen_subjects: 1, seen_trials: 1 },
    })
    const { stdout, stderr } = await start(args)
    expect(cellsOf(stdout)).toEqual([
      ['new: 1 of 2 trials are of 1 people seen in training'],
      ['trial', 'subject', 'stimulus', 'P(high valence)', 'valence'],
      ['t1', 'p1', 's1', '0.988', 'high'],
      ['t2', 'p2', 's2', '0.000', 'low'],
    ])
    expect(stderr).toBe('skipped trials.csv:9: a gap\n')
  })

  it('of rated trials are judged, beside whatever baselines there are', async () => {
    loads()
    answers(evaluateRun, 'requireRated', () => undefined)
    const { pooled, dataset } = sampleRun()
    const other = {
      dimension: 'valence',
      labels: 'two-means',
      dataset,
      models: ['0', 'b'],
      skipped,
      seenSubjects: 0,
      seenTrials: 0,
      predictions: [],
    }
    const args = ['eval', '--run', 'r', '--data', 'd']
    resolves(evaluateRun, 'evaluateElsewhere', () => ({ ...other, pooled }))
    const beside = await start(args)
    const { judgement, model } = pooled
    const missing = 'no baselines, since they are gone'
    resolves(evaluateRun, 'evaluateElsewhere', () => ({
      ...other,
      pooled: { model, judgement: { ...judgement, baselines: [] } },
      majorityOfTheseTrials: model,
      missing,
    }))
    const without = await start(args)
    for (const { stdout, stderr } of [beside, without]) {
      expect(stdout).toMatch(/^valence, lab7: 2 models, people never seen in training\n/)
      expect(stdout).toContain(
        '95 % intervals of the model over subjects: accuracy 55.0 % to 90.0 %, balanced accuracy',
      )
      expect(cellsOf(stdout)[2]).toEqual(['model', '16', '75.0 %', '65.0 %', '55.0 %', '45.0 %'])
      expect(stderr).toBe('skipped trials.csv:9: a gap\n')
    }
    expect(cellsOf(beside.stdout)[3]!.slice(0, 3)).toEqual(['majority class', '16', '60.0 %'])
    expect(cellsOf(without.stdout)[3]).toEqual([
      ...['majority class of these trials', '16', '75.0 %', '73.3 %', '80.0 %', '73.3 %'],
    ])
    expect(without.stdout).toMatch(/\nno baselines, since they are gone\n$/)
  })
})

describe('what is made', () => {
  it('is named with its settings', async () => {
    const made = path('made here')
    const trials = ['fixtures', 'make', 'trials', made, ...'--subjects 3 --trials 4 --effect 0.5 --seed 9'.split(' ')]
    const settings = { synthetic: true, subjects: 3, effect: 0.5, seed: 9 }
    const { files, ...rest } = await documentOf<{ files: string[] }>(trials)
    expect(rest).toEqual({ schema: 1, dir: made, ...settings })
    expect([...files].sort()).toEqual(filesUnder(made).sort())
    expect((await start(trials)).stdout).toBe(`wrote a synthetic study of 3 subjects (effect 0.5, seed 9) to ${made}\n`)
    const recording = ['fixtures', 'make', 'recording', made, '--seed', '4', '--seconds', '10']
    expect(await documentOf(recording)).toEqual({
      schema: 1,
      dir: made,
      files: ['synthetic.csv'],
      synthetic: true,
      seed: 4,
    })
    expect((await start(recording)).stdout).toBe(`wrote a synthetic recording (seed 4) to ${made}/synthetic.csv\n`)
    for (const option of ['--subjects', '--effect', '--trials'])
      await expect(start([...recording, option, '1']), option).rejects.toThrow(`${option} belongs to a study`)
  })
})

it('a summary has a row a layer, and their sums', async () => {
  const args = ['summary', ...SMALL_TRAINING.filter((word) => word !== '--batch' && word !== '16'), '--music', '10']
  interface Layer {
    name: string
    kind: string
    parameters: number
    flops: number
  }
  const { layers, parameter_count } = await documentOf<{ layers: Layer[]; parameter_count: number }>(args)
  const [heads, ...rows] = cellsOf((await start(args)).stdout)
  expect(heads).toEqual(['layer', 'kind', 'output', 'parameters', 'MFLOP'])
  const total = rows.pop()!
  expect(rows).toHaveLength(layers.length)
  for (const [i, { name, kind, parameters, flops }] of layers.entries()) {
    const [first, second, shape, count, work] = rows[i]!
    expect([first, second, Number(count)]).toEqual([name || '-', kind, parameters])
    expect(shape).toMatch(/^\D*\d+/)
    expect(Math.abs(1e6 * Number(work) - flops)).toBeLessThanOrEqual(5000.1)
  }
  const sum = (of: (layer: Layer) => number): number => layers.reduce((all, layer) => all + of(layer), 0)
  expect([total[0], Number(total[1])]).toEqual(['total', parameter_count])
  expect(sum(({ parameters }) => parameters)).toBe(parameter_count)
  expect(Number(total[2])).toBeCloseTo(sum(({ flops }) => flops) / 1e6, 1)
})

it('tuned kernels are shown with what they save, and what goes on by the presets', async () => {
  withoutGpu({ vendor: 'v', architecture: 'a', device: 'x' })
  vi.stubEnv('GALVANI_CACHE', path('kernels'))
  const adapter = { vendor: 'v', architecture: 'a', device: 'x', description: 'X 9000', subgroups: '' }
  const at = '2030-01-01T00:00:00Z'
  const cache: TuneCache = {
    ...{ engine: 'e1', adapter },
    entries: {
      'conv 1': {
        variant: 'lane',
        ms: 1.5,
        defaultMs: 2,
        tried: [
          { variant: 'reg', ms: 2 },
          { variant: 'lane', ms: 1.5 },
        ],
        at,
      },
      'conv 2': {
        variant: 'reg',
        ms: 3,
        defaultMs: 3,
        tried: [
          { variant: 'reg', ms: 3 },
          { variant: 'tile', rejected: 'off' },
        ],
        at,
      },
      'conv 3': {
        variant: 'tile',
        ms: 5,
        defaultMs: null,
        tried: [
          { variant: 'reg', rejected: 'no' },
          { variant: 'tile', ms: 5 },
        ],
        at,
      },
    },
  }
  resolves(tunedKernels, 'useTunedKernels', () => ({ cache, left: ['conv 4'], wrong: ['conv 5', 'conv 6'] }))
  const file = path('kernels', 'kernels-v-a-x.json')
  expect(await documentOf(['tune'])).toMatchObject({ file, left: ['conv 4'], wrong: ['conv 5', 'conv 6'] })
  expect(cellsOf((await start(['tune'])).stdout)).toEqual([
    ['X 9000, kernels e1: 3 tuned'],
    [file],
    ['op and shape', 'default', 'ms', 'best', 'ms', 'saves'],
    ['conv 1', 'reg', '2 ms', 'lane', '1.5 ms', '25.0 %'],
    ['conv 2', 'reg', '3 ms'],
    ['conv 3', 'reg', 'rejected', 'tile', '5 ms'],
    ['rejected:'],
    ['conv 2: tile: off'],
    ['conv 3: reg: no'],
    ['not measured yet: 1; run it again, or give it a longer --budget'],
    ['no kernel was right: conv 5'],
    ['no kernel was right: conv 6'],
  ])
})

it('the doctor tells the machine, the adapter and its kind', async () => {
  const gpu = await openGpu()
  vi.spyOn(context, 'withGpu').mockImplementation((_, work) => work(gpu))
  const linux = process.platform === 'linux'
  try {
    for (const isFallbackAdapter of [true, false]) {
      Object.defineProperty(gpu, 'info', { value: { ...gpu.info, description: 'X 9000', isFallbackAdapter } })
      vi.stubEnv('VK_DRIVER_FILES', isFallbackAdapter ? 'one.json' : undefined)
      vi.stubEnv('VK_ICD_FILENAMES', 'other.json')
      const chosen = isFallbackAdapter ? 'one.json' : 'other.json'
      const facts = new Map(cellsOf((await start(['doctor'])).stdout) as [string, string][])
      expect(Object.fromEntries(facts)).toMatchObject({
        ...{
          galvani: VERSION,
          node: process.version,
          platform: `${process.platform}-${process.arch}`,
          adapter: 'X 9000',
        },
        ...(linux && { VK_DRIVER_FILES: chosen }),
        ...{ kind: isFallbackAdapter ? 'software (correct, slow)' : 'hardware', kernel: 'ran and is correct' },
        ...{ maxBufferSize: String(gpu.limits.maxBufferSize), features: [...gpu.device.features].sort().join(', ') },
      })
      expect(await documentOf(['doctor'])).toMatchObject({
        ...{ galvani: VERSION, node: process.version, ...(linux && { vk_driver_files: chosen }), kernel: 'ok' },
        ...{ adapter: { description: 'X 9000' }, features: [...gpu.device.features].sort() },
      })
    }
  } finally {
    await gpu.close()
    vi.stubEnv('VK_DRIVER_FILES', undefined)
    vi.stubEnv('VK_ICD_FILENAMES', undefined)
  }
})

describe('recordings', () => {
  it('that are all refused get no page, and the first reason is told with the count', async () => {
    writeFiles(path('short'), { 'a.csv': 'time_s,eda_us\n0,1\n0.25,1', 'b.csv': 'time_s,eda_us\n0,1\n0.25,1' })
    const refused = start(['decompose', path('short'), '--out', path('no page'), '--device', 'cpu'])
    await expect(refused).rejects.toThrow(/^2 of 2 files were refused; the first: .*a\.csv: 2 samples/)
    expect(filesUnder(path('no page'))).toEqual([])
  })

  it('have a page that is called by their folder, or else by its own', async () => {
    writeFiles(path('two'), {
      'a.csv': readFileSync(`${recordings()}/a.csv`),
      'b.csv': readFileSync(`${recordings()}/a.csv`),
    })
    const titled = async (...named: string[]): Promise<string> => {
      await start(['decompose', ...named, '--out', path('all of them'), '--device', 'cpu'])
      return /<h1>([^<]*)/.exec(readFileSync(path('all of them', 'index.html'), 'utf8'))![1]!
    }
    expect(await titled(`${path('two')}/`)).toBe('two')
    expect(await titled(path('two', 'b.csv'), path('two', 'a.csv'))).toBe('all of them')
  })
})

describe('benchmarks', () => {
  const file = new URL('../../bench/results/2026-11-22-llvmpipe/bench-32.json', import.meta.url)
  const measured = () => parseBenchResult(readFileSync(file, 'utf8'), 'bench-32.json')

  it('compare what was measured with an earlier run, and warn of what differs', async () => {
    const earlier = JSON.parse(readFileSync(file, 'utf8')) as { step: Record<string, unknown> }
    Object.assign(earlier.step, {
      adapter: 'X 9000',
      ms_median: 2 * measured().step.ms_median,
      cpu_ms: 2 * measured().step.cpu_ms,
    })
    writeFileSync(path('earlier.json'), JSON.stringify(earlier))
    resolves(kernelsCommand, 'measureAll', measured)
    const args = ['bench', '--compare', path('earlier.json')]
    const { comparison } = await documentOf<{ comparison: { ratios: { ratio: number }[]; warnings: string[] } }>(args)
    expect(comparison.ratios[0]).toMatchObject({ ratio: expect.closeTo(2, 9) as number })
    expect(comparison.warnings).toEqual([expect.stringContaining('X 9000')])
    const { stdout, stderr } = await start(args)
    expect(stderr).toBe(`warning: ${comparison.warnings[0]}\n`)
    expect(stdout).toMatch(/\nCompared +ms before +ms now +times as fast\nstep, .* 2\.00\n/)
    expect(await documentOf(['bench'])).not.toHaveProperty('comparison')
  })

  const layer = { name: 'l', dispatches: 1, ms: 1, floor_ms: 1, rates: { wall: {}, cpu: null } }
  const stepped = () => {
    resolves(steps, 'withStep', (_, __, use: (step: object) => unknown) => use({ plan: { choices: [] } }))
    resolves(steps, 'benchStep', () => ({ batch: 3, profile: [{ kernel: 'k' }], layers: [layer], kernels: [layer] }))
    resolves(cold, 'coldChild', () => ({ first_step_ms: 77, kernels: [] }))
    for (const name of ['groupTable', 'coldTable', 'dispatchTable']) answers(stepTables, name, () => name)
    answers(stepTables, 'stepFacts', () => [['a', 'b']])
    for (const name of ['kernelTable', 'trafficTable', 'targetTable']) answers(kernelTables, name, () => name)
    withoutGpu()
  }

  it('of a step have what was asked for, and no more', async () => {
    stepped()
    const plain = await documentOf(['bench', 'step'])
    expect([plain['batch'], 'profile' in plain, 'cold' in plain]).toEqual([3, false, false])
    const all = ['bench', 'step', '--profile', '--cold']
    expect(await documentOf(all)).toMatchObject({ profile: [{ kernel: 'k' }], cold: { first_step_ms: 77 } })
    expect((await start(all)).stdout).toBe('a  b\n\ngroupTable\n\ngroupTable\n\ncoldTable\n\ndispatchTable\n')
  })

  it('of kernels have the rest of the step, unless some ops are asked for', async () => {
    stepped()
    resolves(benchKernels, 'benchKernels', () => ({ kernels: [{ op: 'relu' }], rejected: [{ op: 'conv1d' }] }))
    answers(benchKernels, 'trafficOf', () => [{ name: 'copy' }])
    const judged = answers(targets, 'checkTargets', () => [{ row: 'r' }])
    const found = { galvani: VERSION, kernels: [{ op: 'relu' }], rejected: [{ op: 'conv1d' }], targets: [{ row: 'r' }] }
    const all = await documentOf(['bench', 'kernels', '--cold'])
    expect(all).toMatchObject({ ...found, traffic: [{ name: 'copy' }], cold: { first_step_ms: 77 } })
    expect(judged.mock.lastCall![0]).toMatchObject({ traffic: [{ name: 'copy' }], cold: { first_step_ms: 77 } })
    resolves(steps, 'withStep', (_, __, use: (step: object) => unknown) => use({ plan: { choices: [{ op: 'relu' }] } }))
    const some = await documentOf(['bench', 'kernels', '--ops', 'relu'])
    expect(some).toMatchObject({ ...found, traffic: [] })
    expect(some).not.toHaveProperty('cold')
  })

  it('of a cold start are of a process of their own, without compiled kernels, which leaves nothing', async () => {
    writeFiles(path(), {
      'child.mjs': `
      import { readdirSync } from 'node:fs'
      const folders = ['MESA_SHADER_CACHE_DIR', '__GL_SHADER_DISK_CACHE_PATH'].map((name) => process.env[name])
      const document = { schema: 1, args: process.argv.slice(2), folders, files: folders.map((name) => readdirSync(name)) }
      console.log(JSON.stringify(document))
      process.exit(process.argv.includes('fails') ? 4 : 0)`,
    })
    const [, own] = process.argv
    process.argv[1] = path('child.mjs')
    try {
      const output = new Output({ quiet: true })
      const settings = { preset: 'released', batch: 3 } as const
      const { args, folders, files } = (await cold.coldChild({ ...settings, adapter: 'X' }, output)) as unknown as {
        args: string[]
        folders: string[]
        files: string[][]
      }
      expect(args.join(' ')).toBe('bench step --first-only --json --quiet --preset released --batch 3 --adapter X')
      expect(files).toEqual([[], []])
      expect(folders.filter((name) => existsSync(name))).toEqual([])
      const failing = cold.coldChild({ ...settings, adapter: 'fails' }, output)
      await expect(failing).rejects.toThrow(new DeviceError('the first step of another process failed (exit code 4)'))
    } finally {
      process.argv[1] = own!
    }
  })

  it('beside other programs show each, and fail for one that is wrong or does not run', async () => {
    const about = { versions: { node: '24', dawn: '1' }, adapter: 'X 9000', rounds: 6, spread: 0.25 }
    const times = { first_step_ms: 2345, first_step_cpu_s: 4.5, ms_median: 80, ms_min: 72, cpu_ms_median: 160 }
    const peer = {
      ...about,
      ...times,
      name: 'torch',
      ratio: 1.2345,
      loss_error: 1e-6,
      change_error: 1e-5,
      agrees: true,
    }
    const result: PeersResult = {
      ...{ preset: 'paper', batch: 8, rounds: 7, failed: [] },
      ...{ ours: { ...about, ...times, name: 'galvani', ms_median: 65, first_step_ms: 500 }, peers: [peer] },
    }
    const found = answers(peerPrograms, 'findPeers', () => ({ programs: [{}], missing: ['jax-js is not installed'] }))
    const compare = (more: Partial<PeersResult> = {}) => {
      resolves(peers, 'comparePeers', () => ({ ...result, ...more }))
      return start(['bench', 'peers', '--peers', 'torch,torch'])
    }
    const { stdout, stderr } = await compare()
    expect(found.mock.lastCall![0]).toEqual(['torch'])
    expect(stderr).toBe('jax-js is not installed\n')
    expect(cellsOf(stdout)).toEqual([
      ['One training step, preset paper, batch 8; ratio: how many times as long as ours'],
      ['first step', '(CPU)', 'a step', 'least', 'spread', '(CPU)', 'rounds', 'ratio', 'agrees'],
      ['galvani', '0.5 s', '4.5 s', '65 ms', '72 ms', '25.0 %', '160 ms', '6'],
      ['torch', '2.35 s', '4.5 s', '80 ms', '72 ms', '25.0 %', '160 ms', '6', '1.23 x', 'yes'],
      [''],
      ['galvani: X 9000, node 24, dawn 1'],
      ['torch: X 9000, node 24, dawn 1'],
    ])
    const failed = [{ name: 'jax-js', message: 'jax-js ended early' }]
    await expect(compare({ failed })).rejects.toThrow(new DeviceError('jax-js ended early'))
    const wrong = compare({ failed, peers: [peer, { ...peer, name: 'tfjs-webgpu', agrees: false, loss_error: 0.25 }] })
    await expect(wrong).rejects.toThrow(CheckError)
    await expect(wrong).rejects.toThrow(/^tfjs-webgpu computes something else: losses differ by 2\.5e-1 /)
  })

  it('refuse a form of what has none', async () => {
    withoutGpu()
    const measures = resolves(cvxeda, 'benchCvxeda', () => undefined)
    const asked = start(['bench', 'cvxeda', '--solver', 'admm', '--form', 'along-time'])
    await expect(asked).rejects.toThrow('--form is of --solver interior-point only')
    expect(measures).not.toHaveBeenCalled()
  })
})
