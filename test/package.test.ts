// The package as npm installs it, from the outside: its declarations, what its entries drag along, the README's program.
import { build } from 'esbuild'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPacked, manifest } from './packed.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
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
  const files = Object.entries(modules).map(([name, text]) => {
    writeFileSync(join(home, `${name}.mts`), text)
    return join(home, `${name}.mts`)
  })
  const program = ts.createProgram(files, {
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

/** What programs in the documents take for given. */
const GIVEN: Readonly<Record<string, string>> = {
  device: 'GPUDevice',
  gpu: "import('galvani').Gpu",
  eda: 'Float64Array',
  first: 'Float64Array',
  second: 'Float64Array',
  batch: 'Float32Array',
  text: 'string',
  store: "import('galvani/files').Store",
  wristband: '{ on: (event: string, hear: (samples: number[]) => Promise<void>) => void }',
  keep: "(part: import('galvani').StreamPart) => void",
  draw: "(part: import('galvani').StreamPart) => void",
}

/** Programs of a document, each with declarations of what it uses and does not make itself. */
function programsOf(path: string): Record<string, string> {
  const snippets = [...readFileSync(join(root, path), 'utf8').matchAll(/^```(?:ts|js)\n([^]*?)^```/gm)].map(([, code]) => code as string)
  const programs = snippets.filter((code) => !code.startsWith('// src/')) // lines of the sources, which test/docs.test.ts finds there
  return Object.fromEntries(programs.map((code, i) => {
    const given = Object.entries(GIVEN).filter(([name]) => !new RegExp(`(?:const|let) \\W*${name}\\b`).test(code))
    return [`${path.replace(/\W/g, '_')}_${i}`, `${code}\n${given.map(([name, type]) => `declare const ${name}: ${type}`).join('\n')}\nexport {}\n`]
  }))
}

const documents = ['README.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]
const programs = Object.assign({}, ...documents.map(programsOf)) as Record<string, string>
const readme = programs['README_md_0'] ?? ''

describe.each(['bundler', 'nodenext'] as const)('for a compiler that resolves like %s', (resolution) => {
  it('the programs of README and docs type-check', () => {
    expect(readme).toContain("from 'galvani'")
    expect(Object.keys(programs).length).toBeGreaterThanOrEqual(8)
    expect(complaints(programs, resolution)).toEqual([])
  })

  it('every entry has types, which name devices and buffers', () => {
    const program = `
      import { NodeStore, openGpu as openInNode } from 'galvani/node'
      import { openGpu as openInPage } from 'galvani/browser'
      import { readRecording, type Recording } from 'galvani/files'
      import { makeFolds, trainRun, type RunConfig } from 'galvani/training'
      import { conv1d } from 'galvani/kernels'
      import type { Gpu, Tensor } from 'galvani'
      export const gpus: Promise<Gpu>[] = [openInNode({ adapter: 'llvmpipe' }), openInPage()]
      export const recording: Recording = readRecording('1', 'a.csv', { sampleRate: 4 })
      export const device = (gpu: Gpu): GPUDevice => gpu.device
      export const buffer = (tensor: Tensor): GPUBuffer => tensor.buffer
      export const functions = { conv1d, makeFolds, NodeStore, trainRun }
      export type { RunConfig }`
    expect(complaints({ user: program }, resolution)).toEqual([])
    expect(entries.filter((name) => !program.includes(`'${name}'`))).toEqual([])
  })
})

it('a wrong option in one of them would show', () => {
  expect(complaints({ wrong: readme.replace('sampleRate', 'rate') }, 'bundler')).toEqual([expect.stringContaining("'rate'")])
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

  it.each(['galvani', 'galvani/kernels', 'galvani/browser'])('of all of %s needs no module of Node and no other package', async (name) => {
    const { text, outside } = await bundled(`export * from '${name}'`)
    expect(text).toMatch(name === 'galvani/browser' ? /requestAdapter/ : /@compute/)
    expect(outside).toEqual([])
  })

  it.each(['galvani/files', 'galvani/training'])('of all of %s needs no module of Node', async (name) => {
    const { outside } = await bundled(`export * from '${name}'`)
    expect(outside.filter((path) => !/\/(csv-parse|fflate)\//.test(path))).toEqual([])
  })
})
