// Workers that compute beside the thread that asks: a pool of them, whatever the host's workers are.

import { checkNames, type Known } from './arguments.ts'
import { DeviceError, UsageError } from './errors.ts'
import { errorOf, type Answer } from './worker_answer.ts'

/** How many workers to start; default: as many as the machine has cores. */
export interface CpuOptions {
  workers?: number
}

/** A worker of the host, as the pool uses it. */
export interface CpuWorker {
  send: (message: unknown, transfer: ArrayBuffer[]) => void
  /** A process waits for a worker that is busy, and for no other. */
  hold: (isBusy: boolean) => void
  end: () => void
}

/** Starts a worker, which says what it has answered, or why it never will. */
export type StartWorker = (onAnswer: (answer: Answer) => void, onFailure: (error: Error) => void) => CpuWorker

/** A message for a worker and the buffers that go with it; asked for when a worker is free, so that few are there at a time. */
export type Task = () => { message: unknown; transfer: ArrayBuffer[] }

const CPU_OPTIONS: Known<CpuOptions> = { workers: true }

/** How many workers to open; `cores` where the options do not say. @throws UsageError unless it is a positive integer */
export function workersOf(options: CpuOptions, cores: number): number {
  checkNames('openCpu', options, CPU_OPTIONS)
  const { workers = cores } = options
  if (Number.isInteger(workers) && workers > 0) return workers
  throw new UsageError(`openCpu: workers is ${workers}, expected a positive integer`)
}

interface Job {
  task: Task
  onProgress: (progress: number) => void
  resolve: (value: unknown) => void
  reject: (reason: unknown) => void
}

/** What is heard of a call's tasks, each by its place. */
export interface RunHooks {
  signal: AbortSignal | undefined
  onProgress?: (task: number, progress: number) => void
  onAnswer: (value: unknown, task: number) => void
}

/** Worker threads, or a page's workers; made by `openCpu`. Each is started when there is work for it. */
export class Cpu {
  private readonly idle: CpuWorker[] = []
  private readonly busy = new Map<CpuWorker, Job>()
  private waiting: Job[] = []
  private closed = false

  constructor(
    private readonly start: StartWorker,
    readonly workers: number,
  ) {}

  /**
   * Answers to tasks, in their order; the hooks hear how far each is, and its answer. When one fails, or `signal` says so, the
   * workers that are at these tasks are ended at once.
   */
  async run(tasks: readonly Task[], { signal, onProgress, onAnswer }: RunHooks): Promise<unknown[]> {
    if (this.closed) throw new DeviceError('the workers were closed; openCpu() opens others')
    signal?.throwIfAborted()
    const jobs: Job[] = []
    const answers = tasks.map(async (task, place) => {
      const value = await new Promise((resolve, reject) =>
        jobs.push({ task, onProgress: (progress) => onProgress?.(place, progress), resolve, reject }),
      )
      onAnswer(value, place)
      return value
    })
    const stop = (): void => this.drop(new Set(jobs), signal!.reason)
    signal?.addEventListener('abort', stop)
    for (const job of jobs) this.waiting.push(job)
    this.dispatch()
    try {
      return await Promise.all(answers)
    } catch (error) {
      this.drop(new Set(jobs), error)
      throw error
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  /** Ends all workers; what still waits for them is rejected. */
  close(): void {
    this.closed = true
    this.drop(new Set([...this.waiting, ...this.busy.values()]), new DeviceError('the workers were closed'))
    for (const worker of this.idle.splice(0)) worker.end()
  }

  /** Gives waiting jobs to workers. */
  private dispatch(): void {
    while (this.waiting.length > 0 && this.busy.size < this.workers) {
      const job = this.waiting.shift()!
      try {
        const { message, transfer } = job.task()
        const worker = this.idle.pop() ?? this.open()
        this.busy.set(worker, job)
        worker.hold(true)
        worker.send(message, transfer)
      } catch (error) {
        job.reject(error)
      }
    }
  }

  private open(): CpuWorker {
    const worker = this.start(
      (answer) => {
        const job = this.busy.get(worker)
        if (!job) return // ended meanwhile
        if ('progress' in answer) return heard(job, answer.progress)
        this.busy.delete(worker)
        worker.hold(false)
        this.idle.push(worker)
        if ('error' in answer) job.reject(errorOf(answer.error))
        else job.resolve(answer.value)
        this.dispatch()
      },
      (error) => {
        const job = this.busy.get(worker)
        const at = this.idle.indexOf(worker)
        if (at >= 0) this.idle.splice(at, 1)
        if (job) this.drop(new Set([job]), error)
      },
    )
    return worker
  }

  /** Rejects these jobs and ends the workers that are at them; others take their places. */
  private drop(jobs: ReadonlySet<Job>, reason: unknown): void {
    for (const [worker, job] of this.busy) {
      if (!jobs.has(job)) continue
      this.busy.delete(worker)
      worker.end()
    }
    this.waiting = this.waiting.filter((job) => !jobs.has(job))
    for (const { reject } of jobs) reject(reason)
    this.dispatch()
  }
}

/** What the caller's hook throws ends its call. */
function heard({ onProgress, reject }: Job, progress: number): void {
  try {
    onProgress(progress)
  } catch (error) {
    reject(error)
  }
}
