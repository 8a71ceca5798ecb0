import { defineConfig } from 'vitest/config'
import { tallyPlugin } from './test/support/tally.ts'
import { vitePlugin } from './tools/wgsl.mjs'

/** Milliseconds. Guards against what hangs, on a machine that is busy with other work: nothing else depends on the clock. */
const TOO_LONG = 900_000

export default defineConfig({
  plugins: [vitePlugin, tallyPlugin],
  // Node runs a worker's program from a file of JavaScript: the built one, for the sources too.
  define: { GALVANI_NODE_WORKER: JSON.stringify('../../dist/node_worker.js') },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: TOO_LONG,
    hookTimeout: TOO_LONG,
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**'],
    globalSetup: 'test/support/build_first.ts',
  },
})
