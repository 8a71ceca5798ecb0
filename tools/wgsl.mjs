// What a .wgsl file becomes: plain data for the runtime, and types for the host file that launches it.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { fileURLToPath } from 'node:url'
import { inlined, minify, shortNamesOf, tokensOf, undeclared } from './minify_wgsl.mjs'
import { buildSync } from 'esbuild'

/**
 * `src/reflection/reflect.ts`, before there is a build.
 *
 * @type {typeof import('../src/reflection/reflect.ts')}
 */
const { reflect } = await loadTypeScript('../src/reflection/reflect.ts')

const unpackedFrom = fileURLToPath(new URL('../src/runtime/packed_shader.ts', import.meta.url))
/** @type {typeof import('../src/runtime/packed_shader.ts')} */
const { letterOf, unpacked } = await loadTypeScript('../src/runtime/packed_shader.ts')

async function loadTypeScript(path) {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL(path, import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    write: false,
  })
  return await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}

export const describe = reflect

const union = (names) => names.map((n) => `'${n}'`).join(' | ') || 'never'

/** The text of `NAME.d.wgsl.ts`. */
export function typesOf(shader) {
  const entries = Object.entries(shader.entries).map(
    ([name, e]) => `    ${name}: ${union(Object.keys(e.bindings).sort())}\n`,
  )
  const up = '../'.repeat(shader.name.split('/').length)
  const values = Object.keys(shader.values)
  const isMore = values.some((name) => !(name in shader.constants))
  return `// Generated from ${shader.name}.wgsl by \`npm run gen\`; do not edit.
import type { Shader } from '${up}src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
${entries.join('')}  }
  params: ${union(Object.keys(shader.params?.fields ?? {}))}
  constants: ${union(Object.keys(shader.constants))}
${isMore ? `  values: ${union(values)}\n` : ''}}>
export default shader
`
}

const shaders = fileURLToPath(new URL('../shaders/', import.meta.url))

/** A shader is called what its file is called, below shaders/: `conv1d/lane`. */
const nameOf = (path) =>
  relative(shaders, path)
    .replaceAll('\\', '/')
    .replace(/\.wgsl$/, '')

const read = (path) => reflect(readFileSync(path, 'utf8'), nameOf(path))
const moduleOf = (shader) => `export default ${JSON.stringify(shader)}`

const partsOf = ({ source, entries, constants }) =>
  undeclared(
    inlined({
      tokens: tokensOf(source),
      kept: new Set([...Object.keys(entries), ...Object.keys(constants)]),
    }),
    letterOf,
  )

/** The formulas of tunable constants, of those that the host asks for by name, and of what these are made of. */
function askedValues({ constants, values }) {
  const names = wordsOfHost()
  const isAsked = (name) =>
    name in constants ||
    names.has(name) ||
    Object.entries(values).some(([other, formula]) => formula.split(' ').includes(name) && isAsked(other))
  return Object.fromEntries(Object.entries(values).filter(([name]) => isAsked(name)))
}

let words
/** Words that begin with a capital in all programs that launch our shaders. */
function wordsOfHost() {
  if (words) return words
  const root = fileURLToPath(new URL('..', import.meta.url))
  const files = ['src', 'bench', 'cli'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((path) => join(root, folder, path)),
  )
  const texts = files.filter((path) => path.endsWith('.ts')).map((path) => readFileSync(path, 'utf8'))
  return (words = new Set(texts.flatMap((text) => text.match(/\b[A-Z]\w*/g) ?? [])))
}

let known
/** Short names for all shaders, found when first asked for. */
const shortNames = () => (known ??= shortNamesOf(shaderNames().map((name) => partsOf(read(`${shaders}${name}.wgsl`)))))

const letter = ({ element }) => element[0]

/**
 * A shader as it ships: its source without what the text beside it says, as `unpacked` reads both.
 * @throws Error for what has no place in it, such as a parameter that is no number of four bytes
 */
export function pack(shader) {
  const { name, entries, params, constants } = shader
  const parts = partsOf(shader)
  const infos = new Map(Object.values(entries).flatMap(({ bindings }) => Object.entries(bindings)))
  const values = askedValues(shader)
  const literals = Object.entries(constants).map(([constant, { value }]) => [
    constant,
    String(Number.parseFloat(value)),
  ])
  const isLiteral = ([constant, formula]) => literals.some(([known, value]) => known === constant && formula === value)
  const packed = [
    [...infos]
      .sort(([, a], [, b]) => a.binding - b.binding)
      .map(([binding, { access, fields, ...info }]) => {
        const kind = letter(info) + (parts.widths.get(binding) ?? '')
        return [`${info.binding}${access === 'read' ? 'r' : 'w'}${kind}${binding}`, ...(fields ?? [])].join('.')
      }),
    Object.entries(entries).map(([entry, { bindings, usesParams }]) => {
      const numbers = [...(usesParams ? [params] : []), ...Object.values(bindings)].map(({ binding }) => binding)
      return `${entry}:${numbers
        .map((number) => number.toString(36))
        .sort()
        .join('')}`
    }),
    params && [
      params.binding,
      ...Object.entries(params.fields).map(([field, { type }]) => (type === 'u32' ? field : `${field}:${type[0]}`)),
    ],
    Object.keys(constants),
  ].map((table) => (table ?? []).join(' '))
  const formulas = Object.entries(values).filter((one) => !isLiteral(one))
  packed.push(formulas.map((one) => one.join(' ')).join(','))
  const shipped = { body: minify(parts, shortNames()), packed: packed.join(';') }
  const found = { ...unpacked(name, shipped.body, shipped.packed), source: '' }
  if (!isDeepStrictEqual(found, { name, source: '', entries, params, constants: withoutBlanks(constants), values }))
    throw new Error(`${name}.wgsl cannot be packed: see src/runtime/packed_shader.ts`)
  return shipped
}

/** As the minified source has them. */
const withoutBlanks = (constants) =>
  Object.fromEntries(
    Object.entries(constants).map(([name, { type, value }]) => [name, { type, value: value.replaceAll(' ', '') }]),
  )

/** The same shader as it ships. */
export function minified(shader) {
  const { body, packed } = pack(shader)
  return unpacked(shader.name, body, packed)
}

function packedModuleOf(shader) {
  const { body, packed } = pack(shader)
  return `import { unpacked } from ${JSON.stringify(unpackedFrom)}
export default /* @__PURE__ */ unpacked(${[shader.name, body, packed].map((text) => JSON.stringify(text)).join()})`
}

/** Names of all shaders, in order. */
export const shaderNames = () =>
  readdirSync(shaders, { recursive: true })
    .filter((path) => path.endsWith('.wgsl'))
    .map((path) => nameOf(shaders + path))
    .sort()

/** How constants and parameters get into a shader. */
const AROUND_SHADERS = ['src/runtime/shader.ts', 'src/runtime/shader_values.ts']
/** Besides the kernels: which ops at which shapes a model has. */
const AROUND_KERNELS = [...AROUND_SHADERS, 'src/model/layers.ts', 'src/model/architecture.ts']
/** Folders of shaders/ that no network uses. */
const NOT_OF_A_NETWORK = /^(cvxeda|qp|probes)\//

/** Kernels that training runs and the host code that launches them. */
function filesOfKernels(root) {
  const hosts = readdirSync(new URL('src/kernels/', root), { recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `src/kernels/${path}`)
  const kernels = shaderNames()
    .filter((name) => !NOT_OF_A_NETWORK.test(name))
    .map((name) => `shaders/${name}.wgsl`)
  return [...kernels, ...hosts.sort(), ...AROUND_KERNELS]
}

/** Folders that a decomposition's own code is in; the runtime below them moves data and changes no number. */
const OF_A_DECOMPOSITION = /^(src|shaders)\/(cvxeda|qp)\//

/** What `decompose` runs, streams aside: its module, its solvers, and all that these import of their folders and shaders, types aside. */
function filesOfDecomposition(root) {
  const files = new Set(['src/cvxeda/decompose.ts', 'src/cvxeda/solvers.ts'])
  for (const file of files) {
    if (file.endsWith('.wgsl')) continue
    const text = readFileSync(new URL(file, root), 'utf8')
    for (const [, path] of text.matchAll(/^import (?!type )[^;]*? from '(\.[^']+)'$/gm)) {
      const name = new URL(path, new URL(file, 'file:///')).pathname.slice(1)
      if (OF_A_DECOMPOSITION.test(name)) files.add(name)
    }
  }
  return [...[...files].sort(), ...AROUND_SHADERS]
}

function digestOf(files, root) {
  const digest = createHash('sha256')
  for (const file of files) digest.update(file).update(readFileSync(new URL(file, root)))
  return digest.digest('hex').slice(0, 16)
}

/**
 * Digests of what computes, under the names that `src/tune/kernel_set.ts` and `src/cvxeda/decomposition_set.ts` declare.
 * @param root the repository's, or that of a copy of its sources
 */
export const digests = (root = new URL('../', import.meta.url)) => ({
  GALVANI_KERNEL_SET: digestOf(filesOfKernels(root), root),
  GALVANI_DECOMPOSITION_SET: digestOf(filesOfDecomposition(root), root),
})

const literals = () => Object.fromEntries(Object.entries(digests()).map(([name, text]) => [name, JSON.stringify(text)]))

export const esbuildPlugin = {
  name: 'wgsl',
  setup(build) {
    build.initialOptions.define = { ...build.initialOptions.define, ...literals() }
    build.onLoad({ filter: /\.wgsl$/ }, ({ path }) => ({
      contents: packedModuleOf(read(path)),
      loader: 'js',
    }))
  },
}

export const vitePlugin = {
  name: 'wgsl',
  enforce: 'pre',
  config: () => ({ define: literals() }),
  load: (id) => (id.endsWith('.wgsl') ? moduleOf(read(id)) : null),
}
