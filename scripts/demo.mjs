// npm run demo: set-up, then the whole chain on a synthetic study, as the commands a person would type.
import { join } from 'node:path'
import { node, root, say } from './lib/run.mjs'
import { setup } from './setup.mjs'

const STUDY = join('runs', 'demo-study')
const RUN = join('runs', 'demo')
const COMMANDS = [
  `fixtures make trials ${STUDY} --subjects 10 --effect 2 --seed 1`,
  `train --data ${STUDY} --dimension arousal --folds subject:5 --epochs 3 --seed 1 --out ${RUN}`,
  `eval --run ${RUN}`,
  `report --run ${RUN}`,
]

try {
  await setup()
  for (const command of COMMANDS) {
    say(`\n$ npx galvani ${command}`)
    const { code } = await node([join(root, 'bin', 'galvani.js'), ...command.split(' ')], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    if (code !== 0) throw new Error(`the demo stopped: galvani ended with exit code ${code}`)
  }
} catch (error) {
  say(error.message)
  process.exitCode = 1
}
