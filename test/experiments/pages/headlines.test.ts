import { describe, expect, it } from 'vitest'
import type { Cell } from '../../../src/experiments/collected.ts'
import { headlinesOf, rowName } from '../../../src/experiments/pages/headlines.ts'
import { judged, madeUp } from './made_up.ts'

const NAMES = ['base', 'base + SCA', 'base + RNTA']

/** What is said of lines with these accuracies in valence. */
function said(accuracies: readonly number[], of: { control?: boolean; leaks?: boolean } = {}): string[] {
  const { control = false, leaks = false } = of
  const made = madeUp()
  const grid = { ...made.grid, rows: NAMES.map((name) => ({ cells: [name, ''] })) }
  const cells = accuracies.map((accuracy, row): Cell => {
    const judgement = judged(accuracy)
    return { row, dimension: 'valence', protocol: 'honest', control, judgement }
  })
  return headlinesOf({ ...made, grid }, cells, { control, leaks })
}

describe('what came out of a table', () => {
  it('is the highest score with its interval, and what the others may reach', () => {
    expect(said([0.6, 0.72, 0.5])).toEqual([
      'Valence: the highest accuracy of 3 lines is 72.0 % [66.0, 78.0], that of "base + SCA"; the intervals of 1 of the other 2 reach into its own. ' +
        'Its best baseline is song-only label with 58.0 %; on the same trials the difference is +14.0 [9.0, 19.0]. ' +
        'Verdict: ahead of song-only label: to be treated as a leak until shown otherwise.',
    ])
  })

  it('names all that share it', () => {
    expect(said([0.7, 0.6, 0.7])[0]).toContain('that of "base", "base + RNTA"; the intervals of 1 of the other 1 reach')
    expect(said([0.7, 0.7])[0]).toContain('that of "base", "base + SCA". Its best')
  })

  it('is a single line alone, and chance where it is no more', () => {
    expect(said([0.56])[0]).toMatch(/^Valence: "base" has accuracy 56\.0 % .*Verdict: no better than chance\.$/)
  })

  it('says that a protocol leaks, and does not take its lead for news', () => {
    const [text] = said([0.6, 0.7], { leaks: true })
    expect(text).toContain('under a protocol that leaks')
    expect(text).toMatch(/Verdict: ahead of song-only label\.$/)
  })

  it('counts the controls that are at chance', () => {
    expect(said([0.5, 0.7, 0.51], { control: true })).toEqual([
      '2 of 3 controls are at chance: the interval of balanced accuracy holds a half.',
    ])
  })

  it('is nothing where nothing is done', () => {
    expect([...said([]), ...said([], { control: true }), ...said([NaN])]).toEqual([])
  })
})

it('names a line by its cells that say something', () => {
  expect(rowName({ cells: ['SVM', '', 'music'] })).toBe('SVM, music')
})
