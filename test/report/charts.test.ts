import { describe, expect, it } from 'vitest'
import { contactSheet, thumbnail } from '../../src/recording/contact_sheet.ts'
import { confusionSvg } from '../../src/report/confusion.ts'
import { curvesSvg } from '../../src/report/curves.ts'
import { decompositionSvg } from '../../src/recording/picture.ts'
import { foldAccuracySvg } from '../../src/report/fold_accuracy.ts'
import { escapeMarkup, extent, linearScale, linePath, niceTicks, tickLabels } from '../../src/charts/svg.ts'
import { scrEvents } from '../../src/recording/responses.ts'
import { elementNames, sampleRun } from './summary.ts'

/** Vertices [x, y] of path data. */
const vertices = (path: string): number[][] =>
  path
    .split(/[ML]/)
    .slice(1)
    .map((point) => point.split(' ').map(Number))

/** Texts of a chart with their positions. */
const texts = (chart: string): { x: number; y: number; text: string }[] =>
  [...chart.matchAll(/<text x="([-\d.]+)" y="([-\d.]+)"[^>]*>([^<]*)</g)].map(([, x, y, text]) => ({
    x: Number(x),
    y: Number(y),
    text: text as string,
  }))

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
    const heights = points.map(([, height]) => height as number)
    expect([Math.min(...heights), Math.max(...heights)]).toEqual([-40, 40])
    expect(points.map(([at]) => at as number)).toEqual(points.map(([at]) => at as number).sort((a, b) => a - b))
  })
})

describe('decompositionSvg', () => {
  const time = Float64Array.from({ length: 400 }, (_, i) => i / 4)
  const chart = (title = 'subject 3, song 9') =>
    decompositionSvg({
      time,
      title,
      unit: 'µS',
      eda: time.map((t) => 5 + Math.sin(t / 9)),
      phasic: time.map((t) => 0.4 * Math.sin(t / 5) ** 2 - 0.05),
      tonic: time.map(() => 5),
      driver: time.map((_, i) => (i % 50 === 7 ? 2 : 0)),
    })

  it('has three titled panels over one time axis', () => {
    const names = texts(chart()).map(({ text }) => text)
    expect(names).toEqual(
      expect.arrayContaining([
        'subject 3, song 9',
        'Skin conductance (µS)',
        'Phasic (µS)',
        'Driver (µS/s)',
        'Tonic (µS)',
        'Time (s)',
      ]),
    )
    expect(elementNames(chart())[0]).toBe('svg')
  })

  it('puts zero of phasic part and driver at one height', () => {
    const zeros = texts(chart()).filter(({ text, y }) => text === '0' && y > 250 && y < 400)
    expect(zeros).toHaveLength(2)
    expect(zeros[0]?.y).toBeCloseTo(zeros[1]?.y as number, 1)
    expect((zeros[1]?.x as number) - (zeros[0]?.x as number)).toBeGreaterThan(800)
  })

  it('stays small for a long recording', () => {
    const long = Float64Array.from({ length: 200_000 }, (_, i) => i / 128)
    const noise = long.map((t) => Math.sin(t * 1e4))
    const series = { eda: noise, phasic: noise, tonic: noise, driver: noise }
    const large = decompositionSvg({ time: long, ...series, unit: 'µS', title: '' })
    expect(large.length).toBeLessThan(300_000)
  })

  it('draws series without a finite value, and escapes its title', () => {
    const gaps = time.map(() => NaN)
    const empty = { eda: gaps, phasic: gaps, tonic: gaps, driver: gaps }
    expect(decompositionSvg({ time, ...empty, unit: '', title: '' })).not.toContain('NaN')
    expect(elementNames(chart('<script>"&'))).not.toContain('script')
  })
})

describe('the responses on it', () => {
  const sampleRate = 4
  const time = Float64Array.from({ length: 400 }, (_, i) => i / sampleRate)
  const phasic = time.map((t) => Math.max(0, Math.sin(t / 5)) ** 2)
  const flat = time.map(() => 1)
  const events = scrEvents({ phasic, driver: flat, sampleRate })
  const draw = (more: object = {}) =>
    decompositionSvg({ time, eda: phasic, phasic, tonic: flat, driver: flat, unit: 'µS', title: '', events, ...more })
  /** Points of the path whose every point is drawn as `shape`, without the key's. */
  const marks = (chart: string, shape: string): number[][] => {
    const path =
      [...chart.matchAll(/<path d="([^"]*)"/g)].map(([, d]) => d as string).find((d) => d.endsWith(shape)) ?? ''
    return path
      .split(shape)
      .slice(0, -2)
      .map((point) => point.slice(1).split(' ').map(Number))
  }
  const SHAPES = { onset: 'm0 -3v8', peak: 'h0', recovery: 'm-3.5 0l3.5 -3.5l3.5 3.5l-3.5 3.5z' } as const

  it.each(['onset', 'peak', 'recovery'] as const)('have their marks at the %s, on the curve', (field) => {
    expect(events).toHaveLength(3)
    const chart = draw()
    const axis = texts(chart)
    const at = (text: string, beside: (entry: { x: number; y: number }) => boolean) =>
      axis.find((entry) => entry.text === text && beside(entry)) as { x: number; y: number }
    const [start, end] = ['0', '80'].map((text) => at(text, ({ y }) => y > 500).x) as [number, number]
    const phasicPanel = ({ x, y }: { x: number; y: number }) => x < 100 && y > 250 && y < 420
    const [low, high] = [
      at('0', phasicPanel).y,
      axis.find((entry) => phasicPanel(entry) && entry.text === '0.8')?.y as number,
    ]
    marks(chart, SHAPES[field]).forEach(([x, y], i) => {
      const sample = (events[i] as (typeof events)[number])[field]
      expect(x).toBeCloseTo(start + ((time[sample] as number) / 80) * (end - start), 1)
      expect(y).toBeCloseTo(low - 4 + ((phasic[sample] as number) / 0.8) * (high - low), 1)
    })
    expect(marks(chart, SHAPES[field])).toHaveLength(3)
  })

  it('leave out a half recovery that was not reached, and the key if there is no response', () => {
    const unfinished = events.map((event, i) => (i === 1 ? { ...event, recovery: NaN, recoveryTime: NaN } : event))
    const chart = draw({ events: unfinished })
    expect(marks(chart, SHAPES.recovery)).toHaveLength(2)
    expect(chart).not.toContain('NaN')
    expect(texts(chart).map(({ text }) => text)).toEqual(expect.arrayContaining(['onset', 'peak', 'half recovery']))
    expect(texts(draw({ events: [] })).map(({ text }) => text)).not.toContain('peak')
  })

  it('stand beside shaded flaws of the signal, to its very end', () => {
    const flaws = [
      { flaw: 'missing', start: 40, end: 80 },
      { flaw: 'flat', start: 390, end: 400 },
    ] as const
    const chart = draw({ eda: phasic.map((v, i) => (i >= 40 && i < 80 ? NaN : v)), flaws })
    expect(chart).not.toContain('NaN')
    expect(texts(chart).map(({ text }) => text)).toEqual(expect.arrayContaining(['missing', 'flat']))
    const widths = [...chart.matchAll(/<rect x="([\d.]+)" y="84" width="([\d.]+)"/g)].map(([, x, width]) => [
      Number(x),
      Number(width),
    ])
    const perSample = (960 - 128) / 399
    expect(widths).toEqual([
      [expect.closeTo(64 + 40 * perSample, 1), expect.closeTo(40 * perSample, 1)],
      [expect.closeTo(64 + 390 * perSample, 1), expect.closeTo(9 * perSample, 1)],
    ])
  })
})

describe('the contact sheet', () => {
  const wave = Float64Array.from({ length: 50_000 }, (_, i) =>
    i > 20_000 && i < 21_000 ? NaN : Math.sin(i / 900) + 0.1 * Math.sin(i * 7),
  )

  it('has a thumbnail of a few kilobytes, with a gap and a tick for each response', () => {
    const picture = thumbnail(
      wave,
      wave.map(() => -50),
      [100, 25_000, 49_999],
    )
    expect(picture.length).toBeLessThan(8_000)
    expect(picture).not.toContain('NaN')
    const [tonic, signal, ticks] = [...picture.matchAll(/<path d="([^"]*)"/g)].map(([, d]) => d as string)
    expect(signal?.match(/M/g)).toHaveLength(2)
    expect(ticks?.match(/M/g)).toHaveLength(3)
    for (const points of [tonic, signal]) {
      for (const [x, y] of vertices(points as string)) {
        expect(x).toBeGreaterThanOrEqual(1)
        expect(x).toBeLessThanOrEqual(159)
        expect(y).toBeGreaterThanOrEqual(1)
        expect(y).toBeLessThanOrEqual(41)
      }
    }
    const heights = vertices(signal as string).map(([, y]) => y as number)
    expect([Math.min(...heights), Math.max(...heights)]).toEqual([2, 40])
  })

  it('lists entries as given, with links that work and nothing of their names as markup', () => {
    const page = contactSheet('a <study>', [
      {
        name: 'b #1?',
        status: 'solved',
        notes: [],
        facts: ['level 3 µS', '2 responses'],
        picture: thumbnail([1, 2], [1, 1], []),
        link: 'b #1?.svg',
      },
      { name: '<script>', status: 'refused', notes: ['x.csv: "5 s" missing'] },
    ])
    expect(page).toContain('2 recordings: 1 solved, 1 refused')
    expect(page).toContain('href="b%20%231%3F.svg"')
    expect(page).not.toMatch(/<script|<study/)
    expect(page).toContain('level 3 µS, 2 responses')
    expect(page.indexOf('b #1?')).toBeLessThan(page.indexOf('x.csv:'))
    expect(page.match(/<li>/g)).toHaveLength(2)
    expect(page).not.toMatch(/src=|https?:\/\/(?!www.w3.org)/)
  })

  it('stays light for a thousand recordings', () => {
    const picture = thumbnail(wave, wave, [5])
    const entries = Array.from({ length: 1000 }, (_, i) => ({
      name: `r${i}`,
      status: 'solved',
      notes: [],
      picture,
      link: `r${i}.svg`,
    }))
    expect(contactSheet('all', entries).length).toBeLessThan(8e6)
  })
})

describe('charts of a run', () => {
  const { results, pooled } = sampleRun()

  it('mark the kept epoch of each fold on both validation curves', () => {
    const chart = curvesSvg(results, 'all')
    expect(elementNames(chart).filter((name) => name === 'circle')).toHaveLength(4)
    const dots = [...chart.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x))
    const paths = [...chart.matchAll(/<path d="(M[^"]*L[^"]*)" fill="none"/g)]
    const lines = paths.map(([, path]) => vertices(path as string))
    expect(lines).toHaveLength(6)
    expect(new Set(dots)).toEqual(new Set([lines[0]?.[1]?.[0]]))
  })

  it('do without validation', () => {
    const chart = curvesSvg([{ epochs: [{ epoch: 1, trainLoss: 0.7 }], bestEpoch: 1 }], 'one')
    expect(elementNames(chart)).not.toContain('circle')
    expect(chart).not.toContain('NaN')
  })

  it('write counts and row shares into the confusion matrix', () => {
    const chart = confusionSvg(
      [
        [3, 1],
        [0, 0],
      ],
      ['low', 'high'],
      'test',
    )
    const cells = texts(chart).map(({ text }) => text)
    expect(cells).toEqual([
      'predicted',
      'true',
      'low',
      'low',
      'high',
      'high',
      '3',
      '75.0 %',
      '1',
      '25.0 %',
      '0',
      'none',
      '0',
      'none',
    ])
    expect(elementNames(chart)).toContain('rect')
  })

  it('put accuracies where the axis says', () => {
    const chart = foldAccuracySvg({ results, pooled })
    const axis = (text: string) => texts(chart).find((entry) => entry.text === text)?.x as number
    const expected = axis('0') + pooled.model.accuracy * (axis('100') - axis('0'))
    const circles = [...chart.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x))
    expect(circles).toHaveLength(4) // two folds, all, and the key
    for (const x of circles.slice(1)) expect(x).toBeCloseTo(expected, 1)
  })
})
