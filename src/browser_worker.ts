// The program of a worker that `openCpu` starts in a page.
import { answerShare } from './worker_shares.ts'

addEventListener('message', ({ data }) => {
  void answerShare(data, (answer, transfer) => postMessage(answer, { transfer }))
})
