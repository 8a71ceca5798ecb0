// Tables of what happened: an onset a row, perhaps with how long it lasted and what it was.
import { parseCsv } from '../formats/csv.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Marker } from './recording.ts'

const ONSETS = ['onset', 'onset_s', 'time', 'time_s', 'seconds']
const DURATIONS = ['duration', 'duration_s']
const LABELS = ['label', 'trial_type', 'condition', 'event', 'name']

/**
 * Events from a table with a header, such as an `events.tsv` of BIDS: `onset` in seconds after the first sample, and perhaps `duration` and
 * `label` (`trial_type`, `condition`). @throws FormatError naming file, line and column
 */
export function readEvents(text: string, source: string): Marker[] {
  const table = parseCsv(text, source)
  const onset = table.find(...ONSETS)
  if (onset === undefined) {
    throw new FormatError(`${source}:1: no column of onsets; name one of ${table.columns.join(', ')} onset, in seconds`)
  }
  const [duration, label] = [table.find(...DURATIONS), table.find(...LABELS)]
  const durations = duration === undefined ? undefined : table.numbers(duration, 'nan')
  const labels = label === undefined ? undefined : table.text(label)
  if (table.length === 0) throw new FormatError(`${source}: no event below its header`)
  return Array.from(table.numbers(onset), (seconds, i) => {
    if (Math.abs(seconds) > LATEST)
      throw new FormatError(
        `${table.where(i)}: an onset of ${seconds} s is none of a recording; onsets are seconds after its first sample`,
      )
    const lasting = durations?.[i] || 0 // an empty cell is a moment
    if (lasting < 0) throw new FormatError(`${table.where(i)}: an event cannot last ${lasting} s`)
    return { seconds, duration: lasting, label: labels?.[i] ?? String(i + 1) }
  })
}

/** Seconds, some four months; the times of a clock and counts of milliseconds lie beyond. */
const LATEST = 1e7
