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
      'learningRate 0.001 0.25',
      'epochs not given 3',
      'Tested on anna1, ben1. The epoch was chosen on lee, max.',
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

  it('puts the model beside every baseline, with intervals, spread and tests', () => {
    const text = visible(sampleRun())
    for (const row of [
      'Model 16 75.0 65.0 55.0 45.0 70.0 \u22120.050 0.188 ',
      '95 % interval over people &#160; 55.0 to 90.0 50.1 to 87.5 ',
      'mean ± s.d. over 2 folds &#160; 75.2 ± 3.4 ',
      'Majority class 16 60.0 50.0 40.0 30.0 55.0 \u22120.200 0.150 ',
      'Song-only label 12 50.0 40.0 30.0 20.0 45.0 \u22120.300 0.125 ',
      'Linear SVM 16 +5.0 (+3.0 to +8.0) +6.0 (+4.0 to +9.0) +7.0 (+5.0 to +10.0) 0.500 ',
      '0 2 40 / 8 / 8 2 of 3 75.0 73.3 80.0 73.3 ',
      'with 2 folds p cannot be less than 0.500',
      'predicted as well with p &#60; 0.001 (exact)',
    ])
      expect(text).toContain(row)
    expect(text).not.toContain('Baselines on EDA features are missing')
    const { featureSet: _, ...dataset } = sampleRun().dataset
    expect(visible({ ...sampleRun(), dataset })).toContain('Baselines on EDA features are missing')
  })

  it('has a row a person, with the threshold where it is known', () => {
    const text = visible(sampleRun())
    expect(text).toContain('Person Trials High % High above Own majority % Accuracy % ')
    expect(text).toContain('anna0 4 75.0 5.13 75.0 0.0 anna1 4 50.0 – 50.0 25.0 ')
    expect(text).toContain('ben1 4 25.0 – 75.0 75.0 ')
    const { subjects: _, ...before } = sampleRun()
    expect(visible(before)).toContain('anna0 4 75.0 75.0 0.0 ')
  })

  it('has nothing of what is not defined', () => {
    const run = sampleRun()
    const { judgement } = run.pooled
    const { intervals: _, ...one } = judgement
    const scores = { ...judgement.scores, auc: NaN, mcc: NaN }
    const text = visible({ ...run, pooled: { ...run.pooled, judgement: { ...one, folds: 1, scores, overFolds: {} } } })
    expect(text).toContain('Model 16 75.0 65.0 55.0 45.0 – – 0.188 ')
    expect(text).toContain('No bootstrap intervals')
    expect(text).toContain('No signed-rank test')
    expect(text).not.toMatch(/NaN|over people|mean ±|Wilcoxon/)
  })

  it('says what the interval allows to say', () => {
    const withInterval = (accuracy?: { low: number; high: number }): string => {
      const run = sampleRun()
      const { intervals: _, ...judgement } = run.pooled.judgement
      return visible({
        ...run,
        pooled: { ...run.pooled, judgement: { ...judgement, ...(accuracy && { intervals: { accuracy } }) } },
      })
    }
    expect(withInterval({ low: 0.55, high: 0.9 })).toContain('includes the majority class')
    expect(withInterval({ low: 0.7, high: 0.9 })).toContain('lies above the majority class')
    expect(withInterval({ low: 0.3, high: 0.59 })).toContain('lies below the majority class')
    expect(withInterval()).toContain('no interval can be given')
    expect(visible(sampleRun())).toContain(
      'right in 75.0 % (95 % interval 55.0 to 90.0) of 16 trials of 4 people, none of them seen',
    )
  })

  it('names the strongest baseline, and whether the model is better', () => {
    const against = (mean: number, low: number): string => {
      const run = sampleRun()
      const { judgement } = run.pooled
      const [first, ...rest] = judgement.baselines
      const balancedAccuracy = { mean, low, high: mean + 0.05 }
      const weakest = { ...first!, difference: { ...first!.difference, balancedAccuracy } }
      return visible({
        ...run,
        pooled: { ...run.pooled, judgement: { ...judgement, baselines: [weakest, ...rest] } },
      })
    }
    expect(against(0.05, 0.01)).toContain(
      'also better than the strongest baseline by balanced accuracy, majority class',
    )
    expect(against(0.05, -0.01)).toContain('not shown to be better than the strongest baseline')
    expect(against(-0.05, -0.1)).toContain('no better than the strongest baseline')
    expect(against(0.9, 0.8)).toContain('by balanced accuracy, linear SVM')
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
    // These are words of ours, of which a text is looked up.
    sampleRun().pooled.judgement.baselines.forEach(({ name }, i) => (run.pooled.judgement.baselines[i]!.name = name))
    const html = runReport(run)
    const names = elementNames(html, VOID)
    expect(names).not.toContain('script')
    expect(names).not.toContain('img')
    expect(html.match(/&#60;script&#62;alert/g)?.length).toBeGreaterThan(30)
  })
})
