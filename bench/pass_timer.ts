// Time of one compute pass: by the device's own clock where it has one, else from submit to done.
import { usage, type Gpu } from '../src/runtime/gpu.ts'
import { untilIdle, type Spent } from './timing.ts'

const QUERY_RESOLVE = 0x200
/** Two timestamps in nanoseconds. */
const BYTES = 16

interface Clock {
  queries: GPUQuerySet
  resolved: GPUBuffer
  staging: GPUBuffer
}

export class PassTimer {
  private readonly clock: Clock | null

  constructor(private readonly gpu: Gpu) {
    const has = gpu.device.features.has('timestamp-query')
    this.clock = has
      ? {
          queries: gpu.device.createQuerySet({ type: 'timestamp', count: 2 }),
          resolved: gpu.createBuffer('timestamps', BYTES, QUERY_RESOLVE | usage.copySrc, 'staging'),
          staging: gpu.createBuffer('timestamps read', BYTES, usage.mapRead | usage.copyDst, 'staging'),
        }
      : null
  }

  /** Submits one pass and waits for it. */
  async time(encode: (pass: GPUComputePassEncoder) => void): Promise<Spent> {
    const encoder = this.gpu.device.createCommandEncoder()
    const queries = this.clock?.queries
    const timestampWrites = queries && { querySet: queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 }
    const pass = encoder.beginComputePass(timestampWrites ? { timestampWrites } : {})
    encode(pass)
    pass.end()
    if (this.clock) {
      encoder.resolveQuerySet(this.clock.queries, 0, 2, this.clock.resolved, 0)
      encoder.copyBufferToBuffer(this.clock.resolved, 0, this.clock.staging, 0, BYTES)
    }
    const commands = encoder.finish()
    const { ms, cpu_ms } = await untilIdle(this.gpu, () => this.gpu.submit(commands))
    return { ms: (await this.deviceTime()) ?? ms, cpu_ms }
  }

  /** Milliseconds between the timestamps; null where there are none, or a driver's clock has jumped. */
  private async deviceTime(): Promise<number | null> {
    if (!this.clock) return null
    const [begin = 0n, end = 0n] = new BigUint64Array(await this.gpu.map(this.clock.staging, BYTES))
    return end > begin ? Number(end - begin) / 1e6 : null
  }

  destroy(): void {
    if (!this.clock) return
    this.clock.queries.destroy()
    this.gpu.destroyBuffer(this.clock.resolved)
    this.gpu.destroyBuffer(this.clock.staging)
  }
}
