// A run that was stopped at any point, and went on, ends with the same bits as one that was not.
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { RunSummary } from '../../src/train/run_summary.ts'
import { filesUnder, galvani, json, refuses, SMALL, succeeds, workFolder, writeStudy, type StartOptions } from './support.ts'

const BAD_DATA = 3
const INTERRUPTED = 130
const folder = workFolder()
const data = join(folder, 'prepared')
const whole = join(folder, 'whole')

const train = (run: string): string[] => ['train', '--data', data, '--folds', 'subject:3', '--epochs', '3', ...SMALL, '--out', run]
const resume = (run: string): string[] => ['train', '--out', run, '--resume']

beforeAll(async () => {
  writeStudy(join(folder, 'study'))
  await succeeds(['prepare', '--data', join(folder, 'study'), '--out', data, '--length', '320'])
  await succeeds(train(whole))
})

const models = (run: string): string[] => {
  const folds = join(run, 'folds')
  return readdirSync(folds).map((fold) => readFileSync(join(folds, fold, 'model.safetensors')).toString('base64'))
}
const resultOf = (run: string): RunSummary => JSON.parse(readFileSync(join(run, 'result.json'), 'utf8')) as RunSummary

/** Everything but what tells the runs apart. */
function numbers(run: string): Partial<RunSummary> {
  const { name: _, date: __, seconds: ___, ...rest } = resultOf(run)
  return rest
}

/** Sends a signal as the line of some epoch appears, `delay` ms later. */
function stopAt(line: string, signal: NodeJS.Signals, delay: number): StartOptions {
  let seen = ''
  let sent = false
  return {
    onStderr: (text, child) => {
      seen += text
      if (sent || !seen.includes(line)) return
      sent = true
      setTimeout(() => child.kill(signal), delay)
    },
  }
}

function expectSame(run: string): void {
  expect(filesUnder(run)).not.toContain('checkpoint.safetensors')
  expect(models(run)).toEqual(models(whole))
  expect(numbers(run)).toEqual(numbers(whole))
}

describe('a killed run', () => {
  // Anywhere between the first epoch and shortly before the end; the delay is printed with the name of a failing test.
  const cases = ['fold 0 epoch 1', 'fold 1 epoch 2'].map((line) => [line, Math.floor(60 * Math.random())] as const)
  it.each(cases)('goes on with the same bits (killed after %s, %i ms)', async (line, delay) => {
    const run = join(folder, line)
    const { code } = await galvani(train(run), stopAt(`${line}:`, 'SIGKILL', delay))
    expect(code).toBeNull()
    expect(existsSync(join(run, 'result.json'))).toBe(false)
    await succeeds(resume(run))
    expectSame(run)
    const events = readFileSync(join(run, 'events.jsonl'), 'utf8').trim().split('\n').map((event) => JSON.parse(event) as { event: string })
    expect(events.at(-1)?.event).toBe('finished')
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
    await succeeds(['prepare', '--data', study, '--out', other, '--length', '320'])
  })

  it('says so in one line, with exit code 130, and goes on with the same bits', async () => {
    await refuses([...train(run)], INTERRUPTED, 'galvani: interrupted', { ...stopAt('fold 0 epoch 1:', 'SIGINT', 0), progress: /^fold|^synthetic/ })
    expect(existsSync(join(run, 'result.json'))).toBe(false)
    expect(filesUnder(run)).toContain('checkpoint.safetensors')
    await refuses([...resume(run), '--data', other], BAD_DATA, 'fold-0/checkpoint.safetensors: its trials, labels, folds or recordings are not those of other', { progress: /^fold|^synthetic/ })
    await succeeds([...resume(run), '--data', data])
    expectSame(run)
  })

  it('that is finished does nothing and returns the same result', async () => {
    const before = resultOf(whole)
    const started = performance.now()
    const again = await json<RunSummary>(resume(whole))
    // No adapter is opened and nothing is trained: starting Node is nearly all of it.
    expect(performance.now() - started).toBeLessThan(3000)
    expect(again).toMatchObject(before)
    expect(resultOf(whole)).toEqual(before)
  })

  it('trains one fold, then another', async () => {
    const run = join(folder, 'fold by fold')
    const first = await json<RunSummary>([...train(run), '--only-fold', '2'])
    expect(first.results.map(({ name }) => name)).toEqual(['2'])
    const second = await json<RunSummary>([...resume(run), '--only-fold', '0'])
    expect(second.results.map(({ name }) => name)).toEqual(['0', '2'])
    await succeeds(resume(run))
    expectSame(run)
  })
})
