// What a worker does with programs, in Node and in a page alike.

import { answer, type Answer } from '../runtime/worker_answer.ts'
import { solveQp } from './dense.ts'
import type { QpShare } from './shares.ts'

/** Solves the share that came as a message and posts the solutions. */
export const solveShare = (message: unknown, post: (answer: Answer, transfer: ArrayBuffer[]) => void) =>
  answer(async () => {
    const { programs, options } = message as QpShare
    return { value: await solveQp('cpu', programs, options), transfer: [] }
  }, post)
