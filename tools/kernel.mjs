// npm run kernel -- NAME [CONSTANT=value ...]: the WGSL that a device gets to see, constants substituted and loops unrolled.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe } from './wgsl.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const [name, ...settings] = process.argv.slice(2)

async function specialiser() {
  const { outputFiles } = await build({
    entryPoints: [`${root}src/runtime/shader.ts`],
    bundle: true,
    format: 'esm',
    write: false,
  })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}

try {
  if (!name) throw new Error('name a file of shaders/, e.g. npm run kernel -- conv1d/lane SG=8 TM=2')
  const constants = Object.fromEntries(
    settings.map((setting) => {
      const [key, value] = setting.split('=')
      return [key, value === 'true' || value === 'false' ? value === 'true' : Number(value)]
    }),
  )
  const { specialise } = await specialiser()
  process.stdout.write(specialise(describe(readFileSync(`${root}shaders/${name}.wgsl`, 'utf8'), name), constants))
} catch (error) {
  process.stderr.write(`${error.code === 'ENOENT' ? `there is no shaders/${name}.wgsl` : error.message}\n`)
  process.exitCode = 1
}
