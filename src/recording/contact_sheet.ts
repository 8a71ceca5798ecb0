// Many decomposed recordings on one page: no scripts, no requests, every text escaped.

import { htmlPage } from '../charts/page.ts'
import { escapeMarkup, extent, linearScale, palette, tag } from '../charts/svg.ts'
import type { Scale } from '../charts/svg.ts'

/** One recording, or one that could not be decomposed. */
export interface ContactEntry {
  name: string
  /** How the decomposition ended, in a word. */
  status: string
  /** What to know of it: a reason, a doubt, flaws of the signal. */
  notes: readonly string[]
  /** Facts in a few words, such as `6.2 SCR/min`. */
  facts?: readonly string[]
  /** From `thumbnail`. */
  picture?: string
  /** Its picture, a file beside the page. */
  link?: string
}

const WIDTH = 160
const HEIGHT = 48
/** Two points (least, largest) for each of these columns draw any recording. */
const COLUMNS = 120

/** A recording as a small SVG: the signal over its tonic part, a tick for each response; series are [samples]. */
export function thumbnail(eda: ArrayLike<number>, tonic: ArrayLike<number>, peaks: readonly number[]): string {
  const x = linearScale(0, Math.max(eda.length - 1, 1), 1, WIDTH - 1)
  const [bottom, top] = [HEIGHT - 8, 2]
  const scale = linearScale(...extent(eda), bottom, top)
  // A tonic part that leaves the range of the signal must not flatten it.
  const y = (value: number): number => Math.min(Math.max(scale.at(value), top - 1), bottom + 1)
  const line = (series: ArrayLike<number>, color: string): string =>
    tag('path', { d: outline(series, x, y), fill: 'none', stroke: color })
  const columns = new Set(peaks.map((peak) => Math.round(x.at(peak))))
  const ticks = [...columns].map((column) => `M${column} ${HEIGHT - 5}v4`).join('')
  const marks = tag('path', { d: ticks, stroke: palette.blue })
  return tag(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, 'aria-hidden': 'true' },
    line(tonic, palette.green) + line(eda, 'currentColor') + marks,
  )
}

/** Path of at most two points a column; NaN breaks it. */
function outline(series: ArrayLike<number>, x: Scale, y: (value: number) => number): string {
  const path: string[] = []
  const step = Math.max(1, series.length / COLUMNS)
  let pen = 'M'
  for (let from = 0; from < series.length; from += step) {
    const [first, end] = [Math.ceil(from), Math.min(Math.ceil(from + step), series.length)]
    const found = extremes(series, first, end)
    if (found.length === 0) pen = 'M'
    for (const i of found) {
      path.push(`${pen}${tenth(x.at(i))} ${tenth(y(series[i]!))}`)
      pen = 'L'
    }
  }
  return path.join('')
}

/** Indices of the least and largest finite value of [from, end), in order. */
function extremes(series: ArrayLike<number>, from: number, end: number): number[] {
  let least = -1
  let largest = -1
  for (let i = from; i < end; i++) {
    if (!Number.isFinite(series[i])) continue
    if (least < 0 || series[i]! < series[least]!) least = i
    if (largest < 0 || series[i]! > series[largest]!) largest = i
  }
  if (least < 0) return []
  return least === largest ? [least] : [Math.min(least, largest), Math.max(least, largest)]
}

const tenth = (value: number): number => Math.round(value * 10) / 10

const LAYOUT = `
ul { list-style: none; padding: 0; display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)) }
li { border: 1px solid var(--line); border-radius: .4rem; padding: .7rem; content-visibility: auto;
  contain-intrinsic-size: auto 8rem }
li p { margin: .2rem 0; font-size: .85rem }
li a { color: inherit; text-decoration: none; font-weight: 600 }
li a:hover { text-decoration: underline }
li svg { width: 100%; margin: .3rem 0 }
.note { color: var(--warn) }
main { max-width: 80rem }
`

/** Markup of a self-contained page, entries in the given order. */
export function contactSheet(title: string, entries: readonly ContactEntry[]): string {
  const body =
    tag('h1', {}, escapeMarkup(title)) +
    tag('p', { class: 'soft' }, escapeMarkup(counted(entries))) +
    tag('ul', {}, entries.map(card).join('\n'))
  return htmlPage(title, body, LAYOUT)
}

/** `12 recordings: 10 solved, 2 refused`. */
function counted(entries: readonly ContactEntry[]): string {
  const counts = new Map<string, number>()
  for (const { status } of entries) counts.set(status, (counts.get(status) ?? 0) + 1)
  const each = [...counts].map(([status, count]) => `${count} ${status}`).join(', ')
  return `${entries.length} ${entries.length === 1 ? 'recording' : 'recordings'}: ${each}`
}

function card({ name, status, notes, facts = [], picture = '', link }: ContactEntry): string {
  const body = escapeMarkup(name)
  const heading =
    link === undefined ? tag('strong', {}, body) : tag('a', { href: encodeURIComponent(link) }, body + picture)
  const lines = [...(facts.length > 0 ? [facts.join(', ')] : []), status].map((text) =>
    tag('p', { class: 'soft' }, escapeMarkup(text)),
  )
  const warnings = notes.map((note) => tag('p', { class: 'note' }, escapeMarkup(note)))
  return tag('li', {}, heading + lines.join('') + warnings.join(''))
}
