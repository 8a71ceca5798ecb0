// How wide words of a chart are, without a font at hand: which is too wide for its place is broken or cut before it runs over others.

/** Advances in em, as wide as DejaVu Sans has them, which is wider than most fonts that a system shows charts in. */
const ADVANCES: readonly (readonly [RegExp, number])[] = [
  [/[IJijl|'/\\ .,:;]/, 0.34],
  [/[ftr()[\]\-"!]/, 0.47],
  [/[mwMWæœ@%—…]/, 1.03],
  [/[\p{Lu}+=<>~^#&±×−]/u, 0.84],
  [/[ -~–·]|\p{Ll}/u, 0.66],
]

/** Of whatever else there is, such as Chinese characters. */
const WIDEST = 1.05

/** Width of a line of text in pixels, rather too wide than too narrow. */
export const textWidth = (text: string, fontSize: number): number =>
  [...text].reduce((sum, c) => sum + fontSize * (ADVANCES.find(([of]) => of.test(c))?.[1] ?? WIDEST), 0)

const MORE = '…'

/** As much of a text as fits, with an ellipsis where that is not all. */
function cut(text: string, fits: (line: string) => boolean): string {
  if (fits(text)) return text
  const characters = [...text]
  while (characters.length > 0 && !fits(characters.join('') + MORE)) characters.pop()
  return characters.join('').trimEnd() + MORE
}

/** A text in lines of a width in pixels, broken between words; what does not fit into the last line is cut with an ellipsis. */
export function fittedLines(text: string, width: number, fontSize: number, most: number): string[] {
  const fits = (line: string): boolean => textWidth(line, fontSize) <= width
  const lines: string[] = []
  let rest = text.trim()
  while (lines.length < most - 1 && !fits(rest)) {
    const words = rest.split(' ')
    let taken = words.length - 1
    while (taken > 1 && !fits(words.slice(0, taken).join(' '))) taken--
    const line = words.slice(0, taken).join(' ')
    // A single word that is too wide is cut where it stands.
    if (!fits(line)) break
    lines.push(line)
    rest = words.slice(taken).join(' ')
  }
  return [...lines, cut(rest, fits)]
}
