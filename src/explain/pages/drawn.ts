// What a page draws: pictures, each with the numbers behind it.
import type { Figure } from '../../charts/figure.ts'
import type { Channel } from '../../signal/channels.ts'
import type { Maps } from '../map_array.ts'
import { attentionSvg, clipAttentions, type ClipAttention } from './attention.ts'
import { columnsSvg } from './columns.ts'
import { gatesSvg } from './gates.ts'
import { drawnMaps, mapName, signalMaps } from './map_names.ts'
import { fieldOf, meanRow, rowOf, shrink } from './means.ts'
import { stripsSvg } from './strips.ts'
import { partOf, type TimeSpan } from './time_span.ts'
import { valueText } from './words.ts'

/** Cells are plain text. */
export interface NumberTable {
  heads: string[]
  rows: string[][]
}

/** A picture, and what is behind it. */
export interface Drawn {
  figure: Figure
  table: NumberTable
}

/** The pictures of one trial, or of the mean of several. */
export interface Pictures {
  columns: Drawn[]
  strips: Drawn
  attention: Drawn[]
  gates: Drawn[]
}

/** Whose maps they are, in a few words, and when their points were. */
export interface MapsShown {
  title: string
  span: TimeSpan
  names: readonly Channel[]
  maps: Readonly<Maps>
}

/** Rows of a table over time. */
const SEGMENTS = 20

/** Values of tables are means, as they are; those of pictures are shares of the largest. */
export function picturesOf(shown: MapsShown): Pictures {
  const { title, span, maps } = shown
  const clips = clipAttentions(maps, span)
  return {
    columns: signalMaps(maps).map((name) => columnsOf(name, shown)),
    strips: {
      figure: { name: 'strips', caption: 'All maps as strips', svg: stripsSvg(shown) },
      table: timeTable(
        span,
        drawnMaps(maps).flatMap((name) => seriesOf(name, shown)),
      ),
    },
    attention: clips.map((clip, s) => attentionOf(clip, title, s)),
    gates: gatesOf(shown),
  }
}

/** All pictures in their order. */
export const figuresOf = ({ columns, strips, attention, gates }: Pictures): Figure[] =>
  [...columns, strips, ...attention, ...gates].map(({ figure }) => figure)

function columnsOf(name: string, shown: MapsShown): Drawn {
  const { title, span, names, maps } = shown
  const [signals, map] = [maps.signals!, maps[name]!]
  const called = mapName(name)
  const chart = { title: `${title}: ${called}`, span, names, signals, map }
  const curves = seriesOf('signals', shown)
  return {
    figure: { name: `columns_${name}`, caption: `${called}, as columns over the signals`, svg: columnsSvg(chart) },
    table: timeTable(span, [...curves, ...seriesOf(name, shown)]),
  }
}

/** A row of a map under its name. */
interface Series {
  name: string
  values: Float64Array
}

function seriesOf(name: string, { names, maps }: MapsShown): Series[] {
  const map = maps[name]!
  const field = shrink(fieldOf(map), names.length, SEGMENTS)
  const called = name === 'signals' ? 'Signal' : mapName(name)
  return Array.from({ length: field.shape[0] }, (_, row) => ({
    name: map.shape.length === 1 ? called : `${called}: ${names[row]!}`,
    values: rowOf(field, row),
  }))
}

const spanText = ({ from, to }: TimeSpan): string => `${from.toFixed(1)} to ${to.toFixed(1)}`

function timeTable(span: TimeSpan, series: readonly Series[]): NumberTable {
  const parts = series[0]!.values.length
  const rows = Array.from({ length: parts }, (_, i) => [
    spanText(partOf(span, i / parts, (i + 1) / parts)),
    ...series.map(({ values }) => valueText(values[i]!)),
  ])
  return { heads: [`Time (${span.unit})`, ...series.map(({ name }) => name)], rows }
}

/** The table has what each part of the clip is read with on average; even weights would give 1 everywhere. */
function attentionOf(clip: ClipAttention, title: string, s: number): Drawn {
  const { map, span } = clip
  const keys = map.shape[1]!
  const read = shrink(meanRow(fieldOf(map)), 1, SEGMENTS)
  const rows = Array.from(read.data, (weight, i) => [
    spanText(partOf(span, i / read.shape[1], (i + 1) / read.shape[1])),
    (weight * keys).toFixed(3),
  ])
  const heads = [`Time that is read (${span.unit})`, 'Mean weight, even weights being 1']
  return {
    figure: {
      name: `attention_${s}`,
      caption: `Clip ${s + 1}`,
      svg: attentionSvg(`Attention of RNTA, clip ${s + 1}`, title, clip),
    },
    table: { heads, rows },
  }
}

function gatesOf({ title, maps: { sca_gates: map } }: MapsShown): Drawn[] {
  if (!map) return []
  const field = fieldOf(map)
  const [clips, channels] = field.shape
  const rows = Array.from({ length: channels }, (_, channel) => [
    String(channel + 1),
    ...Array.from({ length: clips }, (_, s) => rowOf(field, s)[channel]!.toFixed(4)),
  ])
  const heads = ['Channel', ...Array.from({ length: clips }, (_, s) => (clips === 1 ? 'All clips' : `Clip ${s + 1}`))]
  const svg = gatesSvg(`${title}: gates of SCA`, map)
  return [{ figure: { name: 'gates', caption: 'Gates of SCA by channel', svg }, table: { heads, rows } }]
}
