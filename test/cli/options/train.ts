// The options of `train`: those that make the run's settings, in one run with other values than the defaults, and the rest.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { loadWeightsFile } from '../../../cli/shared/files.ts'
import * as tunedKernels from '../../../src/train/tuned_kernels.ts'
import { SMALL_TRAINING } from '../support.ts'
import {
  asksForAdapter,
  briefly,
  documentOf,
  once,
  DOCUMENTS,
  handedTo,
  path,
  prepared,
  readJson,
  start,
  study,
  trained,
  unrated,
  type Checks,
} from './start.ts'

interface Trained {
  config: Record<string, unknown> & { model: Record<string, unknown> }
  results: { name: string; steps: number; train_trials: number; validation_trials: number; epochs: EpochLosses[] }[]
}
type EpochLosses = Record<'train_loss' | 'validation_loss', number>

interface Setting {
  value: string
  /** What the run's configuration says then. */
  stored: object
  /** Another value, the default wherever that is another: a run that goes on refuses it. */
  other: string | null
}
const model = SMALL_TRAINING.filter((word) => word.includes('='))
const settings: Readonly<Record<string, Setting>> = {
  '--preset': { value: 'released', stored: { model: { preset: 'released', head: 'softmax' } }, other: 'paper' },
  '--signals': { value: 'phasic', stored: { signals: ['phasic'], model: { in_channels: 1 } }, other: 'mixed' },
  '--set': { value: 'depth=2', stored: { model: { depth: 2, channels: 8, length: 320 } }, other: 'depth=1' },
  '--dimension': { value: 'valence', stored: { dimension: 'valence' }, other: 'arousal' },
  '--labels': { value: 'median', stored: { labels: 'median' }, other: 'two-means' },
  '--folds': { value: 'random:2', stored: { folds: 'random:2' }, other: 'subject:10' },
  '--share': { value: '0.75', stored: { share: 0.75 }, other: '0.5' },
  '--control': { value: '', stored: { control: true }, other: null }, // a flag cannot ask for its absence
  '--fold-seed': { value: '7', stored: { fold_seed: 7 }, other: '0' },
  '--validation': { value: '0', stored: { validation: 0 }, other: '0.15' },
  '--seed': { value: '0', stored: { seed: 0 }, other: '1' },
  '--drop': { value: '0', stored: { drop: 0 }, other: '3' },
  '--music': { value: 'none', stored: { model: { music_dim: 0 } }, other: null }, // `auto` asks for nothing
  '--init': { value: 'paper', stored: { init: 'paper' }, other: 'he' },
  '--optimizer': { value: 'sgd', stored: { optimizer: { name: 'sgd' } }, other: 'adam' },
  '--lr': { value: '0.01', stored: { learning_rate: 0.01 }, other: '0.001' },
  '--momentum': { value: '0.5', stored: { optimizer: { momentum: 0.5 } }, other: '0' },
  '--weight-decay': { value: '0.1', stored: { optimizer: { weight_decay: 0.1 } }, other: '0' },
  '--decay': { value: '0.5', stored: { decay: 0.5 }, other: '0.9' },
  '--decay-epochs': { value: '1', stored: { decay_epochs: 1 }, other: '15' },
  '--epochs': { value: '2', stored: { epochs: 2 }, other: '30' },
  '--batch': { value: '8', stored: { batch: 8 }, other: '32' },
  '--patience': { value: '3', stored: { patience: 3 }, other: '10' },
  '--class-weights': { value: 'balanced', stored: { class_weights: 'balanced' }, other: null }, // there is no other
  '--freeze': { value: 'shallow.*', stored: { freeze: ['shallow.*'] }, other: 'attention.*' },
}

/** A flag has no value. */
const words = (option: string, value: string): string[] => (value === '' ? [option] : [option, value])

let run: Promise<Trained> | undefined
/** The run with all of them. */
const withAll = (): Promise<Trained> =>
  (run ??= documentOf<Trained>([
    ...['train', '--data', study(), '--out', path('all'), '--only-fold', '1'],
    ...model.flatMap((setting) => ['--set', setting]),
    ...Object.entries(settings).flatMap(([option, { value }]) => words(option, value)),
  ]))

const settingChecks = Object.entries(settings).map(([option, { value, stored, other }]) => [
  `train ${option}`,
  async (): Promise<void> => {
    expect((await withAll()).config).toMatchObject(stored)
    expect(readJson('all', 'config.json')).toMatchObject(stored)
    const resume = ['train', '--out', path('all'), '--resume', '--only-fold', '1']
    await start([...resume, ...words(option, value)])
    if (other !== null)
      await expect(start([...resume, option, other])).rejects.toThrow(
        `${option}: this run was started with other settings`,
      )
  },
])

/** A copy of a run whose data are said to be elsewhere, and at another rate. */
function movedRun(name: string, from: string, source: object): string {
  cpSync(from, path(name), { recursive: true })
  writeFileSync(path(name, 'source.json'), JSON.stringify({ ...readJson(name, 'source.json'), ...source }))
  return path(name)
}

const resume = (name: string): string[] => ['train', '--resume', '--out', path(name), '--only-fold', '1']

/** Goes on where the data are, wherever they were. */
async function goesOnWithMovedData(): Promise<void> {
  movedRun('moved', (await trained()).run, { data: path('gone') })
  await expect(start(resume('moved'))).rejects.toThrow(/gone: no such folder/)
  await start([...resume('moved'), '--data', await prepared()])
  expect(readJson('moved', 'source.json')).toMatchObject({ data: await prepared() })
}

/** Goes on at the rate that is given, whatever is stored. */
async function goesOnAtRate(): Promise<void> {
  const only = ['--folds', 'subject:3', '--epochs', '1', ...SMALL_TRAINING, '--only-fold', '0']
  await start(['train', '--data', unrated(), '--rate', '4', '--out', path('at rate'), ...only])
  expect(readJson('at rate', 'source.json')).toMatchObject({ data: unrated(), rate: 4 })
  movedRun('slower', path('at rate'), { rate: 5 })
  await expect(start(resume('slower'))).rejects.toThrow(/recordings are not those of/)
  await start([...resume('slower'), '--rate', '4'])
  expect(readJson('slower', 'source.json')).toMatchObject({ data: unrated(), rate: 4 })
}

/** With next to no learning rate a run ends with the weights it started from. */
async function startsFromWeights(): Promise<void> {
  const file = (name: string): string => path(name, 'folds', 'fold-0', 'model.safetensors')
  const own = JSON.parse((await trained()).stdout) as Trained
  const still = ['train', '--data', await prepared(), '--only-fold', '0', ...briefly, '--lr', '1e-12', '--out']
  const random = await documentOf<Trained>([...still, path('from random')])
  const from = await documentOf<Trained>([...still, path('from weights'), '--weights', file('run')])
  const [given, left, other] = await Promise.all(
    ['run', 'from weights', 'from random'].map((name) => loadWeightsFile(file(name))),
  )
  const names = [...given!.keys()].filter((name) => !name.includes('running_'))
  expect(names.length).toBeGreaterThan(20)
  const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
    Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)))
  const distance = (weights: typeof given): number =>
    Math.max(...names.map((name) => apart(weights!.get(name)!.data, given!.get(name)!.data)))
  expect(distance(left)).toBeLessThan(1e-7)
  expect(distance(other)).toBeGreaterThan(1e-4)
  const loss = ({ results }: Trained): number => results[0]!.epochs[0]!.train_loss
  expect(loss(from)).not.toBeCloseTo(loss(random), 4)
  expect(loss(from)).toBeLessThan(loss(own))
  expect(readJson('from weights', 'transfer.json')).toMatchObject({ cut: [], left: [], unused: [] })
  expect(readJson('from weights', 'config.json').initial).toMatch(/^[0-9a-f]{64}$/)
  const again = start(['train', '--resume', '--out', path('from random'), '--weights', file('run')])
  await expect(again).rejects.toThrow('--weights: this run was started from others')
}

interface Levels {
  config: Trained['config']
  results: { validation_trials: number; model: { confusion: number[][] } }[]
}
/** A run of three levels, whose held-out people are chosen by their classes. */
const withLevels = once(() =>
  documentOf<Levels>([
    ...[
      'train',
      '--data',
      study(),
      '--out',
      path('levels'),
      '--only-fold',
      '0',
      '--folds',
      'subject:3',
      '--epochs',
      '1',
    ],
    ...[...SMALL_TRAINING, '--levels', '3', '--labels', 'per-dimension', '--stratify', '--quiet'],
  ]),
)
const resumesLevels = (...more: string[]) => start([...resume('levels').slice(0, -1), '0', ...more])

async function hasLevels(): Promise<void> {
  const { config, results } = await withLevels()
  expect(config).toMatchObject({ levels: 3, model: { classes: 3 } })
  expect(results[0]!.model.confusion).toHaveLength(3)
  await resumesLevels('--levels', '3')
  await expect(resumesLevels('--levels', '2')).rejects.toThrow('--levels: this run was started with other settings')
  await expect(resumesLevels('--levels', '4')).rejects.toThrow("--levels is '4', expected 2 or 3")
}

/** Of ratings only what is refused; `test/cli/ratings.test.ts` trains some. */
async function predictsRatings(): Promise<void> {
  const args = ['train', '--data', await prepared(), '--out', path('ratings'), ...briefly, '--target', 'rating']
  await expect(start([...args, '--labels', 'median'])).rejects.toThrow(
    '--labels median parts ratings into classes, and --target rating predicts the rating itself; leave one of them out',
  )
  await expect(start([...args, '--class-weights', 'balanced'])).rejects.toThrow('--class-weights balanced weighs')
  await expect(start([...args, '--stratify'])).rejects.toThrow('--stratify shares out classes')
  await expect(start([...args, '--levels', '3'])).rejects.toThrow('--levels 3 parts ratings into classes')
  await expect(start([...args.slice(0, -1), 'ratings'])).rejects.toThrow("--target is 'ratings'")
  await withLevels()
  await resumesLevels('--target', 'class')
  await expect(resumesLevels('--target', 'rating')).rejects.toThrow(
    '--target: this run was started with other settings',
  )
}

async function stratifies(): Promise<void> {
  expect((await withLevels()).config).toMatchObject({ stratify: true })
  await resumesLevels('--stratify')
  await withAll()
  await expect(start(['train', '--out', path('all'), '--resume', '--stratify'])).rejects.toThrow(
    '--stratify: this run was started with other settings',
  )
}

/** A fold chooses between two rates, and goes on with them alone. */
async function triesSettings(): Promise<void> {
  interface Tried {
    results: { settings: object; tried: { settings: object; validation_loss: number }[] }[]
  }
  const args = ['--out', path('tried'), '--only-fold', '0', ...briefly]
  const rates = ['--try', 'lr=0.003,0.001']
  const { results } = await documentOf<Tried>(['train', '--data', await prepared(), ...args, ...rates])
  const [{ settings, tried }] = results as [Tried['results'][number]]
  expect(tried.map((of) => of.settings)).toEqual([{ learning_rate: 0.003 }, { learning_rate: 0.001 }])
  const least = tried[0]!.validation_loss <= tried[1]!.validation_loss ? tried[0]! : tried[1]!
  expect(settings).toEqual(least.settings)
  expect(readJson('tried', 'config.json')).toMatchObject({ alternatives: { learning_rate: [0.003, 0.001] } })
  const { stdout } = await start(['train', '--resume', ...args, ...rates])
  expect(stdout).toMatch(/validation loss by settings:[^]*\(taken\)/)
  await expect(start(['train', '--resume', ...args, '--try', 'lr=1,2'])).rejects.toThrow('--try: this run was started')
}

/** A run of another width is that of the narrower network, and goes on with the options that made it. */
async function scalesWidths(): Promise<void> {
  const args = ['--out', path('narrow'), '--only-fold', '0', ...briefly, '--width']
  await start(['train', '--data', await prepared(), ...args, '1/2'])
  const widths = { model: { channels: 8, stage_channels: [8, 8, 8, 8], hidden: [8, 4] } }
  expect(readJson('narrow', 'config.json')).toMatchObject(widths)
  await start(['train', '--resume', ...args, '0.5'])
  await expect(start(['train', '--resume', ...args, '1/4'])).rejects.toThrow(/--(set|width): this run was/)
  for (const wrong of ['0', '-1', '1/0', '1/8/2', 'x', ''])
    await expect(start(['train', ...args, wrong]), wrong).rejects.toThrow(
      /^--width is '.*', expected a positive number/,
    )
}

export const trainChecks: Checks = {
  ...(Object.fromEntries(settingChecks) as Checks),
  'train --levels': hasLevels,
  'train --target': predictsRatings,
  'train --stratify': stratifies,
  'train --data': goesOnWithMovedData,
  'train --rate': goesOnAtRate,
  'train --out': async () => {
    await trained()
    expect(readJson('run', 'result.json')).toMatchObject({ name: 'run' })
  },
  'train --resume': 'test/cli/resume.test.ts',
  'train --only-fold': async () => expect((await withAll()).results.map(({ name }) => name)).toEqual(['1']),
  'train --width': scalesWidths,
  'train --try': triesSettings,
  'train --weights': startsFromWeights,
  'train --tensorboard': async () => {
    await start([
      'train',
      '--data',
      await prepared(),
      '--out',
      path('seen'),
      '--only-fold',
      '0',
      ...briefly,
      '--tensorboard',
    ])
    const folder = path('seen', 'tensorboard', 'fold-0')
    const [file, ...others] = readdirSync(folder)
    expect([file, others]).toEqual([expect.stringMatching(/^events\.out\.tfevents\.\d+\.galvani$/), []])
    // Read back by others' programs in test/formats/event_file.test.ts; here what is in it.
    const text = readFileSync(join(folder, file!), 'latin1')
    for (const tag of ['loss/train', 'loss/validation', 'accuracy/validation']) expect(text.split(tag)).toHaveLength(2)
    expect(existsSync(path('run', 'tensorboard'))).toBe(false)
    rmSync(path('seen'), { recursive: true })
  },
  'train --adapter': asksForAdapter(async () => ['train', '--data', await prepared(), '--out', path('o'), ...briefly]),
  'train --tune': async () => {
    const args = ['train', '--data', await prepared(), '--out', path('o'), ...briefly]
    const mode = async (...more: string[]) => (await handedTo(tunedKernels, 'useTunedKernels', [...args, ...more]))[2]
    const asked = await mode('--tune', 'force')
    rmSync(path('o'), { recursive: true })
    expect([asked, await mode()]).toEqual(['force', 'off'])
    rmSync(path('o'), { recursive: true })
  },
  'train --json': DOCUMENTS,
  'train --quiet': async () => {
    expect((await trained()).stderr).not.toBe('')
    const args = ['train', '--data', await prepared(), '--out', path('quietly'), '--only-fold', '0', ...briefly]
    expect((await start([...args, '--quiet'], { terminal: true })).stderr).toBe('')
  },
}

/** What all settings together do to a run. */
export async function settingsAct(): Promise<void> {
  const [fold] = (await withAll()).results
  expect(fold).toMatchObject({ validation_trials: 0, steps: 2 * Math.ceil(fold!.train_trials / 8) })
  expect(fold!.epochs).toHaveLength(2)
}
