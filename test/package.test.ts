// The package as npm would install it, from the outside: its declarations, what its entries drag along, the README's program.
import { build } from 'esbuild'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { declared, everyEntry, installPackage, manifest, snippet, writeModule } from './package_support.ts'

const home = mkdtempSync(join(tmpdir(), 'galvani package-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const entries = Object.keys(manifest.exports).map((path) => `galvani${path.slice(1)}`)

beforeAll(() => installPackage(home))

const compilers = {
  bundler: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
  nodenext: { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
}

/** What a user's strict compiler says to a module, declarations of the package included. */
function complaints(text: string, resolution: keyof typeof compilers): string[] {
  const program = ts.createProgram([writeModule(home, text)], {
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
  it('the README’s program type-checks', () => {
    expect(snippet).toContain("from 'galvani'")
    expect(complaints(`${snippet}${declared}`, resolution)).toEqual([])
  })

  it('every entry has types, which name devices and buffers', () => {
    expect(complaints(everyEntry, resolution)).toEqual([])
    expect(entries.filter((name) => !everyEntry.includes(`'${name}'`))).toEqual([])
  })
})

it('a wrong option in that program would show', () => {
  expect(complaints(`${snippet.replace('sampleRate', 'rate')}${declared}`, 'bundler')).toEqual([expect.stringContaining("'rate'")])
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
  const outside = Object.keys(metafile.inputs).filter((path) => path !== '<stdin>' && !path.startsWith('node_modules/galvani/dist/'))
  return { text: outputFiles.map(({ text }) => text).join(''), outside }
}

describe('a bundle for a page', () => {
  it('holds no shader when only host functions are imported', async () => {
    const { text, outside } = await bundled("import { zscore } from 'galvani'; console.log(zscore([1, 2, 3]).z)")
    expect(text).toContain('console.log')
    expect(text).not.toContain('@compute')
    expect(text.length).toBeLessThan(3000)
    expect(outside).toEqual([])
  })

  it.each(['galvani', 'galvani/browser'])('of all of %s needs no module of Node and no other package', async (name) => {
    const { text, outside } = await bundled(`export * from '${name}'`)
    expect(text).toMatch(name === 'galvani' ? /@compute/ : /requestAdapter/)
    expect(outside).toEqual([])
  })

  it.each(['galvani/files', 'galvani/training'])('of all of %s needs no module of Node', async (name) => {
    const { outside } = await bundled(`export * from '${name}'`)
    expect(outside.filter((path) => !/\/(csv-parse|fflate)\//.test(path))).toEqual([])
  })
})
