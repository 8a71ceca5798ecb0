import { describe, expect, it } from 'vitest'
import { heatField, heatKey } from '../../src/charts/heat.ts'
import { elementNames } from './marks.ts'

const box = { left: 10, top: 20, width: 100, height: 30 }

/** Rectangles of a field: [x, y, width, height] with their colours. */
const cells = (markup: string) =>
  [...markup.matchAll(/<path d="([^"]*)" fill="(#\w{6})"/g)].flatMap(([, path, color]) =>
    path!
      .split('z')
      .slice(0, -1)
      .map((cell) => ({
        color: color!,
        at: cell
          .match(/-?[\d.]+/g)!
          .slice(0, 4)
          .map(Number),
      })),
  )

/** Relative luminance, near enough. */
const lightness = (color: string): number => {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16))
  return 0.21 * r! + 0.72 * g! + 0.07 * b!
}

describe('a field of colour', () => {
  it('has a cell for each value, where it belongs, and joins equal neighbours of a row', () => {
    const field = heatField(box, { shape: [2, 3], data: [0, 1, 1, 0.5, 0, 0.5] }, { low: 0, high: 1 })
    const found = cells(field).map(({ at }) => at.join(' '))
    expect(found).toHaveLength(5)
    expect(found).toContain('10 20 33.33 15') // first row, first column
    expect(found).toContain('43.33 20 66.67 15') // the two ones beside it
    expect(found).toContain('76.67 35 33.33 15')
    expect(elementNames(field)).toContain('rect')
  })

  it('grows lighter with the value, step by step, so that lightness alone tells values apart', () => {
    const data = Array.from({ length: 40 }, (_, i) => i / 39)
    const steps = cells(heatField(box, { shape: [1, 40], data }, { low: 0, high: 1 }))
    expect(steps).toHaveLength(40)
    const light = steps.sort((a, b) => a.at[0]! - b.at[0]!).map(({ color }) => lightness(color))
    light.slice(1).forEach((value, i) => expect(value).toBeGreaterThan(light[i]!))
    expect(light.at(-1)! - light[0]!).toBeGreaterThan(150)
  })

  it('keeps what lies outside of its scale at its ends, and leaves out what is no number', () => {
    const found = cells(heatField(box, { shape: [1, 4], data: [-9, NaN, 0, 99] }, { low: 0, high: 1 }))
    expect(found.map(({ at }) => at[0])).toEqual([10, 60, 85])
    expect(found[0]!.color).toBe(found[1]!.color)
    expect(found[2]!.color).not.toBe(found[0]!.color)
  })

  it('has no seams: a cell ends where the next begins', () => {
    const data = Array.from({ length: 47 }, (_, i) => i % 5)
    const row = cells(heatField(box, { shape: [1, 47], data }, { low: 0, high: 4 })).sort((a, b) => a.at[0]! - b.at[0]!)
    row.slice(1).forEach(({ at }, i) => expect(row[i]!.at[0]! + row[i]!.at[2]!).toBeCloseTo(at[0]!, 6))
  })

  it('is one colour where all values are equal', () => {
    const found = cells(heatField(box, { shape: [1, 2], data: [3, 3] }, { low: 3, high: 3 }))
    expect(found.map(({ at }) => at)).toEqual([[10, 20, 100, 30]])
  })

  it('has a key with words at both ends', () => {
    const key = heatKey(12, 40, 'weight: 0', '0.5 & more')
    expect(key).toContain('weight: 0')
    expect(key).toContain('0.5 &#38; more')
    expect(cells(key)).toHaveLength(40)
  })
})
