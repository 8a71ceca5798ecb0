// npm test: set-up, then types, lint, generated files and the test suite. What fails stops nothing of the rest.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { node, root, say } from './lib/run.mjs'
import { setup } from './setup.mjs'

const REPORT = join(root, '.cache', 'vitest.json')
const CHECKS = [
  ['types', ['node_modules/typescript/bin/tsc', '--noEmit']],
  ['lint', ['node_modules/eslint/bin/eslint.js', '.']],
  ['generated files', ['tools/gen.mjs', '--check']],
  ['API pages', ['tools/api.mjs', '--check']],
]

async function check([name, args]) {
  const started = Date.now()
  const { code, output } = await node(args)
  say(`${name}: ${code === 0 ? 'ok' : 'FAILED'} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  if (code !== 0) say(output.trimEnd())
  return code === 0
}

/** Runs vitest with its own progress. Returns its counts; a file that did not load or a broken run is a failure. */
async function tests() {
  mkdirSync(join(root, '.cache'), { recursive: true })
  rmSync(REPORT, { force: true })
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${REPORT}`,
  ]
  const { code } = await node([...args, ...process.argv.slice(2)], { stdio: ['ignore', 'inherit', 'inherit'] })
  const report = existsSync(REPORT) ? JSON.parse(readFileSync(REPORT, 'utf8')) : {}
  const { numPassedTests: passed = 0, numFailedTests = 0, numPendingTests: skipped = 0, testResults = [] } = report
  const unloaded = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
  const failed = numFailedTests + unloaded
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped }
}

try {
  await setup()
  let broken = 0
  for (const each of CHECKS) broken += (await check(each)) ? 0 : 1
  const { passed, failed, skipped } = await tests()
  if (broken > 0) console.log(`${broken} of the checks before the tests failed; they are counted as failed`)
  console.log(`${passed} passed, ${failed + broken} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  process.exitCode = failed + broken > 0 ? 1 : 0
} catch (error) {
  say(error.message)
  process.exitCode = 1
}
