// The shaders as they ship: the same programs as the repository's, under shorter names.
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { letterOf, unpacked } from '../../src/runtime/packed_shader.ts'
import { specialise, type Shader } from '../../src/runtime/shader.ts'
import { inlined, minify, shortNamesOf, tokensOf, undeclared } from '../../tools/minify_wgsl.mjs'
import { describe as reflect, minified, pack, shaderNames } from '../../tools/wgsl.mjs'

const shaders = shaderNames().map((name): [string, Shader] => [
  name,
  reflect(readFileSync(new URL(`../../shaders/${name}.wgsl`, import.meta.url), 'utf8'), name),
])

/** The texts of all that launches our shaders. */
const HOST = ['src', 'bench'].flatMap((folder) =>
  readdirSync(new URL(`../../${folder}/`, import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(new URL(`../../${folder}/${path}`, import.meta.url), 'utf8')),
)

const keptOf = ({ entries, constants }: Shader): Set<string> =>
  new Set([...Object.keys(entries), ...Object.keys(constants)])
const isName = (token: string): boolean => /^[A-Za-z_]/.test(token)

/** What a shader's words are once its constants that are a number stand where they are used. */
const withNumbers = (shader: Shader, source = shader.source): string[] =>
  inlined({ tokens: tokensOf(source), kept: keptOf(shader) }).tokens

/** Words without the declarations that a table says, under the letters that those go by. Fields of the parameters are no other names. */
function body(tokens: readonly string[], shader: Shader): string[] {
  const words: string[] = undeclared({ tokens, kept: keptOf(shader) }, letterOf).tokens
  return asFields(
    words.map((word) => word.replace('\\', '')),
    shader,
  )
}
const asFields = (words: readonly string[], { params }: Shader): string[] =>
  words.map((word, i) =>
    params && words[i - 1] === '.' && words[i - 2] === letterOf(params.binding) ? `.${word}` : word,
  )

/** Number, use and type of each binding, and the types of parameters, as the source declares them. */
function declarations(source: string): string[] {
  const dense = tokensOf(source).join(' ')
  const bindings = [...dense.matchAll(/@ binding \( (\d+) \) var < ([^;]+) > \w+ : ([^;]+) ;/g)]
  const params = /struct Params \{ ([^}]*)\}/.exec(dense)?.[1]?.match(/: \w+/g) ?? []
  const plain = (type: string): string => type.replace(/\b(?!array|vec\d|[fui]32)\w+/, 'a struct')
  return [...bindings.map(([, number, use, type]) => `${number} ${use}: ${plain(type)}`).sort(), ...params]
}

/** The same words, each name always under the same other one, and no two under one. */
function expectSameProgram(before: readonly string[], after: readonly string[]): void {
  expect(after).toHaveLength(before.length)
  const found = new Map<string, Set<string>>()
  before.forEach((token, i) => {
    if (!isName(token)) expect(after[i]).toBe(token)
    else found.set(token, (found.get(token) ?? new Set()).add(after[i]!))
  })
  // A name that is a member of a vector, an attribute or a word of WGSL as well stays there.
  const short = [...found].map(([token, others]) => [...others].filter((other) => other !== token))
  expect(short.filter((others) => others.length > 1)).toEqual([])
  expect(new Set(short.flat()).size).toBe(short.flat().length)
  expect(short.flat().filter((other) => found.get(other)?.has(other))).toEqual([])
}

/** Whether a constant that is a number alone is declared there. */
const numbersOf = (tokens: readonly string[], at: number): boolean =>
  /^const \w+ = [\d.]\S* ;$/.test(tokens.slice(at, at + 5).join(' '))

describe.each(shaders)('%s', (name, shader) => {
  const after = minified(shader)

  it('has the same words under other names', () => {
    const before = body(withNumbers(shader), shader)
    const short = asFields(tokensOf(pack(shader).body), shader)
    expectSameProgram(before, short)
    for (const kept of keptOf(shader)) {
      const places = before.flatMap((token: string, i: number) => (token === kept ? [short[i]] : []))
      expect(new Set(places)).toEqual(new Set([kept]))
    }
  })

  it('has the numbers of constants in their places, and none else', () => {
    let at = 0
    const numbers = new Map<string, string>()
    const before = tokensOf(shader.source)
    for (const token of withNumbers(shader)) {
      while (before[at] === 'const' && numbersOf(before, at) && !keptOf(shader).has(before[at + 1])) {
        numbers.set(before[at + 1], before[at + 3])
        at += 5
      }
      expect(numbers.get(before[at]) ?? before[at]).toBe(token)
      at++
    }
    expect(at).toBe(before.length)
  })

  it('is reflected alike', () => {
    const shape = ({ entries, params, constants }: Shader) => ({
      entries: Object.entries(entries).map(([entry, { bindings, usesParams }]) => [
        entry,
        usesParams,
        Object.values(bindings).map(({ binding, access, element, fields }) => [
          binding,
          access,
          element,
          fields?.length,
        ]),
      ]),
      params: params && [params.binding, params.size, Object.values(params.fields)],
      constants: Object.entries(constants).map(([constant, { type, value }]) => [
        constant,
        type,
        value.replaceAll(' ', ''),
      ]),
    })
    // As a reflection needs it: constants begin a line.
    const lines = after.source.replace(/const ([A-Z]\w*):(\w+)=/g, '\nconst $1: $2 = ')
    expect(shape(reflect(lines, name))).toEqual(shape(shader))
    expect(declarations(after.source)).toEqual(declarations(shader.source))
    expect(declarations(shader.source).length).toBeGreaterThan(0)
  })

  it('is read back as it was reflected, from one line of text', () => {
    const { body: source, packed: text } = pack(shader)
    const dense = Object.entries(shader.constants).map(([constant, { type, value }]) => [
      constant,
      { type, value: value.replaceAll(' ', '') },
    ])
    const { entries, params } = shader
    const { values } = after
    expect(unpacked(name, source, text)).toEqual({
      ...{ name, source: after.source, entries, params, values },
      constants: Object.fromEntries(dense) as Shader['constants'],
    })
    expect(text).not.toContain('\n')
  })

  it('keeps the formulas of the constants that the host asks for, and of what these are made of', () => {
    const kept = Object.keys(after.values)
    for (const [constant, formula] of Object.entries(shader.values)) {
      if (HOST.some((text) => new RegExp(`\\b${constant}\\b`).test(text))) expect(kept).toContain(constant)
      if (kept.includes(constant)) expect(after.values[constant]).toEqual(formula)
    }
    const items = Object.values(after.values).flatMap((formula) => formula.split(' '))
    expect(kept).toEqual(expect.arrayContaining(items.filter((item) => item in shader.values)))
  })

  it('takes constants, and unrolls its loops', () => {
    const constants = Object.fromEntries(
      Object.entries(shader.constants).map(([constant, { type, value }]) => [
        constant,
        type === 'bool' ? value !== 'true' : Number.parseFloat(value) + 1,
      ]),
    )
    const [whole, short] = [specialise(shader, constants), specialise(after, constants)]
    expectSameProgram(body(withNumbers(shader, whole), shader), body(tokensOf(short), after))
    expect(short).not.toBe(specialise(after, {}))
    expect(short.length).toBeLessThan(whole.length)
  })
})

describe('on a device', () => {
  let gpu: Gpu
  beforeAll(async () => {
    gpu = await openGpu()
  })
  afterAll(() => gpu.close())

  it('each is valid', async () => {
    for (const [name, shader] of shaders) {
      if (shader.source.includes('enable subgroups') && !gpu.device.features.has('subgroups')) continue
      const module = gpu.device.createShaderModule({ label: name, code: specialise(minified(shader), {}) })
      const { messages } = await gpu.wait(module.getCompilationInfo())
      expect({ name, messages: messages.map(({ message }) => message) }).toEqual({ name, messages: [] })
    }
  })
})

describe('what cannot be packed', () => {
  const source = `
struct Params { rows: u32, place: vec2f }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1)
fn main() { y[params.rows] = params.place.x; }`
  it('is refused: a parameter that is a vector', () => {
    expect(() => pack(reflect(source, 'vectors'))).toThrow('vectors.wgsl cannot be packed')
    expect(pack(reflect(source.replace('vec2f', 'f32').replace('.x', ''), 'numbers'))).toEqual({
      packed: '1wfy;main:01;0 rows place:f;;',
      body: '@compute@workgroup_size(1)fn main(){B[A.A]=A.B;}',
    })
  })
})

describe('names', () => {
  const of = (source: string) => ({ tokens: tokensOf(source), kept: new Set<string>() })
  it('are the same in all shaders, the most used ones shortest, and shared where no shader has both', () => {
    const names = shortNamesOf([
      of('fn often() { often(); often(); } fn rare() {}'),
      of('fn often() {} fn other() { c(); }'),
    ])
    expect(Object.fromEntries(names as Map<string, string>)).toEqual({ often: 'd', rare: 'c', other: 'e' })
  })
})

describe('constants', () => {
  const numbers = (source: string) => inlined({ tokens: tokensOf(source), kept: new Set(['N']) }).tokens.join(' ')
  it.each([
    [
      'that are a number are written out, wherever they stand',
      'fn f() { x = TWO; } const TWO = 2u;',
      'fn f ( ) { x = 2u ; }',
    ],
    ['that the host sets or asks for stay', 'const N = 2u; x = N;', 'const N = 2u ; x = N ;'],
    [
      'that are no number stay',
      'const A = B; const C = 1u + 1u; const D: u32 = 1u;',
      'const A = B ; const C = 1u + 1u ; const D : u32 = 1u ;',
    ],
    ['of a function stay', 'fn f() { const A = 1u; x = A; }', 'fn f ( ) { const A = 1u ; x = A ; }'],
    [
      'whose name is declared twice stay',
      'const A = 1u; fn f() { let A = 2u; x = A; }',
      'const A = 1u ; fn f ( ) { let A = 2u ; x = A ; }',
    ],
    ['whose name is a field as well stay', 'const A = 1u; x = y.A;', 'const A = 1u ; x = y . A ;'],
  ])('%s', (_, source, expected) => {
    expect(numbers(source)).toBe(expected)
  })
})

describe('what must keep its name', () => {
  it.each([
    [
      'an attribute of the name of a variable',
      '@group(0) @binding(0) var<storage> group: u32;',
      '@group(0)@binding(0)var<storage>c:u32;',
    ],
    [
      'a built-in value of the name of an argument',
      'fn main(@builtin(local_invocation_id) local_invocation_id: vec3u) {}',
      'fn main(@builtin(local_invocation_id)c:vec3u){}',
    ],
    [
      'members of vectors',
      'fn main() { let xyz = vec3f(); let y = xyz.xyz.y; }',
      'fn main(){let c=vec3f();let d=c.xyz.y;}',
    ],
    [
      'fields that may be members of vectors',
      'struct Point { x: f32, far: f32 } fn main() { let far = Point().x; }',
      'struct c{x:f32,d:f32}fn main(){let d=c().x;}',
    ],
    ['an extension', 'enable f16; fn main() { let f16s = 1h; }', 'enable f16;fn main(){let c=1h;}'],
    ['a short name that is taken', 'fn main() { let long = 1u; long + c; }', 'fn main(){let d=1u;d+c;}'],
    [
      'the mark of a loop to unroll',
      '// @unroll\nfor (var i = 0u; i < N; i++) { /* gone */ } // gone',
      '// @unroll\nfor(var c=0u;c<N;c++){}',
    ],
  ])('%s', (_, source, expected) => {
    expect(minify({ tokens: tokensOf(source), kept: new Set(['main', 'N']) })).toBe(expected)
  })
})
