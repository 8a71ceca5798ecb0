// Processes that run jobs which this one hands out, and what such a process does.
import { fork, type ChildProcess } from 'node:child_process'
import { basename } from 'node:path'
import type { Job } from '../../src/experiments/job.ts'
import { runJob } from '../../src/experiments/run_job.ts'
import type { JobRunner } from '../../src/experiments/runner.ts'
import { loadStudy } from '../../src/experiments/study.ts'
import type { Holder } from '../../src/store/lock.ts'
import { NodeStore } from '../../src/store/node.ts'
import type { OpenOptions } from '../../src/runtime/node.ts'
import { DeviceLostError, StorageError, UsageError } from '../../src/runtime/errors.ts'
import { withGpu } from './context.ts'

/** The name under which `experiment` is a worker. */
export const WORKER = 'worker'

/** What a worker is started with. */
export interface WorkerStart extends OpenOptions {
  out: string
  /** Folders of prepared studies. */
  studies: string[]
}

type ToWorker = WorkerStart | { job: Job }
/** `storage` where nothing can be written. */
type FromWorker =
  { share: number; where: string } | { done: true; heldBy: Holder | undefined } | { failed: string; storage: boolean }

/** Runners, each over a process of its own, which is started anew when it dies; the job that it had fails. */
export function processRunners(count: number, start: WorkerStart) {
  const children = new Set<ChildProcess>()
  const runner = (): JobRunner => {
    let child: ChildProcess | undefined
    return async (job, onProgress) => {
      child ??= startWorker(start, children)
      const own = child
      try {
        return await handOver(own, job, onProgress)
      } finally {
        if (own.exitCode !== null || own.signalCode !== null || !own.connected) child = undefined
      }
    }
  }
  const stop = (): void => {
    for (const child of children) child.kill()
  }
  return { runners: Array.from({ length: count }, runner), stop }
}

function startWorker(start: WorkerStart, children: Set<ChildProcess>): ChildProcess {
  const child = fork(process.argv[1]!, ['experiment', WORKER], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  children.add(child)
  child.once('exit', () => children.delete(child))
  child.on('error', () => undefined) // what cannot be sent to one that died; whoever waits for it hears that it did
  child.send(start)
  return child
}

/** Resolves when the job is done, or with who is at it. */
function handOver(child: ChildProcess, job: Job, onProgress: Parameters<JobRunner>[1]): ReturnType<JobRunner> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      child.off('message', hear).off('exit', died).off('error', died)
      settle()
    }
    const hear = (message: FromWorker): void => {
      if ('share' in message) onProgress(message.share, message.where)
      else if ('done' in message) end(() => resolve(message.heldBy))
      else end(() => reject(new (message.storage ? StorageError : Error)(message.failed)))
    }
    const died = (): void =>
      end(() =>
        reject(new Error(`its process ended (${child.signalCode ?? `exit code ${child.exitCode ?? 'unknown'}`})`)),
      )
    child.on('message', hear).once('exit', died).once('error', died)
    child.send({ job })
  })
}

/** Runs jobs until the process that hands them out is gone. @throws UsageError for a person who starts it by hand */
export async function work(): Promise<void> {
  if (!process.send) throw new UsageError(`experiment ${WORKER} is started by --jobs and by nothing else`)
  const say = (message: FromWorker): void => void (process.connected && process.send?.(message))
  // Ctrl-C reaches all processes of a terminal; a stopped job is as good as a killed one, and its parent ends this one.
  process.on('SIGINT', () => undefined)
  const messages = inbox()
  const { out, studies: folders, ...device } = (await messages.next()) as WorkerStart
  const store = new NodeStore(out)
  const studies = await Promise.all(folders.map((folder) => loadStudy(new NodeStore(folder), basename(folder))))
  await withGpu(device, async (gpu) => {
    for (;;) {
      const { job } = (await messages.next()) as { job: Job }
      try {
        const onProgress = (share: number, where: string): void => say({ share, where })
        say({ done: true, heldBy: await runJob(job, { gpu, out: store, studies, onProgress }) })
      } catch (error) {
        if (error instanceof DeviceLostError) throw error // another process has another device
        const failed = error instanceof Error ? error.message : String(error)
        say({ failed, storage: error instanceof StorageError })
      }
    }
  })
}

/** Messages in their order; the process ends with the one that sends them. */
function inbox() {
  const waiting: ToWorker[] = []
  let wake: (() => void) | undefined
  process.on('message', (message: ToWorker) => {
    waiting.push(message)
    wake?.()
  })
  process.on('disconnect', () => process.exit())
  return {
    next: async (): Promise<ToWorker> => {
      while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return waiting.shift()!
    },
  }
}
