// A shader as it ships: beside its source, what reflection found as one line of text. tools/wgsl.mjs writes it.

import type { BindingInfo, Shader } from './shader.ts'

type Element = BindingInfo['element']
const words = (text: string, by = ' '): string[] => (text === '' ? [] : text.split(by))

/**
 * The shader that was packed as five tables, parted by `;`:
 * - bindings: number, `r`ead or `w`rite too, element, name, and the fields of a struct: `1rfx 2wuy.first.second`
 * - entries, each with the numbers of its bindings in base 36, that of the parameters among them: `forward:012`
 * - parameters: number, then their names, which are of u32 where nothing else is said: `0 rows scale:f`
 * - constants that are tunable, by name; type and value stand in the source: `WORKGROUP ROWS`
 * - formulas of the others in postfix order, and of tunable ones that are no single number: `PAIRS ROWS 2 /,LAST ROWS 1 -`
 */
export function unpacked(name: string, source: string, packed: string): Shader {
  const [bindings, entries, params, tunable, formulas] = packed.split(';') as [string, string, string, string, string]
  const infos = words(bindings).map((text): [string, BindingInfo] => {
    const [, number, access, element, binding, fields] = /(\d+)(.)(.)(\w+)\.?(.*)/.exec(text)!
    const info = {
      binding: Number(number),
      access: access === 'r' ? ('read' as const) : ('read_write' as const),
      element: `${element}32` as Element,
    }
    return [binding!, fields ? { ...info, fields: fields.split('.') } : info]
  })
  const [uniform, ...fields] = words(params)
  const entryOf = (text: string) => {
    const [entry, used] = text.split(':') as [string, string]
    const uses = (binding: number | string) => used.includes(Number(binding).toString(36))
    const bindings = Object.fromEntries(infos.filter(([, { binding }]) => uses(binding)))
    return [entry, { bindings, usesParams: uniform !== undefined && uses(uniform) }] as const
  }
  const fieldOf = (text: string, i: number) => {
    const [field, type = 'u'] = text.split(':') as [string, string?]
    return [field, { offset: 4 * i, type: `${type}32` as Element }] as const
  }
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
          fields: Object.fromEntries(fields.map(fieldOf)),
        }
      : null,
    constants: Object.fromEntries(constants),
    values: Object.fromEntries([
      ...numbers.filter(([, value]) => value !== 'NaN'),
      ...words(formulas, ',').map((text) => text.split(/ (.*)/) as [string, string]),
    ]),
  }
}
