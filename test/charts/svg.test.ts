import { describe, expect, it } from 'vitest'
import { escapeMarkup, extent, linearScale, linePath, niceTicks, tickLabels } from '../../src/charts/svg.ts'
import { vertices } from './marks.ts'

describe('primitives', () => {
  it('puts ticks at round numbers', () => {
    expect(niceTicks(0, 1, 2)).toEqual([0, 0.5, 1])
    expect(niceTicks(-0.1, 1, 2)).toEqual([0, 0.5, 1])
    expect(niceTicks(-3.2, 41, 4)).toEqual([0, 10, 20, 30, 40])
    expect(niceTicks(1300, 1710, 4)).toEqual([1300, 1400, 1500, 1600, 1700])
    expect(niceTicks(0.013, 0.0171, 4)).toHaveLength(5)
    expect(niceTicks(5, 5, 4)).toEqual([5])
  })

  it('labels ticks with the decimals they need', () => {
    expect(tickLabels([-0.5, 0, 0.5])).toEqual(['\u22120.5', '0', '0.5'])
    expect(tickLabels([0.02, 0.025])).toEqual(['0.020', '0.025'])
    expect(tickLabels([100, 200])).toEqual(['100', '200'])
    expect(tickLabels([0, 2e7])).toEqual(['0', '2.0e+7'])
  })

  it('escapes markup and what XML forbids', () => {
    expect(escapeMarkup(`<b a="1" c='2'>&\u0000`)).toBe('&#60;b a=&#34;1&#34; c=&#39;2&#39;&#62;&#38;\ufffd')
  })

  it('finds the extent around gaps', () => {
    expect(extent([NaN, 3, -1], [Infinity, 2])).toEqual([-1, 3])
    expect(extent([2, 2])).toEqual([1.8, 2.2])
    expect(extent([NaN])).toEqual([0, 1])
  })
})

describe('linePath', () => {
  const unit = linearScale(0, 1, 0, 1)

  it('draws every sample where there is room', () => {
    expect(linePath([0, 1, 2], [5, 6, 7], unit, unit)).toBe('M0 5L1 6L2 7')
  })

  it('breaks at NaN', () => {
    expect(linePath([0, 1, 2, 3, 4], [1, 1, NaN, 2, 2], unit, unit)).toBe('M0 1L1 1M3 2L4 2')
    expect(linePath([0, 0.1, 0.2, 0.3], [1, NaN, NaN, 2], unit, unit)).toBe('M0 1M0.3 2')
  })

  it('keeps the extremes of a long recording in at most four points a pixel', () => {
    const samples = 100_000
    const pixels = 200
    const x = Float64Array.from({ length: samples }, (_, i) => i)
    const y = Float32Array.from(x, (i) => Math.sin(i / 3000))
    y[51_234] = 40
    y[77_777] = -40
    const points = vertices(linePath(x, y, linearScale(0, samples, 0, pixels), unit))
    expect(points.length).toBeLessThanOrEqual(4 * pixels)
    expect(points.length).toBeGreaterThanOrEqual(pixels)
    const heights = points.map(([, height]) => height!)
    expect([Math.min(...heights), Math.max(...heights)]).toEqual([-40, 40])
    expect(points.map(([at]) => at!)).toEqual(points.map(([at]) => at!).sort((a, b) => a - b))
  })
})
