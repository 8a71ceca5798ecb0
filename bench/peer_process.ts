// A program that answers each line on its stdin with one line of JSON: how the programs of bench/peers/ are spoken to.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { DeviceError, GalvaniError, UsageError } from '../src/runtime/errors.ts'

/** The package's folder is one or two above the program, according to whether it is built. @throws GalvaniError */
export function peerFile(name: string): string {
  const own = dirname(fileURLToPath(import.meta.url))
  const places = ['.', '..', '../..'].map((up) => join(own, up, 'bench', 'peers', name))
  const found = places.find((place) => existsSync(place))
  if (found === undefined)
    throw new GalvaniError(`bench/peers/${name} is not part of this installation; use a full checkout`)
  return found
}

export interface PeerCommand {
  command: string
  args: readonly string[]
  /** Beside the environment of this process. */
  env?: Readonly<Record<string, string>>
  /** Ends the process; what waits for an answer rejects with the signal's reason. */
  signal?: AbortSignal | undefined
  /** Subject of the sentence when it cannot be started, e.g. an option. */
  startedBy: string
  /** Subject of the sentence when it fails. */
  name: string
}

export interface Conversation {
  ask: (line?: string) => void
  /** The next line. @throws UsageError if the program cannot be started; DeviceError if it has failed */
  answer: () => Promise<unknown>
  end: () => Promise<void>
}

/** Starts the program; it waits between the lines. */
export function converse({ command, args, env, signal: abort, startedBy, name }: PeerCommand): Conversation {
  const child = spawn(command, args, { stdio: 'pipe', signal: abort, env: { ...process.env, ...env } })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let complaints = ''
  child.stderr.on('data', (text: Buffer) => (complaints += text.toString()))
  child.stdin.on('error', () => undefined) // it ended; `answer` says why
  const ended = endOf(child)
  const answer = async (): Promise<unknown> => {
    const line = (await lines.next()) as IteratorResult<string, undefined>
    if (!line.done) return parse(line.value, name)
    const failed = await ended
    abort?.throwIfAborted()
    if (failed) throw new UsageError(`${startedBy} cannot be started (${failed.message})`)
    throw new DeviceError(`${name} failed: ${reasonIn(complaints)}`)
  }
  const end = async (): Promise<void> => {
    child.stdin.end()
    child.kill()
    await ended
  }
  return { ask: (line = '') => void child.stdin.write(`${line}\n`), answer, end }
}

function parse(line: string, name: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new DeviceError(`${name} answered '${line.slice(0, 80)}', expected JSON`)
  }
}

/** What is worth telling of a program's last words: the error, not the stack or the banner around it. */
function reasonIn(complaints: string): string {
  const lines = complaints.trim().split('\n')
  return lines.findLast((line) => /^\w*Error\b.*: /.test(line)) ?? (lines.at(-1) || 'it ended without a word')
}

/** Resolves when a process has ended; to an error if it never began. */
const endOf = (child: ChildProcess): Promise<Error | null> =>
  new Promise((resolve) => {
    child.once('error', resolve)
    child.once('close', () => resolve(null))
  })
