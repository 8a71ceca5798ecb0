// What commands print for a person: every cell says what its column is named for, in its unit. Values are written by hand.
import { describe, expect, it } from 'vitest'
import { recordingTable } from '../../cli/shared/recording_table.ts'
import { describeSeen, runTable } from '../../cli/shared/result_table.ts'
import { trainingProgress } from '../../cli/shared/train_progress.ts'
import { casesText, windowsText } from '../../cli/shared/verify_tables.ts'
import type { Output } from '../../cli/shared/output.ts'
import type { Outcome } from '../../src/recording/result.ts'
import { sampleRun } from '../report/summary.ts'

/** The cells of each line; empty ones are none. */
const cellsOf = (text: string): string[][] => text.split('\n').map((line) => line.trim().split(/ {2,}/))

describe('results of a run', () => {
  const run = sampleRun()
  const heads = ['trials', 'accuracy', 'balanced', 'F1 high', 'macro F1', 'model more, balanced']

  it('stand beside the baselines, each score in its column, with what the model has more', () => {
    expect(cellsOf(runTable(run))).toEqual([
      ['arousal, lab7: 2 of 2 folds, people never seen in training'],
      heads,
      ['model', '16', '75.0 %', '65.0 %', '55.0 %', '45.0 %'],
      ['majority class', '16', '60.0 %', '50.0 %', '40.0 %', '30.0 %', '+16.0 (+14.0 to +19.0)'],
      ['class distribution', '16', '52.0 %', '42.0 %', '32.0 %', '22.0 %', '+24.0 (+22.0 to +27.0)'],
      ['song-only label', '12', '50.0 %', '40.0 %', '30.0 %', '20.0 %', '+26.0 (+24.0 to +29.0)'],
      ['linear SVM', '16', '70.0 %', '60.0 %', '50.0 %', '40.0 %', '+6.0 (+4.0 to +9.0)'],
      ['95 % intervals of the model over subjects: accuracy 55.0 % to 90.0 %, balanced accuracy 50.1 % to 87.5 %'],
    ])
  })

  it('say what is missing, and what flatters them', () => {
    const folds = { ...run.folds, count: 5, subjectIndependent: false }
    const dataset = { ...run.dataset, synthetic: true }
    const { intervals: _, ...alone } = run.pooled.judgement
    const nowhere = { mean: -0.25, low: NaN, high: NaN }
    const [first] = alone.baselines
    const judgement = {
      ...alone,
      scores: { ...alone.scores, balancedAccuracy: NaN },
      baselines: [{ ...first!, difference: { accuracy: nowhere, balancedAccuracy: nowhere, f1: nowhere } }],
    }
    const lines = cellsOf(runTable({ ...run, folds, dataset, pooled: { ...run.pooled, judgement } }))
    expect(lines[0]).toEqual(['arousal, lab7 (synthetic): 2 of 5 folds, people partly seen in training'])
    expect(lines.slice(2)).toEqual([
      ['model', '16', '75.0 %', 'none', '55.0 %', '45.0 %'],
      ['majority class', '16', '60.0 %', '50.0 %', '40.0 %', '30.0 %', '-25.0'],
    ])
  })

  it('of people who are known are told apart from those of others', () => {
    expect(describeSeen({ seenSubjects: 0, seenTrials: 0 }, 9)).toBe('people never seen in training')
    expect(describeSeen({ seenSubjects: 2, seenTrials: 7 }, 9)).toBe('7 of 9 trials are of 2 people seen in training')
  })
})

describe('recordings', () => {
  const recorded = (file: string, count: number, notes: string[] = []): Outcome => {
    const features = {
      ...{ EDA_Tonic_Mean: 12.34567, EDA_Tonic_Slope: 1, SCR_Peaks_N: count, SCR_Rate: 2.449 },
      ...{ SCR_Peaks_Amplitude_Mean: 0.123456, SCR_RiseTime_Mean: 3, SCR_RecoveryTime_Mean: 4, EDA_Driver_Area: 5 },
    }
    const read = { sampleRate: 4, durationS: 120.25 }
    return { result: { file, status: 'solved', ...read, features }, entry: { name: file, status: 'solved', notes } }
  }
  const left = (file: string, status: 'refused' | 'skipped', note: string): Outcome => ({
    result: { file, status, reason: note },
    entry: { name: file, status, notes: [note] },
  })

  it('have a row each in their order, then what is to be said, under the name of the file', () => {
    const outcomes = [
      recorded('b.csv', 7, ['clipped', 'flat']),
      left('a.csv', 'refused', 'a.csv: too short'),
      recorded('c.csv', 0),
    ]
    expect(cellsOf(recordingTable(outcomes))).toEqual([
      ['file', 'status', 'Hz', 's', 'level', 'responses', 'per min', 'amplitude'],
      ['b.csv', 'solved', '4', '120.3', '12.35', '7', '2.4', '0.123'],
      ['a.csv', 'refused'],
      ['c.csv', 'solved', '4', '120.3', '12.35', '0', '2.4'], // there is no mean of no amplitudes
      ...[['b.csv: clipped'], ['b.csv: flat'], ['a.csv: too short']],
    ])
  })
})

describe('checks', () => {
  it('that did not pass are listed, with their errors, and cvxEDA by method', () => {
    const decomposed = { kind: 'cvxeda', error: 0, tolerance: 1 }
    const text = casesText([
      { name: 'right', kind: 'op', status: 'passed', error: 1e-9, tolerance: 1e-6, tensor: 'y' },
      { name: 'off', kind: 'op', status: 'failed', error: 0.25, tolerance: 1e-6, tensor: 'grad x' },
      { name: 'none', kind: 'op', status: 'skipped', error: 'no such kind', tolerance: 0 },
      { ...decomposed, name: 'a', status: 'passed', method: 'admm' },
      { ...decomposed, name: 'b', status: 'passed', method: 'admm' },
      { ...decomposed, name: 'c', status: 'failed', method: 'admm', tensor: 'r' },
      { ...decomposed, name: 'd', status: 'passed', method: 'interior-point' },
    ])
    expect(cellsOf(text)).toEqual([
      ['case', 'status', 'of', 'error', 'tolerance'],
      ['off', 'failed', 'grad x', '0.25', '0.000001'],
      ['none', 'skipped', 'no such kind', '0'],
      ['c', 'failed', 'r', '0', '1'],
      ['cvxEDA solver', 'passed', 'failed', 'skipped'],
      ['admm', '2', '1', '0'],
      ['interior-point', '1', '0', '0'],
      ['4 passed, 2 failed, 1 skipped'],
    ])
    const [, , , admm] = casesText([
      { ...decomposed, name: 'e', status: 'skipped', method: 'admm' },
      { ...decomposed, name: 'f', status: 'passed', method: 'admm' },
    ]).split('\n')
    expect(admm).toMatch(/^admm +1 +0 +1$/)
  })

  it('of windows have the worst of each kind, then what failed, then how many passed', () => {
    const errors = { gap: 1.26e-5, phasic: 2.34e-3, tonic: 4.56e-4 }
    const summary = { method: 'admm', disturbance: 'clipped', windows: 20, failed: 1, iterations: 33, ...errors }
    const failure = { method: 'admm', disturbance: 'clipped', source: 'a.csv', start: 12.345, ...errors }
    const text = windowsText(
      [{ ...summary, statuses: { solved: 19, 'max-iterations': 1 } }],
      [{ ...failure, sampleRate: 8, samples: 240, status: 'max-iterations' }],
      20,
    )
    expect(cellsOf(text)).toEqual([
      ['solver', 'windows', 'failed', 'gap', 'nrmse(r)', 'nrmse(t)', 'iterations', 'statuses'],
      ['admm, clipped', '20', '1', '1.3e-5', '2.3e-3', '4.6e-4', '33', '19 solved, 1 max-iterations'],
      ['failed', 'from s', 'Hz', 'samples', 'status', 'gap', 'nrmse(r)', 'nrmse(t)'],
      ['admm, clipped, a.csv', '12.35', '8', '240', 'max-iterations', '1.3e-5', '2.3e-3', '4.6e-4'],
      ['19 of 20 windows passed'],
    ])
  })
})

describe('the progress of a run', () => {
  it('is one bar that knows fold, epoch and what is left of the whole run, and a line an epoch', () => {
    const told: string[] = []
    let time = 0
    const output = {
      note: (line: string) => void told.push(line),
      progress: (label: string, total: number) => ({
        update: (done: number, note: string, share: number) =>
          void told.push(`${label} ${done}/${total} ${(100 * share).toFixed(1)} % ${note}`),
        stop: () => void told.push(`${label} stops`),
      }),
    } as unknown as Output
    const { hooks, stop } = trainingProgress(output, 4, () => time)
    const [first, second] = ['a', 'b'].map((name) => ({ name })) as unknown as [never, never]
    hooks.onBegin([first, second])
    const after = (seconds: number): void => void (time += seconds)
    after(10)
    hooks.onBaselines(first, 0.5)
    after(10)
    hooks.onBaselines(first, 1)
    after(5)
    hooks.onStep(first, 1, 8) // of a fold 20 for baselines, 40 for steps: 95 are left of 120
    hooks.onEpoch(first, { epoch: 1, trainLoss: 0.71239, validationLoss: 0.65432, validationAccuracy: 0.8125 })
    after(5)
    hooks.onStep(first, 2, 8)
    hooks.onWarning('careful')
    after(20) // its epochs end early: a fold takes 50 in all
    hooks.onBaselines(second, 1)
    after(5)
    hooks.onStep(second, 7, 8) // goes on where it was stopped
    hooks.onEpoch(second, { epoch: 1, trainLoss: 0.5 })
    stop()
    expect(told).toEqual([
      'folds 0/2 0.0 % | fold a: baselines 50 %',
      'folds 0/2 0.0 % | fold a: baselines 100 %',
      'folds 0.125/2 20.8 % | fold a: epoch 1 of 4',
      'fold a epoch 1: loss 0.7124, validation loss 0.6543, accuracy 0.813',
      'folds 0.25/2 25.0 % | fold a: epoch 1 of 4',
      'careful',
      expect.stringMatching(/^folds 1\/2 .* \| fold b: baselines 100 %$/) as string,
      expect.stringMatching(/^folds 1.875\/2 .* \| fold b: epoch 4 of 4$/) as string,
      'fold b epoch 1: loss 0.5000',
      'folds stops',
    ])
  })
})
