import { describe, expect, it } from 'vitest'
import { fittedLines, textWidth } from '../../src/charts/text.ts'

/** Advances of DejaVu Sans (its `hmtx` table: units of 2,048 to an em). */
const DEJAVU = { a: 1255, e: 1260, i: 569, m: 1995, r: 842, t: 803, w: 1675, A: 1401, C: 1430, M: 1767, S: 1300, T: 1251, '%': 1946, ' ': 651, '+': 1716, '1': 1303, '-': 739 } // prettier-ignore

describe('the width of a text', () => {
  it('is that of DejaVu Sans, or a little more', () => {
    for (const [character, advance] of Object.entries(DEJAVU)) {
      const own = (100 * advance) / 2048
      expect(textWidth(character, 100), character).toBeGreaterThanOrEqual(own - 0.01)
      expect(textWidth(character, 100), character).toBeLessThan(1.4 * own)
    }
  })

  it('is a whole square of what the font does not have', () => {
    expect(textWidth('音楽', 10)).toBeCloseTo(21, 12)
  })
})

describe('a text in lines', () => {
  const width = textWidth('base + SCA + RNTA', 12)

  it('is broken between words, as few times as it must be', () => {
    expect(fittedLines('base + SCA + RNTA', width, 12, 2)).toEqual(['base + SCA + RNTA'])
    expect(fittedLines('base + SCA + RNTA, PMEmo, 457', width, 12, 2)).toEqual(['base + SCA +', 'RNTA, PMEmo, 457'])
  })

  it('is cut where there is no room for more, and every line fits', () => {
    const lines = fittedLines('other listeners said that the song is of this kind, and of that', width, 12, 2)
    expect(lines).toHaveLength(2)
    expect(lines[1]).toMatch(/\w…$/)
    for (const line of lines) expect(textWidth(line, 12)).toBeLessThanOrEqual(width)
  })

  it('cuts a word that is wider than a line', () => {
    const [line, ...more] = fittedLines('W'.repeat(40) + ' and more', width, 12, 2)
    expect(line).toMatch(/^W+…$/)
    expect(more).toEqual([])
  })
})
