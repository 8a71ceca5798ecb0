import { describe, expect, it } from 'vitest'
import { confusionSvg } from '../../src/report/confusion.ts'
import { curvesSvg } from '../../src/report/curves.ts'
import { foldAccuracySvg } from '../../src/report/fold_accuracy.ts'
import { sampleRun } from './summary.ts'
import { vertices, texts, elementNames } from '../charts/marks.ts'

describe('charts of a run', () => {
  const { results, pooled } = sampleRun()

  it('mark the kept epoch of each fold on both validation curves', () => {
    const chart = curvesSvg(results, 'all')
    expect(elementNames(chart).filter((name) => name === 'circle')).toHaveLength(4)
    const dots = [...chart.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x))
    const paths = [...chart.matchAll(/<path d="(M[^"]*L[^"]*)" fill="none"/g)]
    const lines = paths.map(([, path]) => vertices(path!))
    expect(lines).toHaveLength(6)
    expect(new Set(dots)).toEqual(new Set([lines[0]?.[1]?.[0]]))
    // Of each fold: training loss, validation loss, validation accuracy.
    const heights = [...chart.matchAll(/<circle cx="[\d.]+" cy="([\d.]+)"/g)].map(([, y]) => Number(y))
    expect(heights).toEqual([1, 2, 4, 5].map((line) => lines[line]![1]![1]))
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
    const axis = (text: string) => texts(chart).find((entry) => entry.text === text)!.x
    const expected = axis('0') + pooled.model.accuracy * (axis('100') - axis('0'))
    const circles = [...chart.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x))
    expect(circles).toHaveLength(4) // two folds, all, and the key
    for (const x of circles.slice(1)) expect(x).toBeCloseTo(expected, 1)
  })
})
