import { Command } from 'commander'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  addExperimentOptions,
  sharedSettings,
  type ExperimentCommandOptions,
} from '../../cli/shared/experiment_options.ts'
import { makeTrialTable } from '../../src/datasets/synthetic.ts'
import { exampleGrid } from '../../src/experiments/grid_file.ts'
import { galvani, succeeds, workFolder, writeFiles } from './support.ts'

const settings = (...args: string[]) =>
  sharedSettings(addExperimentOptions(new Command()).parse(args, { from: 'user' }).opts<ExperimentCommandOptions>())

describe('settings of all rows', () => {
  it.each([
    ['--preset', 'released', { preset: 'released' }],
    ['--set', 'depth=2', { model: { depth: 2 } }],
    ['--width', '1/8', { width: 0.125 }],
    ['--labels', 'median', { labels: 'median' }],
    ['--folds', 'subject:3', { folds: 'subject:3' }],
    ['--validation', '0.3', { validation: 0.3 }],
    ['--seed', '7', { seed: 7 }],
    ['--drop', '1', { drop: 1 }],
    ['--init', 'paper', { init: 'paper' }],
    ['--lr', '0.5', { learningRate: 0.5 }],
    ['--decay', '0.5', { decay: 0.5 }],
    ['--decay-epochs', '3', { decayEpochs: 3 }],
    ['--epochs', '2', { epochs: 2 }],
    ['--batch', '9', { batch: 9 }],
    ['--patience', '4', { patience: 4 }],
    ['--optimizer', 'adam', { optimizer: { name: 'adam', weightDecay: 0 } }],
  ] as const)('%s', (option, value, expected) => {
    expect(settings(option, value)).toEqual(expected)
  })

  it('are none where none is given, and an optimizer comes as a whole', () => {
    expect(settings()).toEqual({})
    expect(settings('--stratify')).toEqual({ stratify: true })
    expect(settings('--optimizer', 'sgd', '--momentum', '0.9', '--weight-decay', '0.1')).toEqual({
      optimizer: { name: 'sgd', momentum: 0.9, weightDecay: 0.1 },
    })
    expect(() => settings('--momentum', '0.9')).toThrow('give --optimizer as well')
    expect(() => settings('--momentum', '0.9', '--optimizer', 'adam')).toThrow('--momentum is of sgd')
  })
})

const folder = workFolder()
const path = (name: string): string => `${folder}/${name}`
const small = ['--length', '320', '--set', 'final_pool=2', '--width', '1/8', '--epochs', '1', '--folds', 'subject:2']
const onStudy = ['experiment', '--grid', path('grid.json'), '--data', path('study'), '--out', path('out'), ...small]
const onPrepared = ['experiment', '--grid', path('grid.json'), '--data', path('out/data/study'), '--out', path('out')]

beforeAll(async () => {
  const design = { subjects: 4, trialsPerSubject: 4, stimuli: 4, seconds: 20, effect: 1, seed: 1 }
  const { stdout } = await succeeds(['experiment', '--example'])
  const grid = JSON.parse(stdout) as { rows: object[]; dimensions: string[] }
  expect(grid.rows).toHaveLength(exampleGrid.rows.length)
  writeFiles(path('study'), makeTrialTable(design))
  writeFiles(folder, {
    'grid.json': JSON.stringify({ ...grid, dimensions: ['arousal'], rows: grid.rows.slice(0, 1) }),
  })
})

/** Ends the experiment without warning as soon as a job is finished. Returns the files of those that were finished by then. */
async function killedAfterOneJob(): Promise<Map<string, string>> {
  const child = spawn(process.execPath, ['bin/galvani.js', ...onStudy, '--quiet'], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const finished = (): string[] => (existsSync(path('out/jobs')) ? globbed(path('out/jobs')) : [])
  while (finished().length === 0 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20))
  child.kill('SIGKILL')
  await ended
  expect(child.signalCode).toBe('SIGKILL')
  const files = finished().flatMap((file) => [file, file.replace('job.json', 'events.jsonl')])
  return new Map(files.map((file) => [file, readFileSync(file, 'utf8')]))
}

const globbed = (jobs: string): string[] =>
  readdirSync(jobs, { recursive: true, encoding: 'utf8' })
    .filter((file) => basename(file) === 'job.json')
    .map((file) => `${jobs}/${file}`)

describe('galvani experiment', () => {
  it('plans without starting, runs in processes side by side, and draws again', async () => {
    const planned = await succeeds([
      ...onStudy,
      '--plan',
      '--repeats',
      '2',
      '--control',
      '--protocol',
      'honest',
      '--json',
    ])
    // A model and two networks beside it, of two folds and two seeds, each once more with shuffled labels.
    expect(JSON.parse(planned.stdout)).toMatchObject({
      left: 24,
      estimate: { measured: 'a few steps', flops: expect.any(Number) as number },
    })
    expect(existsSync(path('out'))).toBe(false)
    const done = await killedAfterOneJob()
    const ran = await succeeds([...onStudy, '--jobs', '2', '--quiet', '--json'])
    for (const [file, text] of done) expect(readFileSync(file, 'utf8')).toBe(text)
    const made = { failed: [], jobs: 6, tables: [{ name: 'signals', done: 6, jobs: 6, judged: 1 }] }
    expect(JSON.parse(ran.stdout)).toMatchObject(made)
    const again = await succeeds(['experiment', '--render', path('out'), '--json'])
    expect(JSON.parse(again.stdout)).toMatchObject(made)
    const part = await succeeds([...onStudy, '--shard', '1/2', '--plan', '--json'])
    expect(JSON.parse(part.stdout)).toMatchObject({ left: 0, jobs: { length: 3 } })
    const nowhere = await galvani([...onStudy, '--adapter', 'no such adapter'])
    expect([nowhere.code, nowhere.lines.join()]).toEqual([4, expect.stringContaining('no such adapter')])
  })

  it.each([
    [['experiment'], /name an experiment|--out is missing/],
    [['experiment', 'tabel8', '--out', 'x'], /did you mean 'table8'/],
    [['experiment', 'table8', '--out', 'x'], /--data is missing/],
    [['experiment', 'table8', 'more', '--out', 'x'], /only `experiment collect` takes folders/],
    [['experiment', 'worker'], /started by --jobs/],
    [['experiment', '--render', 'x', '--epochs', '3'], /--render does not read --epochs; leave it out/],
    [['experiment', 'table8', '--render', 'x'], /--render takes no 'table8'/],
    [['experiment', 'collect', 'x', '--out', 'y', '--repeats', '2'], /collect does not read --repeats/],
    [['experiment', '--example', '--grid', 'x'], /--example does not read --grid/],
    [['experiment', 'table8', '--out', 'x', '--repeats', '0'], /--repeats is 0/],
    [
      ['experiment', 'table6', '--data', path('study'), '--out', path('no'), '--plan', '--set', 'depth=2'],
      /table6 varies depth/,
    ],
    [[...onStudy, '--plan', '--length', '1e9'], /length is 1000000000, expected 2 to 1000000 points/],
    [[...onStudy, '--plan', '--repeats', '1e9'], /repeats is 1000000000, expected a whole number from 1 to 1000/],
    [[...onStudy, '--plan', '--folds', 'subject:99'], /nothing of signals can be run: study: folds subject:99/],
    [[...onStudy, '--plan', '--data', path('study'), `${path('')}study`], /--data: .*study is given twice/],
    [[...onPrepared, '--length', '400'], /was prepared with --length 320; leave the option out/],
    [[...onPrepared, '--drop', '5'], /was prepared with --drop 3; leave the option out/],
    [[...onPrepared, '--out', path('grid.json')], /--out: .*grid.json is a file, expected a folder/],
  ])('%j is refused in a sentence', async (args, says) => {
    const { code, lines } = await galvani(args)
    expect(code).toBe(2)
    expect(lines.join()).toMatch(says)
  })
})
