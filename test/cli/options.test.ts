// Every option of every command does something: each has a check of its effect here, or in the file that is named.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { program } from '../../cli/program.ts'
import { makeTrialTable } from '../../src/datasets/synthetic.ts'
import { needs } from '../support/needs.ts'
import { benchChecks } from './options/bench.ts'
import { dataOptionChecks } from './options/data.ts'
import { decomposeChecks } from './options/decompose.ts'
import { explainChecks } from './options/explain.ts'
import { experimentChecks } from './options/experiment.ts'
import { inspectChecks, readingOptionsOfFolders } from './options/inspect.ts'
import { musicChecks } from './options/music.ts'
import { otherChecks } from './options/others.ts'
import { readingChecks } from './options/reading.ts'
import { documentOf, path, start, type Checks } from './options/start.ts'
import { settingsAct, trainChecks } from './options/train.ts'
import { galvani, writeFiles } from './support.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const checks: Checks = {
  ...decomposeChecks,
  ...readingChecks,
  ...dataOptionChecks,
  ...inspectChecks,
  ...trainChecks,
  ...musicChecks,
  ...explainChecks,
  ...otherChecks,
  ...benchChecks,
  ...experimentChecks,
}

/** `command --option` of a command and all below it. */
const optionsOf = (command: Command, name: string[] = []): string[] => [
  ...command.options.map(({ long }) => [...name, long].join(' ')),
  ...command.commands.flatMap((below) => optionsOf(below, [...name, below.name()])),
]

afterEach(() => void vi.restoreAllMocks())

it('every option has a check, and every check an option', () => {
  const options = optionsOf(program())
  expect(options.length).toBeGreaterThan(130)
  expect(Object.keys(checks).sort()).toEqual(options.sort())
})

const elsewhere = Object.entries(checks).filter(([, check]) => typeof check === 'string') as [string, string][]
it.each([...new Set(elsewhere.map(([, file]) => file))])('%s holds what it is named for', (file) => {
  const text = existsSync(`${root}/${file}`) ? readFileSync(`${root}/${file}`, 'utf8') : ''
  for (const [name] of elsewhere.filter(([, of]) => of === file)) {
    const words = name.split(' ')
    const option = words.pop()!
    expect(text, name).toMatch(option === '--json' ? /--json|\bjson[(<]/ : new RegExp(`'${option}'`))
    expect(text, name).toContain(`'${words[0]}'`)
  }
})

const own = Object.entries(checks).filter(([, check]) => typeof check !== 'string') as [string, () => Promise<void>][]
it.each(own)('%s', async (_, check) => await check())

it('inspect takes for a folder what is for folders', readingOptionsOfFolders)

it('the settings of a run are those that it is trained with', settingsAct)

it('prepare lists what is left out, and why', async () => {
  const files = makeTrialTable({ subjects: 3, trialsPerSubject: 4, stimuli: 4, seconds: 20, effect: 1, seed: 1 })
  const [head = '', ...rows] = files['eda.csv'].split('\n')
  // The first trial misses five seconds, the second ends after one.
  const left = rows
    .map((row) => (/_00_00,[34]\d,/.test(row) ? row.replace(/[^,]*$/, 'NaN') : row))
    .filter((row) => !/_00_01,([4-9]|\d\d+),/.test(row))
  const trials = files['trials.csv'].split('\n').map((row) => row.replace(/,\d+,\d+,\d+,1$/, ',4,,,1'))
  writeFiles(path('gappy'), { ...files, 'trials.csv': trials.join('\n'), 'eda.csv': [head, ...left].join('\n') })
  const args = ['prepare', '--data', path('gappy'), '--out', path('from gappy'), '--length', '320']
  const { skipped, usable } = await documentOf<{ skipped: object[]; usable: number }>(args)
  const reason = (of: RegExp) => ({ reason: expect.stringMatching(of) as string })
  expect([usable, skipped]).toMatchObject([10, [reason(/missing/), reason(/short/)]])
  expect((await start(args)).stdout.match(/^skipped .*$/gm)).toEqual([
    expect.stringMatching(/_00_00\): .*missing/),
    expect.stringMatching(/_00_01\): .*short/),
  ])
})

describe('a result', () => {
  it('that cannot be written is a failure', needs(process.platform === 'linux', 'only Linux has /dev/full'), () => {
    const command = `exec "${process.execPath}" "${root}/bin/galvani.js" summary --json > /dev/full`
    const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
    expect(stderr).toBe('galvani: the output cannot be written (ENOSPC)\n')
    expect(status).toBe(1)
  })

  it('that nobody reads any more is none', async () => {
    const { code, lines } = await galvani(['summary', '--json'], { onStart: ({ stdout }) => stdout?.destroy() })
    expect([code, lines]).toEqual([0, []])
  })
})
