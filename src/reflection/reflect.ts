// What a shader says of itself: entries, bindings, uniform fields, constants. At build time of our own shaders, at run time of others.
import { WgslReflect, type StructInfo, type TypeInfo } from 'wgsl_reflect/wgsl_reflect.module.js'
import { FormatError } from '../runtime/errors.ts'
import type { BindingInfo, Shader } from '../runtime/shader.ts'

type Element = BindingInfo['element']
/** A type of WGSL as the parser gives it: `members` of a struct, `format` of an array's or vector's elements. */
type Type = TypeInfo & { members?: StructInfo['members']; format?: TypeInfo }

/** The struct that a binding is, or is an array of; undefined for numbers and vectors. */
const structOf = (type: Type): Type | undefined =>
  type.members ? type : type.name === 'array' ? structOf(type.format!) : undefined

/** The last letter of `vec4f` and its kind. */
const SUFFIXES: Readonly<Record<string, string>> = { f: 'f32', u: 'u32', i: 'i32', h: 'f16' }

/** The numbers that a type is made of. */
function scalar(type: Type): string {
  if (type.members) return scalar(type.members[0]!.type)
  if (type.format) return scalar(type.format)
  const [, suffix] = /^(?:vec|mat)[x\d]+([fuih])$/.exec(type.name) ?? []
  return suffix ? SUFFIXES[suffix]! : type.name
}

function parse(source: string, name: string): WgslReflect {
  try {
    return new WgslReflect(source)
  } catch (error) {
    throw new FormatError(`${name}.wgsl: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const TOKEN = /\s*(?:(0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)[uifh]?(?!\w)|([a-z]\w*)|([-+*/()]))/iy
const PRECEDENCE: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, div: 2 }

/** A number's formula in postfix order, of numbers, names of constants and operators; null for what is no arithmetic. */
function postfixOf(formula: string): (number | string)[] | null {
  const isWhole = !/\.|\de|\df\b/i.test(formula.replace(/0x[\da-f]+/gi, '0')) // then WGSL divides whole numbers
  const output: (number | string)[] = []
  const waiting: string[] = []
  const precedence = (operator: string | undefined): number => PRECEDENCE[operator ?? ''] ?? 0
  let wantsValue = true
  let isNegative = false
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < formula.trimEnd().length;) {
    const [, number, name, sign = ''] = TOKEN.exec(formula) ?? []
    if (number || name) {
      output.push(number ? (isNegative ? -Number(number) : Number(number)) : name!)
      if (!wantsValue || (name && isNegative)) return null
      wantsValue = isNegative = false
    } else if (sign === '(' && wantsValue && !isNegative) waiting.push(sign)
    else if (sign === ')' && !wantsValue) {
      while (waiting.length > 0 && waiting.at(-1) !== '(') output.push(waiting.pop()!)
      if (waiting.pop() === undefined) return null
    } else if (sign === '-' && wantsValue && !isNegative) isNegative = true
    else if (sign in PRECEDENCE && !wantsValue) {
      const operator = sign === '/' && isWhole ? 'div' : sign
      while (precedence(waiting.at(-1)) >= precedence(operator)) output.push(waiting.pop()!)
      waiting.push(operator)
      wantsValue = true
    } else return null
  }
  return wantsValue ? null : [...output, ...waiting.reverse()]
}

/** Formulas of the constants that are numbers, also of those that are not tunable because they have no type. */
function valuesOf(source: string): Shader['values'] {
  const values: Record<string, string> = {}
  for (const [, constant, formula] of source.matchAll(/^const ([A-Z]\w*)(?:: \w+)? = ([^;]+);/gm)) {
    const postfix = /^(true|false)$/.test(formula!) ? null : postfixOf(formula!)
    const isKnown = postfix?.every((item) => typeof item === 'number' || item in PRECEDENCE || item in values)
    if (isKnown) values[constant!] = postfix!.join(' ')
  }
  return values
}

/**
 * Reflection of one shader: entries, bindings, uniform fields, tunable constants and the formulas of all constants. Constants are tunable
 * that have a type, begin with a capital and stand at the beginning of a line.
 * @throws FormatError naming the shader, where it does not parse
 */
export function reflect(source: string, name: string): Shader {
  const found = parse(source, name)
  const [uniform] = found.uniforms
  const entries: Shader['entries'] = {}
  for (const entry of found.entry.compute) {
    const bindings: Record<string, BindingInfo> = {}
    for (const resource of entry.resources) {
      if (resource.name === uniform?.name) continue
      const fields = structOf(resource.type)?.members!.map((member) => member.name)
      const { binding, type } = resource
      const access = resource.access as BindingInfo['access']
      bindings[resource.name] = { binding, access, element: scalar(type) as Element, ...(fields && { fields }) }
    }
    entries[entry.name] = { bindings, usesParams: entry.resources.some((r) => r.name === uniform?.name) }
  }
  const constants: Shader['constants'] = {}
  for (const [, constant, type, value] of source.matchAll(/^const ([A-Z]\w*): (\w+) = ([^;]+);/gm)) {
    constants[constant!] = { type: type!, value: value! }
  }
  const params = uniform && {
    binding: uniform.binding,
    size: Math.ceil(uniform.type.size / 16) * 16,
    fields: Object.fromEntries(
      (uniform.type as Type).members!.map((m) => [m.name, { offset: m.offset, type: m.type.name as Element }]),
    ),
  }
  return { name, source, entries, params: params ?? null, constants, values: valuesOf(source) }
}
