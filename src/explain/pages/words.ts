// Words of the pages.

/** Three digits, in powers of ten where it is small or large. */
export function valueText(value: number): string {
  const size = Math.abs(value)
  if (size === 0) return '0'
  const text = size >= 0.01 && size < 1e4 ? size.toPrecision(3) : size.toExponential(2)
  return value < 0 ? `\u2212${text}` : text
}

/** What a reader must know of any map, as docs/explain.md has it. */
export const BELIEF =
  'A map is a picture in any case; whether it says something about the model has to be checked. A map that passes no check shows nothing that should be believed; a map that passes is not thereby right.'

/** So that it fits into a picture. */
export const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}\u2026` : text

/** What a picture is of; a made-up trial is told by its title, wherever the picture is taken. */
export const pictureTitle = (text: string, { synthetic }: { synthetic: boolean }): string =>
  synthetic ? `SYNTHETIC, ${text}` : text

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
