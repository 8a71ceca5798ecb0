// A call's signals, shared out among workers: what goes to a worker, and what it does with it.

import type { Cpu, Task } from '../runtime/cpu.ts'
import type { Decomposition } from './decomposition.ts'
import type { CvxedaParams } from './params.ts'

/** Signals of one shape, and the parameters of their decomposition. */
export interface Share {
  signals: Float64Array[]
  sampleRate: number
  params: Partial<CvxedaParams>
}

/** Shares that each worker gets where there are signals enough: so many that all end at about the same time. */
const SHARES = 16

/** Indices of a group's signals, cut into shares. */
function cut(group: readonly number[], workers: number): number[][] {
  const size = Math.ceil(group.length / (workers * SHARES))
  return Array.from({ length: Math.ceil(group.length / size) }, (_, s) => group.slice(s * size, (s + 1) * size))
}

interface Call extends Pick<Share, 'params'> {
  signals: readonly ArrayLike<number>[]
  rates: readonly number[]
  /** Indices of the signals that share length and rate. */
  groups: readonly number[][]
  /** Called with signals done; one at work counts by the share of its work that is done. */
  onProgress: (done: number) => void
  signal: AbortSignal | undefined
}

/** Decomposes by workers, the longest signals first; results in the order of the signals. */
export async function decomposeByWorkers(
  cpu: Cpu,
  { signals, rates, params, groups, onProgress, signal }: Call,
): Promise<Decomposition[]> {
  const samples = (share: readonly number[]) => share.length * signals[share[0]!]!.length
  const shares = groups.flatMap((group) => cut(group, cpu.workers)).sort((a, b) => samples(b) - samples(a))
  const tasks = shares.map((share): Task => () => {
    const copies = share.map((index) => new Float64Array(signals[index]!))
    const message: Share = { signals: copies, sampleRate: rates[share[0]!]!, params }
    return { message, transfer: copies.map(({ buffer }) => buffer) }
  })
  const done = shares.map(() => 0)
  const hear = (share: number, signalsDone: number): void => {
    done[share] = signalsDone
    onProgress(done.reduce((sum, one) => sum + one, 0))
  }
  const found = (await cpu.run(tasks, {
    signal,
    onProgress: hear,
    onAnswer: (_, share) => hear(share, shares[share]!.length),
  })) as Decomposition[][]
  const results = new Array<Decomposition>(signals.length)
  shares.forEach((share, s) => share.forEach((index, at) => (results[index] = found[s]![at]!)))
  return results
}
