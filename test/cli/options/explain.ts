// The options of `explain`.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { expect } from 'vitest'
import * as explaining from '../../../src/explain/explain.ts'
import type { ExplainedTrials, ExplainOptions } from '../../../src/explain/explain.ts'
import {
  asksForAdapter,
  briefly,
  documentOf,
  DOCUMENTS,
  handedTo,
  isQuiet,
  once,
  path,
  prepared,
  RATE,
  readJson,
  refusesHere,
  start,
  study,
  trained,
  type Checks,
} from './start.ts'

/** A trial that the run tested. */
const tested = async (place = 0): Promise<string> => {
  await trained()
  const { results } = readJson<{ results: { predictions: { trial: string }[] }[] }>('run', 'result.json')
  return results[0]!.predictions[place]!.trial
}
const plain = async (): Promise<string[]> => ['explain', '--run', (await trained()).run, '--data', await prepared()]
const one = async (...more: string[]): Promise<string[]> => [
  ...(await plain()),
  ...['--trial', await tested(), '--steps', '2'],
  ...more,
]
/** What the library is asked for. */
const asked = async (...more: string[]) => {
  const [, , trials, options] = await handedTo(explaining, 'explain', [...(await plain()), ...more])
  return { ...(trials as ExplainedTrials), ...(options as ExplainOptions) }
}

/** A run on shuffled labels beside the other. */
const control = once(async () => {
  const args = ['train', '--data', await prepared(), '--out', path('control'), '--only-fold', '0', '--control']
  await start([...args, ...briefly])
  return path('control')
})

export const explainChecks: Checks = {
  'explain --run': async () => {
    const found = await documentOf(await one())
    expect(found).toMatchObject({ run: path('run'), out: path('run', 'explain'), explanations: [{ fold: '0' }] })
  },
  'explain --data': async () => {
    const named = ['--trial', await tested(), '--steps', '0']
    const found = (data: string) =>
      documentOf<{ explanations: { seconds?: number }[] }>(['explain', '--run', path('run'), '--data', data, ...named])
    expect(await found(await prepared())).not.toHaveProperty('explanations.0.seconds')
    const { explanations } = await found(study())
    expect(Math.abs(explanations[0]!.seconds! - 20)).toBeLessThan(5)
  },
  'explain --trial': async () => {
    const trial = await tested()
    expect((await asked('--trial', trial)).trials).toEqual([trial])
    await refusesHere([...(await plain()), '--trial', 'nobody'], 2, "study has no trial 'nobody'")
  },
  'explain --trials': async () => {
    const trials = [await tested(), await tested(1)]
    expect((await asked('--trials', ...trials)).trials).toEqual(trials)
    expect(await asked()).not.toHaveProperty('trials')
    await refusesHere(await one('--trials', ...trials), 2, '--trial names one trial and --trials several')
  },
  'explain --fold': async () => {
    expect((await asked('--fold', '0')).fold).toBe('0')
    await refusesHere(await one('--fold', '2'), 2, "fold '2' has no trained model; the run has those of 0")
  },
  'explain --module': async () => {
    expect((await asked('--module', 'rnta')).modules).toEqual(['rnta'])
    expect(await asked('--module', 'both')).not.toHaveProperty('modules')
    await refusesHere(await one('--module', 'cbam'), 2, "--module is 'cbam', expected sca, rnta, both")
  },
  'explain --by': async () => {
    expect((await asked('--by', 'subject')).by).toBe('subject')
    await start(await one('--by', 'fold', '--out', path('explained')))
    expect(readJson('explained', 'by-fold', '0.json')).toMatchObject({ by: 'fold', name: '0' })
    expect(existsSync(path('explained', 'by-fold', '0_strips.svg'))).toBe(true)
    await refusesHere(await one('--by', 'song'), 2, "--by is 'song', expected class, subject, fold")
  },
  'explain --steps': async () => {
    expect((await asked('--steps', '7')).steps).toBe(7)
    await refusesHere([...(await plain()), '--steps', '-1'], 2, 'steps is -1, expected a whole number of at least 0')
  },
  'explain --sanity': async () => {
    const { sanity: checked } = await documentOf<{ sanity: { trials: string[]; checks: string[] } }>(
      await one('--sanity'),
    )
    expect(checked).toMatchObject({ trials: [await tested()], checks: ['randomised', 'deletion', 'insertion'] })
    // The pages say what was checked.
    const page = (): string => readFileSync(path('run', 'explain', 'index.html'), 'utf8')
    expect(page()).toContain('Checked on 1 trial:')
    expect(await documentOf(await one())).not.toHaveProperty('sanity')
    expect(page()).toContain('These maps were not checked')
  },
  'explain --permuted': async () => {
    const shuffled = await control()
    const found = await documentOf(await one('--sanity', '--permuted', shuffled))
    expect(found).toHaveProperty('sanity.checks', ['randomised', 'permuted', 'deletion', 'insertion'])
    await refusesHere(await one('--permuted', shuffled), 2, '--permuted belongs to --sanity')
  },
  'explain --seed': async () => {
    expect(await documentOf(await one('--sanity', '--seed', '9'))).toHaveProperty('sanity.seed', 9)
    await refusesHere(await one('--seed', '9'), 2, '--seed belongs to --sanity')
  },
  'explain --out': async () => {
    rmSync(path('elsewhere'), { recursive: true, force: true })
    const { explanations, page } = await documentOf<{ explanations: { file: string }[]; page: string }>(
      await one('--out', path('elsewhere')),
    )
    const { file } = explanations[0]!
    for (const ending of ['.json', '.npz', '.html', '_strips.svg', '_attention_0.svg'])
      expect(existsSync(path('elsewhere', file + ending))).toBe(true)
    expect(readFileSync(path('elsewhere', page), 'utf8')).toContain(`<a href="${encodeURI(file)}.html">`)
  },
  'explain --rate': RATE,
  'explain --adapter': asksForAdapter(one),
  'explain --json': DOCUMENTS,
  'explain --quiet': isQuiet(one),
}
