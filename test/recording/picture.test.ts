import { describe, expect, it } from 'vitest'
import { decompositionSvg } from '../../src/recording/picture.ts'
import { scrEvents } from '../../src/recording/responses.ts'
import { texts, elementNames } from '../charts/marks.ts'

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
    expect(zeros[0]?.y).toBeCloseTo(zeros[1]!.y, 1)
    expect(zeros[1]!.x - zeros[0]!.x).toBeGreaterThan(800)
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
  /** They rise for more than 5 s; that does not matter here. */
  const events = scrEvents({ phasic, driver: flat, sampleRate }).map((event) => ({ ...event, doubt: '' as const }))
  const draw = (more: object = {}) =>
    decompositionSvg({ time, eda: phasic, phasic, tonic: flat, driver: flat, unit: 'µS', title: '', events, ...more })
  /** Points of the path whose every point is drawn as `shape`, without the key's. */
  const marks = (chart: string, shape: string): number[][] => {
    const path = [...chart.matchAll(/<path d="([^"]*)"/g)].map(([, d]) => d!).find((d) => d.endsWith(shape)) ?? ''
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
    const [low, high] = [at('0', phasicPanel).y, axis.find((entry) => phasicPanel(entry) && entry.text === '0.8')!.y]
    marks(chart, SHAPES[field]).forEach(([x, y], i) => {
      const sample = events[i]![field]
      expect(x).toBeCloseTo(start + (time[sample]! / 80) * (end - start), 1)
      expect(y).toBeCloseTo(low - 4 + (phasic[sample]! / 0.8) * (high - low), 1)
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

  it('are crossed where they are in doubt, and have no other mark', () => {
    const doubted = events.map((event, i) => (i === 1 ? { ...event, doubt: 'slow rise' as const } : event))
    const cross = 'm-3 -3l6 6m0 -6l-6 6'
    const chart = draw({ events: doubted })
    expect([marks(chart, SHAPES.peak).length, marks(chart, cross).length]).toEqual([2, 1])
    expect(texts(chart).map(({ text }) => text)).toContain('in doubt')
    expect(marks(chart, cross)[0]).toEqual(marks(draw(), SHAPES.peak)[1])
    expect(texts(draw()).map(({ text }) => text)).not.toContain('in doubt')
  })

  it('stand beside shaded flaws of the signal, to its very end', () => {
    const flaws = [
      { flaw: 'missing', start: 40, end: 80 },
      { flaw: 'fast', start: 390, end: 400 },
    ] as const
    const chart = draw({ eda: phasic.map((v, i) => (i >= 40 && i < 80 ? NaN : v)), flaws })
    expect(chart).not.toContain('NaN')
    expect(texts(chart).map(({ text }) => text)).toEqual(expect.arrayContaining(['missing', 'too fast']))
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
