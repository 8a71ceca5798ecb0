// npm run build: dist/ for Node and browsers from one source, plus type declarations.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawnSync } from 'node:child_process'
import { build } from 'esbuild'
import { esbuildPlugin } from './wgsl.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
rmSync(dist, { recursive: true, force: true })

const shared = { bundle: true, format: 'esm', target: 'es2022', splitting: true, sourcemap: true, plugins: [esbuildPlugin], logLevel: 'warning' }
const entry = (path) => join(root, 'src', path)

// One build, so that a Gpu or an error class is the same object whichever entry it came through.
await build({
  ...shared,
  entryPoints: {
    index: entry('index.ts'),
    node: entry('runtime/node.ts'),
    browser: entry('runtime/browser.ts'),
    files: entry('files.ts'),
    training: entry('training.ts'),
    cli: entry('cli/main.ts'),
  },
  outdir: dist,
  chunkNames: 'chunks/[name]-[hash]',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  packages: 'external',
  external: ['node:*'],
})

if (!process.argv.includes('--no-types')) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.types.json')], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
  toJavaScriptExtensions(join(dist, 'types'))
}

/** Declarations name their neighbours by `.ts`; consumers resolve `.js`. */
function toJavaScriptExtensions(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.d.ts')) continue
    const path = join(entry.parentPath ?? entry.path, entry.name)
    writeFileSync(path, readFileSync(path, 'utf8').replace(/(from '|import\(')(\.[^']*)\.ts'/g, "$1$2.js'"))
  }
}
