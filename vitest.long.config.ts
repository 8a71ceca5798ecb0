// The long suites: one file after another, so that each has the machine to itself.
import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

const { projects: _, ...test } = base.test!

const TOO_LONG = 3_600_000

export default defineConfig({
  ...base,
  test: {
    ...test,
    maxWorkers: 1,
    testTimeout: TOO_LONG,
    hookTimeout: TOO_LONG,
    include: ['test/long/**/*.test.ts'],
  },
})
