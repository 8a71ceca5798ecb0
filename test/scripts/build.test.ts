// When dist/ is made anew: after a change of any file that a build reads, and not before.
import { build as bundleWith, type BuildOptions } from 'esbuild'
import { appendFileSync, cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { beforeAll, describe, expect, it } from 'vitest'
import { hashOf, inputFiles, INPUTS } from '../../scripts/lib/build.mjs'
import { bundle, typesProject } from '../../tools/build.mjs'
import { workFolder, writeFiles } from '../cli/support.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = workFolder()
const fromRoot = (path: string): string => relative(root, path).replaceAll('\\', '/')

/** What esbuild reads for some entries, by its own account. */
async function bundled(options: BuildOptions): Promise<string[]> {
  const { metafile } = await bundleWith({ ...options, absWorkingDir: root, outdir: root, write: false, metafile: true })
  return Object.keys(metafile.inputs)
}

/** What the compiler reads for the declarations, and the settings that say so. */
function compiled(): string[] {
  const settings: string[] = []
  const host: ts.ParseConfigFileHost = {
    ...ts.sys,
    readFile: (path) => (settings.push(path), ts.sys.readFile(path)),
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, ' '))
    },
  }
  const { fileNames, options } = ts.getParsedCommandLineOfConfigFile(typesProject, {}, host)!
  return [
    ...settings,
    ...ts
      .createProgram(fileNames, options)
      .getSourceFiles()
      .map(({ fileName }) => fileName),
  ].map(fromRoot)
}

describe('the inputs of a build', () => {
  let read: string[] = []
  beforeAll(async () => {
    // The last is the build itself: the tools that it imports.
    const tools: BuildOptions = {
      entryPoints: [join(root, 'tools', 'build.mjs')],
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
    }
    read = [...(await bundled(bundle)), ...compiled(), ...(await bundled(tools))]
  })

  it('are all that it reads', () => {
    const listed = new Set(inputFiles(INPUTS))
    const own = read.filter((path) => !path.includes('node_modules/'))
    expect([...new Set(own)].filter((path) => !listed.has(path))).toEqual([])
    // Of every kind there is one, or this would prove little.
    for (const kind of [
      /^src\/.*\.ts$/,
      /^cli\/.*\.ts$/,
      /^shaders\/.*\.wgsl$/,
      /^shaders\/.*\.d\.wgsl\.ts$/,
      /^tools\/.*\.mjs$/,
      /^package\.json$/,
      /^tsconfig\.json$/,
      /^tsconfig\.types\.json$/,
    ]) {
      expect(
        own.filter((path) => kind.test(path)),
        String(kind),
      ).not.toEqual([])
    }
  })

  it('include the lock file for packages', () => {
    expect(read.filter((path) => path.includes('node_modules/'))).not.toEqual([])
    expect(inputFiles(INPUTS)).toContain('package-lock.json')
  })

  it('are told apart by their contents, each of them', () => {
    const copy = join(folder, 'inputs')
    for (const path of inputFiles(INPUTS)) cpSync(join(root, path), join(copy, path))
    const unnoticed = inputFiles(INPUTS).filter((path: string) => {
      const before = hashOf([path], copy)
      appendFileSync(join(copy, path), ' ')
      return hashOf([path], copy) === before
    })
    expect(unnoticed).toEqual([])
  })
})

describe('dist', () => {
  /** A project whose build only says that it ran, and fails when it is told to. */
  const project = join(folder, 'project')
  const builds = (): number =>
    existsSync(join(project, 'ran')) ? readFileSync(join(project, 'ran'), 'utf8').length : 0
  let build: () => Promise<void>
  beforeAll(async () => {
    for (const name of ['build', 'run']) {
      cpSync(join(root, 'scripts', 'lib', `${name}.mjs`), join(project, 'scripts', 'lib', `${name}.mjs`))
    }
    writeFiles(project, {
      'package.json': '{ "type": "module" }',
      'package-lock.json': '{}',
      'tsconfig.json': '{}',
      'tsconfig.types.json': '{}',
      'src/deep/a.ts': 'a',
      'shaders/a.wgsl': 'a',
      'bench/a.ts': 'a',
      'cli/a.ts': 'a',
      'bench/node_modules/a.js': 'a',
      'tools/build.mjs': `
        import { appendFileSync, existsSync, mkdirSync } from 'node:fs'
        mkdirSync('dist', { recursive: true })
        appendFileSync('ran', '.')
        if (existsSync('broken')) throw new Error('broken')`,
    })
    build = (
      (await import(pathToFileURL(join(project, 'scripts', 'lib', 'build.mjs')).href)) as { build: () => Promise<void> }
    ).build
  })

  it('is built when it is not there, and not again, whatever packages lie within', async () => {
    await build()
    appendFileSync(join(project, 'bench', 'node_modules', 'a.js'), 'b')
    await build()
    expect(builds()).toBe(1)
  })

  it.each(INPUTS)('is built again, once, after a change in %s', async (path) => {
    const before = builds()
    appendFileSync(join(project, inputFiles([path], project)[0]), '\n')
    await build()
    await build()
    expect(builds()).toBe(before + 1)
  })

  it('is built again after a build that failed', async () => {
    writeFiles(project, { broken: '', 'src/b.ts': '' })
    await expect(build()).rejects.toThrow(/^the build failed:\n[^]*broken/)
    await expect(build()).rejects.toThrow('the build failed')
    rmSync(join(project, 'broken'))
    const before = builds()
    await build()
    expect(builds()).toBe(before + 1)
  })
})
