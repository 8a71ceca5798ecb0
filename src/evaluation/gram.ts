// Products of all pairs of rows, which is most of an SVM's work.
import type { Pieces } from '../runtime/breather.ts'

/** Products after which others may have their turn: about a millisecond. */
const WORK = 2 ** 20

/**
 * [n, n] dot products of rows of one length, in float64. Four rows are read beside one, so that each value that is fetched is used
 * more than once; every product is summed in the order of the features, so the blocks change no bit.
 */
export function* gramMatrix(
  rows: readonly ArrayLike<number>[],
  say: (share: number) => void = () => undefined,
): Pieces<Float64Array> {
  const n = rows.length
  const length = rows[0]!.length
  const gram = new Float64Array(n * n)
  const sums = new Float64Array(4)
  let work = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j += 4) {
      const others = [0, 1, 2, 3].map((k) => rows[Math.min(j + k, n - 1)]!)
      fourProducts(rows[i]!, others, sums)
      for (let k = 0; k < 4 && j + k <= i; k++) gram[i * n + j + k] = gram[(j + k) * n + i] = sums[k]!
      work += 4 * length
      if (work < WORK) continue
      work = 0
      say(((i + 1) / n) ** 2)
      yield
    }
  }
  return gram
}

/** The products of one row with four others. */
function fourProducts(a: ArrayLike<number>, others: readonly ArrayLike<number>[], sums: Float64Array): void {
  const [b, c, d, e] = others as [ArrayLike<number>, ArrayLike<number>, ArrayLike<number>, ArrayLike<number>]
  let [ab, ac, ad, ae] = [0, 0, 0, 0]
  for (let k = 0; k < a.length; k++) {
    const x = a[k]!
    ab += x * b[k]!
    ac += x * c[k]!
    ad += x * d[k]!
    ae += x * e[k]!
  }
  sums[0] = ab
  sums[1] = ac
  sums[2] = ad
  sums[3] = ae
}
