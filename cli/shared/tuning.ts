// Where the command line keeps tuned kernels, and how it measures them.
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Option } from 'commander'
import { kernelClock } from '../../bench/timing.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { NodeStore } from '../../src/store/node.ts'
import type { TuneCache } from '../../src/tune/cache.ts'
import type { Untuned } from '../../src/tune/tune.ts'
import { TUNE_MODES, useTunedKernels, type TuneMode, type Workload } from '../../src/train/tuned_kernels.ts'
import { lateBar, type Output } from './output.ts'
import { oneOf } from './values.ts'

/** The option of commands that train. */
export const tuneOption = (): Option =>
  new Option(
    '--tune <mode>',
    'kernels: off (presets), cached (as measured before), on (measure what is missing) or force',
  ).argParser(oneOf('--tune', TUNE_MODES))

/** GALVANI_TUNE if it is set, else no tuned kernels in continuous integration, where every run is to be the same. */
export function tuneMode(option: TuneMode | undefined): TuneMode {
  const { GALVANI_TUNE: wanted, CI } = process.env
  if (option !== undefined) return option
  return wanted ? oneOf('GALVANI_TUNE', TUNE_MODES)(wanted) : CI ? 'off' : 'cached'
}

/** GALVANI_CACHE, or `galvani` in the user's folder of caches (XDG Base Directory Specification). */
export function cacheStore(): NodeStore {
  const { GALVANI_CACHE: own, XDG_CACHE_HOME: caches } = process.env
  return new NodeStore(own ? own : join(caches ? caches : join(homedir(), '.cache'), 'galvani'))
}

export interface TuningSettings {
  mode: TuneMode
  /** Seconds; the library's default if absent. */
  budget?: number
  signal: AbortSignal
}

/** Loads or measures kernels for this work, with progress. */
export async function tuneFor(
  gpu: Gpu,
  workload: Workload,
  { mode, budget, signal: abort }: TuningSettings,
  output: Output,
): Promise<{ cache: TuneCache } & Untuned> {
  const bar = lateBar(output, 'tuning')
  return useTunedKernels(gpu, cacheStore(), mode, workload, {
    clock: kernelClock(gpu),
    ...(budget !== undefined && { budget }),
    signal: abort,
    onWarning: (message) => output.note(message),
    onProgress: bar.update,
  }).finally(bar.stop)
}
