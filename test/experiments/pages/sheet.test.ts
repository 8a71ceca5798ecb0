import { describe, expect, it } from 'vitest'
import { sheetsOf } from '../../../src/experiments/pages/sheet.ts'
import { judged, madeUp } from './made_up.ts'

const [honest, control, , released] = sheetsOf(madeUp())

describe('a sheet', () => {
  it('is one protocol, its control after it', () => {
    expect(sheetsOf(madeUp()).map((of) => [of.protocol, of.control])).toEqual([
      ['honest', false],
      ['honest', true],
      ['paper', false],
      ['released', false],
    ])
  })

  it('has each number with its interval, the reported one and the difference', () => {
    expect(honest!.rows[0]![2]).toEqual({
      ...{
        text: '61.0',
        under: ['[55.0, 67.0]', 'folds 61.1 ± 4.0', 'seeds 61.0 ± 1.0', 'paper 77.3', 'difference −16.3'],
        leaks: false,
        missing: false,
      },
    })
    expect(honest!.heads).toHaveLength(honest!.rows[0]!.length)
  })

  it('has the best baseline, and says on how many trials', () => {
    const { text, under } = honest!.rows[0]![4]!
    expect([text, ...under]).toEqual(['song-only label 58.0', 'model +3.0 [−2.0, 8.0]', 'on 30 of 40 trials'])
  })

  it('says why there is no number', () => {
    expect(honest!.rows[1]![2]).toMatchObject({ missing: true })
    expect(honest!.rows[1]![2]!.text).toContain('no data for')
    expect(honest!.rows[1]![5]!.text).toBe('not finished')
    expect(control!.rows[1]![2]!.text).toBe('not run')
  })

  it("has others' figures, for which nothing is run", () => {
    const made = madeUp()
    const quoted = { cells: ['SVM', ''], method: 'quoted', reported: { valence: { accuracy: 0.7043 } } } as const
    const grid = { ...made.grid, rows: [...made.grid.rows, { ...quoted, cells: [...quoted.cells] }] }
    expect(sheetsOf({ ...made, grid })[0]!.rows[2]![2]).toMatchObject({ text: 'quoted', under: ['paper 70.4'] })
  })

  it('marks every number of a protocol that leaks, and no other', () => {
    const numbers = released!.rows.flat().filter(({ text }) => /^\d|^song/.test(text))
    expect(numbers).toHaveLength(6)
    expect(numbers.every(({ leaks }) => leaks)).toBe(true)
    expect(honest!.rows.flat().some(({ leaks }) => leaks)).toBe(false)
    expect(released!.loud.join()).toContain('LEAKS')
  })

  it('says that intervals over few people are too narrow, and not of many', () => {
    const narrow = 'Intervals over 4 subjects are too narrow'
    expect(honest!.notes.join(' ')).toContain(narrow)
    const cells = madeUp().cells.map(({ judgement, ...cell }) => ({
      ...cell,
      ...(judgement && { judgement: { ...judgement, subjects: 10 } }),
    }))
    expect(sheetsOf(madeUp({ cells }))[0]!.notes.join(' ')).not.toContain('too narrow')
  })

  it('says loudly what is synthetic, a control, or not complete', () => {
    expect(control!.loud.join(' ')).toMatch(/SYNTHETIC.*NEGATIVE CONTROL.*12 of 14/)
    const [real] = sheetsOf(madeUp({ datasets: [], done: 14 }))
    expect(real!.loud).toEqual([])
  })
})

describe('the mark of significance', () => {
  const noteOf = (folds: number, holm: number, judgement = judged(0.7, folds)) => {
    const cells = madeUp().cells.map((cell) => (cell.judgement ? { ...cell, holm, judgement } : cell))
    return sheetsOf(madeUp({ cells }))[0]!
  }

  it("is not missed where the test's floor keeps it away", () => {
    const notes = noteOf(2, 0.5).notes.join(' ')
    expect(notes).toContain(
      "With 2 folds the exact Wilcoxon cannot go under .5, nor after Holm's correction of 1 under .5",
    )
    expect(notes).toContain('its absence says nothing')
  })

  it('stands at an accuracy, where it can be', () => {
    const sheet = noteOf(10, 0.002)
    expect(sheet.rows[0]![2]!.text).toBe('70.0*')
    expect(sheet.rows[0]![3]!.text).toBe('74.0')
    expect(sheet.notes.join(' ')).not.toContain('its absence says nothing')
  })

  it('does not stand where the model is behind in every fold', () => {
    const made = judged(0.4, 10)
    const baselines = made.baselines.map((of) => ({ ...of, wilcoxon: { ...of.wilcoxon!, w: 0 } }))
    expect(noteOf(10, 0.002, { ...made, baselines }).rows[0]![2]!.text).toBe('40.0')
  })
})
