// Pictures of maps: every mark where the numbers say.
import { describe, expect, it } from 'vitest'
import { clipAttentions, attentionSvg } from '../../../src/explain/pages/attention.ts'
import { columnsSvg } from '../../../src/explain/pages/columns.ts'
import { figuresOf, picturesOf } from '../../../src/explain/pages/drawn.ts'
import { fieldOf, meanRow, shrink } from '../../../src/explain/pages/means.ts'
import { readSpan } from '../../../src/explain/pages/time_span.ts'
import { elementNames, texts, vertices } from '../../charts/marks.ts'
import { maps, POINTS, run } from './made_up.ts'

const span = readSpan(3, 83)
const shown = { title: 'Trial t', span, names: run.signals, maps }
const drawn = picturesOf(shown)
const named = (name: string) => figuresOf(drawn).find((figure) => figure.name === name)!.svg

/** Pixels of a time, from the labels of the axis. */
function axis(svg: string, [a, b]: [string, string]): (time: number) => number {
  const at = (text: string): number => texts(svg).findLast((label) => label.text === text)!.x
  return (time) => at(a) + ((time - Number(a)) / (Number(b) - Number(a))) * (at(b) - at(a))
}

describe('means for drawing', () => {
  it('are of rectangles of nearly equal size, and leave a short axis as it is', () => {
    const field = fieldOf({ shape: [3, 5], data: Float32Array.from({ length: 15 }, (_, i) => i) })
    expect([...shrink(field, 1, 2).data]).toEqual([5.5, 8])
    expect(shrink(field, 9, 9)).toEqual(field)
    expect([...meanRow(field).data]).toEqual([5, 6, 7, 8, 9])
  })
})

describe('columns over the signals', () => {
  const svg = columnsSvg({
    ...{ title: 'a map', span, names: run.signals, signals: maps.signals!, map: maps.rnta_guided_grad_cam! },
  })

  it('stand where the map is, high as its size, coloured by its sign, on its own signal alone', () => {
    const time = axis(svg, ['10', '80'])
    const bars = [...svg.matchAll(/<path d="([^"]*)" fill="(#\w+)" fill-opacity="0.55"/g)].map(([, d, color]) => {
      const each = d!.split('z').slice(0, -1)
      const numbers = each.map((bar) => bar.match(/[\d.]+/g)!.map(Number))
      return { color, from: numbers[0]![0]!, to: numbers.at(-1)![0]! + numbers[0]![3]!, high: numbers[0]![2]! }
    })
    const [positive, negative] = bars
    expect(bars).toHaveLength(2)
    expect([positive!.color, negative!.color]).toEqual(['#4285d4', '#dd7a2b'])
    expect(negative!.from).toBeCloseTo(time(23), 0)
    expect(negative!.to).toBeCloseTo(time(33), 0)
    expect(positive!.from).toBeCloseTo(time(73), 0)
    expect(positive!.to).toBeCloseTo(time(83), 0)
    expect(negative!.high).toBeCloseTo(104, 0)
    expect(positive!.high).toBeCloseTo(52, 0)
    expect(svg).toContain('a full column is 4.00')
  })

  it('leave the first seconds, which are cut, out of the time of the curves', () => {
    const time = axis(svg, ['10', '80'])
    const curves = [...svg.matchAll(/<path d="(M[^"]*)" fill="none"/g)].map(([, d]) => vertices(d!))
    expect(curves).toHaveLength(3)
    for (const curve of curves) {
      expect(curve[0]![0]).toBeCloseTo(time(3), 0)
      expect(curve.at(-1)![0]).toBeCloseTo(time(83), 0)
    }
  })

  it('of a map that is 0 everywhere are none', () => {
    const none = { shape: [3, POINTS], data: new Float32Array(3 * POINTS) }
    const empty = columnsSvg({ title: 'none', span, names: run.signals, signals: maps.signals!, map: none })
    expect(empty).not.toMatch(/NaN|v-/)
    expect(empty).toContain('a full column is 0')
  })
})

describe('strips', () => {
  it('are one of a map of all signals and one a signal of others, with what 1 stands for', () => {
    const words = texts(named('strips')).map(({ text }) => text)
    expect(words).toEqual(
      expect.arrayContaining(['Grad-CAM of RNTA', 'Guided Grad-CAM of RNTA: phasic', 'Integrated gradients: tonic']),
    )
    expect(words.filter((text) => text.startsWith('1 is '))).toEqual([
      ...['1 is 0.999', '1 is 4.00', '1 is 4.00', '1 is 4.00', '1 is 0.500', '1 is 0.500', '1 is 0.500'],
    ])
    expect(words).toContain('Time (s)')
  })

  it('have a share of the trial in the place of seconds that are not known', () => {
    const words = figuresOf(picturesOf({ ...shown, span: readSpan(3, undefined) })).map(({ svg }) => svg)
    expect(words[0]).toContain('Share of what was read (%)')
    expect(words[0]).not.toContain('Time (s)')
  })
})

describe('attention maps', () => {
  it('are in the time of their clips', () => {
    const clips = clipAttentions(maps, span)
    expect(clips.map(({ span: { from, to } }) => [from, to].map((v) => v.toFixed(2)))).toEqual([
      ['3.00', '29.67'],
      ['29.67', '83.00'],
    ])
  })

  it('have at most 64 cells of each axis, queries from top to bottom', () => {
    const svg = attentionSvg('attention', 'a trial', clipAttentions(maps, span)[0]!)
    const cells = [...svg.matchAll(/M([\d.]+) ([\d.]+)h([\d.]+)v/g)].map((cell) => cell.slice(1).map(Number))
    const own = cells.filter(([, y]) => y! >= 96)
    // On the diagonal of a map of 80 x 80 a cell is darker or lighter, everything else is one colour: two or three runs a row.
    expect(new Set(own.map(([, y]) => y)).size).toBe(64)
    const [first, last] = [own.filter(([, y]) => y === 96), own.filter(([, y]) => y === 96 + 288 - 4.5)]
    expect(Math.min(...first.map(([, , width]) => width!))).toBeCloseTo(4.5, 1)
    expect(first.find(([, , width]) => width! < 5)![0]).toBe(52)
    expect(last.find(([, , width]) => width! < 5)![0]).toBeCloseTo(52 + 288 - 4.5, 1)
  })

  it('have a table of what is read, even weights being 1', () => {
    const [, second] = drawn.attention
    expect(second!.table.rows).toHaveLength(20)
    expect(second!.table.rows[0]).toEqual(['29.7 to 32.3', '2.000'])
    expect(second!.table.rows[19]).toEqual(['80.3 to 83.0', '0.000'])
  })
})

describe('gates', () => {
  it('are a row a clip, with each channel in the table', () => {
    expect(texts(named('gates')).map(({ text }) => text)).toEqual(
      expect.arrayContaining(['gate: 0.200', '0.650', 'clip 1', 'clip 2', 'Channel']),
    )
    const { heads, rows } = drawn.gates[0]!.table
    expect(heads).toEqual(['Channel', 'Clip 1', 'Clip 2'])
    expect(rows[4]).toEqual(['5', '0.6000', '0.6500'])
  })

  it('of a whole trial are not called those of a clip', () => {
    const whole = { ...maps, sca_gates: { shape: [1, 5], data: maps.sca_gates!.data.slice(0, 5) } }
    const { figure, table } = picturesOf({ ...shown, maps: whole }).gates[0]!
    expect(table.heads).toEqual(['Channel', 'All clips'])
    expect(figure.svg).not.toContain('clip 1')
  })
})

describe('all pictures', () => {
  it('are well-formed, named apart, and have as many numbers as they have series', () => {
    const figures = figuresOf(drawn)
    expect(new Set(figures.map(({ name }) => name)).size).toBe(figures.length)
    expect(figures.map(({ name }) => name)).toEqual([
      ...['columns_rnta_guided_grad_cam', 'columns_integrated_gradients', 'strips'],
      ...['attention_0', 'attention_1', 'gates'],
    ])
    for (const { svg } of figures) {
      expect(elementNames(svg)[0]).toBe('svg')
      expect(svg).not.toMatch(/NaN|undefined|Infinity/)
    }
    const [columns] = drawn.columns
    expect(columns!.table.heads).toHaveLength(7)
    expect(columns!.table.rows[5]).toEqual(['23.0 to 27.0', ...columns!.table.rows[5]!.slice(1, 4), '0', '−4.00', '0'])
  })

  it('of a network without attention and integrated gradients are those of the gradient', () => {
    const { signals, gradient } = maps
    const bare = picturesOf({ ...shown, maps: { signals: signals!, gradient: gradient! } })
    expect(figuresOf(bare).map(({ name }) => name)).toEqual(['columns_gradient', 'strips'])
  })

  it('keep a long name inside', () => {
    const long = picturesOf({ ...shown, title: 'x'.repeat(300) })
    const lengths = figuresOf(long).flatMap(({ svg }) => texts(svg).map(({ text }) => text.length))
    expect(Math.max(...lengths)).toBe(96)
  })
})
