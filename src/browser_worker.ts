// The program of a worker that `openCpu` starts in a page.
import { decomposeShare } from './cvxeda/worker.ts'

addEventListener('message', ({ data }) => {
  void decomposeShare(data, (answer, transfer) => postMessage(answer, { transfer }))
})
