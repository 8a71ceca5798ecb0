// npm run setup: dependencies, the build and an adapter; what is already there is left alone.
import { pathToFileURL } from 'node:url'
import { ensureAdapter } from './lib/adapter.mjs'
import { build } from './lib/build.mjs'
import { installDependencies } from './lib/dependencies.mjs'
import { say } from './lib/run.mjs'

/** Makes this clone ready to use. Throws an Error with one message when a part fails. */
export async function setup() {
  await installDependencies()
  await build()
  await ensureAdapter()
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await setup().catch((error) => {
    say(error.message)
    process.exitCode = 1
  })
}
