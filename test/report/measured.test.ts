// Charts measured like a reader does it: positions of what is drawn, by the ticks beside it, against the numbers it was drawn from.
import { describe, expect, it } from 'vitest'
import { barsSvg, rooflineSvg } from '../../bench/pages/roofline.ts'
import { growthSvg } from '../../bench/pages/cvxeda.ts'
import { calibrationSvg } from '../../src/report/calibration.ts'
import { confusionSvg } from '../../src/report/confusion.ts'
import { thumbnail } from '../../src/recording/contact_sheet.ts'
import { curvesSvg } from '../../src/report/curves.ts'
import { decompositionSvg } from '../../src/recording/picture.ts'
import { foldAccuracySvg } from '../../src/report/fold_accuracy.ts'
import { logScale } from '../../src/charts/log_scale.ts'
import { linearScale, palette } from '../../src/charts/svg.ts'
import { sampleRun } from './summary.ts'

interface Mark {
  name: string
  at: Record<string, string>
  text: string
}

/** Elements of a chart with their attributes, in the order in which they are drawn. */
const marksOf = (chart: string): Mark[] =>
  [...chart.matchAll(/<(\w+)((?: [\w:-]+="[^"]*")*)\/?>([^<]*)/g)].map(([, name, attributes, text]) => ({
    name: name!,
    at: Object.fromEntries([...attributes!.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!])),
    text: text!,
  }))

const number = (mark: Mark, name: string): number => Number(mark.at[name])
const points = (path: string): [number, number][] =>
  path
    .split(/[MLZ]/)
    .filter((part) => part !== '')
    .map((part) => part.split(' ').map(Number) as [number, number])

type Axis = 'x' | 'y'
/** The scale of an axis by two of its labels, taken among those that `beside` says are its own; `log`: of powers. */
function scaleOf(chart: string, axis: Axis, beside: (mark: Mark) => boolean, log = false): (pixel: number) => number {
  const labels = marksOf(chart)
    .filter((mark) => mark.name === 'text' && /^[\u2212\d.e+]+$/.test(mark.text) && beside(mark))
    .map((mark) => [number(mark, axis) - (axis === 'y' ? 4 : 0), Number(mark.text.replace('\u2212', '-'))] as const)
  expect(labels.length).toBeGreaterThan(1)
  const [[p0, v0], [p1, v1]] = [labels[0]!, labels.at(-1)!]
  const [low, high] = log ? [Math.log(v0), Math.log(v1)] : [v0, v1]
  return (pixel) => {
    const value = low + ((pixel - p0) / (p1 - p0)) * (high - low)
    return log ? Math.exp(value) : value
  }
}

/** Half a pixel of a scale, in its unit. */
const near = (scale: (pixel: number) => number): number => Math.abs(scale(0.5) - scale(0))

it('scales go from one end to the other', () => {
  const linear = linearScale(-2, 6, 100, 300)
  expect([-2, 0, 6].map((value) => linear.at(value))).toEqual([100, 150, 300])
  const log = logScale([2, 8, 50], 100, 300)
  expect([log.low, log.high]).toEqual([1, 100])
  expect([1, 10, 100].map((value) => log.at(value))).toEqual(
    [100, 200, 300].map((pixel) => expect.closeTo(pixel, 9) as number),
  )
})

describe('accuracies by fold', () => {
  const run = sampleRun()
  /** Of 20 trials of each fold, all high, so many are called rightly. */
  const hits = [
    { model: 6, majority: 11, svm: 15, song: 13, forest: 9 },
    { model: 18, majority: 4, svm: 8, song: 1, forest: 14 },
  ]
  const called = (right: boolean): number => (right ? 0.9 : 0.5)
  const results = hits.map((of, k) => ({
    ...run.results[k]!,
    predictions: Array.from({ length: 20 }, (_, i) => ({
      ...run.results[k]!.predictions[0]!,
      label: 1,
      probability: called(i < of.model),
      baselines: {
        ...{ majority: called(i < of.majority), svm: called(i < of.svm), forest: called(i < of.forest) },
        song: called(i < of.song),
      },
    })),
  }))
  const shares = hits.map((of) => Object.fromEntries(Object.entries(of).map(([name, n]) => [name, n / 20])))
  const all = Object.fromEntries(
    Object.keys(shares[0]!).map((name) => [name, (shares[0]![name]! + shares[1]![name]!) / 2]),
  )
  const accuracies = [...shares, all]
  const { judgement, ...others } = run.pooled
  const pooled = { ...others, judgement: { ...judgement, intervals: { accuracy: { low: 0.62, high: 0.81 } } } }
  const chart = foldAccuracySvg({ results, pooled })
  const marks = marksOf(chart)
  const percent = scaleOf(chart, 'x', (mark) => mark.at['text-anchor'] === 'middle')
  const rows = ['fold 0', 'fold 1', 'all'].map(
    (name) =>
      number(
        marks.find(({ text }) => text === name)!,
        'y',
      ) - 4,
  )
  /** Accuracies of marks of one shape, row by row. */
  const drawn = (places: [number, number][]): number[] =>
    rows.map((row) => percent(places.find(([, y]) => Math.abs(y - row) < 0.6)![0]))
  const pathsWith = (shape: RegExp): [number, number][] =>
    marks
      .filter(({ name, at }) => name === 'path' && shape.test(at['d']!))
      .map(({ at }) => /^M([-\d.]+) ([-\d.]+)/.exec(at['d']!)!.slice(1).map(Number) as [number, number])
  const expectPercent = (found: number[], name: string): void =>
    found.forEach((value, i) =>
      expect(Math.abs(value - 100 * accuracies[i]![name]!), `${name} of row ${i}`).toBeLessThan(near(percent)),
    )

  it('stand where the axis says, each in the row of its fold', () => {
    expectPercent(
      drawn(marks.filter(({ name }) => name === 'circle').map((mark) => [number(mark, 'cx'), number(mark, 'cy')])),
      'model',
    )
    expectPercent(drawn(pathsWith(/v16$/).map(([x, y]) => [x, y + 8])), 'majority')
    expectPercent(drawn(pathsWith(/h9v9h-9Z$/).map(([x, y]) => [x + 4.5, y + 4.5])), 'svm')
    expectPercent(drawn(pathsWith(/l6 10h-12Z$/).map(([x, y]) => [x, y + 6])), 'song')
    expectPercent(drawn(pathsWith(/l5 6l-5 6l-5 -6Z$/).map(([x, y]) => [x, y + 6])), 'forest')
  })

  it('leave out what says nothing, in the row and in the key', () => {
    const without = results.map((fold) => ({
      ...fold,
      predictions: fold.predictions.map((of) => ({ ...of, baselines: { majority: 1 } })),
    }))
    const texts = marksOf(foldAccuracySvg({ results: without, pooled })).map(({ text }) => text)
    expect(texts).toContain('majority class')
    expect(texts.join()).not.toMatch(/SVM|song|forest/)
  })

  it('have an interval as wide as its numbers, in the row of all', () => {
    const bars = marks.filter(({ at }) => /^M[-\d.]+ [-\d.]+H/.test(at['d'] ?? ''))
    expect(bars).toHaveLength(1)
    const [, low, y, high] = /^M([-\d.]+) ([-\d.]+)H([-\d.]+)$/.exec(bars[0]!.at['d']!)!.map(Number)
    expect(Math.abs(percent(low!) - 62)).toBeLessThan(near(percent))
    expect(Math.abs(percent(high!) - 81)).toBeLessThan(near(percent))
    expect(y).toBeCloseTo(rows[2]!, 0)
    expect(Number(bars[0]!.at['stroke-width'])).toBeGreaterThan(2)
    const { intervals: _, ...alone } = judgement
    const without = { ...others, judgement: alone }
    expect(
      marksOf(foldAccuracySvg({ results, pooled: without })).some(({ at }) => /^M[-\d.]+ [-\d.]+H/.test(at['d'] ?? '')),
    ).toBe(false)
  })
})

it('calibration has a dot for each bin that has trials, where its numbers are, as large as they are many', () => {
  const chart = calibrationSvg(sampleRun().pooled.judgement.calibration)
  const dots = marksOf(chart).filter(({ name }) => name === 'circle')
  const isTick = (anchor: string) => (mark: Mark) => mark.at['text-anchor'] === anchor && mark.text !== 'P(high) (%)'
  const [x, y] = [scaleOf(chart, 'x', isTick('middle')), scaleOf(chart, 'y', isTick('end'))]
  const places = dots.map((dot) => [x(number(dot, 'cx')), y(number(dot, 'cy'))])
  for (const [i, [score, high]] of [
    [20, 25],
    [81.2, 70],
  ].entries()) {
    expect(Math.abs(places[i]![0]! - score!)).toBeLessThan(near(x))
    expect(Math.abs(places[i]![1]! - high!)).toBeLessThan(near(y))
  }
  expect(places).toHaveLength(2)
  expect((number(dots[1]!, 'r') / number(dots[0]!, 'r')) ** 2).toBeCloseTo(3, 1)
})

describe('learning curves', () => {
  const folds = [
    {
      bestEpoch: 3,
      epochs: [
        [0.9, 0.8, 0.5],
        [0.7, 0.72, 0.55],
        [0.55, 0.61, 0.8],
        [0.3, 0.9, 0.45],
      ],
    },
    {
      bestEpoch: 1,
      epochs: [
        [0.8, 0.66, 0.7],
        [0.65, 0.7, 0.6],
      ],
    },
  ].map(({ bestEpoch, epochs }) => ({
    bestEpoch,
    epochs: epochs.map(([trainLoss, validationLoss, validationAccuracy], i) => ({
      epoch: i + 1,
      trainLoss: trainLoss!,
      validationLoss: validationLoss!,
      validationAccuracy: validationAccuracy!,
    })),
  }))
  const chart = curvesSvg(folds, 'all')
  const marks = marksOf(chart)
  const isLabel = (mark: Mark): boolean => mark.at['text-anchor'] === 'end'
  const middle = Math.max(...marks.filter(isLabel).map((mark) => number(mark, 'y'))) / 2 + 20
  const epoch = scaleOf(chart, 'x', (mark) => mark.at['text-anchor'] === 'middle')
  const loss = scaleOf(chart, 'y', (mark) => isLabel(mark) && number(mark, 'y') < middle)
  const accuracy = scaleOf(chart, 'y', (mark) => isLabel(mark) && number(mark, 'y') > middle)
  const curves = marks
    .filter(({ name, at }) => name === 'path' && at['fill'] === 'none')
    .map(({ at }) => ({ color: at['stroke'], places: points(at['d']!) }))

  it('pass through every epoch of every fold', () => {
    const expected = folds.flatMap(({ epochs }) => [
      { color: palette.blue, scale: loss, values: epochs.map((e) => e.trainLoss) },
      { color: palette.orange, scale: loss, values: epochs.map((e) => e.validationLoss) },
      { color: palette.orange, scale: accuracy, values: epochs.map((e) => 100 * e.validationAccuracy) },
    ])
    expect(curves).toHaveLength(expected.length)
    expected.forEach(({ color, scale, values }, i) => {
      expect(curves[i]!.color).toBe(color)
      expect(curves[i]!.places).toHaveLength(values.length)
      curves[i]!.places.forEach(([x, y], e) => {
        expect(Math.abs(epoch(x) - (e + 1))).toBeLessThan(near(epoch))
        expect(Math.abs(scale(y) - values[e]!)).toBeLessThan(near(scale))
      })
    })
  })

  it('have a dot at the epoch that was kept', () => {
    const dots = marks.filter(({ name }) => name === 'circle').map((mark) => [number(mark, 'cx'), number(mark, 'cy')])
    const kept = folds.flatMap(
      ({ bestEpoch, epochs }) =>
        [
          [loss, epochs[bestEpoch - 1]!.validationLoss],
          [accuracy, 100 * epochs[bestEpoch - 1]!.validationAccuracy],
        ] as const,
    )
    dots.forEach(([x, y], i) => {
      const [scale, value] = kept[i]!
      expect(Math.abs(epoch(x!) - folds[i >> 1]!.bestEpoch)).toBeLessThan(near(epoch))
      expect(Math.abs(scale(y!) - value)).toBeLessThan(near(scale))
    })
    expect(dots).toHaveLength(4)
  })
})

it('a confusion matrix has true classes as rows: counts, shares and shades', () => {
  const marks = marksOf(
    confusionSvg(
      [
        [30, 10],
        [5, 15],
      ],
      ['low', 'high'],
      'test',
    ),
  )
  const rects = marks.filter(({ name }) => name === 'rect')
  const place = (word: string, axis: Axis): number =>
    number(
      marks.find(({ text, at }) => text === word && at['text-anchor'] === (axis === 'x' ? 'middle' : 'end'))!,
      axis,
    )
  const cell = (truth: string, said: string) => {
    const rect = rects.find((one) => {
      const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) => number(one, name)) as [
        number,
        number,
        number,
        number,
      ]
      return (
        x < place(said, 'x') && place(said, 'x') < x + width && y < place(truth, 'y') && place(truth, 'y') < y + height
      )
    })!
    const inside = marks.filter(
      (mark) =>
        mark.name === 'text' &&
        number(mark, 'x') > number(rect, 'x') &&
        number(mark, 'x') < number(rect, 'x') + number(rect, 'width') &&
        number(mark, 'y') > number(rect, 'y') &&
        number(mark, 'y') < number(rect, 'y') + number(rect, 'height'),
    )
    return { texts: inside.map(({ text }) => text), shade: number(rect, 'fill-opacity'), fill: rect.at['fill'] }
  }
  expect(cell('low', 'low')).toEqual({ texts: ['30', '75.0 %'], shade: 0.39, fill: palette.blue })
  expect(cell('low', 'high')).toEqual({ texts: ['10', '25.0 %'], shade: 0.17, fill: palette.orange })
  expect(cell('high', 'low')).toEqual({ texts: ['5', '25.0 %'], shade: 0.17, fill: palette.orange })
  expect(cell('high', 'high')).toEqual({ texts: ['15', '75.0 %'], shade: 0.39, fill: palette.blue })
})

describe('a decomposition', () => {
  const time = Float64Array.from({ length: 120 }, (_, i) => i / 4)
  const series = {
    eda: time.map((t) => 5 + Math.sin(t / 2)),
    tonic: time.map((t) => 4.6 + t / 50),
    phasic: time.map((t) => 0.8 * Math.sin(t / 4) ** 2 - 0.1),
    driver: time.map((t) => 3 * Math.sin(t / 3) ** 4),
  }
  const chart = decompositionSvg({ time, ...series, unit: 'µS', title: 'one' })
  const marks = marksOf(chart)
  const titles = ['Skin conductance (µS)', 'Phasic (µS)', 'Tonic (µS)'].map((title) =>
    number(
      marks.find(({ text }) => text === title)!,
      'y',
    ),
  )
  const inPanel = (mark: Mark, panel: number): boolean =>
    number(mark, 'y') > titles[panel]! && number(mark, 'y') < (titles[panel + 1] ?? Infinity) - 20
  const left = (panel: number) =>
    scaleOf(
      chart,
      'y',
      (mark) => mark.at['text-anchor'] === 'end' && mark.at['font-size'] === '11' && inPanel(mark, panel),
    )
  const right = scaleOf(chart, 'y', (mark) => mark.at['fill'] === palette.orange && mark.at['font-size'] === '11')
  const seconds = scaleOf(chart, 'x', (mark) => mark.at['text-anchor'] === 'middle')
  const curves = marks
    .filter(({ name, at }) => name === 'path' && at['fill'] === 'none' && at['stroke-linejoin'] === 'round')
    .map(({ at }) => points(at['d']!))

  it.each([
    [0, 0, 'tonic'],
    [1, 0, 'eda'],
    [2, 1, 'phasic'],
    [3, 2, 'tonic'],
  ] as const)('curve %d lies in panel %d as %s', (curve, panel, name) => {
    const scale = left(panel)
    expect(curves[curve]).toHaveLength(120)
    curves[curve]!.forEach(([x, y], i) => {
      expect(Math.abs(seconds(x) - time[i]!)).toBeLessThan(near(seconds))
      expect(Math.abs(scale(y) - series[name][i]!)).toBeLessThan(2 * near(scale))
    })
  })

  it('has the driver as a surface over zero, by the axis at the right', () => {
    const [surface] = marks.filter(({ at }) => at['fill'] === palette.orange && at['d'] !== undefined)
    const outline = points(surface!.at['d']!)
    expect(Math.abs(right(outline[0]![1]))).toBeLessThan(near(right))
    expect(Math.abs(right(outline.at(-1)![1]))).toBeLessThan(near(right))
    outline.slice(1, -1).forEach(([x, y], i) => {
      expect(Math.abs(seconds(x) - time[i]!)).toBeLessThan(near(seconds))
      expect(Math.abs(right(y) - series.driver[i]!)).toBeLessThan(2 * near(right))
    })
  })
})

it('a thumbnail goes from the least to the largest value, in time, with a tick under each response', () => {
  const eda = Float64Array.from({ length: 60 }, (_, i) => 3 + Math.sin(i / 7))
  const [, signal, ticks] = marksOf(thumbnail(eda, eda, [10, 40]))
    .filter(({ name }) => name === 'path')
    .map(({ at }) => at['d']!)
  const [least, most] = [Math.min(...eda), Math.max(...eda)]
  const places = points(signal!)
  expect(places).toHaveLength(60)
  places.forEach(([x, y], i) => {
    expect(x).toBeCloseTo(1 + (i / 59) * 158, 0)
    expect(Math.abs(y - (40 - ((eda[i]! - least) / (most - least)) * 38))).toBeLessThan(0.06)
  })
  expect([...ticks!.matchAll(/M(\d+) (\d+)v4/g)].map(([, x]) => Number(x))).toEqual(
    [10, 40].map((i) => Math.round(1 + (i / 59) * 158)),
  )
})

describe('charts of a benchmark', () => {
  it('bars are as long as their values, filled up to their part', () => {
    const bars = [
      { name: 'a', value: 4, part: 1, text: '4' },
      { name: 'b', value: 2, text: '2' },
      { name: 'c', value: 8, part: 8, text: '8' },
    ]
    const rects = marksOf(barsSvg('bars', bars)).filter(({ name }) => name === 'rect')
    const full = number(rects[4]!, 'width')
    expect(rects.map((rect) => number(rect, 'width') / full).map((share) => Math.round(1000 * share) / 1000)).toEqual([
      0.5, 0.125, 0.25, 0.25, 1, 1,
    ])
    expect(rects.map((rect) => rect.at['fill-opacity'])).toEqual(['0.35', '1', '0.35', '1', '0.35', '1'])
    const half = marksOf(barsSvg('bars', bars, 16)).filter(({ name }) => name === 'rect')
    expect(number(half[4]!, 'width') / full).toBeCloseTo(0.5, 3)
  })

  it('points of a roofline stand at their intensity and rate', () => {
    const kernels = [
      { name: 'a', family: 'f', flops: 4000, bytes: 100, gflops: 60 },
      { name: 'b', family: 'g', flops: 30, bytes: 20, gflops: 3 },
    ]
    const chart = rooflineSvg({ gflops: 100, gbps: 10 }, kernels)
    const marks = marksOf(chart)
    const intensity = scaleOf(chart, 'x', (mark) => mark.at['text-anchor'] === 'middle', true)
    const rate = scaleOf(chart, 'y', (mark) => mark.at['text-anchor'] === 'end', true)
    const dots = marks.filter(({ name }) => name === 'circle')
    kernels.forEach(({ flops, bytes, gflops }, i) => {
      expect(intensity(number(dots[i]!, 'cx')) / (flops / bytes)).toBeCloseTo(1, 1.5)
      expect(rate(number(dots[i]!, 'cy')) / gflops).toBeCloseTo(1, 1.5)
    })
    const roof = points(marks.find(({ at }) => at['stroke'] === 'currentColor' && at['fill'] === 'none')!.at['d']!)
    expect(intensity(roof[1]![0])).toBeCloseTo(10, 0)
    expect(rate(roof[1]![1]) / 100).toBeCloseTo(1, 1.5)
    expect(rate(roof[0]![1]) / intensity(roof[0]![0]) / 10).toBeCloseTo(1, 1)
  })

  it('points of a growth stand at their size and time', () => {
    const measured = [
      [100, 2],
      [200, 3],
      [800, 40],
    ] as const
    const chart = growthSvg({
      caption: 'growth',
      size: 'n',
      time: 'ms',
      points: measured,
      fit: { factor: 0.02, exponent: 1 },
    })
    const [size, time] = [
      scaleOf(chart, 'x', (mark) => mark.at['text-anchor'] === 'middle', true),
      scaleOf(chart, 'y', (mark) => mark.at['text-anchor'] === 'end', true),
    ]
    const dots = marksOf(chart).filter(({ name }) => name === 'circle')
    measured.forEach(([n, ms], i) => {
      expect(size(number(dots[i]!, 'cx')) / n).toBeCloseTo(1, 1.5)
      expect(time(number(dots[i]!, 'cy')) / ms).toBeCloseTo(1, 1.5)
    })
    const line = points(marksOf(chart).find(({ at }) => at['stroke-dasharray'])!.at['d']!)
    expect(line.map(([x, y]) => time(y) / size(x))).toEqual([expect.closeTo(0.02, 3), expect.closeTo(0.02, 3)])
  })
})
