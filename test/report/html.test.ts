import { describe, expect, it } from 'vitest'
import { runReport } from '../../src/report/html.ts'
import type { RunSummary } from '../../src/train/run_summary.ts'
import { sampleRun } from './summary.ts'
import { elementNames } from '../charts/marks.ts'

const VOID = ['meta']

/** What a reader sees, tags dropped. */
const visible = (run: RunSummary): string =>
  runReport(run)
    .replace(/<style>[^<]*<\/style>/, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')

describe('runReport', () => {
  it('is well-formed and asks for nothing outside itself', () => {
    const html = runReport(sampleRun())
    const names = elementNames(html, VOID)
    for (const name of ['script', 'link', 'img', 'iframe', 'object', 'image', 'use', 'a']) {
      expect(names).not.toContain(name)
    }
    const addresses = html.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')
    expect(addresses).not.toMatch(/https?:|url\(|@import|\ssrc=|\shref=/)
    expect(html).toContain(`content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;"`)
  })

  it('shows what was run', () => {
    const text = visible(sampleRun())
    for (const fact of [
      'Arousal, lab7',
      '64 of 9 people',
      'two-means per subject',
      'preset paper, 123,456 parameters',
      'subject:2, 2 folds',
      'Seed 17',
      'SwiftShader',
      'galvani 9.8.7',
      '2030-01-02 03:04:05Z, after 90 s',
      'origin, phasic, tonic, no music features',
      'eda.csv:7 a gap of 4.2 s',
      '&#34;learning_rate&#34;: 0.25',
      'Tested on anna1, ben1.',
      't1-7 ben1 song7 low low 0.200 right',
      '0.812 wrong',
    ])
      expect(text).toContain(fact)
  })

  it('shows which features were heard and what was assumed of the data, where there is any', () => {
    expect(visible(sampleRun())).not.toContain('About the data')
    const run = sampleRun()
    const dataset = { ...run.dataset, musicDim: 7, musicSet: 'IS13_ComParE', notes: ['The unit is <not> known.', 'B.'] }
    const text = visible({ ...run, dataset })
    expect(text).toContain('origin, phasic, tonic, 7 music features (IS13_ComParE)')
    expect(text).toContain('About the data The unit is &#60;not&#62; known. B. Data left out')
  })

  it('has each fact under its name', () => {
    const factsOf = (run: RunSummary): Record<string, string> =>
      Object.fromEntries(
        [...runReport(run).matchAll(/<dt>([^<]*)<\/dt><dd>([^<]*)<\/dd>/g)].map(([, name, fact]) => [name, fact]),
      )
    const run = sampleRun()
    expect(factsOf(run)).toEqual({
      Dataset: 'lab7',
      Trials: '64 of 9 people',
      Stimuli: '12',
      Input: 'origin, phasic, tonic, no music features',
      Predicted: 'arousal, low or high',
      Labels: 'two-means per subject',
      Model: 'preset paper, 123,456 parameters',
      Folds: 'subject:2, 2 folds',
      'Subject-independent': 'yes',
      Seed: '17',
      Adapter: 'SwiftShader',
      Versions: 'galvani 9.8.7',
      Run: 'runs/a1',
      Finished: '2030-01-02 03:04:05Z, after 90 s',
    })
    const dataset = { ...run.dataset, synthetic: true, musicDim: 40, subjects: 1 }
    const folds = { ...run.folds, count: 1, subjectIndependent: false }
    const versions = { galvani: '1', node: '24' }
    expect(factsOf({ ...run, dataset, folds, versions, seconds: 5430, dimension: 'valence' })).toMatchObject({
      Dataset: 'lab7 (synthetic)',
      Trials: '64 of 1 person',
      Input: 'origin, phasic, tonic, 40 music features',
      Predicted: 'valence, low or high',
      Folds: 'subject:2, 1 fold',
      'Subject-independent': 'no',
      Versions: 'galvani 1, node 24',
      Finished: '2030-01-02 03:04:05Z, after 91 min',
    })
    const after = (seconds: number): string => factsOf({ ...run, seconds })['Finished']!.replace(/.*after /, '')
    expect([119, 120, 7199, 7200, 9000].map(after)).toEqual(['119 s', '2 min', '120 min', '2.0 h', '2.5 h'])
  })

  it('puts the model beside every baseline', () => {
    const text = visible(sampleRun())
    expect(text).toContain('Majority class 8 62.5 50.0 76.9 38.5 ')
    expect(text).toContain('Song-only label 6 50.0 50.0 40.0 48.6 ')
    expect(text).toContain('Linear SVM, C = 0.25 8 62.5 63.3 66.7 61.9 ')
    expect(text).toContain('Model, same trials as song-only 6 66.7 66.7 66.7 66.7 ')
    expect(text).toContain('Model 8 75.0 73.3 80.0 73.3 ')
    expect(text).toContain('0 2 40 / 8 / 8 2 of 3 62.5 62.5 50.0 (6) 75.0 73.3 80.0 73.3 ')
    expect(text).toContain('W = 3, n = 2 differing folds, p = 0.500')
    expect(text).toContain('predicted as well with p &#60; 0.001')
  })

  it('leaves out the song-only label where stimuli do not repeat', () => {
    const run = sampleRun()
    for (const { baselines } of [run.pooled, ...run.results]) delete baselines.song
    expect(visible(run)).not.toMatch(/song-only label/i)
  })

  it('says what the interval allows to say', () => {
    const withInterval = (interval?: { low: number; high: number }): string => {
      const run = sampleRun()
      delete run.pooled.interval
      return visible(interval ? { ...run, pooled: { ...run.pooled, interval } } : run)
    }
    expect(withInterval({ low: 0.55, high: 0.9 })).toContain('includes the majority class')
    expect(withInterval({ low: 0.7, high: 0.9 })).toContain('lies above the majority class')
    expect(withInterval({ low: 0.3, high: 0.6 })).toContain('lies below the majority class')
    expect(withInterval()).toContain('no interval can be given')
    expect(visible(sampleRun())).toContain(
      'right in 75.0 % (95 % interval 55.0 to 90.0) of 8 trials of 4 people, none of them seen',
    )
  })

  it('warns of what a reader must know', () => {
    const calm = visible(sampleRun())
    for (const warning of ['Synthetic', 'Not subject-independent', 'Incomplete']) expect(calm).not.toContain(warning)
    const run = sampleRun()
    run.dataset.synthetic = true
    run.folds = { ...run.folds, subjectIndependent: false, count: 5 }
    const text = visible(run)
    expect(text).toContain('Synthetic data.')
    expect(text).toContain('Not subject-independent.')
    expect(text).toContain('Incomplete. 2 of 5 folds finished')
    expect(text).not.toContain('none of them seen')
  })

  it('says how epochs were chosen', () => {
    const chosen = (unit: RunSummary['folds']['unit'], validation = 0.15): string => {
      const run = sampleRun()
      return visible({ ...run, folds: { ...run.folds, unit, validation } })
    }
    expect(chosen('subject')).toContain(
      'Epochs are judged on people held out of the training part, never on the test part; a dot',
    )
    expect(chosen('stimulus')).toContain('Epochs are judged on stimuli held out')
    expect(chosen('trial')).toContain('Epochs are judged on single trials held out')
    for (const unit of ['subject', 'trial'] as const) {
      expect(chosen(unit, 0)).toContain('Nothing was held out to judge epochs, so the last one was kept; a dot')
      expect(chosen(unit, 0)).not.toContain('Epochs are judged')
    }
  })

  it('escapes every text it is given', () => {
    const hostile = `<script>alert(1)</script><img src=x onerror="a('b')">&`
    const poison = (value: unknown): unknown => {
      if (typeof value === 'string') return hostile
      if (Array.isArray(value)) return value.map(poison)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, poison(inner)]))
    }
    const keyed = { versions: { [hostile]: hostile } }
    const run = { ...(poison(sampleRun()) as RunSummary), ...keyed }
    const html = runReport(run)
    const names = elementNames(html, VOID)
    expect(names).not.toContain('script')
    expect(names).not.toContain('img')
    expect(html.match(/&#60;script&#62;alert/g)?.length).toBeGreaterThan(30)
  })
})
