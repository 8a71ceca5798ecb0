// How long a compute pass takes: by the GPU's own clock where it has one, else by the caller's.
import { DeviceError } from '../runtime/errors.ts'
import type { Gpu } from '../runtime/gpu.ts'
import { usage } from '../runtime/gpu_base.ts'

/** Milliseconds of some clock. On a software adapter CPU time of the process is the steadiest one; else wall time will do. */
export type Clock = () => number

type Encode = (pass: GPUComputePassEncoder) => void

const QUERY_RESOLVE = 0x200
const TIMESTAMPS = 2
const BYTES = 8 * TIMESTAMPS
/** In milliseconds. */
const NANOSECONDS = 1e-6
const ATTEMPTS = 3

export interface PassTimer {
  /** Runs one pass to its end and returns the milliseconds that it took. */
  time(encode: Encode): Promise<number>
  destroy(): void
}

/** A software adapter has timestamps too, but its kernels share their cores with everybody: there the caller's clock is asked. */
export const passTimer = (gpu: Gpu, clock: Clock): PassTimer =>
  gpu.device.features.has('timestamp-query') && !gpu.info.isFallbackAdapter
    ? new TimestampTimer(gpu)
    : new ClockTimer(gpu, clock)

/** From before the submit to when its end is known. */
class ClockTimer implements PassTimer {
  constructor(
    private readonly gpu: Gpu,
    private readonly clock: Clock,
  ) {}

  async time(encode: Encode): Promise<number> {
    let start = 0
    this.gpu.submit('timing kernels', (encoder) => {
      const pass = encoder.beginComputePass()
      encode(pass)
      pass.end()
      start = this.clock()
    })
    await this.gpu.idle()
    return this.clock() - start
  }

  destroy(): void {
    // it owns nothing
  }
}

/** Between the begin and the end of the pass, as the GPU saw them. */
class TimestampTimer implements PassTimer {
  private readonly queries: GPUQuerySet
  private readonly resolved: GPUBuffer
  private readonly staging: GPUBuffer
  private readonly buffers: GPUBuffer[] = []

  constructor(private readonly gpu: Gpu) {
    this.queries = gpu.device.createQuerySet({ type: 'timestamp', count: TIMESTAMPS })
    try {
      this.resolved = this.buffer('timestamps', QUERY_RESOLVE | usage.copySrc)
      this.staging = this.buffer('read timestamps', usage.mapRead | usage.copyDst)
    } catch (error) {
      this.destroy()
      throw error
    }
  }

  private buffer(label: string, flags: number): GPUBuffer {
    const buffer = this.gpu.createBuffer(label, BYTES, flags, 'staging')
    this.buffers.push(buffer)
    return buffer
  }

  async time(encode: Encode): Promise<number> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const spent = await this.attempt(encode)
      if (spent >= 0) return spent // a clock may be set back between two queries
    }
    throw new DeviceError(`timestamps of ${this.gpu.info.description} run backwards`)
  }

  private async attempt(encode: Encode): Promise<number> {
    const { gpu, queries, resolved, staging } = this
    const timestampWrites = { querySet: queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 }
    gpu.submit('timing kernels', (encoder) => {
      const pass = encoder.beginComputePass({ timestampWrites })
      encode(pass)
      pass.end()
      encoder.resolveQuerySet(queries, 0, TIMESTAMPS, resolved, 0)
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, BYTES)
    })
    const [begin = 0n, end = 0n] = new BigInt64Array(await gpu.map(staging, BYTES))
    return Number(end - begin) * NANOSECONDS
  }

  destroy(): void {
    this.queries.destroy()
    for (const buffer of this.buffers) this.gpu.destroyBuffer(buffer)
  }
}
