// What commands print for a person: every cell says what its column is named for, in its unit. Values are written by hand.
import { describe, expect, it } from 'vitest'
import { recordingTable } from '../../cli/shared/recording_table.ts'
import { describeSeen, runTable } from '../../cli/shared/result_table.ts'
import { trainingProgress } from '../../cli/shared/train_progress.ts'
import { casesText, windowsText } from '../../cli/shared/verify_tables.ts'
import type { Output } from '../../cli/shared/output.ts'
import type { ClassificationMetrics } from '../../src/evaluation/metrics.ts'
import type { Outcome } from '../../src/recording/result.ts'
import { sampleRun } from '../report/summary.ts'

/** The cells of each line; empty ones are none. */
const cellsOf = (text: string): string[][] => text.split('\n').map((line) => line.trim().split(/ {2,}/))

/** Scores that are all different, so that none can stand for another. */
const scored = (count: number, accuracy: number): ClassificationMetrics => {
  const scores = (f1: number) => ({ precision: 0.01, recall: 0.02, f1 })
  return {
    ...sampleRun().pooled.model,
    ...{ count, accuracy, balancedAccuracy: accuracy - 0.1, positive: scores(accuracy - 0.2) },
    ...{ macro: scores(accuracy - 0.3), weighted: scores(0.03), micro: scores(0.04) },
  }
}

describe('results of a run', () => {
  const run = sampleRun()
  const pooled = {
    model: scored(40, 0.8125),
    baselines: {
      ...{ majority: scored(40, 0.6), svm: scored(40, 0.7) },
      song: { baseline: scored(30, 0.5), model: scored(30, 0.9) },
    },
    interval: { low: 0.601, high: 0.8754 },
  }
  const heads = ['trials', 'accuracy', 'balanced', 'F1 high', 'macro F1']

  it('stand beside the baselines, each score in its column', () => {
    expect(cellsOf(runTable({ ...run, pooled }))).toEqual([
      ['arousal, lab7: 2 of 2 folds, people never seen in training'],
      heads,
      ['model', '40', '81.3 %', '71.3 %', '61.3 %', '51.2 %'],
      ['majority class', '40', '60.0 %', '50.0 %', '40.0 %', '30.0 %'],
      ['linear SVM', '40', '70.0 %', '60.0 %', '50.0 %', '40.0 %'],
      ['song-only label', '30', '50.0 %', '40.0 %', '30.0 %', '20.0 %'],
      ['model, same trials', '30', '90.0 %', '80.0 %', '70.0 %', '60.0 %'],
      ["95 % interval of the model's accuracy over subjects: 60.1 % to 87.5 %"],
    ])
  })

  it('say what is missing, and what flatters them', () => {
    const { song: _, ...baselines } = pooled.baselines
    const folds = { ...run.folds, count: 5, subjectIndependent: false }
    const dataset = { ...run.dataset, synthetic: true }
    const lines = cellsOf(runTable({ ...run, folds, dataset, pooled: { model: pooled.model, baselines } }))
    expect(lines[0]).toEqual(['arousal, lab7 (synthetic): 2 of 5 folds, people partly seen in training'])
    expect(lines.slice(2).map(([name]) => name)).toEqual(['model', 'majority class', 'linear SVM'])
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
  it('is a bar a fold and a line an epoch, with warnings as they come', () => {
    const told: string[] = []
    const output = {
      note: (line: string) => void told.push(line),
      progress: (label: string, total: number) => ({
        update: (done: number) => void told.push(`${label} ${done}/${total}`),
        stop: () => void told.push(`${label} stops`),
      }),
    } as unknown as Output
    const { hooks, stop } = trainingProgress(output)
    const [first, second] = ['a', 'b'].map((name) => ({ name })) as unknown as [never, never]
    hooks.onStep(first, 1, 8)
    hooks.onStep(first, 2, 8)
    hooks.onEpoch(first, { epoch: 3, trainLoss: 0.71239, validationLoss: 0.65432, validationAccuracy: 0.8125 })
    hooks.onWarning('careful')
    hooks.onStep(second, 1, 6)
    hooks.onEpoch(second, { epoch: 1, trainLoss: 0.5 })
    stop()
    expect(told).toEqual([
      'fold a 1/8',
      'fold a 2/8',
      'fold a epoch 3: loss 0.7124, validation loss 0.6543, accuracy 0.813',
      'careful',
      'fold a stops',
      'fold b 1/6',
      'fold b epoch 1: loss 0.5000',
      'fold b stops',
    ])
  })
})
