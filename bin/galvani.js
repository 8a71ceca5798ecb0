#!/usr/bin/env node
// Starts the built command line in this process.
try {
  await import('../dist/cli.js')
} catch (error) {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error
  process.stderr.write('galvani: dependencies or the build are missing; run `npm run setup`\n')
  process.exitCode = 1
}
