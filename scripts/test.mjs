// npm test: set-up, then types, lint, generated files and the test suite. What fails stops nothing of the rest.
import { say } from './lib/run.mjs'
import { check, part, runTests, summary } from './lib/tests.mjs'
import { setup } from './setup.mjs'

const CHECKS = [
  ['types', ['node_modules/typescript/bin/tsc', '--noEmit']],
  ['lint', ['node_modules/eslint/bin/eslint.js', '.']],
  ['format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']],
  ['generated files', ['tools/gen.mjs', '--check']],
  ['API pages', ['tools/api.mjs', '--check']],
]

try {
  await part('set-up', () => setup().then(() => 0))
  let broken = 0
  for (const [name, args] of CHECKS) broken += await check(name, args)
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
