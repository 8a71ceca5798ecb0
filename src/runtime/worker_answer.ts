// What a worker sends back: a value, or an error, whose class would not survive the way by itself.

import * as errors from './errors.ts'

/** An error in plain data. */
export interface SentError {
  name: string
  message: string
  stack: string
  facts?: Readonly<Record<string, unknown>>
}

export type Answer = { value: unknown } | { error: SentError }

/** Does the work for a message, and posts what came of it. */
export async function answer(
  work: () => Promise<{ value: unknown; transfer: ArrayBuffer[] }>,
  post: (message: Answer, transfer: ArrayBuffer[]) => void,
): Promise<void> {
  try {
    const { value, transfer } = await work()
    post({ value }, transfer)
  } catch (error) {
    post({ error: sent(error) }, [])
  }
}

function sent(thrown: unknown): SentError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const { name, message, stack = '' } = error
  return { name, message, stack, ...(error instanceof errors.GalvaniError && { facts: error.facts }) }
}

/** The error that was sent, of its own class where that is one of ours. */
export function errorOf({ name, message, stack, facts }: SentError): Error {
  const Known = Object.entries(errors).find(([known]) => known === name)?.[1]
  const error = Known ? new Known(message, facts) : Object.assign(new Error(message), { name })
  return Object.assign(error, { stack })
}
