import { defineConfig } from 'vitest/config'
import { tallyPlugin } from './test/support/tally.ts'
import { vitePlugin } from './tools/wgsl.mjs'

/** Milliseconds. Guards against what hangs, on a machine that is busy with other work: nothing else depends on the clock. */
const TOO_LONG = 900_000

/**
 * Folders whose tests leave their process as it was: they replace no module and set no variable of the environment, and what they spy on is
 * restored. Their files run in one process after another, which loads the sources once; to load them anew for each file takes longer than most
 * of the tests.
 */
export const SHARING: readonly string[] = [
  ...['charts', 'datasets', 'evaluation', 'experiments', 'formats', 'kernels', 'model', 'music', 'qp', 'reading'],
  ...['reference', 'reflection', 'report', 'signal', 'store', 'train', 'verify'],
]
const IN_ONE = SHARING.map((folder) => `test/${folder}/**/*.test.ts`)
const LONG = 'test/long/**'

export default defineConfig({
  plugins: [vitePlugin, tallyPlugin],
  // Node runs a worker's program from a file of JavaScript: the built one, for the sources too.
  define: { GALVANI_NODE_WORKER: JSON.stringify('../../dist/node_worker.js') },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: TOO_LONG,
    hookTimeout: TOO_LONG,
    globalSetup: 'test/support/build_first.ts',
    projects: [
      { extends: true, test: { name: 'one process', isolate: false, restoreMocks: true, include: IN_ONE } },
      { extends: true, test: { name: 'a process each', include: ['test/**/*.test.ts'], exclude: [LONG, ...IN_ONE] } },
    ],
  },
})
