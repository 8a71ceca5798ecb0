// Text export of BIOPAC's AcqKnowledge: the interval, the channels with their units in lines of their own, then a table.
import { splitLine } from '../formats/rows.ts'
import type { TimeUnit } from './options.ts'
import type { TextLayout } from './text_layout.ts'

/** `1 msec/sample`, `0.5 msec/sample`, `1000 samples/second`. */
const INTERVAL = /^\s*([\d.,]+)\s*(msec|sec|min|hz|samples?)\s*(?:\/\s*(sample|second|sec))?\s*$/i
const CHANNELS = /^\s*(\d+)\s+channels?\s*$/i
const TIME_UNITS: readonly (readonly [RegExp, TimeUnit])[] = [
  [/^milli?sec/i, 'ms'],
  [/^sec/i, 's'],
  [/^min/i, 'min'],
  [/^(h|hours?)$/i, 'h'],
]

export function acqKnowledge(lines: readonly string[]): TextLayout | undefined {
  const at = lines.slice(0, 5).findIndex((line) => INTERVAL.test(line))
  const count = Number(CHANNELS.exec(lines[at + 1] ?? '')?.[1] ?? NaN)
  if (at < 0 || !(count > 0 && count < 1000)) return undefined
  const described = lines.slice(at + 2, at + 2 + 2 * count).map((line) => line.trim())
  const names = described.filter((_, i) => i % 2 === 0)
  const units = described.filter((_, i) => i % 2 === 1)
  const head = at + 2 + 2 * count
  const separator = lines[head]?.includes('\t') ? '\t' : ','
  const first = splitLine(lines[head] ?? '', separator).map((cell) => cell.trim())
  const timeUnit = TIME_UNITS.find(([spelling]) => spelling.test(first[0] ?? ''))?.[1]
  const isCounts = isCountRow(splitLine(lines[head + 1] ?? '', separator))
  return {
    format: 'AcqKnowledge text',
    skip: head + 1 + (isCounts ? 1 : 0),
    separator,
    columns: timeUnit === undefined ? names : ['time', ...names],
    units: timeUnit === undefined ? units : ['', ...units],
    ...(timeUnit !== undefined && { timeUnit }),
    sampleRate: rateOf(INTERVAL.exec(lines[at]!)!),
    recorder: 'BIOPAC',
  }
}

/** A row of the number of samples of each channel: one whole number, in every cell that holds one. */
function isCountRow(cells: readonly string[]): boolean {
  const counts = cells.map((cell) => cell.trim()).filter((cell) => cell !== '')
  return counts.length > 0 && counts.every((cell) => cell === counts[0] && /^\d{2,}$/.test(cell))
}

/** Hz of the interval's line. */
function rateOf([, text, unit]: RegExpExecArray): number {
  const value = Number(text!.replace(',', '.'))
  if (/^msec/i.test(unit!)) return 1000 / value
  if (/^sec/i.test(unit!)) return 1 / value
  return /^min/i.test(unit!) ? 1 / (60 * value) : value
}
