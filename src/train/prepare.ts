// From trials as recorded to model inputs: gaps, z-score, cvxEDA on the device, the paper's channels (section 4.1).
import { decompose } from '../cvxeda/decompose.ts'
import { DECOMPOSITION_SET } from '../cvxeda/decomposition_set.ts'
import type { Decomposition } from '../cvxeda/decomposition.ts'
import { groupBy } from '../datasets/group.ts'
import type { Trial, TrialSet } from '../datasets/trial.ts'
import { checkNames, type Known } from '../runtime/arguments.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { requireGpu } from '../runtime/gpu_base.ts'
import { requireLength, toChannels, type Channel } from '../signal/channels.ts'
import { fillGaps } from '../signal/gaps.ts'
import { zscore } from '../signal/normalize.ts'

/** How trials are prepared. */
export interface PrepareOptions {
  /** Points per channel. */
  length: number
  /** Cut from the start of each trial after the decomposition, s. */
  dropSeconds: number
  onProgress?: (done: number, total: number) => void
  signal?: AbortSignal
}

const PREPARE_OPTIONS: Known<PrepareOptions> = { length: true, dropSeconds: true, onProgress: true, signal: true }

/** A trial without its recording, with the model's input instead. */
export interface PreparedTrial extends Omit<Trial, 'eda'> {
  /** [3, length]: origin, phasic, tonic, each z-scored. */
  signals: Float32Array
  status: Decomposition['status']
  /** Samples that were interpolated across gaps. */
  filled: number
  /** Channels that did not vary and are zero. */
  constant: Channel[]
}

/** Trials ready for a model, and what they were prepared with. */
export interface PreparedSet extends Omit<TrialSet, 'trials'> {
  trials: PreparedTrial[]
  length: number
  dropSeconds: number
  /** Digest of the decomposition that made the signals; absent where they are of no file and not of `prepareTrials`. */
  decomposition?: string
}

interface Cleaned {
  trial: Trial
  z: Float64Array
  filled: number
}

/**
 * Prepares every trial of a set; one that cannot be used (too short, a gap over 1 s) is skipped with its reason.
 * @throws FormatError when none is left
 */
export async function prepareTrials(gpu: Gpu, set: TrialSet, options: PrepareOptions): Promise<PreparedSet> {
  requireGpu('prepareTrials', gpu)
  checkNames('prepareTrials', options, PREPARE_OPTIONS)
  const skipped = [...set.skipped]
  const cleaned = set.trials.flatMap((trial) => {
    try {
      return [clean(trial, options.dropSeconds)]
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      skipped.push({ source: `trial ${trial.id}`, reason: error.message })
      return []
    }
  })
  if (cleaned.length === 0) {
    throw new FormatError(
      `${set.name}: none of ${set.trials.length} trials can be used; the first: ${skipped[0]?.reason ?? 'no trials'}`,
    )
  }
  const prepared = new Map<Trial, PreparedTrial>()
  for (const group of groupBy(cleaned, ({ trial }) => String(trial.sampleRate)).values()) {
    for (const trial of await decomposeGroup(gpu, group, options, prepared.size, cleaned.length)) prepared.set(...trial)
  }
  const trials = cleaned.map(({ trial }) => prepared.get(trial)!)
  const { length, dropSeconds } = options
  return { ...set, trials, skipped, length, dropSeconds, decomposition: DECOMPOSITION_SET }
}

function clean(trial: Trial, dropSeconds: number): Cleaned {
  requireLength(trial.eda.length, trial.sampleRate, dropSeconds, trial.source)
  const { samples, filled } = fillGaps(trial.eda, trial.sampleRate, trial.source)
  return { trial, z: zscore(samples).z, filled }
}

async function decomposeGroup(
  gpu: Gpu,
  group: readonly Cleaned[],
  { length, dropSeconds, onProgress, signal: abort }: PrepareOptions,
  before: number,
  total: number,
): Promise<[Trial, PreparedTrial][]> {
  const sampleRate = group[0]!.trial.sampleRate
  const decomposed = await decompose(
    gpu,
    group.map(({ z }) => z),
    {
      sampleRate,
      ...(onProgress && { onProgress: (done: number) => onProgress(before + done, total) }),
      ...(abort && { signal: abort }),
    },
  )
  return group.map(({ trial, z, filled }, i) => {
    const { phasic, tonic, status } = decomposed[i]!
    const channelOptions = { sampleRate, dropSeconds, length, source: trial.source }
    const { data: signals, constant } = toChannels({ origin: z, phasic, tonic }, channelOptions)
    const { eda: _, ...rest } = trial
    return [trial, { ...rest, signals, status, filled, constant }]
  })
}
