// A study whose files do not say their sampling rate: every command that reads one takes it from --rate, and refuses without.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { documentOf, refusesHere, start } from './options/start.ts'
import { SMALL_TRAINING, workFolder, writeStudy } from './support.ts'

const folder = workFolder()
const path = (name: string): string => join(folder, name)
const [rated, unrated, run] = [path('rated'), path('unrated'), path('run')]
/** What the made trials are sampled at, in Hz. */
const RATE = ['--rate', '4']

const train = (data: string, out: string) => {
  const settings = ['--folds', 'subject:3', '--only-fold', '0', '--epochs', '1', ...SMALL_TRAINING]
  return ['train', '--data', data, '--out', out, ...settings]
}

beforeAll(async () => {
  writeStudy(rated)
  cpSync(rated, unrated, { recursive: true })
  const table = join(unrated, 'trials.csv')
  const rows = readFileSync(table, 'utf8')
    .trimEnd()
    .split('\n')
    .map((row) => row.split(','))
  const tells = rows[0]!.map((name) => ['sample_rate_hz', 'duration_s', 'n_samples'].includes(name))
  expect(tells.filter(Boolean)).toHaveLength(3)
  writeFileSync(table, rows.map((cells) => `${cells.filter((_, i) => !tells[i]).join(',')}\n`).join(''))
  await start(train(rated, run))
})

const commands: [name: string, args: (data: string) => string[]][] = [
  ['predict', (data) => ['predict', '--run', run, '--data', data]],
  ['explain', (data) => ['explain', '--run', run, '--data', data, '--steps', '0']],
  ['eval', (data) => ['eval', '--run', run, '--data', data]],
  ['prepare', (data) => ['prepare', '--data', data, '--out', path('prepared'), '--length', '320']],
  ['train', (data) => train(data, `${data} trained`)],
]

/** A document without what names the data, or the time. */
const values = (document: unknown): unknown =>
  JSON.parse(
    JSON.stringify(document, (key, value: unknown) =>
      typeof value === 'string' && /rated|prepared|trained|^\d{4}-/.test(value)
        ? 'a name'
        : /seconds|_ms/.test(key)
          ? 0
          : value,
    ),
  )

it.each(commands)('%s', async (_, args) => {
  await refusesHere(args(unrated), 3, /nothing tells the sampling rate; give --rate HZ/)
  const found = await documentOf([...args(unrated), ...RATE])
  expect(Object.keys(found).length).toBeGreaterThan(0)
  expect(values(found)).toEqual(values(await documentOf(args(rated))))
})

it('is known to the run that was trained with it', async () => {
  const own = await documentOf(['eval', '--run', `${unrated} trained`])
  expect(values(own)).toEqual(values(await documentOf(['eval', '--run', run])))
})
