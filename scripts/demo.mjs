// npm run demo: set-up, then the whole chain on a synthetic study, as the commands a person would type.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { demoCommands } from './lib/demo_commands.mjs'
import { node, root, say } from './lib/run.mjs'
import { setup } from './setup.mjs'

const FOLDER = join('runs', 'demo')

try {
  await setup()
  rmSync(join(root, FOLDER), { recursive: true, force: true })
  for (const command of demoCommands(FOLDER)) {
    say(`\n$ npx galvani ${command.join(' ')}`)
    const { code } = await node([join(root, 'bin', 'galvani.js'), ...command], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    if (code !== 0) throw new Error(`the demo stopped: galvani ended with exit code ${code}`)
  }
} catch (error) {
  say(error.message)
  process.exitCode = 1
}
