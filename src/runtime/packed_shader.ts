// A shader as it ships: beside its source, what reflection found as one line of text. tools/wgsl.mjs writes it.

import type { BindingInfo, Shader } from './shader.ts'

type Element = BindingInfo['element']
const words = (text: string, by = ' '): string[] => (text === '' ? [] : text.split(by))

/** What a binding or a parameter is called, by its number: A, B, … */
export const letterOf = (number: number | string): string => String.fromCharCode(65 + Number(number))

/**
 * The shader that was packed as five tables, parted by `;`:
 * - bindings: number, `r`ead or `w`rite too, element, how many of it a vector has, name, and the fields of a struct: `1rf4x 2wuy.first.second`
 * - entries, each with the numbers of its bindings in base 36, that of the parameters among them: `forward:012`
 * - parameters: number, then their names, which are of u32 where nothing else is said: `0 rows scale:f`
 * - constants that are tunable, by name; type and value stand in the source: `WORKGROUP ROWS`
 * - formulas of the others in postfix order, and of tunable ones that are no single number: `PAIRS ROWS 2 /,LAST ROWS 1 -`
 *
 * The tables say all of the declarations of bindings and parameters, so that the source comes without those but of structs. In it a
 * binding is called by the letter of its number, and a parameter by that of its place.
 */
export function unpacked(name: string, body: string, packed: string): Shader {
  let source = body
  const [bindings, entries, params, tunable, formulas] = packed.split(';') as [string, string, string, string, string]
  const infos = words(bindings).map((text): [string, BindingInfo] => {
    const [, number, letter, kind, width, binding, fields] = /(\d+)(.)(.)(\d?)(\w+)\.?(.*)/.exec(text)!
    const access = letter === 'r' ? 'read' : 'read_write'
    const element = `${kind}32` as Element
    const info = { binding: Number(number), access, element } as const
    if (fields) return [binding!, { ...info, fields: fields.split('.') }]
    const type = width ? `vec${width}<${element}>` : element
    source += `@group(0)@binding(${number})var<storage,${access}>${letterOf(number!)}:array<${type}>;`
    return [binding!, info]
  })
  const [uniform, ...fields] = words(params)
  const entryOf = (text: string) => {
    const [entry, used] = text.split(':') as [string, string]
    const uses = (binding: number | string) => used.includes(Number(binding).toString(36))
    const bindings = Object.fromEntries(infos.filter(([, { binding }]) => uses(binding)))
    return [entry, { bindings, usesParams: uniform !== undefined && uses(uniform) }] as const
  }
  let struct = ''
  const fieldOf = (text: string, i: number) => {
    const [field, kind = 'u'] = text.split(':') as [string, string?]
    const type = `${kind}32` as Element
    struct += `${letterOf(i)}:${type},`
    return [field, { offset: 4 * i, type }] as const
  }
  const places = Object.fromEntries(fields.map(fieldOf))
  if (uniform) source += `struct Params{${struct}}@group(0)@binding(${uniform})var<uniform>${letterOf(uniform)}:Params;`
  const constants = words(tunable).map((constant) => {
    const [, type, value] = new RegExp(`const ${constant}:(\\w+)=([^;]+)`).exec(source) as unknown as [
      string,
      string,
      string,
    ]
    return [constant, { type, value }] as const
  })
  const numbers = constants.map(([constant, { value }]) => [constant, String(Number.parseFloat(value))] as const)
  return {
    name,
    source,
    entries: Object.fromEntries(words(entries).map(entryOf)),
    params: uniform
      ? {
          binding: Number(uniform),
          size: Math.ceil(fields.length / 4) * 16,
          fields: places,
        }
      : null,
    constants: Object.fromEntries(constants),
    values: Object.fromEntries([
      ...numbers.filter(([, value]) => value !== 'NaN'),
      ...words(formulas, ',').map((text) => text.split(/ (.*)/) as [string, string]),
    ]),
  }
}
