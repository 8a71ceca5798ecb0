// What the checks of maps came to, over all trials.
import { areaUnder } from './deletion.ts'
import type { Maps } from './map_array.ts'
import { rankCorrelation } from './rank_correlation.ts'

/** Maps that are checked: those over the time of the signals that say where the score comes from. */
const CHECKED = /^(?:gradient|guided_gradient|integrated_gradients|(?:sca|rnta)_(?:guided_)?grad_cam)$/

/** A map that keeps more rank correlation than this with nothing learned shows the data, not the model. */
const MOST_CORRELATION = 0.5

export const CHECKS = ['randomised', 'permuted', 'deletion', 'insertion'] as const
/** A check that a map passes or does not (docs/explain.md). */
export type Check = (typeof CHECKS)[number]

/** Mean rank correlation with the trained model's map, and of how many trials: a map that is the same everywhere has none. */
export interface MapCorrelation {
  correlation: number | null
  trials: number
}

/** The class's mean probability after each segment, the area under it, and that of each random order. */
export interface MapCurve {
  curve: number[]
  area: number
  randomCurve: number[]
  randomAreas: number[]
}

/** One kind of map. */
export interface CheckedMap {
  map: string
  /** All layers from the top down to this one are random. */
  randomised: (MapCorrelation & { layer: string })[]
  permuted?: MapCorrelation
  deletion: MapCurve
  insertion: MapCurve
  /** Checks that it passes. */
  passes: Check[]
}

/** What `checkMaps` returns. */
export interface Sanity {
  seed: number
  trials: string[]
  /** Without a run with permuted labels that check is not among them. */
  checks: Check[]
  maps: CheckedMap[]
  /** Names of the maps that pass none of the checks: nothing they show should be believed. */
  doubted: string[]
}

interface Tally {
  /** Correlations by layer; null: permuted labels. */
  correlations: Map<string | null, number[]>
  /** Curves of each trial. */
  deletion: number[][]
  insertion: number[][]
}

export class SanityTally {
  readonly trials: string[] = []
  readonly #maps = new Map<string, Tally>()
  /** By random order, then by trial. */
  readonly #random: number[][][] = []

  constructor(private readonly seed: number) {}

  /** A trial's maps under the trained model; returns the names of those that are checked. */
  begin(trial: string, maps: Maps): string[] {
    this.trials.push(trial)
    const names = Object.keys(maps).filter((name) => CHECKED.test(name))
    for (const name of names) {
      if (!this.#maps.has(name)) this.#maps.set(name, { correlations: new Map(), deletion: [], insertion: [] })
    }
    return names
  }

  /** Curves of the trial that began last: of each map's order, of each reversed, and of the random orders. */
  addCurves(names: readonly string[], curves: readonly (readonly number[])[]): void {
    names.forEach((name, i) => {
      const tally = this.#maps.get(name)!
      tally.deletion.push([...curves[i]!])
      tally.insertion.push([...curves[names.length + i]!].reverse())
    })
    curves.slice(2 * names.length).forEach((curve, i) => (this.#random[i] ??= []).push([...curve]))
  }

  /** Maps of one trial, of the trained model and of another. */
  compare(layer: string | null, trained: Maps, other: Maps): void {
    for (const [name, { correlations }] of this.#maps) {
      const found = correlations.get(layer) ?? []
      correlations.set(layer, found)
      const correlation = rankCorrelation(trained[name]!.data, other[name]!.data)
      if (!Number.isNaN(correlation)) found.push(correlation)
    }
  }

  report(): Sanity {
    const maps = [...this.#maps].map(([map, tally]) => this.#checked(map, tally))
    const checks = CHECKS.filter((check) => check !== 'permuted' || maps.some(({ permuted }) => permuted))
    const doubted = maps.filter(({ passes }) => passes.length === 0).map(({ map }) => map)
    return { seed: this.seed, trials: this.trials, checks, maps, doubted }
  }

  #checked(map: string, { correlations, deletion, insertion }: Tally): CheckedMap {
    const randomised = [...correlations].flatMap(([layer, values]) =>
      layer === null ? [] : [{ layer, ...correlationOf(values) }],
    )
    const shuffled = correlations.get(null)
    const found = {
      map,
      randomised,
      ...(shuffled && { permuted: correlationOf(shuffled) }),
      deletion: this.#curveOf(deletion, (curve) => curve),
      insertion: this.#curveOf(insertion, (curve) => [...curve].reverse()),
    }
    return { ...found, passes: CHECKS.filter((check) => isPassed(check, found)) }
  }

  /** `turn`: a random deletion as what the curve is of. */
  #curveOf(curves: readonly number[][], turn: (curve: number[]) => number[]): MapCurve {
    const curve = meanCurve(curves)
    const random = this.#random.map((trials) => turn(meanCurve(trials)))
    return { curve, area: areaUnder(curve), randomCurve: meanCurve(random), randomAreas: random.map(areaUnder) }
  }
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

const meanCurve = (curves: readonly (readonly number[])[]): number[] =>
  (curves[0] ?? []).map((_, i) => mean(curves.map((curve) => curve[i]!)))

const correlationOf = (values: readonly number[]): MapCorrelation => ({
  correlation: values.length > 0 ? mean(values) : null,
  trials: values.length,
})

/** Whether a map loses its likeness; one that has become the same everywhere has lost it. */
const isUnlike = ({ correlation }: MapCorrelation): boolean =>
  correlation === null || Math.abs(correlation) <= MOST_CORRELATION

function isPassed(check: Check, { randomised, permuted, deletion, insertion }: Omit<CheckedMap, 'passes'>): boolean {
  if (check === 'randomised') return isUnlike(randomised.at(-1)!)
  if (check === 'permuted') return permuted !== undefined && isUnlike(permuted)
  if (check === 'deletion') return deletion.area < Math.min(...deletion.randomAreas)
  return insertion.area > Math.max(...insertion.randomAreas)
}
