// Checks of the GPU decomposition against golden cases: the schema and the bars of a cvxEDA fixture folder's index.

import { decompose, type Decomposition } from '../cvxeda/decompose.ts'
import type { BaselineCorrection } from '../cvxeda/problem.ts'
import { cvxedaObjective, type ReferenceParams } from '../reference/cvxeda.ts'
import { FormatError, GalvaniError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { resultOf, type CaseResult, type FixtureTensors } from './case.ts'

/** One entry of `cases` in the folder's index.json; only the fields that are used. */
export interface CvxedaCase {
  name: string
  fs: number
  params: {
    tau0: number
    tau1: number
    delta_knot: number
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

interface Coefficients {
  driver: Values
  splineCoefficients: Values
  driftCoefficients: Values
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
export function objectiveGap(entry: CvxedaCase, y: Values, found: Coefficients): number {
  const { driver, splineCoefficients, driftCoefficients } = found
  const value = cvxedaObjective(y, driver, splineCoefficients, driftCoefficients, entry.fs, referenceParams(entry))
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
  const { tau0, tau1, alpha, gamma } = params
  return { tau0, tau1, alpha, gamma, deltaKnot: params.delta_knot, baselineCorrection: params.baseline_correction }
}

function floats(tensors: FixtureTensors, name: string): Values {
  const data = tensors.get(name)?.data
  if (data instanceof Float32Array || data instanceof Float64Array) return data
  throw new FormatError(`tensor '${name}' is ${data ? 'not of floating point' : 'missing'}`)
}

/** What a case's tier asks for. */
function measures(entry: CvxedaCase, tensors: FixtureTensors, found: Decomposition): Measure[] {
  const reference = (name: string) => floats(tensors, name)
  const smallest = found.driver.reduce((m, v) => Math.min(m, v), 0)
  const negative = { name: 'negative driver', value: -smallest, bar: 0 }
  const tonic = { name: 'nrmse(t)', value: rms(found.tonic, reference('t')) / entry.nrmse_scale }
  if (entry.tier === 'degenerate') {
    return [{ name: 'not flagged', value: found.status === 'badly-scaled' ? 0 : 1, bar: 0 }, negative]
  }
  if (entry.tier === 'trivial') {
    return [
      { name: 'max |p|', value: largest(found.driver), bar: 1e-5 },
      { name: 'max |r|', value: largest(found.phasic), bar: 1e-5 },
      { ...tonic, bar: 1e-5 },
      negative,
    ]
  }
  const isMain = entry.tier === 'main'
  const nrmse = isMain ? 1e-3 : 1e-2
  const common = [
    { name: 'gap', value: objectiveGap(entry, reference('y'), found), bar: isMain ? 1e-5 : 1e-4 },
    { name: 'nrmse(r)', value: rms(found.phasic, reference('r')) / entry.nrmse_scale, bar: nrmse },
    { ...tonic, bar: nrmse },
    negative,
  ]
  if (!isMain) return common
  return [
    ...common,
    { name: 'cumulative driver error', value: driverError(found.driver, reference('p')), bar: 1e-2 },
    { name: 'iterations', value: found.iterations, bar: 35 },
  ]
}

function closeness({ value, bar }: Measure): number {
  if (Number.isNaN(value)) return Infinity
  return bar > 0 ? value / bar : value > 0 ? Infinity : 0
}

/**
 * Decomposes the case's `y` on the GPU and holds the result against the bars of its tier. The result's `error` is the
 * measure that comes closest to its bar (named in `tensor`), or a sentence where the case could not be run.
 * @param tensors the case's file: y, r, p and t of length n; the others are not used.
 */
export async function verifyCvxedaCase(gpu: Gpu, entry: CvxedaCase, tensors: FixtureTensors): Promise<CaseResult> {
  const { name } = entry
  const kind = 'cvxeda'
  if (!TIERS.includes(entry.tier)) {
    return { name, kind, status: 'skipped', error: `tier '${entry.tier}' is not known`, tolerance: 0 }
  }
  try {
    const options = { sampleRate: entry.fs, ...referenceParams(entry) }
    const [found] = await decompose(gpu, [floats(tensors, 'y')], options)
    const worst = measures(entry, tensors, found!).reduce((a, b) => (closeness(b) > closeness(a) ? b : a))
    const judgement = { ok: closeness(worst) <= 1, error: worst.value, tolerance: worst.bar, tensor: worst.name }
    return resultOf(name, kind, judgement)
  } catch (error) {
    if (!(error instanceof GalvaniError)) throw error
    return { name, kind, status: 'failed', error: error.message, tolerance: 0 }
  }
}
