// A kernel from outside the package.
import { UsageError } from '../runtime/errors.ts'
import type { Shader, ShaderTypes } from '../runtime/shader.ts'
import { nameOf } from '../runtime/arguments.ts'
import { reflect } from './reflect.ts'

/** A shader of one's own. */
export interface KernelSource {
  /** For messages and labels. */
  name: string
  /**
   * Compute entry points in group 0: storage bindings, and at most one uniform, a struct of f32, u32 and i32. `const NAME: type = …;` at the
   * beginning of a line is tunable; a loop `for (var i = 0u; i < N; i++)` below `// @unroll` is unrolled.
   */
  wgsl: string
}

const ELEMENTS = ['f32', 'u32', 'i32']

/**
 * Makes a kernel that a `Plan` can dispatch, by reading its WGSL. What the plan checks of our own kernels it checks of this one: names,
 * dtypes, parameters, sharing of memory. Name the types to have them checked by the compiler too:
 * `defineKernel<{ entries: { scale: 'x' | 'y' }; params: 'factor'; constants: never }>({ … })`.
 *
 * @throws FormatError for WGSL that does not parse; UsageError for what a plan cannot launch: no entry point, another group than 0,
 * textures, several uniforms, elements that are no f32, u32 or i32
 */
export function defineKernel<T extends ShaderTypes = ShaderTypes>({ name, wgsl }: KernelSource): Shader<T> {
  for (const [field, value] of Object.entries({ name, wgsl })) {
    if (typeof value !== 'string' || value === '')
      throw new UsageError(`defineKernel: ${field} is ${value === '' ? 'empty' : nameOf(value)}, expected text`)
  }
  const shader = reflect(wgsl, name)
  const refuse = (why: string): never => {
    throw new UsageError(`defineKernel: ${name} ${why}`)
  }
  const entries = Object.entries(shader.entries)
  if (entries.length === 0) refuse('has no entry point; begin one with @compute @workgroup_size(64)')
  const groups = [...wgsl.matchAll(/@group\(\s*(\w+)\s*\)/g)].map(([, group]) => group)
  const other = groups.find((group) => !/^0[iu]?$/.test(group!))
  if (other !== undefined) refuse(`binds in group ${other}, a plan binds group 0 only`)
  const uniforms = [...wgsl.matchAll(/var\s*<\s*uniform\s*>/g)].length
  if (uniforms > 1) refuse(`has ${uniforms} uniforms, expected one struct of parameters at most`)
  for (const [entry, { bindings }] of entries) {
    for (const [binding, { access, element }] of Object.entries(bindings)) {
      if (!ELEMENTS.includes(element)) refuse(`binds '${binding}' of ${element} in ${entry}, expected f32, u32 or i32`)
      if (access !== 'read' && access !== 'read_write')
        refuse(`binds '${binding}' for '${String(access)}', expected read or read_write`)
    }
  }
  for (const [field, { type }] of Object.entries(shader.params?.fields ?? {}))
    if (!ELEMENTS.includes(type)) refuse(`has a parameter '${field}' of ${type}, expected f32, u32 or i32`)
  return shader as Shader<T>
}
