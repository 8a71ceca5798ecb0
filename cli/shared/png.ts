// PNGs of the figures that a command writes as SVG, by a package that is installed beside galvani or not.
import type { Rendered } from '../../src/charts/figure.ts'
import type { Store } from '../../src/store/store.ts'
import { charactersOf, missingGlyphs, type Fonts, type ResvgPackage } from './png_glyphs.ts'

export interface Png {
  path: string
  content: Uint8Array
}

/** PNGs that could be made; paths of those that could not, where older ones may lie, and in a sentence why. */
export interface Pngs {
  pngs: Png[]
  absent: string[]
  note?: string
}

/** Where the package and the fonts come from. */
export interface PngSource {
  load?: () => Promise<ResvgPackage>
  fonts?: Fonts
}

/** Pixels for each unit of an SVG. */
const ZOOM = 2

/** The family where it is installed; resvg takes the first one that it finds elsewhere. */
const FONTS: Fonts = { loadSystemFonts: true, defaultFontFamily: 'DejaVu Sans' }

/**
 * A PNG beside every SVG among some files: black on white, two pixels a unit. Words are drawn in fonts of this machine, so another one may
 * give other bytes; a figure with a character that none of them has gets no PNG.
 * @throws the signal's reason when it is aborted
 */
export async function pngsOf(
  files: readonly Rendered[],
  signal: AbortSignal,
  { load = () => import('@resvg/resvg-js'), fonts = FONTS }: PngSource = {},
): Promise<Pngs> {
  const figures = files
    .filter(({ path }) => path.endsWith('.svg'))
    .map(({ path, content }) => ({ path: path.replace(/svg$/, 'png'), content, characters: charactersOf(content) }))
  if (figures.length === 0) return { pngs: [], absent: [] }
  const noneBecause = (why: string): Pngs => ({
    ...{ pngs: [], absent: figures.map(({ path }) => path) },
    note: `figures are SVG and not PNG: ${why}`,
  })
  const resvg = await load().catch((error: unknown) => firstLine(error))
  if (typeof resvg === 'string')
    return noneBecause(`the package @resvg/resvg-js did not load (${resvg}); npm install @resvg/resvg-js`)
  const missing = missingGlyphs(resvg, new Set(figures.flatMap(({ characters }) => [...characters])), fonts)
  if (missing === null) return noneBecause('no font with letters was found; install one such as DejaVu Sans')
  const pngs: Png[] = []
  const absent: string[] = []
  for (const { path, content, characters } of figures) {
    signal.throwIfAborted()
    if ([...characters].some((character) => missing.has(character))) absent.push(path)
    else pngs.push({ path, content: await draw(resvg, content, fonts) })
  }
  if (absent.length === 0) return { pngs, absent }
  const lacking = `no font that was found has ${[...missing].join(' ')}`
  const note = `${absent.length} of ${figures.length} figures are SVG and not PNG: ${lacking}`
  return { pngs, absent, note }
}

/** Writes files, and a PNG beside each SVG; returns the paths of all. @throws the signal's reason when it is aborted */
export async function writeRendered(
  store: Store,
  files: readonly Rendered[],
  signal: AbortSignal,
): Promise<{ paths: string[]; note?: string }> {
  for (const { path, content } of files) await store.write(path, content)
  const { pngs, absent, note } = await pngsOf(files, signal)
  for (const path of absent) await store.remove(path)
  for (const { path, content } of pngs) await store.write(path, content)
  return { paths: [...files, ...pngs].map(({ path }) => path), ...(note !== undefined && { note }) }
}

async function draw({ renderAsync }: ResvgPackage, svg: string, font: Fonts): Promise<Uint8Array> {
  const image = await renderAsync(svg, { font, background: '#fff', fitTo: { mode: 'zoom', value: ZOOM } })
  return image.asPng()
}

const firstLine = (error: unknown): string => String(error instanceof Error ? error.message : error).split('\n')[0]!
