// The options of `experiment`, most of which a file of their own holds.
import { mkdirSync, readFileSync } from 'node:fs'
import { expect, vi } from 'vitest'
import * as context from '../../../cli/shared/context.ts'
import { svg } from '../../../src/charts/svg.ts'
import * as figures from '../../../src/experiments/attention_figures.ts'
import type { AttentionOptions } from '../../../src/experiments/attention_figures.ts'
import type { Output } from '../../../src/experiments/collect.ts'
import type { Gpu } from '../../../src/runtime/gpu.ts'
import { documentOf, DOCUMENTS, handedTo, path, prepared, refusesHere, type Checks } from './start.ts'

const OPTIONS = [
  'data',
  'out',
  'grid',
  'example',
  'protocol',
  'repeats',
  'control',
  'plan',
  'jobs',
  'shard',
  'render',
  'length',
  'preset',
  'set',
  'width',
  'labels',
  'folds',
  'validation',
  'stratify',
  'seed',
  'drop',
  'init',
  'optimizer',
  'lr',
  'momentum',
  'weight-decay',
  'decay',
  'decay-epochs',
  'epochs',
  'batch',
  'patience',
  'adapter',
  'quiet',
]

const figures5to8 = async (...more: string[]): Promise<string[]> => {
  mkdirSync(path('tables'), { recursive: true })
  return ['experiment', 'figures5-8', '--data', await prepared(), '--out', path('tables'), ...more]
}

/** What the command does with figures that it is handed. */
async function written(): Promise<void> {
  const picture = svg(9, 9, 'a picture', '')
  const made = { trial: 't7', notes: ['it is another'], files: [{ path: 'figure5_sca.svg', content: picture }] }
  const spies = [
    vi.spyOn(figures, 'attentionFigures').mockResolvedValue(made),
    vi.spyOn(context, 'withGpu').mockImplementation((_, work) => work({} as Gpu)),
  ]
  try {
    const found = await documentOf(await figures5to8())
    expect(found).toMatchObject({ schema: 1, out: path('tables'), trial: 't7', protocol: 'honest' })
    expect(found.files).toContain('figure5_sca.svg')
    expect(found.notes).toContain('it is another')
    expect(readFileSync(path('tables', 'figure5_sca.svg'), 'utf8')).toBe(picture)
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

async function checkTrial(): Promise<void> {
  const asked = async (...more: string[]) => {
    const [, out, options] = await handedTo(figures, 'attentionFigures', await figures5to8(...more))
    return { out: out as Output, ...(options as AttentionOptions) }
  }
  const { out, trial, protocol, datasetOf } = await asked('--trial', 't7', '--protocol', 'paper')
  expect([out.name, trial, protocol]).toEqual([path('tables'), 't7', 'paper'])
  expect((await datasetOf('valence')).set.trials.length).toBeGreaterThan(0)
  expect(await asked()).not.toHaveProperty('trial')
  await written()
  const other = ['experiment', 'table8', '--data', await prepared(), '--out', path('tables')]
  await refusesHere([...other, '--trial', 't7'], 2, '--trial is of figures5-8')
  await refusesHere(await figures5to8('--protocol', 'all'), 2, 'figures5-8 are of one protocol')
  await refusesHere(['experiment', 'figures5-8', '--out', path('tables')], 2, 'figures5-8: give one folder with --data')
  await refusesHere(await figures5to8(), 3, 'tables holds no experiment')
}

export const experimentChecks: Checks = {
  ...Object.fromEntries(OPTIONS.map((name) => [`experiment --${name}`, 'test/cli/experiment.test.ts'])),
  'experiment --trial': checkTrial,
  'experiment --json': DOCUMENTS,
}
