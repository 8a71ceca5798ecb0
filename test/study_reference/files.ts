// Reads what a study and a run leave on disk, with a few lines of its own for each format: nothing of the program is used.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface StudyTrial {
  id: string
  subject: string
  stimulus: string
  /** Absent for a trial that was not rated. */
  ratings?: { valence: number; arousal: number }
  /** Absent for a stimulus without a row in music.csv. */
  music?: number[]
  /** [channels, length], as prepared. */
  signals: Float32Array
}

export interface Tensor {
  shape: number[]
  data: Float32Array
}

/** float32 tensors by name, and the texts of the header. */
export function readSafetensors(bytes: Uint8Array): { tensors: Map<string, Tensor>; texts: Record<string, string> } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = 8 + Number(view.getBigUint64(0, true))
  type Entry = { shape: number[]; data_offsets: [number, number] }
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start))) as Record<string, Entry>
  const tensors = new Map<string, Tensor>()
  const { __metadata__: texts, ...entries } = header
  for (const [
    name,
    {
      shape,
      data_offsets: [begin, end],
    },
  ] of Object.entries(entries)) {
    const data = new Float32Array((end - begin) / 4)
    for (let i = 0; i < data.length; i++) data[i] = view.getFloat32(start + begin + 4 * i, true)
    tensors.set(name, { shape, data })
  }
  return { tensors, texts: texts as unknown as Record<string, string> }
}

export const readJson = <T>(...path: string[]): T => JSON.parse(readFileSync(join(...path), 'utf8')) as T

/** Rows by column name; no cell of these studies holds a comma or a quote. */
function readCsv(path: string): Record<string, string>[] {
  const [head = '', ...lines] = readFileSync(path, 'utf8').trim().split('\n')
  const names = head.split(',')
  return lines.map(
    (line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i], cell])) as Record<string, string>,
  )
}

/** All trials of a study: its tables as they were written, with the signals that `galvani prepare` made of it. */
export function readStudy(folder: string, prepared: string): StudyTrial[] {
  const songs = new Map(
    readCsv(join(folder, 'music.csv')).map(({ stimulus = '', ...features }) => [
      stimulus,
      Object.values(features).map(Number),
    ]),
  )
  const { trials: order } = readJson<{ trials: { id: string }[] }>(prepared, 'manifest.json')
  const {
    shape: [count, channels, length],
    data,
  } = readSafetensors(readFileSync(join(prepared, 'signals.safetensors'))).tensors.get('signals')!
  if (count !== order.length) throw new Error(`${prepared}: ${count} signals of ${order.length} trials`)
  const size = channels! * length!
  const signals = new Map(order.map(({ id }, i) => [id, data.subarray(i * size, (i + 1) * size)]))
  return readCsv(join(folder, 'trials.csv')).map(
    ({ trial = '', subject = '', stimulus = '', valence = '', arousal = '' }) => {
      const music = songs.get(stimulus)
      return {
        id: trial,
        subject,
        stimulus,
        signals: signals.get(trial)!,
        ...(music && { music }),
        ...(arousal !== '' && { ratings: { valence: Number(valence), arousal: Number(arousal) } }),
      }
    },
  )
}
