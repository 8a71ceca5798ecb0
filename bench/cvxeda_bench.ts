// `galvani bench cvxeda`: rounds of the decomposition, on an adapter, on the CPU or both in turn, and in turn with the Python
// reference; and how its time grows.
import { leastOf } from '../src/signal/extremes.ts'
import type { DecomposeOptions } from '../src/cvxeda/options.ts'
import { chooseForm } from '../src/cvxeda/interior_layout.ts'
import type { Form, SolverName } from '../src/cvxeda/solver.ts'
import { SOLVERS } from '../src/cvxeda/solvers.ts'
import type { Cpu } from '../src/runtime/cpu.ts'
import type { Gpu } from '../src/runtime/gpu.ts'
import { startDecompose, timeDecompose } from './cvxeda.ts'
import { cpuResult, type CpuResult } from './cvxeda_cpu.ts'
import { startReference, type ReferenceOptions } from './cvxeda_reference.ts'
import {
  cvxedaResult,
  referenceFigures,
  peakMemory,
  type CvxedaResult,
  type MeasuredReference,
  type ReferenceFigures,
} from './cvxeda_result.ts'
import { measureProbes } from './probes.ts'
import { longestOf, measureScaling, type Scaling } from './scaling.ts'
import type { SignalSource } from './signal_source.ts'
import { adapterName } from './step.ts'

/** Rounds of each point of the scaling plot. */
const SCALING_ROUNDS = 3

export interface CvxedaBench {
  source: SignalSource
  signals: number
  n: number
  solver: SolverName
  form?: Form | undefined
  /** Calls that are timed, after one that is not. */
  rounds: number
  /** The reference, and how many of the signals it gets. */
  reference: (Pick<ReferenceOptions, 'path' | 'python'> & { signals: number }) | null
  /** Also measure how the time grows. */
  scaling: boolean
  signal: AbortSignal
  /** Hears each finished round. */
  onRound: (round: number) => void
  /** Hears that the growth is measured next. */
  onScaling: () => void
}

/** What is measured: an adapter, workers on the CPU, or both. */
export interface Measured {
  gpu: Gpu | null
  cpu: Cpu | null
}

/** What a run without an adapter has in common with one on it. */
export type CpuOnlyResult = Pick<CvxedaResult, 'signals' | 'n' | 'rate' | 'rounds' | 'rss_peak_bytes'> &
  ReferenceFigures

export type CvxedaFigures = (CvxedaResult | CpuOnlyResult) & {
  signals_from: string
  on_cpu?: CpuResult
  scaling?: Scaling
}

export async function benchCvxeda(devices: Measured, bench: CvxedaBench): Promise<CvxedaFigures> {
  const figures = await measure(devices, bench)
  const scaling = bench.scaling ? await scale(devices, bench) : null
  return { ...figures, signals_from: bench.source.name, ...(scaling && { scaling }) }
}

/** One form for all sizes, so that a scaling plot compares like with like. */
function solverOf(gpu: Gpu, { solver, form, n, signals, scaling }: CvxedaBench): { solver: SolverName; form?: Form } {
  const longest = scaling ? longestOf(n) : n
  return solver === 'interior-point' ? { solver, form: form ?? chooseForm(gpu, longest, signals) } : { solver }
}

function settingsOn(gpu: Gpu | null, bench: CvxedaBench): DecomposeOptions {
  const common = { sampleRate: bench.source.sampleRate, signal: bench.signal }
  if (!gpu) return common
  const { solver, ...form } = solverOf(gpu, bench)
  return { ...common, ...form, solver: SOLVERS[solver] }
}

/** The rounds of all programs, and then the probes, whose buffers must not count as the solver's. */
async function measure({ gpu, cpu }: Measured, bench: CvxedaBench): Promise<Omit<CvxedaFigures, 'signals_from'>> {
  const { source, rounds, n, reference: asked, signal: abort, onRound } = bench
  const { sampleRate } = source
  const signals = source.make({ signals: bench.signals, n })
  const peer =
    asked && (await startReference({ ...asked, signals: signals.slice(0, asked.signals), sampleRate, signal: abort }))
  let reference: MeasuredReference | null = null
  try {
    const onGpu = gpu && (await startDecompose(gpu, signals, settingsOn(gpu, bench)))
    const onCpu = cpu && (await startDecompose(cpu, signals, settingsOn(null, bench)))
    const times: number[] = []
    for (let round = 1; round <= rounds; round++) {
      await onGpu?.round()
      await onCpu?.round()
      if (peer) times.push(await peer.round())
      onRound(round)
    }
    if (peer) reference = { rounds: times, versions: peer.versions, parts: await peer.parts() }
    const peers = referenceFigures({ reference, n, run: (onGpu ?? onCpu)!.run })
    const common = gpu
      ? cvxedaResult({
          ...{ run: onGpu!.run, reference, n, sampleRate, adapter: adapterName(gpu) },
          ...{ form: null, ...solverOf(gpu, bench), gpuPeakBytes: gpu.peakBytes, probes: await measureProbes(gpu) },
        })
      : { signals: bench.signals, n, rate: sampleRate, rounds, rss_peak_bytes: peakMemory(), ...peers }
    if (!onCpu) return common
    return { ...common, on_cpu: cpuResult(cpu.workers, onCpu.run, peers.reference_ms_per_signal, reference) }
  } finally {
    await peer?.close()
  }
}

/** How the time grows on the adapter, or on the CPU where that is all that is measured. */
async function scale({ gpu, cpu }: Measured, bench: CvxedaBench): Promise<Scaling> {
  const { source, signals, n, onScaling } = bench
  onScaling()
  return await measureScaling(signals, n, source.longest, async (count, length) => {
    const made = source.make({ signals: count, n: length })
    const { rounds } = await timeDecompose((gpu ?? cpu)!, made, settingsOn(gpu, bench), SCALING_ROUNDS)
    return leastOf(rounds)
  })
}
