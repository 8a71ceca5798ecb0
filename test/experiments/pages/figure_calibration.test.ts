import { expect, it } from 'vitest'
import { calibrationFigures } from '../../../src/experiments/pages/figure_calibration.ts'
import { judged, madeUp } from './made_up.ts'

it('is a figure of each line that has a result, and none of a control', () => {
  expect(calibrationFigures(madeUp()).map(({ name }) => name)).toEqual(
    ['honest', 'paper', 'released'].flatMap((protocol) =>
      ['valence', 'arousal'].map((dimension) => `table8_calibration_${protocol}_${dimension}_1`),
    ),
  )
})

it('puts mean scores against shares that are high, and leaves out what no trial scores', () => {
  const [figure] = calibrationFigures(madeUp())
  const discs = [...figure!.svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map((match) => match.slice(1).map(Number)) // prettier-ignore
  // The diagonal goes from nothing to all.
  const [left, bottom, right, top] = /d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)" stroke="currentColor"/.exec(figure!.svg)!.slice(1).map(Number) // prettier-ignore
  const filled = judged(0.61).calibration.filter(({ trials }) => trials > 0)
  expect(discs).toHaveLength(filled.length)
  for (const [i, { score, high }] of filled.entries()) {
    expect(discs[i]![0]).toBeCloseTo(left! + score * (right! - left!), 1)
    expect(discs[i]![1]).toBeCloseTo(bottom! + high * (top! - bottom!), 1)
  }
})
