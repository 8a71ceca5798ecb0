// The shaders as they ship: the same programs as the repository's, under shorter names.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { specialise, type Shader } from '../../src/runtime/shader.ts'
import { minify, tokensOf } from '../../tools/minify_wgsl.mjs'
import { describe as reflect, minified, shaderNames } from '../../tools/wgsl.mjs'

const shaders = shaderNames().map((name): [string, Shader] => [
  name,
  reflect(readFileSync(new URL(`../../shaders/${name}.wgsl`, import.meta.url), 'utf8'), name),
])

const keptOf = ({ entries, constants }: Shader): Set<string> =>
  new Set([...Object.keys(entries), ...Object.keys(constants)])
const isName = (token: string): boolean => /^[A-Za-z_]/.test(token)

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

describe.each(shaders)('%s', (name, shader) => {
  const after = minified(shader) as Shader

  it('has the same words under other names', () => {
    const before = tokensOf(shader.source)
    const short = tokensOf(after.source)
    expectSameProgram(before, short)
    for (const kept of keptOf(shader)) {
      const places = before.flatMap((token: string, i: number) => (token === kept ? [short[i]] : []))
      expect(new Set(places)).toEqual(new Set([kept]))
    }
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
  })

  it('takes constants, and unrolls its loops', () => {
    const constants = Object.fromEntries(
      Object.entries(shader.constants).map(([constant, { type, value }]) => [
        constant,
        type === 'bool' ? value !== 'true' : Number.parseFloat(value) + 1,
      ]),
    )
    const [whole, short] = [specialise(shader, constants), specialise(after, constants)]
    expectSameProgram(tokensOf(whole), tokensOf(short))
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
      const module = gpu.device.createShaderModule({ label: name, code: specialise(minified(shader) as Shader, {}) })
      const { messages } = await gpu.wait(module.getCompilationInfo())
      expect({ name, messages: messages.map(({ message }) => message) }).toEqual({ name, messages: [] })
    }
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
    expect(minify(source, new Set(['main', 'N']))).toBe(expected)
  })
})
