// A run that was stopped at any point, and went on, ends with the same bits as one that was not.
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { RunSummary } from '../../src/train/run_summary.ts'
import { documentOf, start } from './options/start.ts'
import {
  filesUnder,
  galvani,
  json,
  preload,
  refuses,
  SMALL,
  succeeds,
  withoutAdapter,
  workFolder,
  writeStudy,
  type StartOptions,
} from './support.ts'

const BAD_DATA = 3
const INTERRUPTED = 130
const folder = workFolder()
const data = join(folder, 'prepared')
const whole = join(folder, 'whole')

const train = (run: string): string[] => [
  'train',
  '--data',
  data,
  '--folds',
  'subject:3',
  '--epochs',
  '3',
  ...SMALL,
  '--out',
  run,
]
const resume = (run: string): string[] => ['train', '--out', run, '--resume']

beforeAll(async () => {
  writeStudy(join(folder, 'study'))
  await start(['prepare', '--data', join(folder, 'study'), '--out', data, '--length', '320'])
  await start(train(whole))
})

const models = (run: string): string[] => {
  const folds = join(run, 'folds')
  return readdirSync(folds)
    .sort()
    .map((fold) => readFileSync(join(folds, fold, 'model.safetensors')).toString('base64'))
}
const resultOf = (run: string): RunSummary => JSON.parse(readFileSync(join(run, 'result.json'), 'utf8')) as RunSummary

/** Everything but what tells the runs apart. */
function numbers(run: string): Partial<RunSummary> {
  const { name: _, date: __, seconds: ___, ...rest } = resultOf(run)
  return rest
}

/** Interrupts a run as the line of some epoch appears. */
function interruptAt(line: string): StartOptions {
  let seen = ''
  return {
    onStderr: (text, child) => {
      const before = seen.includes(line)
      seen += text
      if (!before && seen.includes(line)) child.kill('SIGINT')
    },
  }
}

/** Kills the process at the n-th of some event, e.g. `renaming checkpoint.safetensors 2` or `submit 5`. */
const KILLER = `
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'
import { globals } from 'webgpu'

const [, point, nth] = /^(.*) (\\d+)$/.exec(process.env.KILL_AT)
let left = Number(nth)
function reach(event) {
  if (event !== point || --left > 0) return
  process.kill(process.pid, 'SIGKILL')
  for (;;);
}

const { submit } = globals.GPUQueue.prototype
globals.GPUQueue.prototype.submit = function (buffers) {
  reach('submit')
  return submit.call(this, buffers)
}
const { rename } = fs
fs.rename = async (from, to) => {
  reach('renaming ' + basename(to))
  await rename(from, to)
  reach('renamed ' + basename(to))
}
syncBuiltinESMExports()
`

function expectSame(run: string): void {
  expect(filesUnder(run)).not.toContain('checkpoint.safetensors')
  expect(models(run)).toEqual(models(whole))
  expect(numbers(run)).toEqual(numbers(whole))
}

describe('a run that is killed again and again', () => {
  // One after another, each from where the one before has left the run: in each part of an epoch and of a fold.
  const points = [
    'submit 5', // in the first epoch
    'renaming checkpoint.safetensors 2', // when the second epoch is not yet kept
    'renamed checkpoint.safetensors 1', // when it is
    'renamed model.safetensors 1', // the first fold without its result
    'renamed result.json 1', // and with it, and with the checkpoint of its last epoch
    'submit 14', // in the second epoch of the second fold
    'submit 1', // when nothing new has happened
    'renaming result.json 1',
    'renaming result.json 3', // the run's own, with all folds done
  ]
  it('goes on with the same bits', async () => {
    const run = join(folder, 'killed')
    const node = preload('killer.mjs', KILLER)
    for (const point of points) {
      const { code } = await galvani(existsSync(run) ? resume(run) : train(run), { node, env: { KILL_AT: point } })
      expect(code, point).toBeNull()
      expect(existsSync(join(run, 'result.json')), point).toBe(false)
    }
    await succeeds(resume(run))
    expectSame(run)
    const events = readFileSync(join(run, 'events.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((event) => JSON.parse(event) as { event: string })
    expect(events.at(-1)?.event).toBe('finished')
  })
})

describe('a run at work', () => {
  it('has its folder alone: another one is refused and changes nothing', async () => {
    const run = join(folder, 'alone')
    let others: Promise<void> | undefined
    await succeeds(train(run), {
      progress: /^fold|^synthetic/,
      onStderr: (text, child) => {
        if (others || !text.includes('epoch 1:')) return
        child.kill('SIGSTOP') // so that it is not done before the others have begun
        const says = new RegExp(`${run}: process ${child.pid!} of this machine works in it; wait until it ends`)
        const refused = async (): Promise<void> => {
          await refuses([...train(run), '--lr', '0.01'], 2, says)
          await refuses(resume(run), 2, says)
        }
        others = refused().finally(() => child.kill('SIGCONT'))
      },
    })
    await others
    expectSame(run)
    expect(filesUnder(run).filter((file) => file.includes('lock'))).toEqual([])
  })
})

describe('an interrupted run', () => {
  const run = join(folder, 'interrupted')
  const other = join(folder, 'other')

  beforeAll(async () => {
    // The same trials, ratings and music with other recordings.
    const study = join(folder, 'other study')
    writeStudy(study, 2)
    for (const file of ['trials.csv', 'music.csv']) copyFileSync(join(folder, 'study', file), join(study, file))
    const eda = join(study, 'eda.csv')
    writeFileSync(eda, readFileSync(eda, 'utf8').replaceAll('synthetic2_', 'synthetic1_'))
    await start(['prepare', '--data', study, '--out', other, '--length', '320'])
  })

  it('says so in one line, with exit code 130, and goes on with the same bits', async () => {
    await refuses([...train(run)], INTERRUPTED, 'galvani: interrupted', {
      ...interruptAt('fold 0 epoch 1:'),
      progress: /^fold|^synthetic/,
    })
    expect(existsSync(join(run, 'result.json'))).toBe(false)
    expect(filesUnder(run)).toContain('checkpoint.safetensors')
    await refuses(
      [...resume(run), '--data', other],
      BAD_DATA,
      'fold-0/checkpoint.safetensors: its trials, labels, folds or recordings are not those of other',
      { progress: /^fold|^synthetic/ },
    )
    await succeeds([...resume(run), '--data', data])
    expectSame(run)
  })

  it('that is finished opens no adapter, writes nothing but its page and returns the same result', async () => {
    const paths = readdirSync(whole, { recursive: true, encoding: 'utf8' }).filter((path) => path !== 'report.html')
    const files = () => paths.map((path) => [path, statSync(join(whole, path)).mtimeMs])
    const [before, result] = [files(), resultOf(whole)]
    expect(await json<RunSummary>(resume(whole), process.platform === 'linux' ? withoutAdapter() : {})).toMatchObject(
      result,
    )
    expect(files()).toEqual(before)
  })

  it('that was started from weights starts its other folds from them as well', async () => {
    const weights = ['--weights', join(whole, 'folds', 'fold-0', 'model.safetensors')]
    const [run, atOnce] = ['from weights, fold by fold', 'from weights'].map((name) => join(folder, name)) as [
      string,
      string,
    ]
    await start([...train(atOnce), ...weights, '--epochs', '1'])
    await start([...train(run), ...weights, '--epochs', '1', '--only-fold', '2'])
    await start(resume(run))
    expect(models(run)).toEqual(models(atOnce))
    expect(models(run)).not.toEqual(models(whole))
  })

  it('trains one fold, then another', async () => {
    const run = join(folder, 'fold by fold')
    const first = await documentOf<RunSummary>([...train(run), '--only-fold', '2'])
    expect(first.results.map(({ name }) => name)).toEqual(['2'])
    const second = await documentOf<RunSummary>([...resume(run), '--only-fold', '0'])
    expect(second.results.map(({ name }) => name)).toEqual(['0', '2'])
    await start(resume(run))
    expectSame(run)
  })
})
