// What a command prints: results on stdout, everything else on stderr.
import cliProgress from 'cli-progress'
import { formatDocument, type JsonDocument } from '../../src/formats/documents.ts'

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

export class Output {
  private drawn: cliProgress.MultiBar | null = null

  constructor(private readonly options: OutputOptions) {}

  /** The result: a JSON document with --json, else the given text. */
  result(document: JsonDocument, text: string): void {
    process.stdout.write(this.options.json ? formatDocument(document) : `${text}\n`)
  }

  /** A line of news for a person, above the bar if there is one. */
  note(line: string): void {
    if (this.options.quiet) return
    if (this.drawn) this.drawn.log(`${line}\n`)
    else process.stderr.write(`${line}\n`)
  }

  /** A bar with ETA on a terminal, a line every ten seconds elsewhere. */
  progress(label: string, total: number): Progress {
    if (this.options.quiet) return { update: () => undefined, stop: () => undefined }
    return process.stderr.isTTY ? this.bar(label, total) : lines(label, total)
  }

  private bar(label: string, total: number): Progress {
    const format = `${label} {bar} {percentage} % | {value}/{total} | {eta_formatted} left {note}`
    // Ctrl-C is the command's own; a bar that changes nothing of the terminal needs no clean-up then.
    const plain = { hideCursor: false, linewrap: true, gracefulExit: false }
    const drawn = new cliProgress.MultiBar({
      format,
      stream: process.stderr,
      clearOnComplete: true,
      etaBuffer: 50,
      ...plain,
    })
    const only = drawn.create(total, 0, { note: '' })
    this.drawn = drawn
    let running = true
    return {
      update: (done, note = '') => only.update(done, { note }),
      stop: () => {
        if (!running) return
        running = false
        drawn.update() // prints what was logged since the last redraw
        drawn.stop()
        if (this.drawn === drawn) this.drawn = null
      },
    }
  }
}

/** A bar that knows its length only at the first step. */
export interface LateBar {
  update: (done: number, total: number, note?: string) => void
  stop: () => void
}

export function lateBar(output: Output, label: string): LateBar {
  let bar: Progress | null = null
  return {
    update: (done, total, note) => (bar ??= output.progress(label, total)).update(done, note),
    stop: () => bar?.stop(),
  }
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
  const line = (row: readonly string[]): string =>
    row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0))).join('  ')
  return all.map((row) => line(row).trimEnd()).join('\n')
}

/** Names and what is known of them, one a line. */
export function facts(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
