// npm run build: dist/ for Node and browsers from one source, plus type declarations.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { spawnSync } from 'node:child_process'
import { build, transform } from 'esbuild'
import { esbuildPlugin } from './wgsl.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const ENTRIES = {
  index: 'index.ts',
  kernels: 'kernels.ts',
  define: 'define.ts',
  node: 'node.ts',
  browser: 'runtime/browser.ts',
  recordings: 'recordings.ts',
  solvers: 'solvers.ts',
  files: 'files.ts',
  training: 'training.ts',
}

/**
 * Programs that nobody imports: the command line, what of it is loaded only where music is described, and what the workers of `openCpu`
 * run.
 */
const PROGRAMS = {
  cli: '../cli/main.ts',
  music: 'music/builtin.ts',
  node_worker: 'node_worker.ts',
  browser_worker: 'browser_worker.ts',
}

/**
 * Where a user's compiler finds `GPUDevice` and its kind, told apart by a condition of `imports` in package.json: since TypeScript 6
 * they are in its own `dom`, which takes no second set beside it.
 */
const WEBGPU = {
  'webgpu_dom.d.ts': '/// <reference lib="dom" />\nexport {}\n',
  'webgpu_package.d.ts': '/// <reference types="@webgpu/types" />\nexport {}\n',
}

/**
 * Packages that go along with the modules that need them, a tenth of what they would bring, by the entry beside which their licences lie;
 * fftjs and dct lie within meyda.
 */
const BUNDLED = {
  define: ['wgsl_reflect'],
  music: ['meyda', 'fftjs', 'dct'],
  files: ['csv-parse'],
  training: ['pbf', 'hyparquet-writer', 'hyparquet'],
}

const bundledPackages = {
  name: 'bundled packages',
  setup: (build) => {
    build.onResolve({ filter: /^wgsl_reflect\// }, ({ path }) => ({ path: join(root, 'node_modules', path) }))
    build.onResolve({ filter: /^csv-parse\/browser\/esm\/sync$/ }, () => ({
      path: join(root, 'node_modules/csv-parse/dist/esm/sync.js'),
    }))
    build.onResolve({ filter: /^pbf$/ }, () => ({ path: join(root, 'node_modules/pbf/index.js') }))
    build.onResolve({ filter: /^hyparquet-writer$/ }, () => ({
      path: join(root, 'node_modules/hyparquet-writer/src/index.js'),
    }))
    build.onResolve({ filter: /^hyparquet$/ }, () => ({ path: join(root, 'node_modules/hyparquet/src/index.js') }))
    build.onResolve({ filter: /^hyparquet\// }, ({ path }) => ({ path: join(root, 'node_modules', path) }))
    build.onResolve({ filter: /^meyda$/ }, () => ({ path: join(root, 'node_modules/meyda/dist/node/main.js') }))
  },
}

/** Modules that ship without blanks and without a map, and so without its name, for which bundlers and browsers would look in vain. */
const UNMAPPED = ['cli', 'define', 'music']

/**
 * One build, so that a Gpu or an error class is the same object whichever entry it came through.
 *
 * @type {import('esbuild').BuildOptions}
 */
export const bundle = {
  entryPoints: Object.fromEntries(
    Object.entries({ ...ENTRIES, ...PROGRAMS }).map(([name, path]) => [name, join(root, 'src', path)]),
  ),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  splitting: true,
  sourcemap: true,
  // Everything in one folder, so that whatever starts a worker finds its program beside itself.
  chunkNames: '[name]-[hash]',
  define: {
    GALVANI_NODE_WORKER: JSON.stringify('./node_worker.js'),
    GALVANI_BROWSER_WORKER: JSON.stringify('./browser_worker.js'),
  },
  platform: 'neutral',
  mainFields: ['module', 'main'],
  packages: 'external',
  external: ['node:*'],
  plugins: [esbuildPlugin, bundledPackages],
  logLevel: 'warning',
}

/** What the declarations are made from. */
export const typesProject = join(root, 'tsconfig.types.json')

if (import.meta.url === pathToFileURL(process.argv[1]).href) await buildDist()

/** Builds aside, so that a dist that is in use is missing for no longer than a rename. */
async function buildDist() {
  const aside = join(root, `dist.${process.pid}.tmp`)
  await build({ ...bundle, outdir: aside })
  dropBareImports(aside)
  dropPackageSources(aside)
  for (const name of UNMAPPED) await dropMap(join(aside, `${name}.js`))
  for (const [name, packages] of Object.entries(BUNDLED))
    writeFileSync(join(aside, `${name}.js.LICENSE.md`), licences(packages))
  if (!process.argv.includes('--no-types')) process.exitCode = emitTypes(join(aside, 'types'))
  const old = join(root, `dist.${process.pid}.old.tmp`)
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(aside, dist)
  rmSync(old, { recursive: true, force: true })
}

/** The licences of packages, one after the other. */
function licences(packages) {
  const texts = packages.map((name) => {
    const folder = join(root, 'node_modules', name)
    return readFileSync(
      join(
        folder,
        readdirSync(folder).find((file) => /^licen[cs]e/i.test(file)),
      ),
      'utf8',
    )
  })
  return texts.join('\n')
}

async function dropMap(path) {
  rmSync(`${path}.map`)
  const text = readFileSync(path, 'utf8').replace(/\n\/\/# sourceMappingURL=\S+\n$/, '\n')
  const { code } = await transform(text, { minifyWhitespace: true, format: 'esm', target: bundle.target })
  writeFileSync(path, code)
}

/** Maps name the files of packages that go along, and leave their text to the packages. */
function dropPackageSources(folder) {
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.map'))) {
    const path = join(folder, name)
    const map = JSON.parse(readFileSync(path, 'utf8'))
    map.sourcesContent = map.sourcesContent.map((text, i) => (map.sources[i].includes('node_modules/') ? null : text))
    writeFileSync(path, JSON.stringify(map))
  }
}

/**
 * Imports of chunks for their effects alone, which none of them has: splitting leaves them, and whoever bundles us is warned of each.
 * An empty line stays, for the source maps.
 */
function dropBareImports(folder) {
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
    const path = join(folder, name)
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^import "\.\/chunk-[^"]*";$/gm, ''))
  }
}

/** Writes the declarations and returns the compiler's exit code. */
function emitTypes(folder) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const args = [tsc, '-p', typesProject, '--outDir', folder]
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  toJavaScriptExtensions(folder)
  for (const [name, text] of Object.entries(WEBGPU)) writeFileSync(join(folder, name), text)
  for (const path of Object.values(ENTRIES)) nameWebGpuTypes(join(folder, 'src', path.replace(/\.ts$/, '.d.ts')))
  return status ?? 1
}

/** Whoever imports us needs these declarations. */
function nameWebGpuTypes(path) {
  writeFileSync(path, `import '#webgpu'\n${readFileSync(path, 'utf8')}`)
}

/** Declarations name their neighbours by `.ts`; consumers resolve `.js`. */
function toJavaScriptExtensions(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.d.ts')) continue
    const path = join(entry.parentPath ?? entry.path, entry.name)
    writeFileSync(path, readFileSync(path, 'utf8').replace(/(from '|import\(')(\.[^']*)\.ts'/g, "$1$2.js'"))
  }
}
