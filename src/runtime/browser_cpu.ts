// Workers in a page.
import { Cpu, workersOf, type CpuOptions, type StartWorker } from './cpu.ts'
import { DeviceError } from './errors.ts'
import type { Answer } from './worker_answer.ts'

/** Put in by the build: the worker's program, as seen from here. */
declare const GALVANI_BROWSER_WORKER: string

/**
 * Opens the CPU as module workers of this page, for `decompose`, `analyse` and `solveQp`. A worker is started when there is work for it.
 * @throws UsageError for a number of workers that cannot be, or an unknown option; DeviceError outside of a browser
 */
export function openCpu(options: CpuOptions = {}): Cpu {
  if (typeof Worker === 'undefined')
    throw new DeviceError('no workers here: galvani/browser needs a page or a worker; in Node, import galvani/node')
  return new Cpu(startWorker, workersOf(options, navigator.hardwareConcurrency))
}

const startWorker: StartWorker = (onAnswer, onFailure) => {
  const worker = new Worker(new URL(GALVANI_BROWSER_WORKER, import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }) => onAnswer(data as Answer)
  worker.onerror = ({ message }) => onFailure(new DeviceError(`a worker failed: ${message || 'it did not load'}`))
  return {
    send: (message, transfer) => worker.postMessage(message, transfer),
    hold: () => undefined,
    end: () => worker.terminate(),
  }
}
