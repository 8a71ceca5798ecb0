// cvxEDA as a caller meets it: whole calls of `decompose`, host arrays in, host arrays out.
import { decompose } from '../src/cvxeda/decompose.ts'
import type { Decomposition } from '../src/cvxeda/decomposition.ts'
import type { DecomposeOptions } from '../src/cvxeda/options.ts'
import type { Device } from '../src/runtime/device.ts'
import type { ReferenceParts } from './cvxeda_reference.ts'
import { elapsed } from './timing.ts'

export interface CvxedaRun {
  /** Milliseconds of the call before the rounds, which compiles the kernels. */
  firstCall: number
  /** Milliseconds of each round. */
  rounds: number[]
  results: Decomposition[]
}

/** One call to warm up, and then another for each `round`. */
export async function startDecompose(
  device: Device,
  signals: readonly Float64Array[],
  settings: DecomposeOptions,
): Promise<{ run: CvxedaRun; round: () => Promise<void> }> {
  const run: CvxedaRun = { firstCall: 0, rounds: [], results: [] }
  const call = async (): Promise<void> => {
    run.results = await decompose(device, signals, settings)
  }
  run.firstCall = await elapsed(call)
  return { run, round: async () => void run.rounds.push(await elapsed(call)) }
}

/** One call to warm up, then `rounds` that are timed; `between` is awaited after each of them. */
export async function timeDecompose(
  device: Device,
  signals: readonly Float64Array[],
  settings: DecomposeOptions,
  rounds: number,
  between: (round: number) => Promise<void> = async () => undefined,
): Promise<CvxedaRun> {
  const { run, round } = await startDecompose(device, signals, settings)
  for (let number = 1; number <= rounds; number++) {
    await round()
    await between(number)
  }
  return run
}

/** The largest root mean square difference that passes, in units of the larger of 1 (z-scores) and rms(phasic). */
const AGREEMENT = 1e-2

export interface Agreement {
  /** Largest of any signal. */
  phasic_nrmse: number
  tonic_nrmse: number
  agrees: boolean
}

/** Holds the first results against what the reference found for the same signals. */
export function agreementOf(found: readonly Decomposition[], reference: readonly ReferenceParts[]): Agreement {
  const worst = (part: 'phasic' | 'tonic'): number =>
    reference.reduce((most, expected, s) => {
      const scale = Math.max(
        1,
        rms(expected.phasic, (v) => v),
      )
      return Math.max(most, rms(expected[part], (v, i) => v - found[s]![part][i]!) / scale) // NaN stays
    }, -Infinity)
  const [phasic_nrmse, tonic_nrmse] = [worst('phasic'), worst('tonic')]
  return { phasic_nrmse, tonic_nrmse, agrees: phasic_nrmse <= AGREEMENT && tonic_nrmse <= AGREEMENT }
}

const rms = (values: Float64Array, term: (value: number, i: number) => number): number =>
  Math.sqrt(values.reduce((sum, value, i) => sum + term(value, i) ** 2, 0) / values.length)
