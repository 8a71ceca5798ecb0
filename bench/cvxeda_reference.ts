// The Python reference of cvxEDA to compare with: run beside us on the same signals (peers/cvxeda.py), or what it took on another
// machine where there is no copy of it.
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../src/runtime/errors.ts'
import { converse, peerFile, type Conversation } from './peer_process.ts'

/**
 * Samples, and CPU seconds of one signal: median of the fixtures' makers on one thread of an x86-64 server, cvxopt 1.3, with the
 * defaults, at 50 Hz (500, 1500, 24,000) and 128 Hz.
 */
const ELSEWHERE = [
  [500, 0.012],
  [1500, 0.035],
  [2500, 0.069],
  [7680, 0.24],
  [24_000, 1.3],
  [61_440, 3.7],
] as const

/** Milliseconds that the Python reference takes for a signal of n samples: a power law between those figures. */
export function millisecondsElsewhere(n: number): number {
  const above = ELSEWHERE.findIndex(([samples]) => samples >= n)
  const last = ELSEWHERE.length - 1
  const at = Math.min(Math.max(above < 0 ? last : above, 1), last)
  const [[n0, s0], [n1, s1]] = [ELSEWHERE[at - 1]!, ELSEWHERE[at]!]
  const slope = Math.log(s1 / s0) / Math.log(n1 / n0)
  return 1000 * s0 * (n / n0) ** slope
}

export interface ReferenceOptions {
  /** The user's copy of cvxEDA.py. */
  path: string
  /** Interpreter that has numpy and cvxopt. */
  python: string
  signals: readonly Float64Array[]
  sampleRate: number
  /** Ends the process; the round that waits for it rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

export interface ReferenceParts {
  phasic: Float64Array
  tonic: Float64Array
}

/** The reference, loaded and waiting; it takes no time between rounds. */
export interface Reference {
  /** Versions of Python and the packages. */
  versions: Readonly<Record<string, string>>
  /** Decomposes every signal. Milliseconds a signal, on average. */
  round: () => Promise<number>
  /** What the first round found, by signal. */
  parts: () => Promise<ReferenceParts[]>
  /** Ends the process and removes its files. */
  close: () => Promise<void>
}

/** @throws UsageError when there is no such file or interpreter; DeviceError when Python or the reference fails */
export async function startReference({
  path,
  python,
  signals,
  sampleRate,
  signal: abort,
}: ReferenceOptions): Promise<Reference> {
  if (!existsSync(path)) throw new UsageError(`--reference ${path}: no such file; a copy of cvxEDA.py is expected`)
  const program = peerFile('cvxeda.py')
  const n = signals[0]!.length
  const folder = await mkdtemp(join(tmpdir(), 'galvani-bench-'))
  const files = { signals: join(folder, 'signals.f64'), answers: join(folder, 'answers.f64') }
  const args = [program, '--reference', path, '--signals', files.signals, '--answers', files.answers]
  let peer: Conversation | null = null
  const close = async (): Promise<void> => {
    await peer?.end()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await writeFile(files.signals, littleEndian(signals))
    const { ask, answer } = (peer = converse({
      command: python,
      args: [...args, '--n', `${n}`, '--rate', `${sampleRate}`],
      signal: abort,
      startedBy: `--python ${python}`,
      name: 'the reference',
    }))
    const versions = (await answer()) as Record<string, string>
    const round = async (): Promise<number> => {
      ask()
      const { seconds } = (await answer()) as { seconds: number[] }
      return (1000 * seconds.reduce((sum, s) => sum + s, 0)) / seconds.length
    }
    return { versions, round, parts: () => readParts(files.answers, signals.length, n), close }
  } catch (error) {
    await close()
    throw error
  }
}

function littleEndian(signals: readonly Float64Array[]): Uint8Array {
  const n = signals[0]!.length
  const view = new DataView(new ArrayBuffer(8 * n * signals.length))
  signals.forEach((y, s) => y.forEach((v, i) => view.setFloat64(8 * (s * n + i), v, true)))
  return new Uint8Array(view.buffer)
}

async function readParts(file: string, count: number, n: number): Promise<ReferenceParts[]> {
  const bytes: Uint8Array = await readFile(file)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const part = (at: number) => Float64Array.from({ length: n }, (_, i) => view.getFloat64(8 * (at * n + i), true))
  return Array.from({ length: count }, (_, s) => ({ phasic: part(2 * s), tonic: part(2 * s + 1) }))
}
