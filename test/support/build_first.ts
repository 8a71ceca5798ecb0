// Before any test: dist/, on which the tests of the programs, of the package and of the browser run, is that of the sources.
import { build } from '../../scripts/lib/build.mjs'
import { say } from '../../scripts/lib/run.mjs'

export async function setup(): Promise<void> {
  // A build that fails stops no test of the sources; `npm test` builds first and fails with it.
  await build().catch((error: Error) => say(error.message))
}
