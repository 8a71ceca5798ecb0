import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import attention from '../../shaders/attention/reg.wgsl'
import normaliseBackward from '../../shaders/batchnorm/backward_reg.wgsl'
import column from '../../shaders/batchnorm/column.wgsl'
import normalise from '../../shaders/batchnorm/reg.wgsl'
import sums from '../../shaders/partial_sums.wgsl'
import { GalvaniError, ShapeError } from '../../src/runtime/errors.ts'
import { describe as describeShader, shaderNames } from '../../tools/wgsl.mjs'
import { packParams, rowOf, specialise, type Shader } from '../../src/runtime/shader.ts'
import { shaderValues } from '../../src/runtime/shader_values.ts'

/** A shader as the build describes it; its tunable constants are read off the source. */
function shaderOf(source: string, params: Shader['params'] = null): Shader {
  const constants = [...source.matchAll(/^const ([A-Z]\w*): (\w+) = ([^;]+);/gm)].map(
    ([, name, type, value]) => [name, { type: type!, value: value! }] as const,
  )
  return {
    name: 'example',
    source,
    entries: {},
    params,
    constants: Object.fromEntries(constants) as Shader['constants'],
    values: {},
  }
}

/** Without layout, to compare statements. */
const compact = (source: string) => source.replace(/\s+/g, ' ').trim()

describe('constants', () => {
  const source = `const TILE: u32 = 4u;
const STEP: i32 = 1i;
const SCALE: f32 = 0.5;
const EXACT: bool = false;
const TILES: u32 = 9u;
fn f() -> u32 { return TILE; }`

  it('are written as literals of their type, and nothing else changes', () => {
    const text = specialise(shaderOf(source), { TILE: 8, STEP: -2, SCALE: 3, EXACT: true })
    expect(text).toBe(`const TILE: u32 = 8u;
const STEP: i32 = -2i;
const SCALE: f32 = 3.0;
const EXACT: bool = true;
const TILES: u32 = 9u;
fn f() -> u32 { return TILE; }`)
    expect(specialise(shaderOf(source), { SCALE: 0.25 })).toContain('const SCALE: f32 = 0.25;')
  })

  it('keep their values when none is given', () => expect(specialise(shaderOf(source), {})).toBe(source))

  it('that the shader does not have are refused', () => {
    expect(() => specialise(shaderOf(source), { TIEL: 8 })).toThrow(new ShapeError('example.wgsl has no constant TIEL'))
  })
})

describe('what the host reads off a shader', () => {
  it('is a number of its text', () => expect(shaderValues(sums).WORKGROUP).toBe(64))

  it('is the order of a struct', () => {
    const job = { chunks: 5, stride: 4, count: 3, to: 2, first: 1 }
    expect(rowOf(sums, 'add', 'jobs', job)).toEqual([1, 2, 3, 4, 5])
    const { to: _, ...rest } = job
    expect(() => rowOf(sums, 'add', 'jobs', rest)).toThrow(new ShapeError('partial_sums.wgsl: jobs.to is missing'))
  })

  it.each(['MEAN', 'RSTD', 'SCALE', 'SHIFT', 'STATISTICS'] as const)(
    'is the same where shaders share a tensor: %s of batch normalisation',
    (row) => {
      const value = shaderValues(normalise)[row]
      expect([shaderValues(normaliseBackward)[row], shaderValues(column)[row]]).toEqual([value, value])
    },
  )
})

describe('marked loops', () => {
  it('become their iterations, each in a scope of its own', () => {
    const text = specialise(shaderOf('// @unroll\nfor (var i = 0u; i < 3u; i++) { let k = i; sum += a[k]; }'), {})
    expect(compact(text)).toBe('{ let k = 0u; sum += a[k]; } { let k = 1u; sum += a[k]; } { let k = 2u; sum += a[k]; }')
  })

  it('run to a constant, as given or as it stands', () => {
    const shader = shaderOf('const N: u32 = 1u;\n// @unroll\nfor (var i = 0u; i < N; i++) { f(i); }')
    expect(compact(specialise(shader, {}))).toBe('const N: u32 = 1u; { f(0u); }')
    expect(compact(specialise(shader, { N: 2 }))).toBe('const N: u32 = 2u; { f(0u); } { f(1u); }')
    expect(compact(specialise(shader, { N: 0 }))).toBe('const N: u32 = 0u;')
  })

  it('nest, and hold blocks and unmarked loops', () => {
    const source = `// @unroll
      for (var i = 0u; i < 2u; i++) {
        if (i == 0u) { start(); }
        // @unroll
        for (var j = 0u; j < 2u; j++) { f(i, j); }
        for (var l = 0u; l < n; l++) { g(i, l); }
      }
      after();`
    const iteration = (i: string) =>
      `{ if (${i} == 0u) { start(); } {f(${i}, 0u); } {f(${i}, 1u); } for (var l = 0u; l < n; l++) { g(${i}, l); } }`
    const dense = (text: string) => compact(text).replaceAll('{ ', '{').replaceAll(' }', '}')
    expect(dense(specialise(shaderOf(source), {}))).toBe(dense(`${iteration('0u')} ${iteration('1u')} after();`))
  })

  it('replace the counter alone, not names or fields that contain or equal it', () => {
    const text = specialise(shaderOf('// @unroll\nfor (var i = 0u; i < 1u; i++) { in[i] = v.i + xi + i2; }'), {})
    expect(compact(text)).toBe('{ in[0u] = v.i + xi + i2; }')
  })

  it('without a known bound are refused', () => {
    const shader = shaderOf('// @unroll\nfor (var i = 0u; i < rows; i++) { f(i); }')
    expect(() => specialise(shader, {})).toThrow(
      new GalvaniError("cannot unroll to 'rows': not a constant of the shader"),
    )
  })

  it('of another form are refused', () => {
    const shader = shaderOf('// @unroll\nfor (var i = 0u; i < 4u; i += 2u) { f(i); }')
    expect(() => specialise(shader, {})).toThrow(/^\/\/ @unroll stands above a loop of another form/)
  })

  it('of a real kernel are all gone', () => {
    const text = specialise(attention, { D4: 3, T: 2, OWN: 6 })
    expect(attention.source).toContain('@unroll')
    expect(text).not.toContain('@unroll')
    expect(text).toContain('const D4: u32 = 3u;')
    expect(text).toMatch(/score\[1u\] \+= dot\(query\[1u \* D4 \+ 2u\], key\)/)
    expect(text).not.toMatch(/query\[1u \* D4 \+ 3u\]/)
  })
})

describe('packParams', () => {
  const fields = {
    count: { offset: 0, type: 'u32' },
    shift: { offset: 4, type: 'i32' },
    rate: { offset: 12, type: 'f32' },
  } as const
  const shader = shaderOf('', { binding: 0, size: 16, fields })

  it('puts each field at its reflected offset, in its type, in a place of a larger buffer', () => {
    const view = new DataView(new ArrayBuffer(48))
    packParams(shader, { rate: 0.1, shift: -3, count: 4e9 }, view, 16)
    expect(view.getUint32(16, true)).toBe(4e9)
    expect(view.getInt32(20, true)).toBe(-3)
    expect(view.getFloat32(28, true)).toBe(Math.fround(0.1))
    const elsewhere = [...Array(48).keys()].filter((at) => at < 16 || (at >= 24 && at < 28) || at >= 32)
    expect(elsewhere.every((at) => view.getUint8(at) === 0)).toBe(true)
  })

  it('names the field that is missing', () => {
    const pack = () => packParams(shader, { count: 1, shift: 1 }, new DataView(new ArrayBuffer(16)), 0)
    expect(pack).toThrow(new ShapeError('example.wgsl: params.rate is undefined, expected a number that is f32'))
  })

  it('takes the offsets of real kernels from their source', () => {
    const { params } = attention as Shader
    expect(params!.size).toBe(32)
    expect(params!.fields['lse_stride']).toEqual({ offset: 24, type: 'u32' })
  })
})

it('every kernel binds at most 8 storage buffers, which every device has', () => {
  const bindings = shaderNames().flatMap((name) => {
    const { entries } = describeShader(
      readFileSync(new URL(`../../shaders/${name}.wgsl`, import.meta.url), 'utf8'),
      name,
    )
    return Object.entries(entries).map(([entry, used]) => ({
      kernel: `${name}.${entry}`,
      count: Object.keys(used.bindings).length,
    }))
  })
  expect(bindings.length).toBeGreaterThan(30)
  expect(bindings.filter(({ count }) => count > 8)).toEqual([])
})
