// What the fonts of this machine can draw: resvg leaves out what they lack, and says nothing.
import type * as resvg from '@resvg/resvg-js'
import { svg, label } from '../../src/charts/svg.ts'

export type ResvgPackage = typeof resvg
export type Fonts = NonNullable<resvg.ResvgRenderOptions['font']>

/** The last private character: it is drawn as a font draws whatever it lacks. */
const LACKED = '\u{10fffd}'

/**
 * Closed lines of a letter's outline. resvg takes any font rather than none and does not tell which, and one of symbols has symbols
 * in the place of letters.
 */
const CLOSED_LINES = { T: 1, l: 1, n: 1, s: 1, a: 2, e: 2, i: 2, o: 2, p: 2, B: 3, 8: 3 } as const

/** Letters, digits, signs: all that leaves a mark on paper. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u

/** The visible characters in the words of a figure. */
export function charactersOf(figure: string): Set<string> {
  const words = [...figure.matchAll(/>([^<]+)</g)].map(([, text]) => text!).join('')
  const plain = words.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
  return new Set([...plain].filter((character) => VISIBLE.test(character)))
}

/** Those of some characters that no font has; null where there is no font with letters. */
export function missingGlyphs({ Resvg }: ResvgPackage, characters: Iterable<string>, font: Fonts): Set<string> | null {
  const asked = [...characters]
  const all = [LACKED, ...Object.keys(CLOSED_LINES), ...asked]
  // Each at the same place, so that equal glyphs have equal outlines.
  const probe = svg(100, 100, '', all.map((text, i) => label(0, 50, text, { id: `glyph${i}` })).join(''))
  const outlines = new Map<string, string>()
  for (const [, index, group] of new Resvg(probe, { font }).toString().matchAll(/<g id="glyph(\d+)">([^]*?)<\/g>/g))
    outlines.set(all[Number(index)]!, [...group!.matchAll(/ d="([^"]*)"/g)].map(([, path]) => path).join(''))
  const isDrawn = ([letter, count]: [string, number]) => outlines.get(letter)?.match(/M/g)?.length === count
  if (!Object.entries(CLOSED_LINES).every(isDrawn)) return null
  const lacked = outlines.get(LACKED)
  return new Set(asked.filter((character) => [undefined, lacked].includes(outlines.get(character))))
}
