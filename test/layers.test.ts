// The house rules, read off the import statements: src/ is one library of layers, programs stand beside it.
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Module paths, relative to src/, with what each names in imports, exports, `import()` and `import('…')` types. */
type Modules = ReadonlyMap<string, readonly string[]>

function specifiersOf(source: ts.SourceFile): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    const named =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
            ? node.argument.literal
            : undefined
    if (named && ts.isStringLiteral(named)) found.push(named.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

const parse = (path: string, text: string) => ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)

/** Relative specifiers become paths below src/ (`../` above it); packages and `node:` modules stay. */
function modulesOf(sources: Readonly<Record<string, string>>): Modules {
  return new Map(
    Object.entries(sources).map(([path, text]) => {
      const resolve = (name: string) => (name.startsWith('.') ? posix.join(posix.dirname(path), name) : name)
      return [path, specifiersOf(parse(path, text)).map(resolve)]
    }),
  )
}

const layerOf = (path: string) => (path.includes('/') ? path.split('/')[0]! : '')
const isOurs = (name: string) => name.endsWith('.ts') && !name.startsWith('../')
const isPackage = (name: string) => !/^(\.\.\/|node:)/.test(name) && !name.endsWith('.ts')

/** With a device, from the lowest. */
const GPU_LAYERS = [
  'runtime',
  'reflection',
  'kernels',
  'tune',
  'qp',
  'cvxeda',
  'recording',
  'model',
  'train',
  'explain',
  'report',
  'export',
  'experiments',
  'verify',
]
/** Without a device: below all of those but the runtime's few modules that need no device either. */
const HOST_LAYERS = ['signal', 'formats', 'store', 'charts', 'reading', 'music', 'datasets', 'evaluation']
/** The layers with a device that read, write or draw as well. */
const USE_FILES = ['tune', 'recording', 'train', 'explain', 'report', 'export', 'experiments', 'verify']
/** Beside src/, from the lowest. */
const PROGRAMS = ['bench', 'cli']
const NO_DEVICE = ['runtime/errors.ts', 'runtime/arguments.ts', 'runtime/random.ts', 'runtime/breather.ts']
/** What the float64 twins share with the code they check: the names of settings, and the network's plan of layers. */
const SHARED_WITH_TWINS = [...NO_DEVICE, 'model/config.ts', 'model/architecture.ts']

function mayImport(from: string, to: string): boolean {
  const [a, b] = [layerOf(from), layerOf(to)]
  if (a === b || a === '') return true
  if (b === '') return to === 'version.ts'
  if (a === 'reference') return SHARED_WITH_TWINS.includes(to)
  if (b === 'reference') return a === 'verify'
  if (HOST_LAYERS.includes(a)) return HOST_LAYERS.includes(b) || NO_DEVICE.includes(to)
  if (HOST_LAYERS.includes(b)) return USE_FILES.includes(a)
  return GPU_LAYERS.includes(b) && GPU_LAYERS.indexOf(b) < GPU_LAYERS.indexOf(a)
}

function upwardImports(modules: Modules): string[] {
  return [...modules].flatMap(([from, names]) =>
    names.filter((name) => isOurs(name) && !mayImport(from, name)).map((name) => `${from} imports ${name}`),
  )
}

/** One cycle as the nodes along it, or null. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>()
  const walk = (node: string, path: readonly string[]): string[] | null => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node]
    if (done.has(node)) return null
    for (const next of graph.get(node) ?? []) {
      const cycle = walk(next, [...path, node])
      if (cycle) return cycle
    }
    done.add(node)
    return null
  }
  for (const node of graph.keys()) {
    const cycle = walk(node, [])
    if (cycle) return cycle
  }
  return null
}

/** What the folders of src/ import of each other; the version stands beside the entries and imports nothing of ours. */
function folderGraph(modules: Modules): Map<string, string[]> {
  const graph = new Map<string, string[]>()
  for (const [from, names] of modules) {
    const others = names
      .filter((name) => isOurs(name) && name !== 'version.ts')
      .map(layerOf)
      .filter((layer) => layer !== layerOf(from))
    graph.set(layerOf(from), [...(graph.get(layerOf(from)) ?? []), ...others])
  }
  return graph
}

const NODE_ONLY = [
  'runtime/node.ts',
  'runtime/node_cpu.ts',
  'runtime/dawn_stderr.ts',
  'runtime/swiftshader.ts',
  'node_worker.ts',
]
const NODE_FILES = ['store/node.ts', 'store/node_source.ts', 'store/node_lock.ts', 'store/node_process.ts']

function platformImports(modules: Modules): string[] {
  const allowed = (from: string, name: string) =>
    name.startsWith('node:')
      ? [...NODE_ONLY, ...NODE_FILES].includes(from)
      : !['webgpu', 'koffi'].includes(name) || NODE_ONLY.includes(from)
  return [...modules].flatMap(([from, names]) =>
    names.filter((name) => !allowed(from, name)).map((name) => `${from} imports ${name}`),
  )
}

/** Packages and Node modules within reach of `entry`, each with the module that names it. */
function foreignImports(modules: Modules, entry: string): string[] {
  const seen = new Set([entry])
  for (const path of seen) for (const name of modules.get(path) ?? []) if (isOurs(name)) seen.add(name)
  return [...seen].flatMap((path) =>
    (modules.get(path) ?? [])
      .filter((name) => name.startsWith('node:') || isPackage(name))
      .map((name) => `${path} imports ${name}`),
  )
}

const HOST_GLOBALS = ['process', 'navigator', 'window', 'document', 'globalThis', 'self']

/** Globals of a host that are touched when the module is imported, not when a function of it is called. */
function touchedOnImport(path: string, text: string): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isTypeNode(node)) return
    const isName = (node.parent as { name?: ts.Node }).name === node // of a member, field or declaration
    if (ts.isIdentifier(node) && HOST_GLOBALS.includes(node.text) && !isName) found.push(`${path} touches ${node.text}`)
    ts.forEachChild(node, visit)
  }
  ts.forEachChild(parse(path, text), visit)
  return found
}

/** What modules of src/ name outside of it, but for shaders and the version. */
function leavingTheLibrary(modules: Modules): string[] {
  const allowed = (from: string, name: string) =>
    name.startsWith('../shaders/') || (from === 'version.ts' && name === '../package.json')
  return [...modules].flatMap(([from, names]) =>
    names.filter((name) => name.startsWith('../') && !allowed(from, name)).map((name) => `${from} imports ${name}`),
  )
}

/** Imports of one program by one that stands below it; paths are relative to the root. */
const programsUpwards = (modules: Modules): string[] =>
  [...modules].flatMap(([from, names]) =>
    names
      .filter((name) => PROGRAMS.indexOf(layerOf(name)) > PROGRAMS.indexOf(layerOf(from)))
      .map((name) => `${from} imports ${name}`),
  )

function readSources(folder: string): Record<string, string> {
  const paths = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  )
  return Object.fromEntries(
    paths.map((path) => [path.replaceAll('\\', '/'), readFileSync(join(root, folder, path), 'utf8')]),
  )
}

describe('the sources', () => {
  const sources = readSources('src')
  const modules = modulesOf(sources)

  it('are all in a known layer', () => {
    const layers = [...GPU_LAYERS, ...HOST_LAYERS, 'reference', '']
    expect([...modules.keys()].filter((path) => !layers.includes(layerOf(path)))).toEqual([])
    // What the other rules judge is really there.
    expect(modules.get('runtime/gpu.ts')).toContain('runtime/plan.ts')
  })

  it('import downwards only', () => expect(upwardImports(modules)).toEqual([]))

  it('import no program', () => expect(leavingTheLibrary(modules)).toEqual([]))

  it('have no cycle of modules, types included', () => expect(findCycle(modules)).toBeNull())

  it('have no cycle of folders', () => expect(findCycle(folderGraph(modules))).toBeNull())

  it('name Node’s modules and its native packages in the few places meant for it', () => {
    expect(platformImports(modules)).toEqual([])
    expect(modules.get('runtime/node.ts')).toContain('webgpu')
  })

  it.each(['index.ts', 'recordings.ts', 'solvers.ts', 'kernels.ts', 'runtime/browser.ts'])(
    '%s reaches nothing that a browser lacks',
    (entry) => {
      expect(modules.has(entry)).toBe(true)
      expect(foreignImports(modules, entry)).toEqual([])
    },
  )

  it.each(['files.ts', 'training.ts'])('%s reaches no module of Node', (entry) => {
    expect(modules.has(entry)).toBe(true)
    expect(foreignImports(modules, entry).filter((found) => found.includes(' imports node:'))).toEqual([])
  })

  it('touch nothing of their host when imported', () => {
    expect(Object.entries(sources).flatMap(([path, text]) => touchedOnImport(path, text))).toEqual([])
  })
})

describe('the programs', () => {
  const sources = PROGRAMS.flatMap((folder) =>
    Object.entries(readSources(folder)).map(([path, text]) => [`${folder}/${path}`, text]),
  )
  const modules = modulesOf(Object.fromEntries(sources) as Record<string, string>)

  it('stand on each other in one order, without a cycle', () => {
    expect(modules.get('cli/program.ts')).toContain('src/version.ts')
    expect(programsUpwards(modules)).toEqual([])
    expect(findCycle(modules)).toBeNull()
  })
})

describe('the tests', () => {
  const tests = readSources('test')
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const mirrored = new Set(folders.map(({ name }) => name))
  const own = [
    ...PROGRAMS.filter((name) => name !== 'src'),
    'scripts',
    'browser',
    'long',
    'support',
    'golden',
    'study_reference',
    '',
  ]

  it('mirror the tree', () => {
    const folderNames = [...new Set(Object.keys(tests).map(layerOf))]
    expect(folderNames.filter((name) => !mirrored.has(name) && !own.includes(name))).toEqual([])
  })

  it('lie beside what they test', () => {
    const misplaced = Object.entries(tests).filter(
      ([path, text]) =>
        path.endsWith('.test.ts') && mirrored.has(layerOf(path)) && !text.includes(`../src/${layerOf(path)}/`),
    )
    expect(misplaced.map(([path]) => path)).toEqual([])
  })
})

describe('the rules find', () => {
  const importing = (name: string) => `import { x } from '${name}'`

  it('every way to name a module', () => {
    const text = `
      import type { A } from './a.ts'
      export * from '../b/b.ts'
      export { c } from 'c'
      const d = async () => await import('node:d')
      type E = import('./e.ts').E
      const text = "import x from './none.ts'" // import './neither.ts'`
    expect(modulesOf({ 'x/x.ts': text }).get('x/x.ts')).toEqual(['x/a.ts', 'b/b.ts', 'c', 'node:d', 'x/e.ts'])
  })

  it.each([
    ['runtime/a.ts', '../kernels/b.ts'],
    ['model/a.ts', '../train/b.ts'],
    ['train/a.ts', '../report/b.ts'],
    ['datasets/a.ts', '../cvxeda/b.ts'],
    ['signal/a.ts', '../runtime/gpu.ts'],
    ['evaluation/a.ts', '../train/b.ts'],
    ['kernels/a.ts', '../datasets/b.ts'],
    ['model/a.ts', '../formats/b.ts'],
    ['train/a.ts', '../reference/b.ts'],
    ['reference/a.ts', '../kernels/b.ts'],
    ['train/a.ts', '../index.ts'],
  ])('%s importing %s', (from, name) => {
    expect(upwardImports(modulesOf({ [from]: importing(name) }))).toHaveLength(1)
    expect(upwardImports(modulesOf({ [from]: importing(name).replace('import', 'import type') }))).toHaveLength(1)
  })

  it.each([
    ['kernels/a.ts', '../runtime/b.ts'],
    ['verify/a.ts', '../reference/b.ts'],
    ['verify/a.ts', '../train/b.ts'],
    ['report/a.ts', '../train/b.ts'],
    ['train/a.ts', '../evaluation/b.ts'],
    ['recording/a.ts', '../charts/b.ts'],
    ['datasets/a.ts', '../formats/b.ts'],
    ['evaluation/a.ts', '../runtime/errors.ts'],
  ])('nothing wrong with %s importing %s', (from, name) => {
    expect(upwardImports(modulesOf({ [from]: importing(name) }))).toEqual([])
  })

  it('cycles of modules and of folders', () => {
    const ring = modulesOf({
      'a/a.ts': importing('./b.ts'),
      'a/b.ts': importing('./c.ts'),
      'a/c.ts': importing('./a.ts'),
    })
    expect(findCycle(ring)).toEqual(['a/a.ts', 'a/b.ts', 'a/c.ts', 'a/a.ts'])
    const folders = modulesOf({
      'datasets/a.ts': importing('../formats/b.ts'),
      'formats/c.ts': importing('../datasets/d.ts'),
    })
    expect(findCycle(folders)).toBeNull()
    expect(findCycle(folderGraph(folders))).toEqual(['datasets', 'formats', 'datasets'])
    const diamond = modulesOf({
      'a/a.ts': `${importing('./b.ts')}\n${importing('./c.ts')}`,
      'a/b.ts': importing('./c.ts'),
    })
    expect(findCycle(diamond)).toBeNull()
  })

  it('Node and Dawn in the wrong place', () => {
    const wrong = { 'datasets/a.ts': importing('node:fs'), 'runtime/gpu.ts': importing('webgpu') }
    const right = { 'store/node.ts': importing('node:fs'), 'runtime/node.ts': importing('webgpu') }
    expect(platformImports(modulesOf({ ...wrong, ...right }))).toEqual([
      'datasets/a.ts imports node:fs',
      'runtime/gpu.ts imports webgpu',
    ])
  })

  it('a program that the library imports, and a program that imports one above it', () => {
    const library = modulesOf({ 'a/a.ts': `${importing('../../bench/b.ts')}\n${importing('../../shaders/x.wgsl')}` })
    expect(leavingTheLibrary(library)).toEqual(['a/a.ts imports ../bench/b.ts'])
    const programs = modulesOf({ 'bench/a.ts': importing('../cli/b.ts'), 'cli/a.ts': importing('../bench/b.ts') })
    expect(programsUpwards(programs)).toEqual(['bench/a.ts imports cli/b.ts'])
  })

  it('a package behind two re-exports', () => {
    const modules = modulesOf({
      'index.ts': "export * from './a/a.ts'",
      'a/a.ts': "export * from './b.ts'",
      'a/b.ts': `${importing('fflate')}\n${importing('node:fs')}\n${importing('../../shaders/x.wgsl')}`,
      'a/c.ts': importing('commander'),
    })
    expect(foreignImports(modules, 'index.ts')).toEqual(['a/b.ts imports fflate', 'a/b.ts imports node:fs'])
  })

  it('a host global that an import touches, and not one in a function or a name', () => {
    const text = `
      const cores = process.cpuUsage()
      const late = () => navigator.gpu
      interface Span { window: number }
      class C { open() { return document.title } }
      const x = late.window as unknown as typeof globalThis`
    expect(touchedOnImport('a.ts', text)).toEqual(['a.ts touches process'])
  })
})
