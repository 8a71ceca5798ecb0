// The program of a worker that `openCpu` starts in Node.
import { parentPort } from 'node:worker_threads'
import { decomposeShare } from './cvxeda/worker.ts'

parentPort!.on('message', (message) => {
  void decomposeShare(message, (answer, transfer) => parentPort!.postMessage(answer, transfer))
})
