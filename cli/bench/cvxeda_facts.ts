// What `galvani bench cvxeda` prints for a person.
import type { CvxedaFigures } from '../../bench/cvxeda_bench.ts'
import type { Agreement } from '../../bench/cvxeda.ts'
import type { CpuResult } from '../../bench/cvxeda_cpu.ts'
import type { CvxedaResult, ReferenceFigures } from '../../bench/cvxeda_result.ts'
import { percent } from '../shared/output.ts'
import { mebibytes, milliseconds, probeFacts } from './options.ts'

export function cvxedaFacts(result: CvxedaFigures): [string, string][] {
  const { signals, n, rate, signals_from, on_cpu: cpu, scaling } = result
  const lines: [string, string][] = 'adapter' in result ? [['Adapter', result.adapter]] : []
  lines.push(['Signals', `${signals} of ${n} samples at ${rate} Hz (${signals_from})`])
  if ('adapter' in result) for (const line of adapterFacts(result)) lines.push(line)
  else lines.push(['Memory', `${mebibytes(result.rss_peak_bytes)} of the process, at most`])
  if (cpu) for (const line of cpuFacts(cpu, result.rounds)) lines.push(line)
  for (const line of referenceFacts(result)) lines.push(line)
  if ('adapter' in result) lines.push(speedUp('Speed-up', result.speedup))
  if (cpu) lines.push(speedUp('Speed-up of the CPU', cpu.speedup))
  if (scaling) lines.push(['Growth', `n^${scaling.slope_n.toFixed(2)}, signals^${scaling.slope_signals.toFixed(2)}`])
  return lines
}

const speedUp = (name: string, ratio: number): [string, string] => [name, `${ratio.toPrecision(3)} times`]

function adapterFacts(result: CvxedaResult): [string, string][] {
  const form = result.form === null ? '' : `, form ${result.form}`
  const statuses = Object.entries(result.statuses).map(([status, number]) => `${number} ${status}`)
  return [
    ['Solver', `${result.solver}${form}: ${statuses.join(', ')}`],
    ['Iterations', `median ${result.iterations}, most ${result.iterations_max}`],
    ['A signal', timePerSignal(result, result.rounds)],
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
  ]
}

type Times = Pick<CpuResult, 'ms_per_signal_median' | 'ms_per_signal_min' | 'spread'>

const timePerSignal = ({ ms_per_signal_median: median, ms_per_signal_min: least, spread }: Times, rounds: number) =>
  `${milliseconds(median)} (least ${milliseconds(least)}, spread ${percent(spread)} of ${rounds} rounds)`

function cpuFacts(cpu: CpuResult, rounds: number): [string, string][] {
  const { workers, iterations, iterations_max, converged, first_call_ms, agreement } = cpu
  const solved = converged ? 'all solved' : 'NOT all solved'
  const lines: [string, string][] = [
    ['CPU', `float64 on ${workers} threads: ${solved}, iterations median ${iterations}, most ${iterations_max}`],
    ['A signal on the CPU', timePerSignal(cpu, rounds)],
    ['First call on the CPU', `${milliseconds(first_call_ms)} with the start of the threads, all signals`],
  ]
  if (agreement) lines.push(['Agreement of the CPU', agreed(agreement)])
  return lines
}

const agreed = ({ agrees, phasic_nrmse, tonic_nrmse }: Agreement): string =>
  `${agrees ? 'yes' : 'NO'}: nrmse of r ${phasic_nrmse.toExponential(1)}, of t ${tonic_nrmse.toExponential(1)}`

function referenceFacts({ reference_ms_per_signal, reference_run }: ReferenceFigures): [string, string][] {
  const time = milliseconds(reference_ms_per_signal)
  if (!reference_run) return [['Python reference', `${time} a signal (figures of another machine, not run here)`]]
  return [
    ['Python reference', `${time} a signal (measured in turn with ours, on ${reference_run.signals} of the signals)`],
    ['Agreement', agreed(reference_run)],
  ]
}
