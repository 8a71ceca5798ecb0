import { Command } from 'commander'
import { toDocument } from '../src/formats/documents.ts'
import type { ReadingOptions } from '../src/reading/options.ts'
import { readRecordings } from '../src/reading/read.ts'
import { isoTime, type Recording } from '../src/reading/recording.ts'
import { prepareRecording } from '../src/recording/prepare.ts'
import { readingWarnings } from '../src/recording/warnings.ts'
import { FormatError, GalvaniError } from '../src/runtime/errors.ts'
import { rangeOf } from '../src/signal/quality.ts'
import { fileSource } from '../src/store/node_source.ts'
import { facts, Output, type OutputOptions } from './shared/output.ts'
import { addReadingOptions, readingOptions, type ReadingFlags } from './shared/reading_options.ts'

export function inspectCommand(): Command {
  const inspect = new Command('inspect')
    .description('Say what a file of recordings is taken for: format, columns, time, unit, and what is doubted.')
    .argument('<files...>', 'files of recordings')
  return addReadingOptions(inspect)
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExamples:\n  galvani inspect EDA.csv\n  galvani inspect export.txt --time-unit ms --json')
    .action(inspectAction)
}

async function inspectAction(paths: string[], options: ReadingFlags & OutputOptions): Promise<void> {
  const output = new Output(options)
  const files: Inspected[] = []
  for (const path of paths) files.push(await inspected(path, readingOptions(options)))
  const refused = files.filter(({ status }) => status === 'refused')
  const [first] = refused
  if (first && files.length === 1 && options.json !== true) throw new FormatError(first.reason!)
  output.result(toDocument('inspect', { files }), files.map(shown).join('\n\n'))
  if (first)
    throw new FormatError(`${refused.length} of ${files.length} files were refused; the first: ${first.reason!}`)
}

interface Inspected {
  file: string
  status: 'read' | 'refused'
  reason?: string
  recordings: ReturnType<typeof described>[]
}

async function inspected(file: string, options: ReadingOptions): Promise<Inspected> {
  try {
    const recordings = await readRecordings(await fileSource(file), options)
    return { file, status: 'read', recordings: recordings.map(described) }
  } catch (error) {
    if (!(error instanceof GalvaniError)) throw error
    return { file, status: 'refused', reason: error.message, recordings: [] }
  }
}

/** What `galvani decompose` would warn of before it solves anything, or why it would refuse. */
function warningsOf(recording: Recording): string[] {
  try {
    return readingWarnings(prepareRecording(recording))
  } catch (error) {
    if (!(error instanceof GalvaniError)) throw error
    return [...(recording.notes ?? []), `galvani decompose refuses it: ${error.message}`]
  }
}

function described(recording: Recording) {
  const { part, sampleRate, eda, start, unit, recorder, markers = [], reading = {} } = recording
  const [least, largest] = rangeOf(eda)
  return {
    ...(part !== undefined && { part }),
    sampleRate,
    samples: eda.length,
    durationS: eda.length / sampleRate,
    ...(start && { startTime: isoTime(start) }),
    unit: unit ?? 'µS',
    least,
    largest,
    missing: eda.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0),
    ...(recorder !== undefined && { recorder }),
    markers: markers.length,
    notes: warningsOf(recording),
    reading,
  }
}

function shown({ file, reason, recordings }: Inspected): string {
  if (reason !== undefined) return `${file}: refused\n  ${reason}`
  return recordings
    .map(({ part, reading, notes, missing, least, largest, unit, durationS, ...rest }) => {
      const rows: [string, string][] = [
        ['file', part === undefined ? file : `${file} (${part})`],
        ...Object.entries(reading).map(([name, value]): [string, string] => [name.replaceAll('_', ' '), String(value)]),
        [
          'samples',
          `${rest.samples} at ${rest.sampleRate} Hz, ${Number(durationS.toFixed(2))} s${missing > 0 ? `, ${missing} missing` : ''}`,
        ],
        ['start', rest.startTime ?? 'not said'],
        ['values', `${Number(least.toPrecision(4))} to ${Number(largest.toPrecision(4))} ${unit}`],
        ...(rest.recorder === undefined ? [] : [['recorder', rest.recorder] as [string, string]]),
        ...(rest.markers > 0 ? [['markers', String(rest.markers)] as [string, string]] : []),
      ]
      return [facts(rows), ...notes.map((note) => `! ${note}`)].join('\n')
    })
    .join('\n\n')
}
