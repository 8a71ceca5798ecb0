// The constants of a shader as numbers, for the host that shares its rows, fields and codes: written once, in the shader.

import { ShapeError } from './errors.ts'
import type { Constants, Shader, ShaderTypes } from './shader.ts'

type ValueOf<T extends ShaderTypes> = T extends { values: infer V extends string } ? V : T['constants']

const OPERATORS: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  div: (a, b) => Math.trunc(a / b), // of whole numbers
}

/**
 * What each constant of the shader is, given those that it is specialised with.
 * @throws ShapeError for a constant that the shader does not have
 */
export function shaderValues<T extends ShaderTypes>(
  shader: Shader<T>,
  constants: Constants = {},
): Readonly<Record<ValueOf<T>, number>> {
  const known: Record<string, number> = {}
  for (const [name, value] of Object.entries(constants)) {
    if (!shader.constants[name]) throw new ShapeError(`${shader.name}.wgsl has no constant ${name}`)
    if (typeof value === 'number') known[name] = value
  }
  for (const [name, formula] of Object.entries(shader.values)) {
    if (name in known) continue
    const stack: number[] = []
    for (const item of formula.split(' ')) {
      const operator = OPERATORS[item]
      stack.push(operator ? operator(...(stack.splice(-2) as [number, number])) : (known[item] ?? Number(item)))
    }
    known[name] = stack[0]!
  }
  return known as Record<ValueOf<T>, number>
}
