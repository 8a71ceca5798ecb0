// npm test: set-up, then types, lint, generated files and the test suite. What fails stops nothing of the rest.
import { say } from './lib/run.mjs'
import { check, part, runTests, summary } from './lib/tests.mjs'
import { setup } from './setup.mjs'

/** Two lists that are worked off beside each other, one check a core: the linter takes as long as all others together. */
const CHECKS = [
  [['lint', ['node_modules/eslint/bin/eslint.js', '.']]],
  [
    ['types', ['node_modules/typescript/bin/tsc', '--noEmit']],
    ['format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']],
    ['generated files', ['tools/gen.mjs', '--check']],
    ['API pages', ['tools/api.mjs', '--check']],
  ],
]

async function brokenOf(checks) {
  let broken = 0
  for (const [name, args] of checks) broken += await check(name, args)
  return broken
}

try {
  await part('set-up', () => setup().then(() => 0))
  const broken = (await Promise.all(CHECKS.map(brokenOf))).reduce((sum, count) => sum + count, 0)
  let tally
  await part('tests', async () => {
    tally = await runTests(process.argv.slice(2))
    return tally.failed
  })
  if (broken > 0) console.log(`${broken} of the checks before the tests failed; they are counted as failed`)
  const failed = tally.failed + broken
  console.log(summary({ ...tally, failed }))
  process.exitCode = failed > 0 ? 1 : 0
} catch (error) {
  say(error.message)
  process.exitCode = 1
}
