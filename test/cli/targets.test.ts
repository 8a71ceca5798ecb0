// A run of four classes, whose labels are shuffled and whose people are on both sides, says all of that wherever its numbers are read.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { documentOf, start } from './options/start.ts'
import { galvani, SMALL_TRAINING, workFolder, writeStudy } from './support.ts'

const CONTROL =
  'labels were shuffled within each person: a control, whose results must be those of chance, whatever the model'
const CLASSES = ['LALV', 'LAHV', 'HALV', 'HAHV']

const folder = workFolder()
const [study, run] = [join(folder, 'study'), join(folder, 'run')]
let told = ''
let printed = ''

beforeAll(async () => {
  writeStudy(study)
  const asked = '--dimension quadrant --labels median --folds within-subject:3 --stratify --control --share 0.8'.split(
    ' ',
  )
  const briefly = ['--only-fold', '0', '--epochs', '1', ...SMALL_TRAINING]
  const { code, stdout, lines } = await galvani(['train', '--data', study, '--out', run, ...asked, ...briefly])
  expect(code, lines.join('\n')).toBe(0)
  told = lines.join('\n')
  printed = stdout
})

it('while it trains', () => {
  expect(told).toContain('folds within-subject:3 are not subject-independent')
  expect(told).toContain(CONTROL)
  expect(told).toMatch(/5 of 6 subjects were used \(--share 0.8, drawn by the folds' seed 1\): .*\./)
})

it('in its table, which has no score of two classes', () => {
  expect(printed).toContain(`quadrant, study (synthetic): 1 of 3 folds, people partly seen in training`)
  expect(printed).toContain(CONTROL)
  expect(printed).toMatch(/trials +accuracy +balanced +macro F1/)
  expect(printed).not.toMatch(/F1 high|SVM/)
})

it('in its files', () => {
  const read = (...names: string[]): unknown => JSON.parse(readFileSync(join(run, ...names), 'utf8'))
  expect(read('config.json')).toMatchObject({
    ...{ dimension: 'quadrant', control: true, stratify: true, share: 0.8, model: { classes: 4 } },
  })
  const { predictions, model } = read('folds', 'fold-0', 'result.json') as {
    predictions: { label: number; predicted: number; probability: number }[]
    model: { confusion: number[][] }
  }
  const counted = CLASSES.map((_, label) =>
    CLASSES.map((_, k) => predictions.filter((p) => p.label === label && p.predicted === k).length),
  )
  expect(model.confusion).toEqual(counted)
  for (const { probability } of predictions) expect(probability).toBeGreaterThanOrEqual(0.25)
})

it('on its page', () => {
  const page = readFileSync(join(run, 'report.html'), 'utf8')
  expect(page).toContain(`<p class="warning"><strong>Mind the labels.</strong> L${CONTROL.slice(1)}.`)
  expect(page).toContain('<strong>Not subject-independent.</strong>')
  expect(page).toContain('quadrant, LALV, LAHV, HALV or HAHV')
  expect(page).toContain('5 of 6 subjects were used')
  expect(page).not.toMatch(/F1 high|SVM|NaN|undefined/)
})

it('where it is evaluated', async () => {
  const evaluated = await start(['eval', '--run', run])
  expect(evaluated.stdout).toContain(CONTROL)
  const own = await documentOf<{ labels: string; results: unknown[] }>(['eval', '--run', run])
  expect(own.labels).toBe('median (control)')
  expect(own.results).toEqual(
    (await documentOf<{ results: unknown[] }>(['train', '--out', run, '--resume', '--only-fold', '0'])).results,
  )
  const elsewhere = await documentOf(['eval', '--run', run, '--data', study])
  expect(elsewhere).toMatchObject({ labels: 'median (control)', seen_subjects: 5 })
})

it('where it predicts', async () => {
  const args = ['predict', '--run', run, '--data', study]
  expect((await start(args)).stdout).toContain(`; ${CONTROL}\n`)
  const { predictions } = await documentOf<{ predictions: { predicted: string }[] }>(args)
  expect(predictions).toHaveLength(36)
  for (const { predicted } of predictions) expect(CLASSES).toContain(predicted)
})
