import { expect, it } from 'vitest'
import { modelCard } from '../../src/export/model_card.ts'
import { sampleRun } from '../report/summary.ts'

const cardOf = (change: object): string => modelCard({ ...sampleRun(), ...change })['model_card.md']!

it('says how well the model does beside its baselines, and on whom', () => {
  const { pooled, dataset } = sampleRun()
  const card = cardOf({})
  expect(card).toContain(`${(100 * pooled.judgement.scores.accuracy).toFixed(1)}`)
  for (const { name } of pooled.judgement.baselines)
    if (name === 'majority') expect(card).toContain('| majority class |')
  expect(card).toContain(dataset.name)
  expect(card).not.toContain('undefined')
})

it.each([
  ['Synthetic data', { dataset: { ...sampleRun().dataset, synthetic: true } }],
  ['A control', { labels: 'two-means (control)' }],
  ['Not subject-independent', { folds: { ...sampleRun().folds, subjectIndependent: false } }],
  ['A leak', { config: { ...sampleRun().config, choice: 'test' } }],
  ['Incomplete: 2 of 5', { folds: { ...sampleRun().folds, count: 5 } }],
])('warns first of all: %s', (warning, change) => {
  expect(cardOf({})).not.toContain(`**${warning}`)
  expect(cardOf(change)).toContain(`**${warning}`)
  expect(cardOf(change).indexOf(warning)).toBeLessThan(cardOf(change).indexOf('## What it is'))
})

it('texts of the data stay texts', () => {
  expect(cardOf({ dataset: { ...sampleRun().dataset, name: '<img src=x>|**' } })).toContain(
    '&lt;img src=x&gt;\\|\\*\\*',
  )
})

it('the methods name the folds and how the epoch was chosen, and cite what is in the references', () => {
  const { config } = sampleRun()
  const { 'methods.md': methods, 'references.bib': references } = modelCard(sampleRun())
  expect(methods).toContain(sampleRun().folds.scheme)
  const leaking = modelCard({ ...sampleRun(), config: { ...config, choice: 'test' } })['methods.md']
  expect(leaking).toContain('the epoch was chosen on the test part')
  const cited = [...methods!.matchAll(/@(\w+)\]/g)].map(([, key]) => key)
  expect(cited.length).toBeGreaterThan(1)
  for (const key of cited) expect(references).toContain(`{${key},`)
})
