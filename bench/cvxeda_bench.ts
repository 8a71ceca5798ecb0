// `galvani bench cvxeda`: rounds of the decomposition in turn with the Python reference, and how its time grows.
import { chooseForm } from '../src/cvxeda/interior_layout.ts'
import type { DecomposeOptions, SolverName } from '../src/cvxeda/options.ts'
import type { Form } from '../src/cvxeda/solver.ts'
import type { Gpu } from '../src/runtime/gpu.ts'
import { timeDecompose, type CvxedaRun } from './cvxeda.ts'
import { startReference, type ReferenceOptions } from './cvxeda_reference.ts'
import { cvxedaResult, type CvxedaResult, type MeasuredReference } from './cvxeda_result.ts'
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

export type CvxedaFigures = CvxedaResult & { signals_from: string; scaling?: Scaling }

export async function benchCvxeda(gpu: Gpu, bench: CvxedaBench): Promise<CvxedaFigures> {
  const settings = { sampleRate: bench.source.sampleRate, signal: bench.signal, ...solverOf(gpu, bench) }
  const figures = await measure(gpu, bench, settings)
  const scaling = bench.scaling ? await scale(gpu, bench, settings) : null
  return { ...figures, signals_from: bench.source.name, ...(scaling && { scaling }) }
}

type Settings = DecomposeOptions & { sampleRate: number; solver: SolverName }

/** One form for all sizes, so that a scaling plot compares like with like. */
function solverOf(gpu: Gpu, { solver, form, n, signals, scaling }: CvxedaBench): Pick<Settings, 'solver' | 'form'> {
  const longest = scaling ? longestOf(n) : n
  return solver === 'interior-point' ? { solver, form: form ?? chooseForm(gpu, longest, signals) } : { solver }
}

/** The rounds of both programs, and then the probes, whose buffers must not count as the solver's. */
async function measure(gpu: Gpu, bench: CvxedaBench, settings: Settings): Promise<CvxedaResult> {
  const { source, rounds, n, reference: asked, signal: abort, onRound } = bench
  const { sampleRate } = source
  const signals = source.make({ signals: bench.signals, n })
  const peer =
    asked && (await startReference({ ...asked, signals: signals.slice(0, asked.signals), sampleRate, signal: abort }))
  let run: CvxedaRun
  let reference: MeasuredReference | null = null
  try {
    const times: number[] = []
    run = await timeDecompose(gpu, signals, settings, rounds, async (round) => {
      if (peer) times.push(await peer.round())
      onRound(round)
    })
    if (peer) reference = { rounds: times, versions: peer.versions, parts: await peer.parts() }
  } finally {
    await peer?.close()
  }
  const measured = { run, reference, gpuPeakBytes: gpu.peakBytes, probes: await measureProbes(gpu) }
  return cvxedaResult({ ...measured, ...settings, form: settings.form ?? null, adapter: adapterName(gpu), n })
}

async function scale(gpu: Gpu, { source, signals, n, onScaling }: CvxedaBench, settings: Settings): Promise<Scaling> {
  onScaling()
  return await measureScaling(signals, n, source.longest, async (count, length) => {
    const { rounds } = await timeDecompose(gpu, source.make({ signals: count, n: length }), settings, SCALING_ROUNDS)
    return Math.min(...rounds)
  })
}
