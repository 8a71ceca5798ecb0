// Constants of shaders as the host reads them.
import { expect, it } from 'vitest'
import { ShapeError } from '../../src/runtime/errors.ts'
import type { Shader } from '../../src/runtime/shader.ts'
import { shaderValues } from '../../src/runtime/shader_values.ts'
import { describe, typesOf } from '../../tools/wgsl.mjs'

const source = `
const WINDOW: u32 = 5u;
const EXACT: bool = false;
const SCALE: f32 = 1.5;
const ROWS = 9u;
const ENDED = -1.0;
const FLOOR = 0.5e-6;
const EXPONENT = 0x7f800000u;
const WIDTH = WINDOW + 2u * ROWS - 1u;
const PAIRS = WINDOW * (WINDOW + 1u) / 2u;
const THIRDS = (WIDTH - 1u) / 4u;
const HALF = SCALE / 2.0;
const BACK = 7u - 2u - 1u;
const WIDE = WINDOW > 4u;
const POINT = vec2(1.0, 2.0);
@compute @workgroup_size(1) fn main() {}
`
const shader = describe(source, 'example') as Shader<{
  entries: Record<string, string>
  params: never
  constants: string
}>

it('numbers, names, operators and brackets are worked out as WGSL does', () => {
  expect(shaderValues(shader)).toEqual({
    ...{ WINDOW: 5, SCALE: 1.5, ROWS: 9, ENDED: -1, FLOOR: 0.5e-6, EXPONENT: 0x7f800000 },
    ...{ WIDTH: 22, PAIRS: 15, THIRDS: 5, HALF: 0.75, BACK: 4 },
  })
})

it('what depends on a tunable constant follows it', () => {
  expect(shaderValues(shader, { WINDOW: 7, EXACT: true })).toMatchObject({ WINDOW: 7, WIDTH: 24, PAIRS: 28, ROWS: 9 })
})

it('a constant that the shader does not let one set is refused', () => {
  expect(() => shaderValues(shader, { ROWS: 8 })).toThrow(new ShapeError('example.wgsl has no constant ROWS'))
})

it('the types name numbers only, and only where there are more than the tunable ones', () => {
  const names = Object.keys(shaderValues(shader)).map((name) => `'${name}'`)
  expect(typesOf(shader)).toContain(`  values: ${names.join(' | ')}\n`)
  expect(typesOf(describe('const N: u32 = 4u;\n@compute @workgroup_size(N) fn main() {}', 'one'))).not.toContain(
    'values',
  )
})
