// Text export of ADInstruments' LabChart: lines of `Name=` and tab-separated values, one a channel, then a table, mostly with times.
import { splitLine } from '../formats/rows.ts'
import { momentOfDays, parseLoneStamp } from '../formats/stamp.ts'
import type { TextLayout } from './text_layout.ts'

const SETTING = /^(\w+)=\t?(.*)$/
const INTERVAL = /^([\d.,]+) ?(s|ms|µs|us)\b/
const SECONDS: Readonly<Record<string, number>> = { s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6 }

export function labChart(lines: readonly string[]): TextLayout | undefined {
  const end = lines.findIndex((line) => !SETTING.test(line))
  const settings = new Map(lines.slice(0, end).map((line) => SETTING.exec(line)!.slice(1) as [string, string]))
  const interval = INTERVAL.exec(settings.get('Interval') ?? '')
  if (end < 2 || !interval) return undefined
  const titles = cellsOf(settings.get('ChannelTitle') ?? '')
  const ranges = cellsOf(settings.get('Range') ?? '').map((range) => range.split(' ').at(-1)!)
  const units = settings.has('UnitName') ? cellsOf(settings.get('UnitName')!) : ranges
  const hasTime = splitLine(lines[end] ?? '', '\t').filter((cell) => cell.trim() !== '').length > titles.length
  const seconds = Number(interval[1]!.replace(',', '.')) * SECONDS[interval[2]!]!
  // Days since 1900, and the same as this computer's owner writes dates, in which day and month may be either.
  const [days, text] = cellsOf(settings.get('ExcelDateTime') ?? '')
  const start = momentOfDays(Number(days)) ?? parseLoneStamp(text ?? '')
  return {
    format: 'LabChart text',
    skip: end,
    separator: '\t',
    columns: hasTime ? ['time', ...titles] : titles,
    units: hasTime ? ['s', ...units] : units,
    ...(hasTime && { timeUnit: 's' as const }),
    sampleRate: 1 / seconds,
    ...(start && { start: { wallMs: start.wallMs, zone: start.zone } }),
    recorder: 'LabChart',
  }
}

const cellsOf = (text: string): string[] => text.split('\t').map((cell) => cell.trim())
