import { describe, expect, it } from 'vitest'
import { forestFigures } from '../../../src/experiments/pages/figure_forest.ts'
import { lineName } from '../../../src/experiments/pages/figure_lines.ts'
import { subjectFigures } from '../../../src/experiments/pages/figure_subjects.ts'
import { texts } from '../../charts/marks.ts'
import { judged, madeUp } from './made_up.ts'

/** Where the axis puts a number. */
function place(svg: string, percent: number): number {
  const ticks = texts(svg).filter(({ text }) => /^\d+$/.test(text))
  const [first, last] = [ticks[0]!, ticks.at(-1)!]
  const perPercent = (last.x - first.x) / (Number(last.text) - Number(first.text))
  return first.x + (percent - Number(first.text)) * perPercent
}

/** One line of a table, judged so in valence. */
const single = (judgement = judged(0.7)) =>
  madeUp({ cells: [{ row: 1, dimension: 'valence', protocol: 'honest', control: false, judgement }] })

describe("a line's name", () => {
  it('is broken, and where that is not enough cut, with all of it for the pointer', () => {
    const name = 'Skin conductance with the mean rating of all other listeners, PMEmo, 457 subjects'
    const markup = lineName({ cells: [name] }, 100)
    const lines = texts(markup)
    expect(lines).toHaveLength(2)
    expect(lines[1]!.text).toMatch(/…$/)
    expect(markup).toContain(`<title>${name}</title>`)
  })

  it('is in the middle of its line', () => {
    expect(lineName({ cells: ['base'] }, 100)).toContain('y="104"')
  })
})

describe('a forest plot', () => {
  const [figure] = forestFigures(single())

  it('has the score and its interval where the axis says', () => {
    const circles = [...figure!.svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x))
    expect(circles.at(-1)).toBeCloseTo(place(figure!.svg, 70), 1)
    const [, from, to] = /d="M([\d.]+) 79H([\d.]+)"/.exec(figure!.svg)!
    expect(Number(from)).toBeCloseTo(place(figure!.svg, 64), 1)
    expect(Number(to)).toBeCloseTo(place(figure!.svg, 76), 1)
  })
})

describe('a picture of subjects', () => {
  const dotsIn = (svg: string): [number, number][] =>
    [...svg.matchAll(/d="((?:M[\d.]+ [\d.]+h0)+)"/g)]
      .flatMap(([, d]) => [...d!.matchAll(/M([\d.]+) ([\d.]+)h0/g)])
      .map(([, x, y]) => [Number(x), Number(y)] as [number, number])
      .slice(1) // the key's

  it('has a dot for each, where the axis says', () => {
    const [figure] = subjectFigures(single())
    const dots = dotsIn(figure!.svg)
    expect(dots).toHaveLength(4)
    for (const [i, percent] of [70, 72, 74, 76].entries())
      expect(dots[i]![0]).toBeCloseTo(place(figure!.svg, percent), 1)
    expect(figure!.svg).toContain(`M${place(figure!.svg, 73).toFixed(2).replace(/0+$/, '')} 64v30`)
  })

  it('piles up whoever is equally well known, within the line', () => {
    const bySubject = Array.from({ length: 200 }, (_, i) => ({ subject: `s${i}`, trials: 10, accuracy: 1, high: 0.5 }))
    const dots = dotsIn(subjectFigures(single({ ...judged(0.7), bySubject }))[0]!.svg)
    expect(new Set(dots.map(([x]) => x)).size).toBe(1)
    expect(dots).toHaveLength(200)
    for (const [, y] of dots) expect(Math.abs(y - 79)).toBeLessThanOrEqual(14)
  })

  it('is one for each column that has results', () => {
    expect(subjectFigures(madeUp()).map(({ name }) => name)).toEqual([
      'table8_subjects_honest_valence',
      'table8_subjects_honest_arousal',
      'table8_subjects_honest_control_valence',
      'table8_subjects_paper_valence',
      'table8_subjects_paper_arousal',
      'table8_subjects_released_valence',
      'table8_subjects_released_arousal',
    ])
  })
})
