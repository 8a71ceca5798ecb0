// What a .wgsl file becomes: plain data for the runtime, and types for the host file that launches it.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { minify } from './minify_wgsl.mjs'
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js'

/** The struct that a binding is, or is an array of; undefined for numbers and vectors. */
const structOf = (type) => (type.members ? type : type.name === 'array' ? structOf(type.format) : undefined)

function scalar(type) {
  if (type.members) return scalar(type.members[0].type)
  return type.name === 'array' || type.name.startsWith('vec') ? scalar(type.format) : type.name
}

function parse(source, name) {
  try {
    return new WgslReflect(source)
  } catch (error) {
    throw new Error(`shaders/${name}.wgsl: ${error.message}`, { cause: error })
  }
}

const TOKEN = /\s*(?:(0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)[uifh]?(?!\w)|([a-z]\w*)|([-+*/()]))/iy
const PRECEDENCE = { '+': 1, '-': 1, '*': 2, '/': 2, div: 2 }

/** A number's formula in postfix order, of numbers, names of constants and operators; null for what is no arithmetic. */
function postfixOf(formula) {
  const isWhole = !/\.|\de|\df\b/i.test(formula.replace(/0x[\da-f]+/gi, '0')) // then WGSL divides whole numbers
  const [output, waiting] = [[], []]
  let wantsValue = true
  let isNegative = false
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < formula.trimEnd().length;) {
    const [, number, name, sign] = TOKEN.exec(formula) ?? []
    if (number || name) {
      output.push(number ? (isNegative ? -Number(number) : Number(number)) : name)
      if (!wantsValue || (name && isNegative)) return null
      wantsValue = isNegative = false
    } else if (sign === '(' && wantsValue && !isNegative) waiting.push(sign)
    else if (sign === ')' && !wantsValue) {
      while (waiting.length > 0 && waiting.at(-1) !== '(') output.push(waiting.pop())
      if (waiting.pop() === undefined) return null
    } else if (sign === '-' && wantsValue && !isNegative) isNegative = true
    else if (sign in PRECEDENCE && !wantsValue) {
      const operator = sign === '/' && isWhole ? 'div' : sign
      while (PRECEDENCE[waiting.at(-1)] >= PRECEDENCE[operator]) output.push(waiting.pop())
      waiting.push(operator)
      wantsValue = true
    } else return null
  }
  return wantsValue ? null : [...output, ...waiting.reverse()]
}

/** Formulas of the constants that are numbers, also of those that are not tunable because they have no type. */
function valuesOf(source) {
  const values = {}
  for (const [, constant, formula] of source.matchAll(/^const ([A-Z]\w*)(?:: \w+)? = ([^;]+);/gm)) {
    const postfix = /^(true|false)$/.test(formula) ? null : postfixOf(formula)
    const isKnown = postfix?.every((item) => typeof item === 'number' || item in PRECEDENCE || item in values)
    if (isKnown) values[constant] = postfix
  }
  return values
}

/** Reflection of one shader: entries, bindings, uniform fields, tunable constants and the formulas of all constants. */
export function describe(source, name) {
  const reflect = parse(source, name)
  const uniform = reflect.uniforms[0]
  const entries = {}
  for (const entry of reflect.entry.compute) {
    const bindings = {}
    for (const resource of entry.resources) {
      if (resource === uniform || resource.name === uniform?.name) continue
      const fields = structOf(resource.type)?.members.map((member) => member.name)
      const { binding, access, type } = resource
      bindings[resource.name] = { binding, access, element: scalar(type), ...(fields && { fields }) }
    }
    entries[entry.name] = { bindings, usesParams: entry.resources.some((r) => r.name === uniform?.name) }
  }
  const constants = {}
  for (const [, constant, type, value] of source.matchAll(/^const ([A-Z]\w*): (\w+) = ([^;]+);/gm)) {
    constants[constant] = { type, value }
  }
  const params = uniform && {
    binding: uniform.binding,
    size: Math.ceil(uniform.type.size / 16) * 16,
    fields: Object.fromEntries(uniform.type.members.map((m) => [m.name, { offset: m.offset, type: m.type.name }])),
  }
  return { name, source, entries, params: params ?? null, constants, values: valuesOf(source) }
}

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

const read = (path) => describe(readFileSync(path, 'utf8'), nameOf(path))
const moduleOf = (shader) => `export default ${JSON.stringify(shader)}`

/** The same shader as it ships. */
export function minified(shader) {
  const kept = new Set([...Object.keys(shader.entries), ...Object.keys(shader.constants)])
  return { ...shader, source: minify(shader.source, kept) }
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

/** What `decompose` runs, streams aside: its module and all that it imports of the solvers and their shaders, types aside. */
function filesOfDecomposition(root) {
  const files = new Set(['src/cvxeda/decompose.ts'])
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
    build.onLoad({ filter: /\.wgsl$/ }, ({ path }) => ({ contents: moduleOf(minified(read(path))), loader: 'js' }))
  },
}

export const vitePlugin = {
  name: 'wgsl',
  enforce: 'pre',
  config: () => ({ define: literals() }),
  load: (id) => (id.endsWith('.wgsl') ? moduleOf(read(id)) : null),
}
