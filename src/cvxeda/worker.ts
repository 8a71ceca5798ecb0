// What a worker does, in Node and in a page alike.

import { answer, type Answer } from '../runtime/worker_answer.ts'
import { decompose } from './decompose.ts'
import type { Share } from './shares.ts'

/** Decomposes the share that came as a message; posts how many signals of it are done, and at the end the results. */
export const decomposeShare = (message: unknown, post: (answer: Answer, transfer: ArrayBuffer[]) => void) =>
  answer(async (onProgress) => {
    const { signals, sampleRate, params } = message as Share
    const value = await decompose('cpu', signals, { sampleRate, onProgress, ...params })
    const transfer = value.flatMap((found) =>
      Object.values(found).flatMap((part: unknown) => (ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : [])),
    )
    return { value, transfer }
  }, post)
