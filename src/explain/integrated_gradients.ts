// Integrated gradients (Sundararajan et al. 2017): a second opinion that owes nothing to feature maps.
import type { InputRows } from '../train/inputs.ts'
import { changedRows } from './rows.ts'
import type { ScoreGradients } from './score_gradients.ts'

/** Of one trial. */
export interface IntegratedGradients {
  /** (x - x0) times the mean gradient on the way from x0 to x, [channels, length]. */
  attributions: Float32Array
  /** The score at x and at x0: the attributions of an exact integral add up to their difference. */
  score: number
  baselineScore: number
  /** What these attributions add up to less that difference. */
  gap: number
}

/**
 * The way is straight and leads from signals of zeros, which is each channel's mean, to the trial's own, the music being the trial's all
 * along; the gradient is taken in the middle of each of `steps` equal parts. `classes`: the class that is asked for, a trial each.
 */
export async function integratedGradients(
  gradients: ScoreGradients,
  inputs: InputRows,
  { trials, classes, steps }: { trials: readonly number[]; classes: readonly number[]; steps: number },
  abort?: AbortSignal,
): Promise<IntegratedGradients[]> {
  // Rows of a trial: its steps, then both ends.
  const perTrial = steps + 2
  const placeOf = (row: number) => ({ trial: Math.floor(row / perTrial), step: row % perTrial })
  const shareOf = (step: number): number => (step < steps ? (step + 0.5) / steps : step - steps)
  const rows = changedRows(
    inputs,
    (row) => trials[placeOf(row).trial]!,
    (eda, row) => {
      const share = shareOf(placeOf(row).step)
      for (let i = 0; i < eda.length; i++) eda[i]! *= share
    },
  )
  const sums: Float64Array[] = []
  const ends = trials.map(() => [0, 0])
  await gradients.visit(
    rows,
    [...Array(trials.length * perTrial).keys()],
    (row) => classes[placeOf(row).trial]!,
    (row, { score, gradient }) => {
      const { trial, step } = placeOf(row)
      if (step >= steps) ends[trial]![step - steps] = score
      else {
        const sum = (sums[trial] ??= new Float64Array(gradient.length))
        for (let i = 0; i < sum.length; i++) sum[i]! += gradient[i]!
      }
    },
    abort,
  )
  return trials.map((trial, t) => {
    const x = inputs.eda([trial])
    const attributions = sums[t]!.map((sum, i) => (x[i]! * sum) / steps)
    const [baselineScore, score] = ends[t] as [number, number]
    const gap = attributions.reduce((total, v) => total + v, 0) - (score - baselineScore)
    return { attributions: Float32Array.from(attributions), score, baselineScore, gap }
  })
}
