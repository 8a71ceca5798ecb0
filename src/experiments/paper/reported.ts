// The paper's figures as they are printed, in percent, become the shares of 1 that everything here computes with.
import type { Dimension } from '../../datasets/trial.ts'
import type { Reported } from '../grid.ts'

/** Yin, Sun, Yu, Li, Zhang, TOMM 18(3), 2022. */
export const SOURCE =
  'Yin, Sun, Yu, Li, Zhang, "A Multimodal Framework for Large-Scale Emotion Recognition by Fusing Music and Electrodermal Activity Signals", TOMM 18(3), 2022'

/** Accuracy and F1, then precision and recall, in percent; null where it was not reported. */
type Percents = readonly [accuracy: number | null, f1: number | null, precision?: number, recall?: number]

const NAMES = ['accuracy', 'f1', 'precision', 'recall'] as const

/** Rounded to a hundredth of a percent, as printed, so that 80.94 is .8094 and nothing near it. */
const share = (percent: number): number => Math.round(percent * 100) / 10_000

const scores = (percents: Percents): Reported =>
  Object.fromEntries(NAMES.flatMap((name, i) => (percents[i] == null ? [] : [[name, share(percents[i])]])))

/** What a row of a table reports, by dimension. */
export const reported = (percents: Partial<Record<Dimension, Percents>>): Partial<Record<Dimension, Reported>> =>
  Object.fromEntries(Object.entries(percents).map(([dimension, of]) => [dimension, scores(of)]))
