import { describe, expect, it } from 'vitest'
import { elementAt, parseXml, textAt } from '../../src/formats/xml.ts'
import { survives } from './mutants.ts'

const document = `<?xml version="1.0"?>
<!-- made <by> hand -->
<info><name a="1 > 0" b='"'> A &amp; B &#181;S &#x3A9; &unknown; </name><empty/><empty b="/"></empty>
<desc><channels><channel><label><![CDATA[<EDA>]]></label></channel><channel><label>2</label></channel></channels></desc></info>`

describe('a small XML document', () => {
  it('is its elements and their texts', () => {
    const info = parseXml(document, 'a.xml')
    expect(info.name).toBe('info')
    expect(info.children.map(({ name }) => name)).toEqual(['name', 'empty', 'empty', 'desc'])
    expect(textAt(info, 'name')).toBe('A & B µS Ω &unknown;')
    expect(textAt(info, 'desc', 'channels', 'channel', 'label')).toBe('<EDA>')
    expect(elementAt(info, 'desc', 'channels')!.children.length).toBe(2)
    expect(textAt(info, 'desc', 'none', 'label')).toBe('')
  })

  it.each(['', 'text', '<a>', '<a></b>', '<a></a></a>', '<a', '<a></a><!-- x', '<a b="></a>', '< a></a>', '<></>'])(
    'is not %j',
    (text) => expect(() => parseXml(text, 'a.xml')).toThrow(/^a\.xml: damaged XML at '/),
  )

  it('of a great length that is damaged is refused at once', () => {
    expect(() => parseXml(`<a>${'<b '.repeat(300_000)}`, 'a.xml')).toThrow('damaged XML')
    expect(() => parseXml('<a>'.repeat(300_000), 'a.xml')).toThrow('damaged XML')
  })

  it('is refused or read, however damaged', async () => {
    await survives(
      new TextEncoder().encode(document),
      2000,
      (mutant) => parseXml(new TextDecoder().decode(mutant), 'a.xml'),
      ({ name }) => expect(name).not.toBe(''),
    )
  })
})
