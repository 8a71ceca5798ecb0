// What `npm test` and `npm run test:long` share: parts that are timed and counted, and runs of vitest with their tally.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { node, root, say } from './run.mjs'

const TALLY = join(root, '.cache', 'tally.json')

/** Does one part of the work, which returns how many failures it had, and says how it went and how long it took. */
export async function part(name, work) {
  const started = Date.now()
  const failed = await work()
  say(`${name}: ${failed === 0 ? 'ok' : 'FAILED'} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  return failed
}

/** A part that is a script of this clone; what it printed is shown where it fails. */
export const check = (name, args) =>
  part(name, async () => {
    const { code, output } = await node(args)
    if (code !== 0) say(output.trimEnd())
    return code === 0 ? 0 : 1
  })

/**
 * Runs vitest with its own progress, and returns the sums of test/support/tally.ts. Whatever ends badly counts as a failure, also where it
 * kept the sums from being made: a run that broke off, or that found no test.
 */
export async function runTests(args) {
  mkdirSync(join(root, '.cache'), { recursive: true })
  rmSync(TALLY, { force: true })
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...args]
  const { code } = await node(vitest, { stdio: ['ignore', 'inherit', 'inherit'], env: { TALLY } })
  const tally = existsSync(TALLY)
    ? JSON.parse(readFileSync(TALLY, 'utf8'))
    : { passed: 0, failed: 0, skipped: [], seconds: [] }
  if (tally.failed === 0 && (code !== 0 || tally.passed === 0)) {
    say(code === 0 ? 'no test has run' : `the test run broke off with exit code ${code}`)
    tally.failed = 1
  }
  return tally
}

/** The last line, e.g. `1822 passed, 0 failed, 11 skipped: 10 × no such adapter, 1 × PyTorch is not installed`. */
export function summary({ passed, failed, skipped }) {
  const count = skipped.reduce((sum, [, n]) => sum + n, 0)
  const reasons = skipped.map(([reason, n]) => `${n} × ${reason}`).join(', ')
  return `${passed} passed, ${failed} failed${count > 0 ? `, ${count} skipped: ${reasons}` : ''}`
}
