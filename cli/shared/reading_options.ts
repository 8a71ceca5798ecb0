// The options of every command that reads recordings: each decision of the reader can be taken for it.
import type { Command } from 'commander'
import { TIME_UNITS, type ReadingOptions, type TimeUnit } from '../../src/reading/options.ts'
import { UsageError } from '../../src/runtime/errors.ts'
import { given, integer, oneOf, positive } from './values.ts'

/** What these options say. */
export interface ReadingFlags {
  rate?: number
  time?: string
  timeUnit?: TimeUnit
  eda?: string[]
  unit?: string
  by?: string
  sep?: string
  decimal?: '.' | ','
  skip?: number
  encoding?: string
}

export function addReadingOptions(command: Command): Command {
  return command
    .option('--rate <hz>', 'sampling rate; wins over a time column', positive('--rate'))
    .option('--time <column>', 'column of time stamps')
    .option(
      `--time-unit <${TIME_UNITS.join('|')}>`,
      'of time stamps that are numbers',
      oneOf('--time-unit', TIME_UNITS),
    )
    .option('--eda <name>', 'column or channel of skin conductance; more than once: a recording of each', collected)
    .option('--unit <name>', 'of the values: us, ns, S, kohm and their like become µS, another name is kept')
    .option('--by <column|none>', 'column that tells several recordings of one table apart')
    .option('--sep <mark>', 'between cells: a character, tab or space', separator)
    .option('--decimal <mark>', 'decimal mark, . or ,', oneOf('--decimal', ['.', ',']))
    .option('--skip <lines>', 'lines before the header', integer('--skip'))
    .option('--encoding <name>', 'of a text, such as utf-16le or windows-1252')
}

export const readingOptions = (flags: ReadingFlags): ReadingOptions => {
  const { rate, time, timeUnit, eda, unit, by, sep, decimal, skip, encoding } = flags
  const named = { sampleRate: rate, timeColumn: time, edaColumns: eda, separator: sep }
  return given({ ...named, timeUnit, unit, by, decimal, skip, encoding })
}

const collected = (text: string, before: string[] = []): string[] => [...before, text]

/** @throws UsageError for more than one character */
function separator(text: string): string {
  const mark = { tab: '\t', '\\t': '\t', space: ' ' }[text] ?? text
  if (mark.length !== 1) throw new UsageError(`--sep is '${text}', expected one character, tab or space`)
  return mark
}
