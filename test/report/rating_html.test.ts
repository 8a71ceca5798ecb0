// The page of a run of ratings, of made-up numbers of which each is another.
import { describe, expect, it } from 'vitest'
import type { BesideRatings } from '../../src/evaluation/rating_judgement.ts'
import { RATING_SCORES, type RatingScores } from '../../src/evaluation/rating_scores.ts'
import { curvesSvg } from '../../src/report/curves.ts'
import { ratingReport } from '../../src/report/rating_html.ts'
import { ratingScatterSvg } from '../../src/report/rating_scatter.ts'
import type { RatingFoldResult, RatingRunSummary } from '../../src/train/rating_summary.ts'
import { resolveRun } from '../../src/train/defaults.ts'
import { sampleRun } from './summary.ts'

const scoresOf = (by: number): RatingScores => ({
  ...{ mae: 1.125 + by, rmse: 1.375 + by, r2: 0.25 - by, r: 0.625 - by, ccc: 0.5 - by },
})

const beside = (name: BesideRatings['name'], by: number): BesideRatings => ({
  ...{ name, trials: 16, scores: scoresOf(by) },
  difference: Object.fromEntries(
    RATING_SCORES.map((score) => [score, { mean: -by, low: -by - 0.01, high: -by + 0.02 }]),
  ) as BesideRatings['difference'],
})

function ratedRun(): RatingRunSummary {
  const { results, pooled: _, subjects: __, ...facts } = sampleRun()
  const folds = results.map(({ predictions, model: ___, ...fold }): RatingFoldResult => ({
    ...fold,
    epochs: fold.epochs.map(({ validationAccuracy: ____, ...epoch }) => epoch),
    scale: { mean: 4.75, deviation: 1.5 },
    predictions: predictions.map(({ trial, subject, stimulus }, i) => ({
      ...{ trial, subject, stimulus, rating: 1 + i, said: 4 + i / 4, baselines: { mean: 4.75 } },
    })),
    model: scoresOf(0.0625),
  }))
  return {
    ...facts,
    ...{ labels: 'rating', config: resolveRun({ target: 'rating' }, { musicDim: 0 }), results: folds },
    pooled: {
      judgement: {
        ...{ trials: 16, subjects: 4, folds: 2, seeds: [17], scores: scoresOf(0) },
        intervals: { r: { low: 0.125, high: 0.875 }, rmse: { low: 1.1, high: 1.9 } },
        overFolds: { rmse: { mean: 1.4, sd: 0.25 } },
        baselines: [beside('mean', 0.5), beside('ridge', 0.25)],
        permutation: 0.0125,
        bySubject: ['anna0', 'anna1', 'ben0', 'ben1'].map((subject, i) => ({
          ...{ subject, trials: 4, rating: 4 + i / 8, mae: 1 + i / 8, r: i === 0 ? NaN : 0.2 * i },
        })),
      },
    },
  }
}

const visible = (run: RatingRunSummary): string =>
  ratingReport(run)
    .replaceAll(/<style>[^]*?<\/style>/g, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')

describe('the page of a run of ratings', () => {
  it('says what was reached, and how sure it is', () => {
    const text = visible(ratedRun())
    expect(text).toContain(
      'Predictions correlate with ratings by r = 0.625 (95 % interval 0.125 to 0.875) in 16 trials',
    )
    expect(text).toContain('The root mean square error is 1.375; of the mean of the training ratings it is 1.875.')
    expect(text).toContain('The whole interval of r lies above 0.')
    expect(text).toContain('Its error is less than that of the strongest baseline, ridge regression')
    expect(text).toContain('Ratings shuffled within each person correlate as much with p = 0.013.')
    expect(text).not.toMatch(/NaN|undefined|ccuracy/)
  })

  it.each([
    [{ low: -0.1, high: 0.4 }, 'The interval of r includes 0: this run does not show'],
    [{ low: -0.4, high: -0.1 }, 'The whole interval of r lies below 0.'],
  ])('says what an interval of %j means', (r, says) => {
    const run = ratedRun()
    run.pooled.judgement.intervals = { r }
    expect(visible(run)).toContain(says)
  })

  it('says that the model is no better than a baseline', () => {
    const run = ratedRun()
    run.pooled.judgement.baselines.push(beside('forest', -0.25))
    expect(visible(run)).toContain('Its error is no less than that of the strongest baseline, random forest on EDA')
    run.pooled.judgement.baselines[2] = beside('forest', 0.005)
    expect(visible(run)).toContain('Its error is not shown to be less than that of the strongest baseline')
  })

  it('has every person, fold and prediction', () => {
    const text = visible(ratedRun())
    expect(text).toContain('anna1 4 4.125 1.125 0.200')
    expect(text).toContain('anna0 4 4.000 1.000 –')
    expect(text).toContain('0 2 40 / 8 / 8 2 of 3 4.750 ± 1.500 1.188 1.438')
    expect(text).toContain('t0-3 anna0 song3 4.000 4.750 +0.750')
    expect(text).toContain('t0-7 ben0 song7 8.000 5.750 −2.250')
  })
})

describe('ratings and predictions', () => {
  const dots = [
    { rating: 1, said: 2 },
    { rating: 3, said: 2 },
  ]
  const centres = (svg: string): number[][] =>
    [...svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)])

  it('lie on one scale, with the line on which both are one', () => {
    const svg = ratingScatterSvg(dots, 'All')
    const [[x, y], [other, same]] = centres(svg) as [number[], number[]]
    expect(y).toBe(same)
    // 2 lies midway between 1 and 3, up as well as across.
    const line = /d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)" stroke="[^"]+" stroke-dasharray/
      .exec(svg)!
      .slice(1)
      .map(Number)
    const [left, bottom, right, top] = line as [number, number, number, number]
    expect((x! + other!) / 2).toBeCloseTo((left + right) / 2, 1)
    expect(y).toBeCloseTo((bottom + top) / 2, 1)
  })

  it('of one person are drawn on the axes of all', () => {
    const wide = [...dots, { rating: 9, said: 9 }]
    const own = centres(ratingScatterSvg(dots, 'One', { range: wide, small: true }))
    const all = centres(ratingScatterSvg(wide, 'All', { small: true }))
    expect(own).toEqual(all.slice(0, 2))
    expect(centres(ratingScatterSvg([{ rating: 5, said: 5 }], 'One'))[0]!.every(Number.isFinite)).toBe(true)
  })
})

it('curves without accuracies show the losses alone', () => {
  const [fold] = ratedRun().results
  const svg = curvesSvg([fold!], 'Fold', false)
  expect(svg).toContain('Epoch')
  expect(svg).not.toMatch(/ccuracy|NaN/)
})
