// npm run test:long: the suites of test/long/, a file each, which take too long for every run of `npm test`.
import { say } from './lib/run.mjs'
import { part, runTests, summary } from './lib/tests.mjs'
import { setup } from './setup.mjs'

try {
  await part('set-up', () => setup().then(() => 0))
  let tally
  await part('long tests', async () => {
    tally = await runTests(['--config', 'vitest.long.config.ts', ...process.argv.slice(2)])
    return tally.failed
  })
  for (const [file, seconds] of tally.seconds) say(`  ${file}: ${seconds.toFixed(1)} s`)
  console.log(summary(tally))
  process.exitCode = tally.failed > 0 ? 1 : 0
} catch (error) {
  say(error.message)
  process.exitCode = 1
}
