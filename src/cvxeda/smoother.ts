// cvxEDA of a recording that is still being made, by a sliding window: a fixed-lag smoother.
//
// Without drift columns nothing in the program spans the whole recording: H forgets within seconds and a spline reaches
// over four knot spacings k, so the solution on a window is that of the recording, except near the window's two ends.
//
//   settled, left behind  | settled, solved again: 4 k | settles now: k | lag: provisional |
//                       start                                                             end
//
// Every k samples one window settles the next k. It begins at a knot of the recording, with the filter in the state in
// which the settled driver leaves it. Windows, and what they settle, depend on the samples alone, not on when and in
// what portions these arrive.

import type { Device } from '../runtime/device.ts'
import { phasicResponse, type BatemanFilter } from './bateman.ts'
import { decompose } from './decompose.ts'
import type { Decomposition } from './decomposition.ts'
import type { DecomposeOptions } from './options.ts'

/** Knot spacings between a window's start and what it settles: as far as the missing past is felt. */
const OVERLAP = 4

/** The constants of the z-score, in the unit of the signal. */
export interface StreamScale {
  mean: number
  std: number
}

/**
 * Consecutive samples, decomposed: arrays of one length in the unit of the signal, eda = phasic + tonic + residual.
 * `from` is the first one's index in the stream; `status` is that of the window they come from (see `Decomposition`).
 */
export interface StreamPart extends Pick<Decomposition, 'phasic' | 'tonic' | 'driver' | 'residual' | 'status'> {
  from: number
}

/** What a push has brought. */
export interface StreamUpdate {
  /** Final results. Over all updates, every sample comes once and in order; those lost in gaps are left out. */
  settled: StreamPart[]
  /** What is not settled yet, up to now; replaces all earlier ones. Null when nothing has changed there. */
  newest: StreamPart | null
}

/** Lengths in samples. */
export interface SmootherSettings {
  device: Device
  /** Options of every window, except that alpha is meant for the z-scored signal. */
  program: DecomposeOptions & { alpha: number; deltaKnot: number }
  filter: BatemanFilter
  /** Between two knots. */
  spacing: number
  /** Age from which results are final. */
  lag: number
  /** Between two looks at the newest samples. */
  hop: number
  /** After which H has forgotten a driver. */
  memory: number
}

/** What driver samples before a window still add to its n samples. */
function afterglow(filter: BatemanFilter, driver: readonly number[], n: number): Float64Array {
  const input = new Float64Array(driver.length + n)
  input.set(driver)
  return phasicResponse(filter, input).subarray(driver.length)
}

/** A solved window: the samples [start, end) of a recording. */
interface Window extends Pick<Decomposition, 'phasic' | 'tonic' | 'driver' | 'residual' | 'status'> {
  start: number
  end: number
}

const lastMultiple = (step: number, count: number) => Math.floor(count / step) * step

/** The smoother of one uninterrupted recording. Its positions count from the recording's first sample. */
export class Smoother {
  /** No more samples will come. */
  closed = false
  /** From `start`, the beginning of the last window, on. */
  private readonly samples: number[] = []
  private start = 0
  /** Up to `settledTo`, as far back as `memory` before `start`. */
  private readonly driver: number[] = []
  private settledTo = 0
  /** End of the next window that settles something. */
  private due: number
  /** End of the last window whose newest samples were returned. */
  private shownTo = 0
  /** Length of a window. */
  private readonly reach: number

  /** @param origin index in the stream of the recording's first sample */
  constructor(
    private readonly settings: SmootherSettings,
    private readonly origin: number,
  ) {
    const { spacing, lag } = settings
    this.due = lastMultiple(spacing, lag) + spacing
    this.reach = (OVERLAP + 1 + Math.ceil(lag / spacing)) * spacing
  }

  append(sample: number): void {
    this.samples.push(sample)
  }

  /** Settles what is due, all of it once closed, and looks at the newest samples if a hop is over. */
  async advance(scale: StreamScale): Promise<StreamUpdate> {
    const { spacing, hop, lag } = this.settings
    const { closed } = this
    const count = this.start + this.samples.length
    const settled: StreamPart[] = []
    let window: Window | null = null
    for (; this.due <= count; this.due += spacing) {
      window = await this.#solve(this.due, scale)
      settled.push(this.#settle(window, this.due - lag))
    }
    if (closed) {
      if (this.settledTo < count) settled.push(this.#settle(await this.#solve(count, scale, true), count))
      return { settled, newest: null }
    }
    const end = Math.max(lastMultiple(spacing, count), lastMultiple(hop, count))
    if (end <= this.shownTo) return { settled, newest: null }
    this.shownTo = end
    if (window?.end !== end) window = await this.#solve(end, scale)
    return { settled, newest: this.#part(window, this.settledTo, end) }
  }

  /** Decomposes the window that ends before position `end`; `isLast`: that is where the recording ends. */
  async #solve(end: number, { mean, std }: StreamScale, isLast = false): Promise<Window> {
    const { device, program, filter, spacing } = this.settings
    this.#moveTo(Math.max(0, lastMultiple(spacing, end - this.reach + spacing - 1)))
    const { start } = this
    // A recording's last knot is the one nearest its end. Before, a window whose last knot lies inside it would tie its
    // newest samples down more than the samples to come will.
    const knots = Array.from({ length: Math.ceil((end - start) / spacing) + 1 }, (_, j) => j * spacing)
    const deltaKnot = isLast ? program.deltaKnot : knots
    const before = this.driver.slice(0, this.driver.length - (this.settledTo - start))
    const past = afterglow(filter, before, end - start)
    const y = past.map((r, i) => this.samples[i]! - mean - r)
    // The program is homogeneous: alpha times std on the signal is alpha on the z-scored signal.
    const [found] = await decompose(device, [y], { ...program, deltaKnot, alpha: program.alpha * std })
    const { phasic, tonic, driver, residual, status } = found!
    past.forEach((r, i) => {
      phasic[i]! += r
    })
    return { start, end, phasic, tonic: tonic.map((t) => t + mean), driver, residual, status }
  }

  /** Lets go of what no later window needs. */
  #moveTo(start: number): void {
    this.samples.splice(0, start - this.start)
    this.start = start
    const needed = this.settledTo - start + this.settings.memory
    this.driver.splice(0, Math.max(0, this.driver.length - needed))
  }

  #settle(window: Window, to: number): StreamPart {
    const part = this.#part(window, this.settledTo, to)
    for (const p of part.driver) this.driver.push(p)
    this.settledTo = to
    return part
  }

  #part({ start, phasic, tonic, driver, residual, status }: Window, from: number, to: number): StreamPart {
    const cut = (values: Float32Array) => values.slice(from - start, to - start)
    const parts = { phasic: cut(phasic), tonic: cut(tonic), driver: cut(driver), residual: cut(residual) }
    return { from: this.origin + from, ...parts, status }
  }
}
