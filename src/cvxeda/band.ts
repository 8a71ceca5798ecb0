// Symmetric band matrices with three entries beside the diagonal, as lower bands [rows][4], in float64.

/** Entries of a row: the diagonal and those before it. */
const WIDTH = 4

/** Cholesky factor of a lower band [rows][4], in place. */
export function factorBand(band: Float64Array, rows: number): void {
  for (let row = 0; row < rows; row++) {
    for (let back = Math.min(WIDTH - 1, row); back >= 0; back--) {
      let sum = band[row * WIDTH + back]!
      for (let m = back + 1; m < Math.min(WIDTH, row + 1); m++) {
        sum -= band[row * WIDTH + m]! * band[(row - back) * WIDTH + m - back]!
      }
      band[row * WIDTH + back] = back === 0 ? Math.sqrt(sum) : sum / band[(row - back) * WIDTH]!
    }
  }
}

/** The solution for one right-hand side, given the factor. */
export function solveBand(factor: Float64Array, rhs: Float64Array): Float64Array {
  const x = rhs.slice()
  const rows = x.length
  for (let row = 0; row < rows; row++) {
    for (let m = 1; m < WIDTH && m <= row; m++) x[row]! -= factor[row * WIDTH + m]! * x[row - m]!
    x[row]! /= factor[row * WIDTH]!
  }
  for (let row = rows - 1; row >= 0; row--) {
    for (let m = 1; m < WIDTH && row + m < rows; m++) x[row]! -= factor[(row + m) * WIDTH + m]! * x[row + m]!
    x[row]! /= factor[row * WIDTH]!
  }
  return x
}
