import { GalvaniError, ShapeError } from './errors.ts'

/** What the generated `shaders/NAME.d.wgsl.ts` says of a shader: the names a host file may use. */
export interface ShaderTypes {
  /** Entry point -> union of the storage bindings it uses. */
  entries: Record<string, string>
  /** Union of the fields of `Params`; never when there is none. */
  params: string
  /** Union of the tunable constants. */
  constants: string
  /** Union of the constants that are numbers, tunable or not; absent where none is beside `constants`. */
  values?: string
}

export interface BindingInfo {
  binding: number
  access: 'read' | 'read_write'
  element: 'f32' | 'u32' | 'i32'
  /** Names of the fields, in order, where the binding is a struct of such elements or an array of these. */
  fields?: readonly string[]
}

/** An imported `.wgsl`: source plus what reflection found at build time. */
export interface Shader<T extends ShaderTypes = ShaderTypes> {
  name: string
  source: string
  entries: Record<string, { bindings: Record<string, BindingInfo>; usesParams: boolean }>
  params: {
    binding: number
    size: number
    fields: Record<string, { offset: number; type: 'f32' | 'u32' | 'i32' }>
  } | null
  constants: Record<string, { type: string; value: string }>
  /** Formulas of the constants that are numbers, in postfix order, such as `ROWS 1 +`: see `shaderValues`. */
  values: Record<string, string>
  /** Phantom: carries the names at type level, never present at run time. */
  readonly types?: T
}

/** Values for a shader's tunable constants. */
export type Constants = Readonly<Record<string, number | boolean>>

/** A row of a table that an entry reads as a struct, in the order of its fields. */
export function rowOf<T extends ShaderTypes, E extends keyof T['entries'] & string>(
  shader: Shader<T>,
  entry: E,
  binding: T['entries'][E],
  values: Readonly<Record<string, number>>,
): number[] {
  const fields = shader.entries[entry]?.bindings[binding]?.fields ?? []
  return fields.map((field) => {
    const value = values[field]
    if (value === undefined) throw new ShapeError(`${shader.name}.wgsl: ${binding}.${field} is missing`)
    return value
  })
}

function literal(type: string, value: number | boolean): string {
  if (type === 'bool') return String(Boolean(value))
  if (type !== 'f32') return `${value}${type[0]}`
  return Number.isInteger(value) ? `${value}.0` : `${value}`
}

const unrollMark = /\/\/ @unroll\s*\n\s*for ?\(var (\w+) ?= ?0u; ?\w+ ?< ?(\w+); ?\w+\+\+\) ?\{/

/** Replaces each marked loop by its iterations; bounds are literals or constants of the shader. */
function unrollLoops(source: string, values: Record<string, string>): string {
  for (;;) {
    const mark = unrollMark.exec(source)
    if (!mark) {
      if (source.includes('// @unroll'))
        throw new GalvaniError('// @unroll stands above a loop of another form than `for (var i = 0u; i < N; i++) {`')
      return source
    }
    const [head, counter, bound] = mark as unknown as [string, string, string]
    const count = Number.parseInt(values[bound] ?? bound, 10)
    if (!Number.isInteger(count)) throw new GalvaniError(`cannot unroll to '${bound}': not a constant of the shader`)
    const from = mark.index + head.length
    let to = from
    for (let depth = 1; depth > 0 && to < source.length; to++)
      depth += source[to] === '{' ? 1 : source[to] === '}' ? -1 : 0
    const body = source.slice(from, to) // up to the brace that closes it
    const name = new RegExp(`(?<![\\w.])${counter}\\b`, 'g')
    const copies = Array.from({ length: count }, (_, i) => `{${body.replace(name, `${i}u`)}`)
    source = source.slice(0, mark.index) + copies.join('\n') + source.slice(to)
  }
}

/** The source with constants substituted and marked loops unrolled: all the specialisation there is. */
export function specialise(shader: Shader, constants: Constants): string {
  let source = shader.source
  const values: Record<string, string> = {}
  for (const [name, info] of Object.entries(shader.constants)) values[name] = info.value
  for (const [name, value] of Object.entries(constants)) {
    const info = shader.constants[name]
    if (!info) throw new ShapeError(`${shader.name}.wgsl has no constant ${name}`)
    const text = literal(info.type, value)
    values[name] = text
    source = source.replace(new RegExp(`const ${name}(: ?\\w+) ?= ?[^;]+;`), `const ${name}$1 = ${text};`)
  }
  return unrollLoops(source, values)
}

const isOf = (type: 'f32' | 'u32' | 'i32', value: unknown): value is number =>
  typeof value === 'number' &&
  (type === 'f32' ? Number.isFinite(Math.fround(value)) : (type === 'u32' ? value >>> 0 : value | 0) === value)

const SETTERS = { f32: 'setFloat32', u32: 'setUint32', i32: 'setInt32' } as const

/** Packs the uniform struct by its reflected offsets. */
export function packParams(shader: Shader, values: Readonly<Record<string, number>>, into: DataView, at: number): void {
  if (!shader.params) return
  for (const [name, field] of Object.entries(shader.params.fields)) {
    const value = values[name]
    if (!isOf(field.type, value)) {
      throw new ShapeError(
        `${shader.name}.wgsl: params.${name} is ${String(value)}, expected a number that is ${field.type}`,
      )
    }
    into[SETTERS[field.type]](at + field.offset, value, true)
  }
}
