// Tests that cannot run everywhere say what they need; whoever runs the rest is told (see tally.ts).
import type { TestOptions } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    /** Why a test or a suite was skipped. */
    reason?: string
  }
}

/** Of most tests that are skipped in a plain clone. */
export const NO_SHARED = 'the shared data are not beside this clone'

/**
 * Options of a test or a suite: it is skipped, with the reason why, unless the condition holds. A test that finds out only while it
 * runs calls `skip(reason)` of its context.
 */
export const needs = (condition: boolean, reason: string): TestOptions =>
  condition ? {} : { skip: true, meta: { reason } }
