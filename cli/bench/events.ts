import { Command } from 'commander'
import { eventCases, measureEvents, type EventRow, type EventScore } from '../../bench/event_accuracy.ts'
import { toDocument } from '../../src/formats/documents.ts'
import { count } from './options.ts'
import { interruptible } from '../shared/context.ts'
import { Output, table, type OutputOptions } from '../shared/output.ts'
import { integer, oneOf } from '../shared/values.ts'

interface Options extends OutputOptions {
  recordings: number
  seed: number
  events: 'phasic' | 'driver'
}

export function benchEventsCommand(): Command {
  return new Command('events')
    .description('Measure how many responses of made-up recordings are found, and how many that are none.')
    .option('--recordings <n>', 'of each kind; of a day one, fewer at high rates', count('--recordings'), 50)
    .option('--seed <n>', 'of the first recording', integer('--seed'), 1)
    .option(
      '--events <phasic|driver>',
      'where they are counted',
      oneOf('--events', ['phasic', 'driver'] as const),
      'phasic',
    )
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      '\ndocs/events.md says what the columns mean.\n\nExamples:\n  galvani bench events --recordings 10 --seed 7',
    )
    .action(eventsAction)
}

async function eventsAction({ recordings, seed, events, ...options }: Options): Promise<void> {
  const output = new Output(options)
  const signal = interruptible()
  const cases = eventCases(recordings)
  const bar = output.progress('kinds', cases.length)
  const rows: EventRow[] = []
  try {
    for (const each of cases) {
      rows.push(await measureEvents(each, seed, { signal, eventsFrom: events }))
      bar.update(rows.length)
    }
  } finally {
    bar.stop()
  }
  output.result(toDocument('bench-events', { seed, events, rows }), eventTable(rows))
}

/** A row a kind; what a tenth of the largest finds stands behind it in the same columns. */
function eventTable(rows: readonly EventRow[]): string {
  const score = ({
    recall,
    falseInTenMinutes,
    silent,
    bias,
    meanBias,
    meanBiasAlone,
    onsetError,
  }: EventScore): string[] => [
    number(recall, 2),
    number(falseInTenMinutes, 2),
    number(silent, 2),
    number(100 * bias, 1),
    number(100 * meanBias, 1),
    number(100 * meanBiasAlone, 1),
    number(onsetError, 2),
  ]
  const names = ['recall', 'false', 'silent', 'bias %', 'mean %', 'alone %', 'onset s']
  return table(
    ['kind', 'Hz', 'recordings', 'responses', 'µS', ...names, ...names.map((name) => `old ${name}`)],
    rows.map(({ kind, sampleRate, recordings, responses, threshold, now, before }) => [
      kind,
      ...[sampleRate, recordings, responses].map(String),
      number(threshold, 3),
      ...score(now),
      ...score(before),
    ]),
  )
}

const number = (value: number, digits: number): string => (Number.isNaN(value) ? '' : value.toFixed(digits))
