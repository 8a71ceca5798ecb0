// The program of a worker that `openCpu` starts in Node.
import { parentPort } from 'node:worker_threads'
import { answerShare } from './worker_shares.ts'

parentPort!.on('message', (message) => {
  void answerShare(message, (answer, transfer) => parentPort!.postMessage(answer, transfer))
})
