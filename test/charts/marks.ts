// What a chart's markup draws, for tests that read it.
/** Vertices [x, y] of path data. */
export const vertices = (path: string): number[][] =>
  path
    .split(/[ML]/)
    .slice(1)
    .map((point) => point.split(' ').map(Number))

/** Texts of a chart with their positions. */
export const texts = (chart: string): { x: number; y: number; text: string }[] =>
  [...chart.matchAll(/<text x="([-\d.]+)" y="([-\d.]+)"[^>]*>([^<]*)</g)].map(([, x, y, text]) => ({
    x: Number(x),
    y: Number(y),
    text: text!,
  }))

/** Checks that tags nest, attributes are quoted and no bare < or & stands in text; returns the element names. */
export function elementNames(markup: string, voids: readonly string[] = []): string[] {
  const names: string[] = []
  const open: string[] = []
  let at = 0
  const piece = new RegExp(
    [
      /<(\/?)([a-zA-Z]\w*)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/,
      /<!doctype html>/,
      /<style>[^<]*<\/style>/,
      /&#\d+;/,
      /[^<&]+/,
    ]
      .map(({ source }) => source)
      .join('|'),
    'y',
  )
  while (at < markup.length) {
    piece.lastIndex = at
    const match = piece.exec(markup)
    if (!match) throw new Error(`malformed markup: ${markup.slice(at, at + 60)}`)
    at = piece.lastIndex
    const [, closing, name, selfClosing] = match
    if (name === undefined) continue
    if (closing) {
      if (open.pop() !== name) throw new Error(`</${name}> closes another element`)
      continue
    }
    names.push(name)
    if (!selfClosing && !voids.includes(name)) open.push(name)
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(', ')}`)
  return names
}
