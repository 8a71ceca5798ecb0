// A run whose labels are of songs says so wherever its numbers are read.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { documentOf, start } from './options/start.ts'
import { galvani, SMALL_TRAINING, workFolder, writeStudy } from './support.ts'

const DOUBT =
  'labels are of songs, not of listeners; a model that knows the song can be right without reading skin conductance'

const folder = workFolder()
const [study, run] = [join(folder, 'study'), join(folder, 'run')]
let told = ''

beforeAll(async () => {
  writeStudy(study)
  const settings = ['--labels', 'song', '--folds', 'subject:3', '--only-fold', '0', '--epochs', '1', ...SMALL_TRAINING]
  const { code, stdout, lines } = await galvani(['train', '--data', study, '--out', run, ...settings])
  expect(code, lines.join('\n')).toBe(0)
  told = lines.join('\n')
  expect(stdout).toContain(DOUBT)
})

it('while it trains', () => expect(told).toContain(DOUBT))

it('on its page', () => {
  const page = readFileSync(join(run, 'report.html'), 'utf8')
  expect(page).toContain(`<p class="warning"><strong>Mind the labels.</strong> L${DOUBT.slice(1)}.`)
})

it('where it is evaluated', async () => {
  expect((await start(['eval', '--run', run])).stdout).toContain(DOUBT)
  const elsewhere = await start(['eval', '--run', run, '--data', study])
  expect(elsewhere.stdout).toContain(DOUBT)
  expect(await documentOf(['eval', '--run', run])).toMatchObject({ labels: 'song' })
  expect(await documentOf(['eval', '--run', run, '--data', study])).toMatchObject({ labels: 'song' })
})

it('where it predicts', async () => {
  const args = ['predict', '--run', run, '--data', study]
  expect((await start(args)).stdout).toContain(`; ${DOUBT}\n`)
  expect(await documentOf(args)).toMatchObject({ labels: 'song' })
})
