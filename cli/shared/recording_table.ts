// What `galvani decompose` prints for a person.
import type { Outcome } from '../../src/recording/result.ts'
import { table } from './output.ts'

/** A row a recording, then what is to be said of single ones. */
export function recordingTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ result: { file, part, status, features, sampleRate, durationS } }) => {
    const read = [
      part === undefined ? file : `${file} (${part})`,
      status,
      sampleRate,
      durationS === undefined ? undefined : Number(durationS.toFixed(1)),
    ]
    const facts = read.filter((fact) => fact !== undefined).map(String)
    if (!features || Number.isNaN(features.EDA_Tonic_Mean)) return facts
    const { EDA_Tonic_Mean: level, SCR_Peaks_N: count, SCR_Rate: rate, SCR_Peaks_Amplitude_Mean: amplitude } = features
    return [...facts, level.toPrecision(4), String(count), rate.toFixed(1), count > 0 ? amplitude.toPrecision(3) : '']
  })
  const notes = outcomes.flatMap(({ result, entry }) =>
    entry.notes.map((note) => (note.startsWith(result.file) ? note : `${result.file}: ${note}`)),
  )
  return [table(['file', 'status', 'Hz', 's', 'level', 'responses', 'per min', 'amplitude'], rows), ...notes].join('\n')
}
