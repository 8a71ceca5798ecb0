// What a worker sends back: how far it is, and at the end a value, or an error, whose class would not survive the way by itself.

import {
  CheckError,
  DeviceError,
  DeviceLostError,
  FormatError,
  GalvaniError,
  LimitError,
  NumericError,
  ShapeError,
  UsageError,
} from './errors.ts'

/** An error in plain data. */
export interface SentError {
  name: string
  message: string
  stack: string
  facts?: Readonly<Record<string, unknown>>
}

export type Answer = { progress: number } | { value: unknown } | { error: SentError }

/** By names that a bundler leaves alone. */
const CLASSES: Readonly<Record<string, typeof GalvaniError>> = {
  CheckError,
  DeviceError,
  DeviceLostError,
  FormatError,
  GalvaniError,
  LimitError,
  NumericError,
  ShapeError,
  UsageError,
}

/** Milliseconds between two messages of how far the work is. */
const INTERVAL = 100

/** Does the work for a message, and posts how far it is from time to time, and what came of it. */
export async function answer(
  work: (onProgress: (progress: number) => void) => Promise<{ value: unknown; transfer: ArrayBuffer[] }>,
  post: (message: Answer, transfer: ArrayBuffer[]) => void,
): Promise<void> {
  let last = performance.now()
  const onProgress = (progress: number): void => {
    if (performance.now() - last < INTERVAL) return
    last = performance.now()
    post({ progress }, [])
  }
  try {
    const { value, transfer } = await work(onProgress)
    post({ value }, transfer)
  } catch (error) {
    post({ error: sent(error) }, [])
  }
}

function sent(thrown: unknown): SentError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const { name, message, stack = '' } = error
  return { name, message, stack, ...(error instanceof GalvaniError && { facts: error.facts }) }
}

/** The error that was sent, of its own class where that is one of ours. */
export function errorOf({ name, message, stack, facts }: SentError): Error {
  const Known = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined
  const error = Known ? new Known(message, facts) : Object.assign(new Error(message), { name })
  return Object.assign(error, { stack })
}
