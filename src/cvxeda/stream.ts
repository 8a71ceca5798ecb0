// cvxEDA of a recording that is still being made: takes samples as they come, says what has become known.
//
// Work is done in turns, one at a time; samples that come meanwhile wait. A gap of more than a second ends a recording
// and begins another: each has its own smoother.

import { FormatError, UsageError } from '../runtime/errors.ts'
import type { Device } from '../runtime/device.ts'
import { Smoother, type StreamScale, type StreamUpdate } from './smoother.ts'
import { checkScale, measureScale, settingsOf, type Settings, type StreamOptions } from './stream_settings.ts'

/** A recording that goes on; made by `decomposeStream`. */
export class DecompositionStream {
  private readonly settings: Settings
  private knownScale: StreamScale | null
  /** Samples that `scale` will be measured on. */
  private calibration: number[] = []
  /** Those with something left to settle; only the last can be open. */
  private readonly recordings: Smoother[] = []
  /** Samples that have come, the last of them that was not missing, and how many have been missing since. */
  private count = 0
  private last = NaN
  private missing = 0
  private ended = false
  private failure: { reason: unknown } | null = null
  private pushes = 0
  private turn: Promise<unknown> = Promise.resolve()

  constructor(device: Device, options: StreamOptions) {
    this.settings = settingsOf(device, options)
    this.knownScale = options.scale ? checkScale(options.scale) : null
  }

  /** As given, or measured; null until then. A later recording of the same person can be given it. */
  get scale(): Readonly<StreamScale> | null {
    return this.knownScale
  }

  /**
   * Takes samples, NaN where one is missing, and decomposes what has become due. Null when that is nothing, or when
   * another push came while this one waited for its turn: that one then does the work for both. Samples wait in memory
   * until they are decomposed; a caller faster than the device has to await its pushes.
   *
   * Up to 1 s of missing samples are bridged by a line; after a longer gap a new recording begins, of the same scale.
   *
   * @throws UsageError for samples that are no array, or after the end; FormatError for a sample that is not a finite
   * number or NaN, or for a calibration without variation; whatever `decompose` throws. What was thrown once is thrown
   * by every later call.
   */
  push(samples: ArrayLike<number>): Promise<StreamUpdate | null> {
    return this.#guard(() => {
      this.#accept(samples)
      const mine = ++this.pushes
      return this.#inTurn(async () => {
        if (mine < this.pushes) return null
        const update = await this.advance()
        return update.settled.length > 0 || update.newest ? update : null
      })
    })
  }

  /** Settles everything that is left. The stream takes no more samples. */
  end(): Promise<StreamUpdate> {
    return this.#guard(() => {
      this.#refuseAfterEnd()
      this.ended = true
      this.pushes++
      const open = this.recordings.at(-1)
      if (open) open.closed = true
      return this.#inTurn(() => this.advance())
    })
  }

  /** After an error nothing goes on: every later call ends with it. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    if (this.failure) throw this.failure.reason
    try {
      return await work()
    } catch (reason) {
      this.failure ??= { reason }
      throw reason
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(() => this.#guard(work))
    this.turn = result.catch(() => {})
    return result
  }

  #refuseAfterEnd(): void {
    if (this.ended) throw new UsageError('cvxEDA: the stream has ended, nothing can be added; begin a new one.')
  }

  #accept(samples: ArrayLike<number>): void {
    this.#refuseAfterEnd()
    if (typeof (samples as Partial<ArrayLike<number>> | null | undefined)?.length !== 'number') {
      const what = samples === null ? 'null' : `of type ${typeof samples}`
      throw new UsageError(`cvxEDA: what was pushed is ${what}, expected an array of samples; one goes in as [sample].`)
    }
    for (let i = 0; i < samples.length; i++, this.count++) {
      const sample = samples[i]!
      if (Number.isNaN(sample)) this.#skip()
      else if (Number.isFinite(sample)) this.append(sample)
      else {
        const what = typeof sample === 'number' ? sample : `of type ${typeof sample}`
        throw new FormatError(
          `cvxEDA: sample ${this.count} of the stream is ${what}, expected a finite number or, ` +
            'where one is missing, NaN.',
          { index: this.count },
        )
      }
    }
  }

  #skip(): void {
    this.missing++
    const open = this.recordings.at(-1)
    if (open && this.missing > this.settings.longestGap) open.closed = true
  }

  private append(sample: number): void {
    let open = this.recordings.at(-1)
    if (open && !open.closed) {
      const step = (sample - this.last) / (this.missing + 1)
      for (let m = 1; m <= this.missing; m++) open.append(this.last + m * step)
    } else {
      open = new Smoother(this.settings, this.count)
      this.recordings.push(open)
    }
    open.append(sample)
    this.last = sample
    this.missing = 0
    if (!this.knownScale) this.#calibrate(sample)
  }

  #calibrate(sample: number): void {
    this.calibration.push(sample)
    if (this.calibration.length === this.settings.calibration) this.knownScale = measureScale(this.calibration)
  }

  private async advance(): Promise<StreamUpdate> {
    this.settings.program.signal?.throwIfAborted()
    const update: StreamUpdate = { settled: [], newest: null }
    if (this.ended && this.calibration.length > 0) this.knownScale ??= measureScale(this.calibration)
    if (!this.knownScale) return update
    this.calibration = []
    for (let recording; (recording = this.recordings[0]);) {
      const { closed } = recording
      const { settled, newest } = await recording.advance(this.knownScale)
      for (const one of settled) update.settled.push(one)
      update.newest = newest
      if (!closed) break
      this.recordings.shift()
    }
    return update
  }
}

/**
 * Splits a skin-conductance recording into phasic, tonic and residual parts while it is being made. The results are
 * those of `decompose` on the whole recording, z-scored with `scale` and without drift columns, to within an NRMSE of
 * 1e-2 (docs/streaming.md), and final when `settleSeconds` to `settleSeconds + deltaKnot` old. Memory and the work for
 * a second of recording do not depend on how long it already is.
 *
 * @param device a GPU, the workers of `openCpu`, or 'cpu'
 * @throws UsageError for parameters out of range
 */
export function decomposeStream(device: Device, options: StreamOptions): DecompositionStream {
  return new DecompositionStream(device, options)
}
