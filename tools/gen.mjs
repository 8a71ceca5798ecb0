// npm run gen [-- --check]: writes a .d.wgsl.ts beside each shader, or fails when one is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, shaderNames, typesOf } from './wgsl.mjs'

const shaders = new URL('../shaders/', import.meta.url)
const check = process.argv.includes('--check')
const stale = []
for (const name of shaderNames()) {
  const target = new URL(`${name}.d.wgsl.ts`, shaders)
  try {
    const text = typesOf(describe(readFileSync(new URL(`${name}.wgsl`, shaders), 'utf8'), name))
    if (existsSync(target) && readFileSync(target, 'utf8') === text) continue
    stale.push(`shaders/${name}.d.wgsl.ts`)
    if (!check) writeFileSync(target, text)
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
if (check && stale.length > 0) {
  console.error(`stale generated files: ${stale.join(', ')}; run \`npm run gen\``)
  process.exitCode = 1
} else {
  console.log(stale.length > 0 ? `wrote ${stale.join(', ')}` : 'generated files are current')
}
