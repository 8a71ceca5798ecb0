// What `galvani bench cvxeda` prints for a person.
import type { CvxedaFigures } from '../../bench/cvxeda_bench.ts'
import type { CvxedaResult } from '../../bench/cvxeda_result.ts'
import { percent } from '../shared/output.ts'
import { mebibytes, milliseconds, probeFacts } from './options.ts'

export function cvxedaFacts(result: CvxedaFigures): [string, string][] {
  const form = result.form === null ? '' : `, form ${result.form}`
  const statuses = Object.entries(result.statuses).map(([status, number]) => `${number} ${status}`)
  const { scaling } = result
  const lines: [string, string][] = [
    ['Adapter', result.adapter],
    ['Signals', `${result.signals} of ${result.n} samples at ${result.rate} Hz (${result.signals_from})`],
    ['Solver', `${result.solver}${form}: ${statuses.join(', ')}`],
    ['Iterations', `median ${result.iterations}, most ${result.iterations_max}`],
    [
      'A signal',
      `${milliseconds(result.ms_per_signal_median)} (least ${milliseconds(result.ms_per_signal_min)}, ` +
        `spread ${percent(result.spread)} of ${result.rounds} rounds)`,
    ],
    ['First call', `${milliseconds(result.first_call_ms)} with compilation, all signals`],
    [
      'Floor',
      `${milliseconds(result.floor_ms)} a signal (${(result.flops / 1e6).toFixed(1)} MFLOP, ` +
        `${(result.bytes / 1e6).toFixed(1)} MB); it takes ${(result.ms_per_signal_median / result.floor_ms).toFixed(1)} times as long`,
    ],
    ...probeFacts(result),
    [
      'Memory',
      `${mebibytes(result.gpu_peak_bytes)} of the GPU, ${mebibytes(result.rss_peak_bytes)} of the process, at most`,
    ],
    ...referenceFacts(result),
  ]
  if (scaling) lines.push(['Growth', `n^${scaling.slope_n.toFixed(2)}, signals^${scaling.slope_signals.toFixed(2)}`])
  return lines
}

function referenceFacts({ reference_ms_per_signal, reference_run, speedup }: CvxedaResult): [string, string][] {
  const ratio: [string, string] = ['Speed-up', `${speedup.toPrecision(3)} times`]
  const time = milliseconds(reference_ms_per_signal)
  if (!reference_run)
    return [['Python reference', `${time} a signal (figures of another machine, not run here)`], ratio]
  const { signals, phasic_nrmse, tonic_nrmse, agrees } = reference_run
  const errors = `nrmse of r ${phasic_nrmse.toExponential(1)}, of t ${tonic_nrmse.toExponential(1)}`
  return [
    ['Python reference', `${time} a signal (measured in turn with ours, on ${signals} of the signals)`],
    ['Agreement', `${agrees ? 'yes' : 'NO'}: ${errors}`],
    ratio,
  ]
}
