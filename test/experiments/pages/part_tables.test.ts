import { describe, expect, it } from 'vitest'
import { foldsCsv, subjectsCsv } from '../../../src/experiments/pages/part_tables.ts'
import { parseCsv } from '../../../src/formats/csv.ts'
import { HOSTILE, judged, madeUp } from './made_up.ts'

const JUDGED = 7 // two dimensions of three protocols, and the control

describe('scores by fold', () => {
  const table = parseCsv(foldsCsv(madeUp()), 'table8_folds.csv')

  it('are a line a cell, fold and seed', () => {
    expect(table.length).toBe(JUDGED * 4)
    expect(table.text('fold').slice(0, 4)).toEqual(['0', '0', '1', '1'])
    expect(table.text('seed').slice(0, 4)).toEqual(['1', '2', '1', '2'])
    const expected = judged(0.61).byFold.map(({ scores }) => scores.balancedAccuracy)
    expect([...table.numbers('balanced_accuracy')].slice(0, 4)).toEqual(expected)
    expect(table.text('auc')[0]).toBe('')
  })

  it('say of which cell they are', () => {
    expect(table.text('cell_1')[0]).toBe(HOSTILE)
    expect(table.text('leaks').filter((leaks) => leaks === 'true')).toHaveLength(2 * 4)
    expect(table.text('control').filter((control) => control === 'true')).toHaveLength(4)
  })
})

describe('accuracies by subject', () => {
  const table = parseCsv(subjectsCsv(madeUp()), 'table8_subjects.csv')

  it('are a line a cell and subject, beside the best constant answer', () => {
    expect(table.length).toBe(JUDGED * 4)
    expect(table.text('subject').slice(0, 4)).toEqual(['s1', 's2', 's3', 's4'])
    expect([...table.numbers('accuracy')].slice(0, 2)).toEqual(judged(0.61).bySubject.slice(0, 2).map((of) => of.accuracy)) // prettier-ignore
    expect([...table.numbers('own_majority')].slice(0, 2)).toEqual([0.6, 0.7])
  })

  it('have their columns where nothing is judged', () => {
    const none = parseCsv(subjectsCsv(madeUp({ cells: [] })), 'table8_subjects.csv')
    expect([none.length, none.columns]).toEqual([0, table.columns])
  })
})
