import * as resvg from '@resvg/resvg-js'
import { describe, expect, it } from 'vitest'
import { pngsOf } from '../../cli/shared/png.ts'
import { charactersOf, missingGlyphs } from '../../cli/shared/png_glyphs.ts'
import { label, palette, svg, tag } from '../../src/charts/svg.ts'
import { needs } from '../support/needs.ts'

const never = new AbortController().signal
const figure = (words: string) => svg(200, 40, 'a figure', label(10, 30, words))
const files = (words: string) => [
  { path: 'one.html', content: '<p>one</p>' },
  { path: 'one.svg', content: figure(words) },
]

const { Resvg } = resvg
const system = { loadSystemFonts: true }
const withoutFonts = { loadSystemFonts: false }
const fonts = needs(missingGlyphs(resvg, '', system) !== null, 'this machine has no font')

/** The package as a machine has it where a font of symbols is the first: each character is one closed line. */
class Symbols extends Resvg {
  readonly #probe: string
  constructor(probe: string) {
    super(probe)
    this.#probe = probe
  }
  override toString(): string {
    return this.#probe.replace(/<text[^>]*id="(\w+)"[^>]*>[^<]*<.text>/g, '<g id="$1"><path d="M 0 0 L 9 9 Z"/></g>')
  }
}

/** Pixels of a PNG that are darker than a middle grey, and the colour of its first. */
function seen(png: Uint8Array): { dark: number; corner: number[] } {
  const href = `data:image/png;base64,${Buffer.from(png).toString('base64')}`
  const { pixels } = new Resvg(svg(400, 80, '', tag('image', { width: 400, height: 80, href }))).render()
  const dark = pixels.filter((value, i) => i % 4 === 0 && value < 128 && pixels[i + 3] === 255).length
  return { dark, corner: [...pixels.subarray(0, 4)] }
}

describe('a PNG beside an SVG', () => {
  it('is black words on white, two pixels a unit', fonts, async () => {
    const { pngs, absent, note } = await pngsOf(files('Accuracy −5 %'), never)
    expect([note, absent, pngs.map(({ path }) => path)]).toEqual([undefined, [], ['one.png']])
    const bytes = Buffer.from(pngs[0]!.content)
    expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([400, 80])
    const { dark, corner } = seen(bytes)
    expect(corner).toEqual([255, 255, 255, 255])
    expect(dark).toBeGreaterThan(300)
    expect(dark).toBeLessThan(400 * 80 * 0.2)
  })

  it('is made of figures alone: where there is none, the package is not loaded', async () => {
    const load = () => Promise.reject(new Error('is not asked for'))
    expect(await pngsOf(files('a').slice(0, 1), never, { load })).toEqual({ pngs: [], absent: [] })
  })

  it('is not made without a font, nor with one of symbols', async () => {
    const none = await pngsOf(files('words'), never, { fonts: withoutFonts })
    expect(none).toMatchObject({
      pngs: [],
      absent: ['one.png'],
      note: expect.stringMatching(/no font with letters was found; install/),
    })
    const symbols = await pngsOf(files('words'), never, { load: () => Promise.resolve({ ...resvg, Resvg: Symbols }) })
    expect(symbols).toEqual(none)
    expect(missingGlyphs({ ...resvg, Resvg: Symbols }, 'words', system)).toBeNull()
  })

  it('is not made where no font has a character of it, which is named', fonts, async ({ skip }) => {
    const unknown = '\u{12543}' // the last cuneiform sign
    const both = [...files('words'), { path: 'two.svg', content: figure(`row ${unknown}`) }]
    if (missingGlyphs(resvg, unknown, system)?.size === 0) skip('a font of this machine has cuneiform')
    const { pngs, absent, note } = await pngsOf(both, never)
    expect([pngs.map(({ path }) => path), absent]).toEqual([['one.png'], ['two.png']])
    expect(note).toBe(`1 of 2 figures are SVG and not PNG: no font that was found has ${unknown}`)
  })

  it('is not made without the package, which is named with the command that installs it', async () => {
    const load = () => Promise.reject(new Error("Cannot find package '@resvg/resvg-js'\nRequire stack"))
    const { pngs, absent, note } = await pngsOf(files('words'), never, { load })
    expect([pngs, absent]).toEqual([[], ['one.png']])
    expect(note).toMatch(/did not load \(Cannot find package '@resvg\/resvg-js'\); npm install @resvg\/resvg-js$/)
  })

  it('is not made after Ctrl-C', fonts, async () => {
    await expect(pngsOf(files('words'), AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
  })
})

it('characters are those of the words, unescaped, and not of markup', () => {
  const drawn = svg(9, 9, 'zz', tag('path', { d: 'M0 0', stroke: palette.blue }) + label(0, 0, 'a <b> "c" −'))
  expect([...charactersOf(drawn)].join('')).toBe('a<b>"c−')
})
