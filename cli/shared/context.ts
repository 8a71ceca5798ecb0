import { Option } from 'commander'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu, type OpenOptions } from '../../src/runtime/node.ts'
import type { ComputeHooks } from '../../src/train/trained_run.ts'
import { lateBar, type Output } from './output.ts'

/** The option of every command that computes. */
export const adapterOption = (): Option =>
  new Option('--adapter <name>', 'part of the name of the adapter to use (default: the fastest)')

/** Opens the adapter for the time of `work`. */
export async function withGpu<T>({ adapter }: OpenOptions, work: (gpu: Gpu) => Promise<T>): Promise<T> {
  const gpu = await openGpu(adapter === undefined ? {} : { adapter })
  try {
    return await work(gpu)
  } finally {
    await gpu.close()
  }
}

/** Exit codes of a process that ends by a signal, as shells have them: Ctrl-C, and what `kill`, a queue or a container sends. */
const STOPPED = { SIGINT: 130, SIGTERM: 143 } as const
type Stop = keyof typeof STOPPED
const STOPS = Object.keys(STOPPED) as Stop[]

/** An aborted signal on the first Ctrl-C or SIGTERM; the second one ends the process at once. */
export function interruptible(): AbortSignal {
  const controller = new AbortController()
  const stop = (signal: Stop): void => {
    for (const one of STOPS) process.off(one, stop)
    controller.abort(new Interrupted(signal))
  }
  for (const one of STOPS) process.on(one, stop)
  return controller.signal
}

export class Interrupted extends Error {
  override readonly name = 'AbortError'
  readonly exitCode: number
  constructor(signal: Stop) {
    super(signal === 'SIGINT' ? 'interrupted' : 'terminated')
    this.exitCode = STOPPED[signal]
  }
}

/** Hooks for work on trials: Ctrl-C, warnings as notes, and a bar over their decomposition and over baselines where there are some. */
export function computing(output: Output, abort = interruptible()) {
  return async <T>(work: (hooks: Required<ComputeHooks>) => Promise<T>): Promise<T> => {
    const bar = lateBar(output, 'cvxEDA')
    const learning = lateBar(output, 'baselines')
    const onBaselines = (share: number): void => {
      bar.stop()
      learning.update(Math.floor(100 * share), 100)
    }
    const onWarning = (message: string): void => output.note(message)
    return await work({ signal: abort, onProgress: bar.update, onBaselines, onWarning }).finally(() => {
      bar.stop()
      learning.stop()
    })
  }
}
