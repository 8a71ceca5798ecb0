// Made-up results of an experiment that agree with one another: for tests of what is drawn of them.
import type { BesideBaseline, Judgement, TwoClassScores } from '../../../src/evaluation/judgement.ts'
import type { Cell, Collected } from '../../../src/experiments/collected.ts'
import { PROTOCOLS } from '../../../src/experiments/grid.ts'

/** A text that breaks every format in which it is not escaped. */
export const HOSTILE = '<script>alert("x")</script> a|b & 100_% #1 {c} ~^\\ $5, "q"'

function scoresOf(accuracy: number): TwoClassScores {
  const around = { accuracy, balancedAccuracy: accuracy - 0.01, f1: accuracy + 0.04, macroF1: accuracy - 0.02 }
  return { ...around, precision: accuracy, recall: accuracy + 0.08, auc: NaN, mcc: 2 * accuracy - 1, brier: 0.23 }
}

const around = (middle: number, half: number) => ({ low: middle - half, high: middle + half })

function beside(name: BesideBaseline['name'], ours: number, theirs: number, folds: number): BesideBaseline {
  const gap = { mean: ours - theirs, ...around(ours - theirs, 0.05) }
  return {
    ...{ name, trials: name === 'song' ? 30 : 40, scores: scoresOf(theirs) },
    difference: { accuracy: gap, balancedAccuracy: gap, f1: gap },
    wilcoxon: { n: folds, w: (folds * (folds + 1)) / 2, p: 2 / 2 ** folds, floor: 2 / 2 ** folds },
  }
}

/** A judgement with this accuracy; its baselines reach .55, .53 and .58. */
export function judged(accuracy: number, folds = 2): Judgement {
  const scores = scoresOf(accuracy)
  const of = (name: BesideBaseline['name'], theirs: number) => beside(name, accuracy, theirs, folds)
  return {
    ...{ trials: 40, subjects: 4, folds, seeds: [1, 2], scores, permutation: 0.02 },
    intervals: {
      accuracy: around(accuracy, 0.06),
      balancedAccuracy: around(scores.balancedAccuracy, 0.06),
      f1: around(scores.f1, 0.06),
    },
    overFolds: { accuracy: { mean: accuracy + 0.001, sd: folds === 1 ? NaN : 0.04 } },
    overSeeds: { accuracy: { mean: accuracy, sd: 0.01 } },
    baselines: [of('majority', 0.55), of('guesser', 0.53), of('song', 0.58)],
    byFold: Array.from({ length: 2 * folds }, (_, i) => ({
      ...{ fold: String(i >> 1), seed: 1 + (i % 2), trials: 40 / folds, scores: scoresOf(accuracy + 0.01 * i) },
    })),
    bySubject: ['s1', 's2', 's3', 's4'].map((subject, i) => ({
      ...{ subject, trials: 10, accuracy: accuracy + 0.02 * i, high: 0.6 - 0.3 * (i % 2) },
    })),
    calibration: Array.from({ length: 10 }, (_, i) =>
      i === 4 ? { trials: 0, score: NaN, high: NaN } : { trials: 4, score: (i + 0.5) / 10, high: (i + 2) / 14 },
    ),
  }
}

/** Two rows in two dimensions under three protocols, one control, and one cell of each kind that has no result. */
export function madeUp(change: Partial<Collected> = {}): Collected {
  const dimensions = ['valence', 'arousal'] as const
  const cells = PROTOCOLS.flatMap((protocol, p) =>
    dimensions.flatMap((dimension, d) => {
      const of = { dimension, protocol, control: false }
      const judgement = judged(0.61 + 0.1 * p + 0.01 * d)
      const first: Cell = {
        ...of,
        row: 0,
        reported: { accuracy: 0.773, f1: 0.8094 },
        parameters: 12345,
        holm: 0.5,
        judgement,
      }
      const second: Cell = d === 0 ? { ...of, row: 1, missing: `no data for ${HOSTILE}` } : { ...of, row: 1 }
      return [first, second]
    }),
  )
  const control: Cell = { row: 0, dimension: 'valence', protocol: 'honest', control: true, judgement: judged(0.5) }
  return {
    grid: {
      ...{ name: 'table8', title: `Modules of attention ${HOSTILE}`, heads: ['Model', 'Of & which'] },
      ...{
        scores: ['accuracy', 'f1'],
        dimensions: [...dimensions],
        source: 'a paper, Table 8',
        notes: [`note ${HOSTILE}`],
      },
      rows: [{ cells: [HOSTILE, 'SCA'] }, { cells: ['base', 'none'], note: 'of the base' }],
    },
    cells: [...cells, control],
    datasets: [{ kind: 'pmemo', name: HOSTILE, synthetic: true, trials: 40, subjects: 4, stimuli: 10, musicDim: 8 }],
    protocols: [
      { protocol: 'honest', leaks: false, says: ['folds by subject'] },
      { protocol: 'paper', leaks: false, says: ['as section 5.1'] },
      { protocol: 'released', leaks: true, says: ['LEAKS: folds by trial'] },
    ],
    ...{ seeds: [1, 2], adapter: 'an adapter', versions: { galvani: '0.1.0' }, done: 12, jobs: 14 },
    departures: [{ setting: 'stage_channels', paper: '64, 64, 64, 64', here: '8, 8, 8, 8' }],
    ...change,
  }
}

/** Shares of subjects in one dimension, one fold and one protocol, as figure 4 has them. */
export function madeUpShares(): Collected {
  const shares = [0.1, 0.4, 0.7, 1]
  const made = madeUp()
  return {
    ...made,
    grid: {
      ...{ name: 'figure4', title: 'Accuracy and F1 against the share of subjects', heads: ['Share of subjects'] },
      ...{ scores: ['accuracy', 'f1'], dimensions: ['valence'] },
      rows: shares.map((share) => ({ cells: [`${100 * share} %`], settings: { share } })),
    },
    cells: shares.map((share, row) => ({
      ...{ row, dimension: 'valence', protocol: 'honest', control: false },
      reported: { accuracy: 0.72 - 0.08 * share, f1: 0.7 - 0.08 * share },
      ...(share === 0.4 ? { missing: 'too few subjects' } : { judgement: judged(0.66 - 0.05 * share, 1) }),
    })),
  }
}
