// The figure of one person's ratings: where its marks and lines are, and what it says.
import { expect, it } from 'vitest'
import { palette } from '../../src/charts/svg.ts'
import { ratingChart, type RatingChart } from '../../src/evaluation/rating_chart.ts'
import { FormatError } from '../../src/runtime/errors.ts'
import { elementNames, texts } from '../charts/marks.ts'

// Clusters about (1, 5/3), one rating twice, and (8, 8); the thresholds are 4.5 and 29/6.
const ratings = [
  { valence: 9, arousal: 7 },
  { valence: 1, arousal: 1 },
  { valence: 1, arousal: 3 },
  { valence: 7, arousal: 9 },
  { valence: 1, arousal: 1 },
]
const drawn = (more: Partial<RatingChart> = {}): string =>
  ratingChart({ subject: 's<1>', dataset: 'study', ratings, scale: [0, 10], weak: [], ...more })

/** What stands at a place, in the units of the axes, in order of drawing. */
function placed(chart: string, [low, high]: [number, number]): { color: string; at: [number, number] }[] {
  const marks = [...chart.matchAll(/<(?:path|g)[^>]*? transform="translate\(([\d.]+) ([\d.]+)\)"[^>]*>/g)]
  const margin = 0.04 * (high - low)
  const unit = (pixels: number): number => low - margin + (pixels / 280) * (high - low + 2 * margin)
  const found = marks.map(([mark, x, y]) => ({
    color: /fill="(#\w+)"/.exec(mark)?.[1] ?? 'centre',
    at: [unit(Number(x) - 40), unit(96 + 280 - Number(y))] as [number, number],
  }))
  return found.filter(({ at: [, y] }) => y <= high)
}

const near = (x: number, y: number) => [expect.closeTo(x, 1), expect.closeTo(y, 1)] as [number, number]

it('has a mark for each rating in the colour of its cluster, both centres, and the thresholds', () => {
  const chart = drawn()
  expect(() => elementNames(chart)).not.toThrow()
  expect(placed(chart, [0, 10])).toEqual([
    { color: palette.orange, at: near(9, 7) },
    { color: palette.blue, at: near(1, 1) },
    { color: palette.blue, at: near(1, 3) },
    { color: palette.orange, at: near(7, 9) },
    { color: 'centre', at: near(1, 5 / 3) },
    { color: 'centre', at: near(8, 8) },
  ])
  const lines = [...chart.matchAll(/d="M([\d.]+) ([\d.]+)[vh]280"/g)].map(([, x, y]) => [Number(x), Number(y)])
  const scale = 280 / 10.8
  expect(lines).toEqual([
    [expect.closeTo(40 + 4.9 * scale, 1), 96],
    [40, expect.closeTo(376 - (29 / 6 + 0.4) * scale, 1)],
  ])
  const said = texts(chart).map(({ text }) => text)
  expect(said).toEqual(expect.arrayContaining(['s&#60;1&#62;, study: 5 ratings', 'Arousal', 'Valence', '4.50', '4.83']))
  expect(said).toContain('high is right of and above the lines')
})

it('draws a rating that was given twice with twice the area', () => {
  const radii = [...drawn().matchAll(/d="M-([\d.]+) 0a/g)].map(([, r]) => Number(r))
  // The first is that of the key.
  expect(radii).toEqual([4, expect.closeTo(4 * Math.SQRT2, 1), 4])
})

it('says which centres are close together', () => {
  const said = texts(drawn({ weak: ['arousal', 'valence'] })).map(({ text }) => text)
  expect(said).toContain('centres close together in arousal and valence')
  expect(said).not.toContain('high is right of and above the lines')
})

it('has one scale for both axes where none is given, and room for what stands beside them', () => {
  expect(placed(drawn({ scale: null }), [1, 9])[0]).toEqual({ color: palette.orange, at: near(9, 7) })
  const low = ratings.map(({ valence, arousal }) => ({ valence: valence / 10 - 100, arousal: arousal / 10 - 100 }))
  const chart = drawn({ ratings: low, scale: null })
  const width = Number(/width="(\d+)"/.exec(chart)![1])
  const threshold = texts(chart).find(({ x, text }) => x === 324 && text.startsWith('−'))!
  expect(threshold.text).toBe('−99.517')
  expect(threshold.x + 6.6 * threshold.text.length).toBeLessThan(width)
})

it('is none without two different ratings', () => {
  for (const of of [[], ratings.slice(0, 1), [ratings[1]!, ratings[4]!]]) {
    expect(() => drawn({ ratings: of })).toThrow(FormatError)
    expect(() => drawn({ ratings: of })).toThrow(
      `subject s<1> of study has ${of.length} ratings and no two that differ; there are no clusters to draw`,
    )
  }
})
