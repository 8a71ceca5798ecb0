// A shader as it ships: beside its source, what reflection found as one line of text. tools/wgsl.mjs writes it.

import type { BindingInfo, Shader } from './shader.ts'

const ELEMENTS = { f: 'f32', u: 'u32', i: 'i32' } as const
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
    const [, number, access, element, binding, , fields] = /^(\d+)([rw])([fui])(\w+)(\.(.*))?$/.exec(text)!
    return [
      binding!,
      {
        binding: Number(number),
        access: access === 'r' ? 'read' : 'read_write',
        element: ELEMENTS[element as 'f'],
        ...(fields && { fields: fields.split('.') }),
      },
    ]
  })
  const [uniform, ...fields] = words(params)
  const constants = words(tunable).map((constant): [string, { type: string; value: string }] => {
    const [, type, value] = new RegExp(`const ${constant}:(\\w+)=([^;]+);`).exec(source)!
    return [constant, { type: type!, value: value! }]
  })
  const numbers = constants.map(([constant, { value }]): [string, number[]] => [constant, [Number.parseFloat(value)]])
  return {
    name,
    source,
    entries: Object.fromEntries(
      words(entries).map((text) => {
        const [entry, used] = text.split(':') as [string, string]
        const uses = (binding: number | string) => used.includes(Number(binding).toString(36))
        return [
          entry,
          {
            bindings: Object.fromEntries(infos.filter(([, { binding }]) => uses(binding))),
            usesParams: uniform !== undefined && uses(uniform),
          },
        ]
      }),
    ),
    params:
      uniform === undefined
        ? null
        : {
            binding: Number(uniform),
            size: Math.ceil(fields.length / 4) * 16,
            fields: Object.fromEntries(
              fields.map((text, i) => {
                const [field, type = 'u'] = text.split(':') as [string, 'f'?]
                return [field, { offset: 4 * i, type: ELEMENTS[type as 'f'] }]
              }),
            ),
          },
    constants: Object.fromEntries(constants),
    values: Object.fromEntries([
      ...numbers.filter(([, [value]]) => !Number.isNaN(value!)),
      ...words(formulas, ',').map((text): [string, (number | string)[]] => {
        const [constant, ...formula] = text.split(' ')
        return [constant!, formula.map((item) => (Number.isNaN(Number(item)) ? item : Number(item)))]
      }),
    ]),
  }
}
