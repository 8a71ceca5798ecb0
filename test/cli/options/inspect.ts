// The options of `inspect` that are for folders: how a dataset is read, and whose ratings are drawn.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { expect } from 'vitest'
import * as door from '../../../src/datasets/open_dataset.ts'
import { documentOf, handedTo, isQuiet, path, recordings, refusesHere, start, study, type Checks } from './start.ts'

/** What the door to datasets is asked for. */
const asked = async (...more: string[]): Promise<unknown> =>
  (await handedTo(door, 'openDataset', ['inspect', study(), ...more]))[1]

const reads = (option: string[], given: object) => async (): Promise<void> => {
  expect(await asked(...option)).toEqual({ name: 'study', ...given })
  expect(await asked()).toEqual({ name: 'study' })
  const file = `${recordings()}/a.csv`
  await refusesHere(
    ['inspect', file, ...option],
    2,
    `${option[0]!} is for a folder with a dataset, and ${file} is none; leave it out`,
  )
}

const SUBJECT = 'synthetic1_01'
const draws = async (): Promise<void> => {
  const file = path('figures', 'ratings.svg')
  rmSync(path('figures'), { recursive: true, force: true })
  const { stdout } = await start(['inspect', study(), '--subject', SUBJECT, '--figure', file])
  expect(stdout).toMatch(new RegExp(`\nwrote ${file}\n$`))
  expect(readFileSync(file, 'utf8')).toContain(`>${SUBJECT}, study: 6 ratings<`)
  const inspect = (...more: string[]): string[] => ['inspect', study(), ...more]
  for (const half of [
    ['--subject', SUBJECT],
    ['--figure', file],
  ])
    // prettier-ignore
    await refusesHere(inspect(...half), 2, '--subject and --figure go together')
  rmSync(file)
  await refusesHere(inspect('--subject', 'x', '--figure', file), 2, '--subject x: no trial of study is of a subject')
  const both = [study(), recordings(), '--subject', SUBJECT, '--figure', file]
  await refusesHere(['inspect', ...both], 2, '--figure draws a subject of one dataset; give one folder')
  expect(existsSync(file)).toBe(false)
}

export const inspectChecks: Checks = {
  'inspect --gsr': reads(['--gsr', 'invert'], { gsr: 'invert' }),
  'inspect --pass': reads(['--pass', 'valence'], { pass: 'valence' }),
  'inspect --resample': reads(['--resample'], { resample: true }),
  'inspect --subject': draws,
  'inspect --figure': draws,
  'inspect --quiet': isQuiet(() => ['inspect', study()]),
}

/** `--rate` is for files and for folders, the other reading options for files alone. */
export async function readingOptionsOfFolders(): Promise<void> {
  expect(await asked('--rate', '8')).toEqual({ name: 'study', sampleRate: 8 })
  await refusesHere(['inspect', study(), '--eda', 'x'], 2, '--eda is for files of recordings, and ')
  await refusesHere(['inspect', study(), '--time-unit', 'ms'], 2, '--time-unit is for files of recordings, and ')
  const { files, datasets } = await documentOf<Record<'files' | 'datasets', { status: string }[]>>([
    ...['inspect', `${recordings()}/a.csv`, study(), '--time', 'time_s'],
  ])
  expect([...files, ...datasets].map(({ status }) => status)).toEqual(['read', 'read'])
}
