// What a .wgsl file becomes: plain data for the runtime, and types for the host file that launches it.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
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

/** Reflection of one shader: entries, bindings, uniform fields and tunable constants. */
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
  return { name, source, entries, params: params ?? null, constants }
}

const union = (names) => names.map((n) => `'${n}'`).join(' | ') || 'never'

/** The text of `NAME.d.wgsl.ts`. */
export function typesOf(shader) {
  const entries = Object.entries(shader.entries).map(
    ([name, e]) => `    ${name}: ${union(Object.keys(e.bindings).sort())}\n`,
  )
  const up = '../'.repeat(shader.name.split('/').length)
  return `// Generated from ${shader.name}.wgsl by \`npm run gen\`; do not edit.
import type { Shader } from '${up}src/runtime/shader.ts'

declare const shader: Shader<{
  entries: {
${entries.join('')}  }
  params: ${union(Object.keys(shader.params?.fields ?? {}))}
  constants: ${union(Object.keys(shader.constants))}
}>
export default shader
`
}

const shaders = fileURLToPath(new URL('../shaders/', import.meta.url))

/** A shader is called what its file is called, below shaders/: `conv1d/lane`. */
const nameOf = (path) =>
  relative(shaders, path)
    .replaceAll('\\', '/')
    .replace(/\.wgsl$/, '')

const load = (path) => `export default ${JSON.stringify(describe(readFileSync(path, 'utf8'), nameOf(path)))}`

/** Names of all shaders, in order. */
export const shaderNames = () =>
  readdirSync(shaders, { recursive: true })
    .filter((path) => path.endsWith('.wgsl'))
    .map((path) => nameOf(shaders + path))
    .sort()

/** Besides the kernels: how their constants get in, and which ops at which shapes a model has. */
const AROUND_KERNELS = ['src/runtime/shader.ts', 'src/model/layers.ts', 'src/model/architecture.ts']
/** Folders of shaders/ that no network uses. */
const NOT_OF_A_NETWORK = /^(cvxeda|qp|probes)\//

/** Digest of the kernels that training runs and of the host code that launches them, under the name that `src/tune/kernel_set.ts` declares. */
function kernelSet() {
  const root = new URL('../', import.meta.url)
  const hosts = readdirSync(new URL('src/kernels/', root), { recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `src/kernels/${path}`)
  const kernels = shaderNames()
    .filter((name) => !NOT_OF_A_NETWORK.test(name))
    .map((name) => `shaders/${name}.wgsl`)
  const digest = createHash('sha256')
  for (const file of [...kernels, ...hosts.sort(), ...AROUND_KERNELS]) {
    digest.update(file).update(readFileSync(new URL(file, root)))
  }
  return { GALVANI_KERNEL_SET: JSON.stringify(digest.digest('hex').slice(0, 16)) }
}

export const esbuildPlugin = {
  name: 'wgsl',
  setup(build) {
    build.initialOptions.define = { ...build.initialOptions.define, ...kernelSet() }
    build.onLoad({ filter: /\.wgsl$/ }, ({ path }) => ({ contents: load(path), loader: 'js' }))
  },
}

export const vitePlugin = {
  name: 'wgsl',
  enforce: 'pre',
  config: () => ({ define: kernelSet() }),
  load: (id) => (id.endsWith('.wgsl') ? load(id) : null),
}
