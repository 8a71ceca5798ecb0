// node tools/run.mjs FILE.ts [arguments]: bundles one TypeScript program with its shaders and runs it.
import { mkdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { esbuildPlugin } from './wgsl.mjs'

const [file, ...rest] = process.argv.slice(2)
const folder = fileURLToPath(new URL('../.cache/', import.meta.url))
mkdirSync(folder, { recursive: true })
const outfile = join(folder, `${basename(file, '.ts')}.mjs`)
await build({
  entryPoints: [resolve(file)],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  plugins: [esbuildPlugin],
})
process.argv = [process.argv[0], outfile, ...rest]
await import(pathToFileURL(outfile).href)
