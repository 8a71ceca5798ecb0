// Workers in Node: threads of this process.
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { Cpu, workersOf, type CpuOptions, type StartWorker } from './cpu.ts'
import { DeviceError } from './errors.ts'
import type { Answer } from './worker_answer.ts'

/** Put in by the build: the worker's program, as seen from here. */
declare const GALVANI_NODE_WORKER: string

/**
 * Opens the CPU as worker threads, for `decompose`, `analyse` and `solveQp`. A thread is started when there is work for it; the process
 * ends by itself when none is at work. @throws UsageError for a number of workers that cannot be, or an unknown option
 */
export function openCpu(options: CpuOptions = {}): Cpu {
  return new Cpu(startThread, workersOf(options, availableParallelism()))
}

const startThread: StartWorker = (onAnswer, onFailure) => {
  // None of the flags that this process was started with: some are not allowed in a thread.
  const worker = new Worker(new URL(GALVANI_NODE_WORKER, import.meta.url), { execArgv: [] })
  worker.on('message', (answer: Answer) => onAnswer(answer))
  worker.on('error', onFailure)
  worker.on('exit', (code) => onFailure(new DeviceError(`a worker ended by itself (exit code ${code})`)))
  worker.unref()
  return {
    send: (message, transfer) => worker.postMessage(message, transfer),
    hold: (isBusy) => (isBusy ? worker.ref() : worker.unref()),
    end: () => void worker.terminate(),
  }
}
