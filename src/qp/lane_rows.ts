/** Values of a batch as the kernels keep them, [rows][lanes]: row 0 of every problem, then row 1, and so on. */
export class LaneRows {
  constructor(
    readonly values: Float32Array,
    readonly lanes: number,
  ) {}

  static zeros(rows: number, lanes: number): LaneRows {
    return new LaneRows(new Float32Array(rows * lanes), lanes)
  }

  at(row: number, lane: number): number {
    return this.values[row * this.lanes + lane]!
  }

  set(row: number, lane: number, value: number): void {
    this.values[row * this.lanes + lane] = value
  }

  /** One row of all problems, to be read or filled. */
  row(row: number): Float32Array {
    return this.values.subarray(row * this.lanes, (row + 1) * this.lanes)
  }
}

/** The first `count` rows of one problem. */
export const columnOf = (rows: LaneRows, lane: number, count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, row) => rows.at(row, lane))
