import { defineConfig } from 'vitest/config'
import { vitePlugin } from './tools/wgsl.mjs'

export default defineConfig({
  plugins: [vitePlugin],
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/build_first.ts',
  },
})
