// The package as npm installs it, from the outside: its declarations, what its entries drag along, the README's program.
import { build } from 'esbuild'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPacked, manifest } from './support/packed.ts'
import { everyEntry, programs, misspelt, readme, writeModules } from './support/user_programs.ts'

const home = mkdtempSync(join(tmpdir(), 'galvani package-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const entries = Object.keys(manifest.exports).map((path) => `galvani${path.slice(1)}`)

/** With no more packages beside it than every user gets. */
beforeAll(() => installPacked(home, Object.keys(manifest.dependencies)))

const compilers = {
  bundler: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
  nodenext: { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
}

/** What a user's strict compiler says to modules, each by itself, declarations of the package included. */
function complaints(modules: Readonly<Record<string, string>>, resolution: keyof typeof compilers): string[] {
  const program = ts.createProgram(writeModules(home, modules), {
    ...compilers[resolution],
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  })
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}

describe.each(['bundler', 'nodenext'] as const)('for a compiler that resolves like %s', (resolution) => {
  it('the programs of README and docs type-check', () => {
    expect(readme).toContain("from 'galvani'")
    expect(Object.keys(programs).length).toBeGreaterThanOrEqual(8)
    expect(complaints(programs, resolution)).toEqual([])
  })

  it('every entry has types, which name devices and buffers', () => {
    expect(complaints({ user: everyEntry }, resolution)).toEqual([])
    expect(entries.filter((name) => !everyEntry.includes(`'${name}'`))).toEqual([])
  })
})

/** Bytes of all files below a folder. */
const bytesOf = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)

describe('an install', () => {
  it('takes at most 8 MB, with all packages that every user gets', () => {
    const root = fileURLToPath(new URL('..', import.meta.url))
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; optional?: boolean; peer?: boolean }>
    }
    const always = Object.entries(packages).filter(
      ([path, { dev, optional, peer }]) => path && !dev && !optional && !peer,
    )
    expect(always.map(([path]) => path)).toContain('node_modules/fflate')
    const folders = [join(home, 'node_modules', 'galvani'), ...always.map(([path]) => join(root, path))]
    expect(folders.reduce((sum, folder) => sum + bytesOf(folder), 0)).toBeLessThan(8e6)
  })

  it('brings the licence of the parser that goes along', () => {
    const licence = readFileSync(join(home, 'node_modules/galvani/dist/define.js.LICENSE.md'), 'utf8')
    expect(licence).toMatch(/MIT License[^]*Copyright/)
  })
})

it('a wrong option in one of them would show', () => {
  expect(complaints({ wrong: misspelt }, 'bundler')).toEqual([expect.stringContaining("'rate'")])
})

/**
 * Bytes of gzip that a page may carry, by what it imports of galvani. A row of docs/embedding.md says what it is at present.
 */
const BUDGETS: Readonly<Record<string, number>> = {
  'import * as galvani': 60 * 1024,
  'import { decompose, Gpu }': 26.5 * 1024,
  'import { solveQp }': 12 * 1024,
  'import { Gpu, Plan, Rtcan1d }': 30 * 1024,
}

describe('what a page carries', () => {
  it.each(Object.entries(BUDGETS))('%s', async (what, budget) => {
    const names = /\{(.*)\}/.exec(what)?.[1]
    const program = names
      ? `export {${names}} from 'galvani'`
      : "import * as galvani from 'galvani'; console.log(galvani)"
    const { outputFiles, warnings } = await build({
      stdin: { contents: program, resolveDir: home },
      ...{ bundle: true, minify: true, format: 'esm', platform: 'browser', write: false, logLevel: 'silent' },
    })
    const bytes = gzipSync(outputFiles[0]!.contents, { level: 9 }).length
    expect(bytes, `${what}: ${bytes} bytes of gzip, at most ${budget}`).toBeLessThanOrEqual(budget)
    const table = readFileSync(new URL('../docs/embedding.md', import.meta.url), 'utf8')
    const told = Number(new RegExp(`\\| \`${what.replace(/[*{}]/g, '\\$&')}\` \\| ([\\d.]+) KB \\|`).exec(table)?.[1])
    expect(Math.abs(told - bytes / 1024), `docs/embedding.md says ${told} KB, it is ${bytes} bytes`).toBeLessThan(0.5)
    expect(warnings.map(({ text }) => text)).toEqual([])
  })
})

it('an error keeps its name where a page has shortened that of its class', async () => {
  const { outputFiles } = await build({
    stdin: { contents: "export { LimitError, UsageError } from 'galvani'", resolveDir: home },
    ...{ bundle: true, minify: true, format: 'esm', platform: 'browser', write: false },
  })
  const code = `data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`
  const errors = (await import(/* @vite-ignore */ code)) as Record<string, new (message: string) => Error>
  for (const [name, Type] of Object.entries(errors)) {
    expect(Type.name).not.toBe(name)
    expect(String(new Type('so'))).toBe(`${name}: so`)
  }
  expect(Object.keys(errors)).toHaveLength(2)
})

/** The text of a program bundled for a page. Whatever is not in the package itself fails to resolve, or is listed. */
async function bundled(program: string): Promise<{ text: string; outside: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: home },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    treeShaking: true,
    write: false,
    metafile: true,
    outdir: home,
    absWorkingDir: home,
  })
  const outside = Object.keys(metafile.inputs).filter(
    (path) => path !== '<stdin>' && !path.startsWith('node_modules/galvani/dist/'),
  )
  return { text: outputFiles.map(({ text }) => text).join(''), outside }
}

describe('what is packed', () => {
  const folder = join(home, 'node_modules', 'galvani')
  const files = (): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll('\\', '/'))
  const text = (path: string): string => readFileSync(join(folder, path), 'utf8')

  it('is what is meant to be, and no more', () => {
    const meant = [
      /^dist\/\w+(-\w+)?\.js(\.map)?$/,
      /^dist\/types\/[\w/]+\.d\.ts$/,
      /^(docs|docs\/api|docs\/api\/kernels|bench\/peers)\/\w+\.(md|svg|py|mjs)$/,
      /^examples\/(\w+\/)?\w+\.(mjs|js|html|css|csv)$/,
      /^(package\.json|LICENSE|(README|CHANGELOG|ARCHITECTURE|CONTRIBUTING|SECURITY)\.md)$/,
      /^(bin\/galvani\.js|bench\/peers\/package\.json|dist\/(define|files|music|training)\.js\.LICENSE\.md)$/,
    ]
    expect(files().filter((path) => !meant.some((pattern) => pattern.test(path)))).toEqual([])
    expect(meant.filter((pattern) => !files().some((path) => pattern.test(path)))).toEqual([])
  })

  it('has every file that a link in its documents leads to', () => {
    const documents = files().filter((path) => path.endsWith('.md'))
    expect(documents.length).toBeGreaterThan(20)
    const dead = documents.flatMap((path) =>
      [...text(path).matchAll(/\]\((?!https?:)([^)#]+)/g)]
        .map(([, target]) => join(dirname(path), target!))
        .filter((target) => target.startsWith('..') || !existsSync(join(folder, target)))
        .map((target) => `${path} -> ${target}`),
    )
    expect(dead).toEqual([])
  })

  it('has the map of every module that names one, and no other', () => {
    const modules = files().filter((path) => /^dist\/\w[\w-]*\.js$/.test(path))
    const named = modules.flatMap((path) => {
      const map = /^\/\/# sourceMappingURL=(\S+)$/m.exec(text(path).slice(-200))?.[1]
      return map === undefined ? [] : [`dist/${map}`]
    })
    expect(named.length).toBeGreaterThan(5)
    expect(named.sort()).toEqual(
      files()
        .filter((path) => path.endsWith('.map'))
        .sort(),
    )
  })
})

describe('a bundle for a page', () => {
  it('holds no shader when only host functions are imported', async () => {
    const { text, outside } = await bundled(
      "import { zscore } from 'galvani/recordings'; console.log(zscore([1, 2, 3]).z)",
    )
    expect(text).toContain('console.log')
    expect(text).not.toContain('@compute')
    expect(text.length).toBeLessThan(3000)
    expect(outside).toEqual([])
  })

  it.each(['galvani', 'galvani/recordings', 'galvani/solvers', 'galvani/kernels', 'galvani/browser'])(
    'of all of %s needs no module of Node and no other package',
    async (name) => {
      const { text, outside } = await bundled(`export * from '${name}'`)
      expect(text).toMatch(name === 'galvani/browser' ? /requestAdapter/ : /@compute/)
      expect(outside).toEqual([])
    },
  )

  it.each(['galvani/files', 'galvani/training'])('of all of %s needs no module of Node', async (name) => {
    const { outside } = await bundled(`export * from '${name}'`)
    expect(outside.filter((path) => !/\/fflate\//.test(path))).toEqual([])
  })
})
