// Features on one scale, by the training rows alone.
import { inPieces, type Pieces } from '../runtime/breather.ts'

/** Mean and population standard deviation of each feature over the training rows; 0 where it does not vary. */
export interface Scales {
  mean: Float64Array
  deviation: Float64Array
}

/** Features whose values differ by no more than rounding count as constant. */
export function* scalesOf(rows: readonly Float32Array[]): Pieces<Scales> {
  const d = rows[0]!.length
  const n = rows.length
  const [mean, deviation] = [new Float64Array(d), new Float64Array(d)]
  const features = Math.max(1, Math.floor(2 ** 17 / n))
  yield* inPieces(
    d,
    (from, to) => {
      for (let k = from; k < to; k++) {
        let [sum, most, squares] = [0, 0, 0]
        for (const row of rows) {
          sum += row[k]!
          most = Math.max(most, Math.abs(row[k]!))
        }
        mean[k] = sum / n
        for (const row of rows) squares += (row[k]! - mean[k]!) ** 2
        const spread = Math.sqrt(squares / n)
        deviation[k] = spread <= 4 * Number.EPSILON * most ? 0 : spread
      }
    },
    features,
  )
  return { mean, deviation }
}

/** (x - mean) / deviation; 0 for a feature that does not vary. */
export function standardised(row: ArrayLike<number>, { mean, deviation }: Scales): Float64Array {
  return mean.map((centre, k) => (deviation[k] === 0 ? 0 : (row[k]! - centre) / deviation[k]!))
}
