// Maps as arrays of the host, row-major, and their means.

/** Values as they are. */
export interface MapArray {
  shape: readonly number[]
  data: Float32Array
}

/** The arrays of one trial, or their means, by name. */
export type Maps = Record<string, MapArray>

/** Adds up arrays of the same shapes, name by name, in float64. */
export class MapMeans {
  count = 0
  readonly #sums = new Map<string, { shape: readonly number[]; data: Float64Array }>()

  add(maps: Readonly<Maps>): void {
    this.count++
    for (const [name, { shape, data }] of Object.entries(maps)) {
      const sum = this.#sums.get(name) ?? { shape, data: new Float64Array(data.length) }
      this.#sums.set(name, sum)
      for (let i = 0; i < data.length; i++) sum.data[i]! += data[i]!
    }
  }

  /** Of all that were added. */
  mean(): Maps {
    const means = [...this.#sums].map(([name, { shape, data }]) => {
      return [name, { shape, data: Float32Array.from(data, (v) => v / this.count) }] as const
    })
    return Object.fromEntries(means)
  }
}
