// Checks of the decomposition against golden cases: the schema and the bars of a cvxEDA fixture folder's index.

import { decompose } from '../cvxeda/decompose.ts'
import type { Decomposition } from '../cvxeda/decomposition.ts'
import type { DecomposeOptions } from '../cvxeda/options.ts'
import type { Form, SolverName } from '../cvxeda/solver.ts'
import { SOLVERS, SOLVER_NAMES } from '../cvxeda/solvers.ts'
import type { BaselineCorrection } from '../cvxeda/params.ts'
import { cvxedaObjective, type ReferenceParams, type ReferencePoint } from '../reference/cvxeda.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { resultOf, type CaseResult, type FixtureTensors } from './case.ts'

/** One entry of `cases` in the folder's index.json; only the fields that are used. */
export interface CvxedaCase {
  name: string
  fs: number
  /** Samples, where the index says so. */
  n?: number
  params: {
    tau0: number
    tau1: number
    /** Seconds, or sample indices. */
    delta_knot: number | number[]
    alpha: number
    gamma: number
    baseline_correction: BaselineCorrection
  }
  /** Best float64 objective known. */
  objective_tight: number
  nrmse_scale: number
  half_energy: number
  /** main, edge, degenerate or trivial; a case of another tier asks for what this version does not do. */
  tier: string
}

const TIERS = ['main', 'edge', 'degenerate', 'trivial']

type Values = ArrayLike<number>

/** One way to compute a decomposition. */
export interface Method {
  solver?: SolverName
  form?: Form
}

/** A method as `decompose` is told it. */
export const settingsOf = ({ solver, form }: Method): Pick<DecomposeOptions, 'solver' | 'form'> => ({
  ...(solver && { solver: SOLVERS[solver] }),
  ...(form && { form }),
})

export type Device = Gpu | 'cpu'

/** Every way that a choice leaves open: both forms of the interior point, and the other solvers. */
export function methodsOf(device: Device, { solver, form }: Method): Method[] {
  if (device === 'cpu' || form !== undefined) return [{ ...(solver && { solver }), ...(form && { form }) }]
  return SOLVER_NAMES.filter((name) => solver === undefined || name === solver).flatMap((name): Method[] =>
    name === 'interior-point'
      ? [
          { solver: name, form: 'per-signal' },
          { solver: name, form: 'along-time' },
        ]
      : [{ solver: name }],
  )
}

export function nameOf(device: Device, { solver = 'interior-point', form }: Method): string {
  if (device === 'cpu') return 'float64'
  return form ? `${solver} ${form}` : solver
}

/** What a solver must reach on the tier `main`. A result that misses it passes under no status. */
export interface Bars {
  gap: number
  nrmse: number
  iterations: number
  /** Largest error of the driver's running sum. */
  driver?: number
  /** How many times the gap and error the tier `edge` allows: steps, impulses, a second of signal, bare noise. */
  edge: number
}

const BARS: Record<SolverName | 'float64', Bars> = {
  'interior-point': { gap: 1e-5, nrmse: 1e-3, iterations: 35, driver: 1e-2, edge: 10 },
  admm: { gap: 1e-3, nrmse: 1e-2, iterations: 1000, edge: 1 }, // its polish leaves the edge cases no worse
  float64: { gap: 1e-8, nrmse: 1e-3, iterations: 45, driver: 1e-2, edge: 10 },
}

export function barsOf(device: Device, { solver = 'interior-point' }: Method): Bars {
  return BARS[device === 'cpu' ? 'float64' : solver]
}

interface Measure {
  name: string
  value: number
  bar: number
}

function rms(a: Values, b: Values): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2
  return Math.sqrt(sum / a.length)
}

const largest = (a: Values) => Array.from(a).reduce((m, v) => Math.max(m, Math.abs(v)), 0)

/** Relative distance of the objective of the returned p, l, d (float64) from the best one known. */
export function objectiveGap(entry: CvxedaCase, y: Values, found: ReferencePoint): number {
  const value = cvxedaObjective(y, found, entry.fs, referenceParams(entry))
  return (value - entry.objective_tight) / (entry.objective_tight + 1e-6 * entry.half_energy)
}

/** max |running sum of (p - reference)| / sum(reference): single samples of p are not determined at high rates. */
export function driverError(p: Values, reference: Values): number {
  let running = 0
  let total = 0
  let worst = 0
  for (let i = 0; i < p.length; i++) {
    running += p[i]! - reference[i]!
    total += reference[i]!
    worst = Math.max(worst, Math.abs(running))
  }
  return worst / total
}

export function referenceParams({ params }: Pick<CvxedaCase, 'params'>): ReferenceParams {
  if (!(params as Partial<typeof params> | undefined)) throw new FormatError('the case has no params')
  const { tau0, tau1, alpha, gamma } = params
  return { tau0, tau1, alpha, gamma, deltaKnot: params.delta_knot, baselineCorrection: params.baseline_correction }
}

function floats(tensors: FixtureTensors, name: string): Values {
  const data = tensors.get(name)?.data
  if (data instanceof Float32Array || data instanceof Float64Array) return data
  throw new FormatError(`tensor '${name}' is ${data ? 'not of floating point' : 'missing'}`)
}

/** 1 unless the result says of itself what is true of it. */
const wrongStatus = (found: Decomposition, ...right: Decomposition['status'][]): Measure => ({
  name: `status '${found.status}'`,
  value: right.includes(found.status) ? 0 : 1,
  bar: 0,
})

/** What a case's tier asks for. */
function measures(entry: CvxedaCase, tensors: FixtureTensors, found: Decomposition, bars: Bars): Measure[] {
  const reference = (name: string) => floats(tensors, name)
  const smallest = found.driver.reduce((m, v) => Math.min(m, v), 0)
  const negative = { name: 'negative driver', value: -smallest, bar: 0 }
  const tonic = { name: 'nrmse(t)', value: rms(found.tonic, reference('t')) / entry.nrmse_scale }
  if (entry.tier === 'degenerate') return [wrongStatus(found, 'badly-scaled'), negative]
  if (entry.tier === 'trivial') {
    return [
      { name: 'max |p|', value: largest(found.driver), bar: 1e-5 },
      { name: 'max |r|', value: largest(found.phasic), bar: 1e-5 },
      { ...tonic, bar: 1e-5 },
      wrongStatus(found, 'trivial', 'solved', 'solved-inaccurate'),
      negative,
    ]
  }
  const isMain = entry.tier === 'main'
  const slack = isMain ? 1 : bars.edge
  const common = [
    { name: 'gap', value: objectiveGap(entry, reference('y'), found), bar: slack * bars.gap },
    { name: 'nrmse(r)', value: rms(found.phasic, reference('r')) / entry.nrmse_scale, bar: slack * bars.nrmse },
    { ...tonic, bar: slack * bars.nrmse },
    wrongStatus(found, 'solved', 'solved-inaccurate'),
    negative,
  ]
  if (!isMain) return common
  common.push({ name: 'iterations', value: found.iterations, bar: bars.iterations })
  if (bars.driver === undefined) return common
  return [
    ...common,
    { name: 'cumulative driver error', value: driverError(found.driver, reference('p')), bar: bars.driver },
  ]
}

function closeness({ value, bar }: Measure): number {
  if (Number.isNaN(value)) return Infinity
  return bar > 0 ? value / bar : value > 0 ? Infinity : 0
}

/** A case by one method, as results name it. */
export function namedCase(
  device: Device,
  { name }: CvxedaCase,
  method: Method,
): Pick<CaseResult, 'name' | 'kind'> & { method: string } {
  const by = nameOf(device, method)
  return { name: `${name} (${by})`, kind: 'cvxeda', method: by }
}

/**
 * Decomposes the case's `y` and holds the result against the bars of its tier and solver. The result's `error` is the
 * measure that comes closest to its bar (named in `tensor`).
 * @param tensors the case's file: y, r, p and t of length n; the others are not used.
 * @throws FormatError when one is missing; what `decompose` throws
 */
export async function verifyCvxedaCase(
  device: Device,
  entry: CvxedaCase,
  tensors: FixtureTensors,
  method: Method = {},
): Promise<CaseResult> {
  const named = namedCase(device, entry, method)
  if (!TIERS.includes(entry.tier)) {
    return { ...named, status: 'skipped', error: `tier '${entry.tier}' is not known`, tolerance: 0 }
  }
  const y = floats(tensors, 'y')
  if (entry.n !== undefined && entry.n !== y.length)
    throw new FormatError(`the index says ${entry.n} samples, tensor 'y' has ${y.length}`)
  const options = { sampleRate: entry.fs, ...referenceParams(entry), ...settingsOf(method) }
  const [found] = (await decompose(device, [y], options)) as [Decomposition]
  const all = measures(entry, tensors, found, barsOf(device, method))
  const worst = all.reduce((a, b) => (closeness(b) > closeness(a) ? b : a))
  const judgement = { ok: closeness(worst) <= 1, error: worst.value, tolerance: worst.bar, tensor: worst.name }
  return { ...resultOf(named.name, named.kind, judgement), method: named.method }
}
