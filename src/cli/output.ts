// What a command prints: results on stdout, everything else on stderr.
import cliProgress from 'cli-progress'

export interface OutputOptions {
  json?: boolean
  quiet?: boolean
}

export interface Progress {
  update: (done: number, note?: string) => void
  stop: () => void
}

/** Seconds between two progress lines where there is no terminal to draw on. */
const LINE_INTERVAL = 10
const CLEAR_LINE = '\r\x1b[K'

export class Output {
  constructor(private readonly options: OutputOptions) {}

  /** The result: a JSON document with --json, else the given text. */
  result(json: unknown, text: string): void {
    process.stdout.write(this.options.json ? `${JSON.stringify(json, null, 1)}\n` : `${text}\n`)
  }

  /** A line of news for a person; it takes the place of a bar, which the next update draws again below. */
  note(line: string): void {
    if (!this.options.quiet) process.stderr.write(`${process.stderr.isTTY ? CLEAR_LINE : ''}${line}\n`)
  }

  /** A bar with ETA on a terminal, a line every ten seconds elsewhere. */
  progress(label: string, total: number): Progress {
    if (this.options.quiet) return { update: () => undefined, stop: () => undefined }
    return process.stderr.isTTY ? bar(label, total) : lines(label, total)
  }
}

function bar(label: string, total: number): Progress {
  const format = `${label} {bar} {percentage} % | {value}/{total} | {eta_formatted} left {note}`
  const drawn = new cliProgress.SingleBar({ format, stream: process.stderr, hideCursor: true, clearOnComplete: true, etaBuffer: 50 })
  drawn.start(total, 0, { note: '' })
  return { update: (done, note = '') => drawn.update(done, { note }), stop: () => drawn.stop() }
}

function lines(label: string, total: number): Progress {
  const start = performance.now()
  let last = start
  return {
    update: (done, note = '') => {
      const now = performance.now()
      if (now - last < LINE_INTERVAL * 1000 || done === 0) return
      last = now
      const left = Math.round(((now - start) / 1000) * (total / done - 1))
      process.stderr.write(`${label}: ${done}/${total}, about ${left} s left ${note}\n`)
    },
    stop: () => undefined,
  }
}

/** Rows as aligned columns; numbers are the caller's to format. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows]
  const widths = header.map((_, c) => Math.max(...all.map((row) => (row[c] ?? '').length)))
  const line = (row: readonly string[]): string => row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0))).join('  ')
  return all.map((row) => line(row).trimEnd()).join('\n')
}

/** Names and what is known of them, one a line. */
export function facts(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
