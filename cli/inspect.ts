import { statSync } from 'node:fs'
import { basename, dirname, relative, resolve, sep } from 'node:path'
import { Command } from 'commander'
import { GSR, type Gsr, type OpenOptions } from '../src/datasets/layout.ts'
import { openDataset } from '../src/datasets/open_dataset.ts'
import { DIMENSIONS, type Dimension, type Trial } from '../src/datasets/trial.ts'
import { schemeBalances } from '../src/evaluation/class_balance.ts'
import { inspectDataset, type Inspection } from '../src/evaluation/inspection.ts'
import { ratingChart } from '../src/evaluation/rating_chart.ts'
import { isDimension } from '../src/evaluation/targets.ts'
import { ratedOnce } from '../src/evaluation/rating_facts.ts'
import { toDocument } from '../src/formats/documents.ts'
import type { ReadingOptions } from '../src/reading/options.ts'
import { readRecordings } from '../src/reading/read.ts'
import { isoTime, type Recording } from '../src/reading/recording.ts'
import { prepareRecording } from '../src/recording/prepare.ts'
import { readingWarnings } from '../src/recording/warnings.ts'
import { FormatError, GalvaniError, UsageError } from '../src/runtime/errors.ts'
import { rangeOf } from '../src/signal/quality.ts'
import { NodeStore } from '../src/store/node.ts'
import { fileSource } from '../src/store/node_source.ts'
import { partOf } from '../src/store/part.ts'
import { isPrepared, preparedManifest } from '../src/train/prepared_files.ts'
import { inspectionText, preparedText, type PreparedFacts } from './shared/inspection_text.ts'
import { facts, Output, type OutputOptions } from './shared/output.ts'
import { addReadingOptions, readingOptions, type ReadingFlags } from './shared/reading_options.ts'
import { given, oneOf } from './shared/values.ts'

interface InspectOptions extends ReadingFlags, OutputOptions {
  gsr?: Gsr
  pass?: Dimension
  resample?: boolean
  subject?: string
  figure?: string
}

export function inspectCommand(): Command {
  const inspect = new Command('inspect')
    .description(
      'Say what a folder of trials or a file of recordings is taken for, what is doubted, and what can be done with it.',
    )
    .argument('<paths...>', 'folders of datasets or of `galvani prepare`, files of recordings')
  return addReadingOptions(inspect)
    .option(`--gsr <${GSR.join('|')}>`, 'skin signal of DEAP or AMIGOS, whose unit is unknown', oneOf('--gsr', GSR))
    .option(`--pass <${DIMENSIONS.join('|')}>`, 'only trials of this pass', oneOf('--pass', DIMENSIONS))
    .option('--resample', 'interpolate recordings with uneven time steps')
    .option('--subject <id>', 'whose ratings --figure draws')
    .option('--figure <file>', "write a subject's ratings, clusters and thresholds as SVG")
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `
Examples:
  galvani inspect DEAP/data_preprocessed_python
  galvani inspect study --subject s01 --figure s01.svg
  galvani inspect EDA.csv
  galvani inspect export.txt --time-unit ms --json`,
    )
    .action(inspectAction)
}

async function inspectAction(paths: string[], options: InspectOptions): Promise<void> {
  const output = new Output(options)
  const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  const named = { folders: paths.filter(isFolder), files: paths.filter((path) => !isFolder(path)) }
  checkOptions(named, options)
  const datasets: InspectedFolder[] = []
  for (const path of named.folders) datasets.push(await inspectedFolder(path, options, output))
  const files: Inspected[] = []
  for (const path of named.files) files.push(await inspected(path, readingOptions(options)))
  const refused = [...datasets, ...files].filter(({ status }) => status === 'refused')
  const texts = [...datasets.map(shownFolder), ...files.map(shown)]
  const [first] = refused
  if (first && paths.length === 1 && options.json !== true && !('found' in first)) throw new FormatError(first.reason!)
  const documents = datasets.map(({ found, ...rest }) => ({ ...rest, ...found }))
  output.result(toDocument('inspect', { files, datasets: documents }), texts.join('\n\n'))
  if (!first) return
  if (paths.length === 1) throw new FormatError(first.reason!)
  throw new FormatError(`${refused.length} of ${paths.length} paths were refused; the first: ${first.reason!}`)
}

/** @throws UsageError for an option that would do nothing */
function checkOptions({ folders, files }: Record<'folders' | 'files', string[]>, options: InspectOptions): void {
  const { json: _, quiet: __, rate: ___, gsr, pass, resample, subject, figure, ...reading } = options
  const flag = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  const firstOf = (of: object): string | undefined => Object.keys(given(of))[0]
  const ofFolders = firstOf({ gsr, pass, resample, subject, figure })
  if (folders.length === 0 && ofFolders !== undefined)
    throw new UsageError(`${flag(ofFolders)} is for a folder with a dataset, and ${files[0]!} is none; leave it out`)
  const ofFiles = firstOf(reading)
  if (files.length === 0 && ofFiles !== undefined)
    throw new UsageError(`${flag(ofFiles)} is for files of recordings, and ${folders[0]!} is a folder; leave it out`)
  if ((subject === undefined) !== (figure === undefined))
    throw new UsageError('--subject and --figure go together: whose ratings are drawn, and the file to write')
  if (figure !== undefined && folders.length + files.length > 1)
    throw new UsageError('--figure draws a subject of one dataset; give one folder')
}

interface InspectedFolder {
  folder: string
  status: 'read' | 'refused' | 'prepared'
  reason?: string
  found?: Inspection | PreparedFacts
  figure?: string
}

async function inspectedFolder(folder: string, options: InspectOptions, output: Output): Promise<InspectedFolder> {
  const store = new NodeStore(folder)
  const name = basename(resolve(folder))
  const { rate, gsr, pass, resample, subject, figure } = options
  try {
    if (await isPrepared(store)) {
      if (figure !== undefined)
        throw new UsageError(`${folder} is prepared; --figure needs the dataset that it was made from`)
      return { folder, status: 'prepared', found: await preparedFacts(store, name) }
    }
    const openOptions: OpenOptions = given({ name, sampleRate: rate, gsr, pass, resample })
    const opened = await openDataset(store, openOptions)
    const bar = output.progress('reading', Math.max(1, opened.expected))
    const own: Omit<Trial, 'eda'>[] = []
    const onTrial = ({ eda: _, ...trial }: Trial, done: number): void => {
      if (trial.subject === subject) own.push(trial)
      bar.update(done, '', Math.min(1, done / Math.max(1, opened.expected)))
    }
    const found = await inspectDataset(opened, { onTrial }).finally(bar.stop)
    const { refused } = found
    if (refused !== undefined) return { folder, status: 'refused', reason: refused, found }
    if (subject === undefined || figure === undefined) return { folder, status: 'read', found }
    await new NodeStore(dirname(resolve(figure))).write(basename(figure), chartOf(found, subject, own))
    return { folder, status: 'read', found, figure }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return { folder, status: 'refused', reason: error.message }
  }
}

/** @throws UsageError for a subject that the dataset does not have, FormatError where there is nothing to draw */
function chartOf(found: Inspection, subject: string, own: readonly Omit<Trial, 'eda'>[]): string {
  const { name, labels, scale } = found
  if (own.length === 0) throw new UsageError(`--subject ${subject}: no trial of ${name} is of a subject of this name`)
  const weak = labels
    .filter((one) => one.scheme === 'two-means' && one.weak?.includes(subject) === true)
    .map(({ dimension }) => dimension)
    .filter(isDimension)
  const ratings = ratedOnce(own).map((trial) => trial.ratings)
  return ratingChart({ subject, dataset: name, ratings, scale, weak })
}

async function preparedFacts(store: NodeStore, name: string): Promise<PreparedFacts> {
  const { trials, synthetic, length, dropSeconds, musicDim, skipped, preparation, ...set } = await preparedManifest(
    store,
    name,
  )
  const unique = (of: (trial: (typeof trials)[number]) => string): number => new Set(trials.map(of)).size
  return {
    ...{ name: set.name, synthetic, length, dropSeconds, musicDim, skipped, notes: set.notes ?? [] },
    trials: trials.length,
    subjects: unique(({ subject }) => subject),
    stimuli: unique(({ stimulus }) => stimulus),
    ...(preparation && {
      settings: preparation.settings,
      versions: preparation.versions,
      recorded: preparation.summary,
    }),
    labels: schemeBalances(trials, null),
  }
}

const shownFolder = ({ folder, reason, found, figure }: InspectedFolder): string => {
  if (!found) return `${folder}: refused\n  ${reason!}`
  const text = 'kind' in found ? inspectionText(folder, found) : preparedText(folder, found)
  return figure === undefined ? text : `${text}\n\nwrote ${figure}`
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
    return { file, status: 'refused', reason: (await partOfDataset(file)) ?? error.message, recordings: [] }
  }
}

/** Levels of folders of the deepest tree that a file can be a part of. */
const DEEPEST = 4
/** The open form is known by both of these. */
const TABLES = ['trials.csv', 'eda.csv']

/** What is said of a file that is no recording by itself, but by its place and its content a part of a dataset. */
async function partOfDataset(file: string): Promise<string | undefined> {
  for (let folder = dirname(resolve(file)), level = 1; level <= DEEPEST; level++, folder = dirname(folder)) {
    const path = relative(folder, resolve(file)).replaceAll(sep, '/')
    const store = partOf(new NodeStore(folder), TABLES.includes(path) ? TABLES : [path])
    const { kind } = await openDataset(store).catch(() => ({ kind: 'recordings' })) // no dataset, or none without its other files
    if (kind !== 'recordings')
      return `${file} is no recording by itself but a part of a dataset (${kind}); give its folder: galvani inspect ${folder}`
  }
  return undefined
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
