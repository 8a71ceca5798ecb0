import { expect, it } from 'vitest'
import { runTables, taskTables, type SplitTask } from '../../src/export/run_tables.ts'
import type { ExportTable } from '../../src/export/table.ts'
import { sampleRun } from '../report/summary.ts'

const column = ({ columns }: ExportTable, name: string): readonly unknown[] =>
  columns.find((of) => of.name === name)!.values

it('predictions have a line a test trial, with what the model and each baseline say', () => {
  const [predictions] = runTables(sampleRun())
  expect(predictions!.name).toBe('predictions')
  expect(new Set(predictions!.columns.map(({ values }) => values.length))).toEqual(new Set([16]))
  expect(column(predictions!, 'label').slice(0, 8)).toEqual([1, 1, 1, 0, 0, 1, 1, 0])
  expect(column(predictions!, 'predicted').slice(0, 8)).toEqual([1, 1, 0, 0, 1, 1, 1, 0])
  expect(column(predictions!, 'predicted_class').slice(0, 3)).toEqual(['high', 'high', 'low'])
  expect(column(predictions!, 'probability').slice(0, 3)).toEqual([0.812, 0.812, 0.2])
  const names = sampleRun().results.map(({ name }) => name)
  expect(column(predictions!, 'fold')).toEqual(names.flatMap((name) => Array<string>(8).fill(name)))
  // Of the first two trials no other listener said anything.
  expect(column(predictions!, 'baseline_song').slice(0, 4)).toEqual([NaN, NaN, 0, 1])
})

it('a run of before subjects were recorded has no table of them', () => {
  const { subjects: _, ...before } = sampleRun()
  expect(runTables(before).map(({ name }) => name)).toEqual(['predictions'])
})

it('subjects have the threshold of their labels', () => {
  const own = { subject: 'kim', trials: 4, high: 2, weak: false, threshold: 5.5, separation: 0.25 }
  const three = { subject: 'lee', trials: 4, high: 1, weak: false, thresholds: [3, 6] as [number, number] }
  const subjects = runTables({ ...sampleRun(), subjects: [own, three] })[1]!
  expect(column(subjects, 'threshold')).toEqual([5.5, 3])
  expect(column(subjects, 'upper_threshold')).toEqual([NaN, 6])
  expect(column(subjects, 'separation')).toEqual([0.25, NaN])
})

it('folds say the part of every trial, and trials have labels, ratings and features', () => {
  const trial = (id: string, arousal: number) => ({
    ...{ id, subject: `person ${id}`, stimulus: 'song', source: id, columns: {}, ratings: { valence: 1, arousal } },
    features: Float32Array.of(arousal / 2),
  })
  const task: SplitTask = {
    labelled: { trials: [trial('a', 2), trial('b', 8), trial('c', 6)] as never, labels: Uint8Array.of(0, 1, 1) },
    plan: { folds: [{ name: 'x', train: [2], validation: [0], test: [1] }] } as never,
    features: ['EDA_Mean'],
  }
  const [folds, trials] = taskTables(task, sampleRun().config)
  expect(column(folds!, 'part')).toEqual(['train', 'validation', 'test'])
  expect(column(folds!, 'trial')).toEqual(['c', 'a', 'b'])
  expect(column(trials!, 'class')).toEqual(['low', 'high', 'high'])
  expect(column(trials!, 'arousal')).toEqual([2, 8, 6])
  expect(column(trials!, 'EDA_Mean')).toEqual([1, 4, 3])
})

it('a run of ratings has them and what is said of them, and no classes', () => {
  const { results, config, ...facts } = sampleRun()
  const prediction = {
    trial: 'a',
    subject: 'kim',
    stimulus: 's',
    rating: 7,
    said: 6.5,
    baselines: { mean: 5, ridge: 6 },
  }
  const [fold] = results
  const run = {
    ...{ ...facts, config: { ...config, target: 'rating' as const } },
    results: [{ ...fold!, scale: { mean: 5, deviation: 2 }, predictions: [prediction] }],
  }
  const [predictions] = runTables(run as never)
  expect(Object.fromEntries(predictions!.columns.map(({ name, values }) => [name, values[0]]))).toEqual({
    ...{ fold: fold!.name, trial: 'a', subject: 'kim', stimulus: 's', rating: 7, predicted: 6.5 },
    ...{ baseline_mean: 5, baseline_ridge: 6 },
  })
})
